//! What a builder does with an index that it finds in some state, and what it refuses.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use futures_executor::block_on;
use record_store::indexing::{IndexBuildProgress, IndexingAction, IndexingOptions};
use record_store::key_expression::field;
use record_store::{ErrorKind, Index, IndexState, RecordKey, Result};
use record_store_tests::given::fresh;

use super::{check_entries, indexes, kind, of_user, schema, space_with, user};

fn options() -> IndexingOptions {
    IndexingOptions::default()
}

#[test]
fn all_that_is_not_readable_is_built_on_demand_or_when_the_space_is_opened() -> Result<()> {
    block_on(async {
        let database = fresh()?;
        let space = space_with(&database, 250, indexes()).await?;
        let states = space.index_states().await?;
        assert!(
            states.values().all(|state| *state == IndexState::Disabled),
            "{states:?}"
        );
        let built = space.build_indexes(options()).await?;
        assert_eq!(
            (built.records_scanned, built.transactions),
            (250, 3),
            "one pass for all"
        );
        assert_eq!(built.states, space.index_states().await?);
        check_entries(&space).await?;
        assert_eq!(space.build_indexes(options()).await?.transactions, 0);

        let mut more = indexes();
        more.push(Index::new("by_age", field("age")).on("User"));
        let opened = database.space("users").schema(&schema(more)?);
        let space = opened.build_indexes(options()).open().await?;
        assert_eq!(space.index_states().await?["by_age"], IndexState::Readable);
        Ok(())
    })
}

#[test]
fn states_lead_to_what_the_options_say() -> Result<()> {
    use IndexingAction::{Continue, Error, MarkReadable, Rebuild};
    block_on(async {
        // The state in which the index is found, the action, and the state afterwards with how many records were seen.
        let done = |records| Ok((IndexState::Readable, records));
        for (state, action, expected) in [
            (IndexState::Disabled, Rebuild, done(50)),
            (IndexState::Disabled, Continue, done(50)),
            (IndexState::Disabled, Error, Err(ErrorKind::IndexBuild)),
            (IndexState::Disabled, MarkReadable, Err(ErrorKind::IndexNotReadable)),
            (IndexState::WriteOnly, Continue, done(30)),
            (IndexState::WriteOnly, Rebuild, done(50)),
            (IndexState::WriteOnly, Error, Err(ErrorKind::IndexBuild)),
            (IndexState::Readable, Continue, done(0)),
            (IndexState::Readable, Rebuild, done(50)),
            (IndexState::Readable, Error, Err(ErrorKind::IndexBuild)),
        ] {
            let space = space_with(&fresh()?, 50, indexes()).await?;
            let count = || space.indexer().index("count");
            match state {
                IndexState::WriteOnly => {
                    let stopped = count().options(options().limit(20).stop_after(1)).build().await;
                    assert_eq!(kind(stopped), ErrorKind::IndexBuild);
                }
                IndexState::Readable => drop(count().build().await?),
                _ => {}
            }
            assert_eq!(space.index_states().await?["count"], state);
            let options = options().if_disabled(action).if_write_only(action).if_readable(action);
            let built = count().options(options).build().await;
            let got = built
                .map(|built| (built.states["count"], built.records_scanned))
                .map_err(|error| error.kind());
            assert_eq!(got, expected, "{state:?} {action:?}");
        }
        Ok(())
    })
}

