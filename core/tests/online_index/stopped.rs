//! Builds that stop, by request or because their client dies, and others that go on.

use std::cmp::Ordering;
use std::time::Duration;

use futures_executor::block_on;
use record_store::indexing::{IndexingOptions, OnlineIndexer};
use record_store::{Database, ErrorKind, IndexState, RecordSpace, Result};
use record_store_tests::given::fresh;

use super::client::{Client, Fate};
use super::{Chance, NAMES, check_entries, indexes, kind, pet, space_with};

const RECORDS: i64 = 60;

/// All indexes together, or one after the other.
fn indexers(space: &RecordSpace, together: bool) -> Vec<OnlineIndexer> {
    if together {
        vec![NAMES.iter().fold(space.indexer(), |indexer, name| indexer.index(*name))]
    } else {
        NAMES.iter().map(|name| space.indexer().index(*name)).collect()
    }
}

async fn check_readable(space: &RecordSpace) -> Result<()> {
    for (name, state) in space.index_states().await? {
        assert_eq!(state, IndexState::Readable, "{name}");
    }
    check_entries(space).await
}

#[test]
fn a_build_goes_on_after_each_transaction_at_which_it_can_stop() -> Result<()> {
    for (together, reverse) in [(true, false), (false, false), (true, true), (false, true)] {
        block_on(stop_and_go_on(together, reverse))?;
    }
    Ok(())
}

async fn stop_and_go_on(together: bool, reverse: bool) -> Result<()> {
    let space = space_with(&fresh()?, RECORDS, indexes()).await?;
    let options = || IndexingOptions {
        reverse,
        ..IndexingOptions::default().limit(7)
    };
    let mut chance = Chance(1);
    let mut stops = 0;
    for indexer in indexers(&space, together) {
        let indexer = indexer.options(options().stop_after(1));
        while let Err(error) = indexer.build().await {
            assert_eq!(error.kind(), ErrorKind::IndexBuild, "{error}");
            stops += 1;
            for _ in 0..4 {
                chance.change(&space, RECORDS).await?;
            }
        }
    }
    assert!(stops >= RECORDS / 7, "{stops} stops");
    check_readable(&space).await
}

#[test]
fn a_build_goes_on_wherever_its_client_died() -> Result<()> {
    for together in [true, false] {
        for fate in [Fate::Dies, Fate::CommitsAndDies] {
            for commit in 2.. {
                if !block_on(die_and_go_on(together, commit, fate))? {
                    assert!(commit > 6, "the client has died everywhere");
                    break;
                }
            }
        }
    }
    Ok(())
}

/// The database as a client sees it that dies at a commit.
fn dying(database: &Database, commit: u64, fate: Fate) -> Database {
    Client::database(database, move |number| match number.cmp(&commit) {
        Ordering::Less => Fate::Commits,
        Ordering::Equal => fate,
        Ordering::Greater => Fate::Dies,
    })
}

/// Says whether the client died.
async fn die_and_go_on(together: bool, commit: u64, fate: Fate) -> Result<bool> {
    let database = fresh()?;
    let space = space_with(&database, RECORDS, indexes()).await?;
    let options = IndexingOptions::default().limit(20);
    // Opening the space is the first commit.
    let from_there = dying(&database, commit, fate).space("users").open().await?;
    let mut is_dead = false;
    for indexer in indexers(&from_there, together) {
        if let Err(error) = indexer.options(options.clone()).build().await {
            assert_eq!(error.kind(), ErrorKind::Io, "{error}");
            is_dead = true;
            break;
        }
    }
    let mut chance = Chance(commit);
    for _ in 0..10 {
        chance.change(&space, RECORDS).await?;
    }
    // Nobody waits here until the sign of life of the dead is too old.
    space.build_indexes(options.lease(Duration::ZERO)).await?;
    println!("died at commit {commit}: {fate:?}");
    check_readable(&space).await?;
    Ok(is_dead)
}

#[test]
fn the_sign_of_life_of_a_dead_builder_counts_for_its_lease() -> Result<()> {
    block_on(async {
        let database = fresh()?;
        let space = space_with(&database, RECORDS, indexes()).await?;
        let from_there = dying(&database, 4, Fate::CommitsAndDies).space("users").open().await?;
        let options = IndexingOptions::default().limit(20);
        let died = from_there
            .indexer()
            .index("count")
            .options(options.clone())
            .build()
            .await;
        assert_eq!(kind(died), ErrorKind::Io);

        let refused = space.indexer().index("count").build().await.expect_err("it may live");
        assert_eq!(refused.kind(), ErrorKind::IndexBuild);
        assert_eq!(refused.fact("index"), Some("count"));
        assert_eq!(refused.fact("lease_ms"), Some("10000"));
        space.put(pet(1, 1)).await?;
        space.build_indexes(options.lease(Duration::ZERO)).await?;
        check_readable(&space).await
    })
}
