//! Indexes that are built by the entries of another one.

use std::sync::Mutex;
use std::thread;

use futures_executor::block_on;
use record_store::indexing::{IndexingAction, IndexingOptions};
use record_store::key_expression::field;
use record_store::metadata::IndexPredicate;
use record_store::{ErrorKind, FormatVersion, Index, IndexState, RecordSpace, Result, StoreOptions};
use record_store_tests::given::fresh;

use super::client::{Client, Fate};
use super::{Chance, check_entries, indexes, kind, space_with, user};

fn by_unique() -> IndexingOptions {
    IndexingOptions::default().limit(20).by_index("unique")
}

async fn check_all(space: &RecordSpace) -> Result<()> {
    space.build_indexes(IndexingOptions::default()).await?;
    check_entries(space).await
}

#[test]
fn a_build_by_another_index_stops_and_goes_on_both_ways() -> Result<()> {
    for (target, reverse) in [("sum", false), ("sum", true), ("by_tag", false), ("by_tag", true)] {
        block_on(async {
            let space = space_with(&fresh()?, 90, indexes()).await?;
            space.indexer().index("unique").build().await?;
            let options = IndexingOptions { reverse, ..by_unique() };
            let stopped = space.indexer().index(target).options(options.clone().stop_after(2));
            assert_eq!(kind(stopped.build().await), ErrorKind::IndexBuild);
            // A record before where the build is, one behind it, and one that moves from one side to the other.
            for id in [1, 88] {
                space.put(super::of_user(id, 0, 7, 1)).await?;
                space.put(super::of_user(id, 2, 9, 2)).await?;
                space.put(super::of_user(id + 1000, id % 3, 9, 2)).await?;
            }
            // Neither by the records nor by another index than that by which it was begun.
            let by_records = space
                .indexer()
                .index(target)
                .build()
                .await
                .expect_err("it was begun by an index");
            assert_eq!(
                (by_records.kind(), by_records.fact("method")),
                (ErrorKind::IndexBuild, Some("BY_INDEX"))
            );
            let built = space.indexer().index(target).options(options).build().await?;
            assert_eq!(built.states[target], IndexState::Readable);
            assert!((48..=54).contains(&built.records_scanned), "{}", built.records_scanned);
            check_all(&space).await
        })?;
    }
    Ok(())
}

#[test]
fn a_build_by_another_index_sees_what_changes_just_before_it_commits() -> Result<()> {
    for seed in 0..20 {
        let target = if seed % 2 == 0 { "sum" } else { "by_tag" };
        let database = fresh()?;
        let space = block_on(space_with(&database, 60, indexes()))?;
        block_on(space.indexer().index("unique").build())?;
        let (writer, chance) = (space.clone(), Mutex::new(Chance(seed)));
        let interrupted = Client::database(&database, move |commit| {
            if commit % 2 == 0 {
                let change = || {
                    let mut chance = chance.lock().expect("nobody panics with it");
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
        block_on(from_there.indexer().index(target).options(by_unique()).build())?;
        println!("seed {seed}");
        block_on(check_all(&space))?;
    }
    Ok(())
}

#[test]
fn an_index_that_does_not_lead_to_each_record_once_is_no_source() -> Result<()> {
    block_on(async {
        let mut all = indexes();
        all.push(
            Index::new("some", field("city"))
                .on("User")
                .with_predicate(IndexPredicate::Constant(Some(true))),
        );
        let space = space_with(&fresh()?, 10, all).await?;
        let ready = IndexingOptions::default();
        for source in ["by_city", "by_tag", "count", "some"] {
            space.indexer().index(source).options(ready.clone()).build().await?;
        }
        // (source, target, error)
        for (source, target, expected) in [
            ("by_city", "sum", ErrorKind::InvalidArgument),
            ("by_tag", "sum", ErrorKind::InvalidArgument),
            ("count", "sum", ErrorKind::InvalidArgument),
            ("some", "sum", ErrorKind::InvalidArgument),
            ("unique", "sum", ErrorKind::IndexNotReadable),
            ("nothing", "sum", ErrorKind::MetaData),
        ] {
            let refused = space
                .indexer()
                .index(target)
                .options(ready.clone().by_index(source))
                .build()
                .await;
            let error = refused.expect_err("it is no source");
            assert_eq!(error.kind(), expected, "{source}: {error}");
            assert_eq!(space.index_states().await?["sum"], IndexState::Disabled, "{source}");
        }
        space.indexer().index("unique").build().await?;
        // An index over two types, and two indexes at once.
        let rebuild = || by_unique().if_readable(IndexingAction::Rebuild);
        let both_types = space.indexer().index("count").options(rebuild()).build().await;
        assert_eq!(kind(both_types), ErrorKind::InvalidArgument);
        let two = space
            .indexer()
            .index("by_tag")
            .index("sum")
            .options(rebuild())
            .build()
            .await;
        assert_eq!(kind(two), ErrorKind::InvalidArgument);
        space.put(user(500)).await?;
        check_all(&space).await
    })
}

/// Older programs that save records do not ask how an index is built.
#[test]
fn an_old_format_keeps_counting_indexes_from_being_built_by_others() -> Result<()> {
    block_on(async {
        let database = fresh()?;
        let old = StoreOptions::default().format_version(FormatVersion::ReadableUniquePending);
        let schema = |indexes| super::schema(indexes);
        database
            .space("users")
            .options(old.clone())
            .schema(&schema(Vec::new())?)
            .open()
            .await?;
        let space = database
            .space("users")
            .options(old)
            .schema(&schema(indexes())?)
            .open()
            .await?;
        space.put_all((0..300).map(user)).await?;
        let rebuild = || by_unique().if_readable(IndexingAction::Rebuild);
        let refused = space.indexer().index("sum").options(rebuild()).build().await;
        let refused = refused.expect_err("it is not idempotent");
        assert_eq!(
            (refused.kind(), refused.fact("needed")),
            (ErrorKind::Unsupported, Some("10"))
        );
        space.indexer().index("by_tag").options(rebuild()).build().await?;
        check_all(&space).await
    })
}