#[test]
fn a_unique_index_over_records_of_one_value_names_them() -> Result<()> {
    block_on(async {
        let unique = || vec![Index::new("by_city", field("city")).on("User").unique()];
        let space = space_with(&fresh()?, 0, vec![]).await?;
        for id in [1, 2] {
            space.put(of_user(id, 7, 0, 0)).await?;
        }
        let space = space
            .database()
            .space("users")
            .schema(&schema(unique())?)
            .open()
            .await?;

        let error = space
            .build_indexes(options())
            .await
            .expect_err("two records have one value");
        assert_eq!(error.kind(), ErrorKind::UniquenessViolation);
        assert_eq!(error.fact("index"), Some("by_city"));
        assert_eq!(error.fact("value"), Some(r#"("c7")"#));
        assert_eq!(space.index_states().await?["by_city"], IndexState::WriteOnly);

        let built = space.build_indexes(options().allow_unique_pending()).await?;
        assert_eq!(built.states["by_city"], IndexState::ReadableUniquePending);
        assert_eq!(built.transactions, 0, "it had all records already");

        space.delete(RecordKey::of("User", 2)).await?;
        let built = space.build_indexes(options()).await?;
        assert_eq!(built.states["by_city"], IndexState::Readable);
        Ok(())
    })
}

#[test]
fn progress_is_told_and_may_stop_the_build() -> Result<()> {
    block_on(async {
        let space = space_with(&fresh()?, 250, indexes()).await?;
        let told: Arc<Mutex<Vec<IndexBuildProgress>>> = Arc::default();
        let build = |stop_at: u64| {
            let told = Arc::clone(&told);
            let indexer = space.indexer().index("count").options(options());
            indexer.on_progress(move |progress| {
                told.lock().unwrap().push(progress.clone());
                match progress.records_scanned {
                    scanned if scanned == stop_at => ControlFlow::Break(()),
                    _ => ControlFlow::Continue(()),
                }
            })
        };
        assert_eq!(kind(build(100).build().await), ErrorKind::IndexBuild);
        let (records_scanned, records_total) = space
            .database()
            .run(|context| {
                let space = space.clone();
                async move {
                    let state = space.store(&context).await?.index_build_state("count").await?;
                    Ok::<_, record_store::Error>((state.records_scanned, state.records_total))
                }
            })
            .await?;
        assert_eq!(
            (records_scanned, records_total),
            (Some(100), None),
            "nobody counts the records"
        );
        build(0).build().await?;
        let told = told.lock().unwrap();
        let told: Vec<_> = told
            .iter()
            .map(|progress| (progress.records_scanned, progress.ranges_left))
            .collect();
        assert_eq!(told, [(100, 1), (200, 1), (250, 0)]);
        Ok(())
    })
}

#[test]
fn what_cannot_be_built_is_refused_before_anything_changes() -> Result<()> {
    block_on(async {
        let mut indexes = indexes();
        indexes.push(Index::new("words", field("city")).on("User").with_kind("text"));
        let space = space_with(&fresh()?, 3, vec![]).await?;
        let space = space.database().space("users").schema(&schema(indexes)?).open().await?;
        let count = || space.indexer().index("count");
        for (built, expected) in [
            (count().index("nothing").build().await, ErrorKind::MetaData),
            (count().index("words").build().await, ErrorKind::Unsupported),
            (
                count().options(options().limit(0)).build().await,
                ErrorKind::InvalidArgument,
            ),
            (
                count().options(options().records_per_second(0)).build().await,
                ErrorKind::InvalidArgument,
            ),
        ] {
            assert_eq!(kind(built), expected);
            assert_eq!(space.index_states().await?["count"], IndexState::Disabled);
        }
        let stopped = count().options(options().limit(1).stop_after(1)).build().await;
        assert_eq!(kind(stopped), ErrorKind::IndexBuild);
        assert_eq!(
            kind(count().index("sum").build().await),
            ErrorKind::IndexBuild,
            "one was begun and the other was not"
        );
        // All that can be built is; what cannot stays as it is.
        space.build_indexes(options()).await?;
        assert_eq!(space.index_states().await?["words"], IndexState::Disabled);
        Ok(())
    })
}

#[test]
fn an_index_goes_on_alone_that_was_begun_with_others() -> Result<()> {
    block_on(async {
        let database = fresh()?;
        let space = space_with(&database, 250, indexes()).await?;
        let stopped = space.build_indexes(options().stop_after(1)).await;
        assert_eq!(kind(stopped), ErrorKind::IndexBuild);
        // What all have is not enough for any.
        for name in super::NAMES {
            let marked = database
                .run(|context| {
                    let space = space.clone();
                    async move { space.store(&context).await?.mark_index_readable(name).await }
                })
                .await;
            assert_eq!(kind(marked), ErrorKind::IndexNotReadable, "{name}");
        }
        let built = space.indexer().index("count").build().await?;
        assert_eq!(built.records_scanned, 150);
        assert_eq!(
            space.index_states().await?["sum"],
            IndexState::WriteOnly,
            "it waits for its own ranges"
        );
        space.put(user(1000)).await?;
        space.build_indexes(options()).await?;
        check_entries(&space).await
    })
}

/// Java goes by the ranges of the first index: another one gets records twice, or never.
#[test]
fn indexes_of_different_records_are_not_built_together() -> Result<()> {
    block_on(async {
        let database = fresh()?;
        let space = space_with(&database, 250, indexes()).await?;
        let together = || space.indexer().index("count").index("sum");
        let stopped = together().options(options().stop_after(2)).build().await;
        assert_eq!(kind(stopped), ErrorKind::IndexBuild);
        // Somebody has taken away what is noted down of one of them.
        let context = database.transaction();
        let store = space.store(&context).await?;
        let ranges = store.subspace().sub(6).sub("count").range();
        context.transaction().clear_range(&ranges.begin, &ranges.end);
        context.commit().await?;
        let refused = together()
            .build()
            .await
            .expect_err("the one has other records than the other");
        assert_eq!(refused.kind(), ErrorKind::IndexBuild);
        assert_eq!(refused.fact("indexes"), Some("count, sum"));
        assert!(refused.message().ends_with("build them one by one"), "{refused}");
        let states = space.index_states().await?;
        assert!(
            ["count", "sum"]
                .iter()
                .all(|name| states[*name] == IndexState::WriteOnly)
        );

        // Anew, or one by one.
        let anew = options().if_write_only(IndexingAction::Rebuild);
        together().options(anew).build().await?;
        space.build_indexes(options()).await?;
        check_entries(&space).await
    })
}
