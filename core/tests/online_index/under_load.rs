//! Builds while others save, change and delete records.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use futures_executor::block_on;
use record_store::indexing::IndexingOptions;
use record_store::{Database, IndexState, RecordSpace, Result, Tuple};
use record_store_tests::given::fresh;

use super::client::{Client, Fate};
use super::{Chance, NAMES, check_entries, indexes, space_with};

const RECORDS: i64 = 200;
const WRITERS: u64 = 2;

/// What writers and builders tell each other.
#[derive(Default)]
struct Traffic {
    changes: AtomicU64,
    is_over: AtomicBool,
}

#[test]
fn each_record_is_indexed_once_while_others_write() -> Result<()> {
    for (seed, together) in [(1, true), (2, false)] {
        build_under_load(&fresh()?, seed, together)?;
    }
    Ok(())
}

#[test]
fn each_record_is_indexed_once_in_a_database_on_disk() -> Result<()> {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let path = directory.path().join("db");
    let database = block_on(Database::open(path.to_str().expect("a path of text")))?;
    build_under_load(&database, 3, true)
}

fn build_under_load(database: &Database, seed: u64, together: bool) -> Result<()> {
    println!("seed {seed}");
    let space = &block_on(space_with(database, RECORDS, indexes()))?;
    let traffic = &Arc::new(Traffic::default());
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| scope.spawn(move || write(space, traffic, seed * WRITERS + writer)))
            .collect();
        let built = block_on(build(space, traffic, together));
        traffic.is_over.store(true, Ordering::Release);
        for writer in writers {
            writer.join().expect("a writer does not panic")?;
        }
        built
    })?;
    block_on(check_entries(space)).map_err(|error| error.with("seed", seed))
}

fn write(space: &RecordSpace, traffic: &Traffic, seed: u64) -> Result<()> {
    let mut chance = Chance(seed);
    while !traffic.is_over.load(Ordering::Acquire) {
        block_on(chance.change(space, RECORDS))?;
        traffic.changes.fetch_add(1, Ordering::Release);
    }
    Ok(())
}

async fn build(space: &RecordSpace, traffic: &Arc<Traffic>, together: bool) -> Result<()> {
    let groups: Vec<Vec<&str>> = if together {
        vec![NAMES.to_vec()]
    } else {
        vec![vec!["count"], vec!["by_city", "by_tag", "unique"], vec!["sum"]]
    };
    for group in groups {
        let traffic = Arc::clone(traffic);
        let indexer = group.iter().fold(space.indexer(), |indexer, name| indexer.index(*name));
        let built = indexer
            .options(IndexingOptions::default().limit(20))
            .on_progress(move |_| {
                // Between two transactions of the build there are always some of others.
                let before = traffic.changes.load(Ordering::Acquire);
                while traffic.changes.load(Ordering::Acquire) < before + 2 * WRITERS {
                    thread::yield_now();
                }
                ControlFlow::Continue(())
            })
            .build()
            .await?;
        for name in group {
            assert_eq!(built.states[name], IndexState::Readable, "{name}");
        }
    }
    Ok(())
}

#[test]
fn a_build_sees_what_changes_just_before_it_commits() -> Result<()> {
    for seed in 0..20 {
        let names: &[&str] = if seed % 2 == 0 {
            &NAMES
        } else {
            &["by_city", "by_tag", "unique"]
        };
        let database = fresh()?;
        let space = block_on(space_with(&database, 60, indexes()))?;
        let (writer, chance) = (space.clone(), Mutex::new(Chance(seed)));
        // Each second commit comes after changes of other clients, so that it is tried again where they matter.
        let interrupted = Client::database(&database, move |commit| {
            if commit % 2 == 0 {
                let change = || {
                    let mut chance = chance.lock().unwrap();
                    (0..5).try_for_each(|_| block_on(chance.change(&writer, 60)))
                };
                let changed = thread::scope(|scope| scope.spawn(change).join());
                changed
                    .expect("a writer does not panic")
                    .expect("nobody hinders the writer");
            }
            Fate::Commits
        });
        let from_there = block_on(interrupted.space("users").open())?;
        let indexer = names
            .iter()
            .fold(from_there.indexer(), |indexer, name| indexer.index(*name));
        block_on(indexer.options(IndexingOptions::default().limit(20)).build())?;
        println!("seed {seed}");
        block_on(async {
            space.build_indexes(IndexingOptions::default()).await?;
            check_entries(&space).await
        })?;
    }
    Ok(())
}

#[test]
fn several_builders_at_once_index_each_record_once() -> Result<()> {
    let space = &block_on(space_with(&fresh()?, RECORDS, indexes()))?;
    let options = &IndexingOptions::default().limit(10).lease(Duration::ZERO);
    thread::scope(|scope| {
        let builders: Vec<_> = (0..3)
            .map(|_| scope.spawn(move || block_on(space.indexer().index("count").options(options.clone()).build())))
            .collect();
        for builder in builders {
            let built = builder.join().expect("a builder does not panic")?;
            assert_eq!(built.states["count"], IndexState::Readable);
        }
        Ok::<_, record_store::Error>(())
    })?;
    block_on(async {
        space.build_indexes(IndexingOptions::default()).await?;
        check_entries(space).await
    })
}

#[test]
fn builders_that_share_the_work_index_each_record_once() -> Result<()> {
    for (writers, boundaries) in [(0, 8), (0, 0), (WRITERS, 8), (WRITERS, 1)] {
        let space = &block_on(space_with(&fresh()?, RECORDS, indexes()))?;
        let parts = (1..boundaries).map(|part| Tuple::from((1, RECORDS * part / boundaries)));
        let options = &IndexingOptions::default().limit(7).mutually(parts);
        let traffic = &Traffic::default();
        let scanned = thread::scope(|scope| {
            let writers: Vec<_> = (0..writers)
                .map(|writer| scope.spawn(move || write(space, traffic, 77 + writer)))
                .collect();
            let build = || {
                let indexer = NAMES.iter().fold(space.indexer(), |indexer, name| indexer.index(*name));
                block_on(indexer.options(options.clone()).build())
            };
            let builders: Vec<_> = (0..3).map(|_| scope.spawn(build)).collect();
            let built: Vec<_> = builders
                .into_iter()
                .map(|builder| builder.join().expect("a builder does not panic"))
                .collect();
            traffic.is_over.store(true, Ordering::Release);
            for writer in writers {
                writer.join().expect("a writer does not panic")?;
            }
            let mut scanned = 0;
            for built in built {
                let built = built?;
                assert!(built.states.values().all(|state| *state == IndexState::Readable));
                scanned += built.records_scanned;
            }
            Ok::<_, record_store::Error>(scanned)
        })?;
        if writers == 0 {
            assert_eq!(scanned, RECORDS.unsigned_abs(), "each record by one of the builders");
        }
        block_on(check_entries(space))?;
    }
    Ok(())
}
