//! Indexes that are being built, disabled, or brought by newer meta-data.

use futures_executor::block_on;
use record_store::key_expression::{field, record_type};
use record_store::metadata::index_type;
use record_store::{
    ErrorKind, Index, IndexScanType, IndexState, Record, RecordMetaData, Result, ScanOptions, Schema, Tuple, TupleRange,
};
use record_store_tests::given::fresh;

use super::{PROTO, by_name, count_by_name, grouped, groups, kind, metadata, open, subspace, user, values};

/// Meta-data without the indexes that tests add, but with something that counts the records.
fn counted() -> Result<RecordMetaData> {
    metadata([Index::new("types", grouped(record_type(), 0)).with_kind(index_type::COUNT)])
}

/// The meta-data that follows `before` and has one more index.
fn with_index(before: &RecordMetaData, index: Index) -> Result<RecordMetaData> {
    Schema::builder()
        .proto("t.proto", PROTO)
        .record_type("User", |t| t.primary_key("id"))
        .record_type("Pet", |t| t.primary_key("id"))
        .index(index)
        .build()?
        .merge_into(Some(before))
}

#[test]
fn an_index_that_is_built_counts_what_its_builder_has_seen() -> Result<()> {
    block_on(async {
        let metadata = metadata([count_by_name(), by_name()])?;
        let context = fresh()?.transaction();
        let store = open(&context, &metadata).await?;
        store.save_record(&user(1, "a")).await?;
        store.clear_and_mark_index_write_only("count").await?;
        store.clear_and_mark_index_write_only("by_name").await?;
        let refused = store
            .scan_index("count", IndexScanType::ByGroup, ScanOptions::default())
            .unwrap_err();
        assert_eq!(
            (refused.kind(), refused.fact("state")),
            (ErrorKind::IndexNotReadable, Some("WRITE_ONLY"))
        );

        // Nothing is built: the counts wait for the builder, the entries do not.
        store.save_record(&user(2, "b")).await?;
        store.mark_index_readable_unchecked("count").await?;
        assert!(groups(&store, "count").await?.is_empty());
        let error = store.mark_index_readable("by_name").await.unwrap_err();
        assert_eq!(
            (error.kind(), error.fact("index")),
            (ErrorKind::IndexNotReadable, Some("by_name"))
        );
        store.mark_index_readable_unchecked("by_name").await?;
        assert_eq!(values(&store, "by_name").await?, [r#"("b", 1, 2) ()"#]);

        // Everything is built: the counts go on.
        store.rebuild_index("count").await?;
        assert_eq!(store.index_state("count"), IndexState::Readable);
        store.mark_index_write_only("count").await?;
        store.save_record(&user(3, "b")).await?;
        store.delete_record(&Tuple::from((1, 1))).await?;
        assert!(store.mark_index_readable("count").await?);
        assert_eq!(groups(&store, "count").await?, [r#"("a") (0)"#, r#"("b") (2)"#]);
        assert_eq!(
            store.aggregate_index("count", TupleRange::ALL, false).await?,
            Some(Tuple::from((2,)))
        );
        Ok(())
    })
}

#[test]
fn a_build_by_another_index_is_asked_for_the_entries_of_that_index() -> Result<()> {
    block_on(async {
        let metadata = metadata([by_name(), count_by_name()])?;
        let context = fresh()?.transaction();
        let store = open(&context, &metadata).await?;
        store.clear_and_mark_index_write_only("count").await?;
        // The build goes by the index by_name (method 2, its key as a packed tuple) and has come to "m".
        let source = store.metadata().index("by_name")?.subspace_key().clone();
        let source = Tuple::from((source,)).pack();
        let stamp = [&[0x08, 2, 0x12, source.len() as u8][..], &source].concat();
        let count = store.metadata().index("count")?.subspace_key().clone();
        let stamp_key = subspace().pack(&Tuple::from((9, &count, 2)));
        context.transaction().set(&stamp_key, &stamp);
        let built = subspace().pack(&Tuple::from((6, &count, &[0u8])));
        context.transaction().set(&built, &Tuple::from(("m",)).pack());
        let counted = async || {
            let context = store.context().transaction();
            let range = subspace().subspace(&Tuple::from((2, &count))).prefix_range();
            let rows = context.get_range_all(&range.request(), true).await?;
            Ok::<_, record_store::Error>(rows.iter().map(|row| row.value[0]).collect::<Vec<u8>>())
        };

        store.save_record(&user(1, "a")).await?;
        store.save_record(&user(2, "z")).await?;
        assert_eq!(counted().await?, [1]);
        // From the unbuilt part into the built one, and back.
        store.save_record(&user(2, "b")).await?;
        assert_eq!(counted().await?, [1, 1]);
        store.save_record(&user(1, "y")).await?;
        assert_eq!(counted().await?, [0, 1]);
        store.delete_record(&Tuple::from((1, 2))).await?;
        assert_eq!(counted().await?, [0, 0]);
        Ok(())
    })
}

#[test]
fn an_index_that_is_not_maintained_hinders_only_its_records() -> Result<()> {
    block_on(async {
        let ranks = Index::new("ranks", grouped(field("age"), 1))
            .on("User")
            .with_kind(index_type::RANK);
        let metadata = metadata([ranks, Index::new("pets", field("name")).on("Pet")])?;
        let context = fresh()?.transaction();
        let store = open(&context, &metadata).await?;
        let error = store.save_record(&user(1, "a")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!((error.fact("index"), error.fact("type")), (Some("ranks"), Some("rank")));
        store
            .save_record(&Record::from_json("Pet", r#"{"id": 1, "name": "cat"}"#))
            .await?;
        store.mark_index_disabled("ranks").await?;
        store.save_record(&user(1, "a")).await?;
        Ok(())
    })
}

#[test]
fn an_index_that_cannot_be_built_does_not_close_the_store() -> Result<()> {
    block_on(async {
        let before = counted()?;
        let database = fresh()?;
        let context = database.transaction();
        open(&context, &before).await?.save_record(&user(1, "a")).await?;
        context.commit().await?;

        let schema = Schema::builder()
            .proto("t.proto", PROTO)
            .record_type("User", |t| t.primary_key("id"))
            .record_type("Pet", |t| t.primary_key("id"))
            .index(by_name())
            .index(
                Index::new("ranks", grouped(field("id"), 1))
                    .on("User")
                    .with_kind(index_type::RANK),
            )
            .build()?;
        let after = schema.merge_into(Some(&before))?;
        let context = database.transaction();
        let store = open(&context, &after).await?;
        assert_eq!(store.index_state("by_name"), IndexState::Readable);
        assert_eq!(values(&store, "by_name").await?, [r#"("a", 1, 1) ()"#]);
        assert_eq!(store.index_state("ranks"), IndexState::Disabled);
        store.save_record(&user(2, "b")).await?;
        context.commit().await?;
        Ok(())
    })
}

/// Java leaves such an index write-only and notes down that it has all records.
#[test]
fn an_index_that_misses_a_record_is_disabled() -> Result<()> {
    block_on(async {
        let before = counted()?;
        let context = fresh()?.transaction();
        let store = open(&context, &before).await?;
        store.save_record(&user(1, "a")).await?;
        store.save_record(&user(2, &"x".repeat(10_001))).await?;

        let store = open(&context, &with_index(&before, by_name())?).await?;
        assert_eq!(store.index_state("by_name"), IndexState::Disabled);
        assert!(store.first_unbuilt_range("by_name").await?.is_some());
        let error = store.rebuild_index("by_name").await.unwrap_err();
        assert_eq!(
            (error.kind(), error.fact("index")),
            (ErrorKind::TooLarge, Some("by_name"))
        );
        assert_eq!(store.index_state("by_name"), IndexState::WriteOnly);
        assert_eq!(
            kind(store.mark_index_readable("by_name").await),
            ErrorKind::IndexNotReadable
        );
        Ok(())
    })
}

#[test]
fn who_saves_without_the_new_index_and_who_builds_it_do_not_both_commit() -> Result<()> {
    block_on(async {
        let before = counted()?;
        let after = with_index(&before, by_name())?;
        for builder_first in [true, false] {
            let database = fresh()?;
            let context = database.transaction();
            open(&context, &before).await?.save_record(&user(1, "a")).await?;
            context.commit().await?;

            let (saving, building) = (database.transaction(), database.transaction());
            open(&saving, &before).await?.save_record(&user(2, "b")).await?;
            let store = open(&building, &after).await?;
            assert_eq!(store.index_state("by_name"), IndexState::Readable);
            let (first, second) = if builder_first {
                (building, saving)
            } else {
                (saving, building)
            };
            first.commit().await?;
            assert_eq!(second.commit().await.unwrap_err().fdb_code(), Some(1020));
        }
        Ok(())
    })
}
