//! What a record space does beside saving, reading and deleting one record: violations, counts, deletes of ranges.

use futures_executor::block_on;
use record_store::indexing::IndexingOptions;
use record_store::key_expression::{empty, field, record_type};
use record_store::{
    ErrorKind, Index, IndexState, Record, RecordExistenceCheck, RecordKey, Result, SaveOptions, ScanOptions, Schema,
};
use record_store_tests::given::fresh;

#[test]
fn a_space_tells_violations_and_resolves_them() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let stored = Schema::builder()
            .proto(
                "t.proto",
                "syntax = 'proto2'; message User { required int64 id = 1; optional string city = 2; }",
            )
            .record_type("User", |t| t.primary_key("id"));
        let users = db.space("users").schema(&stored.clone().build()?).open().await?;
        let user = |id, city: &str| Record::from_json("User", format!(r#"{{"id": {id}, "city": "{city}"}}"#));
        users
            .put_all([
                user(1, "Oslo"),
                user(2, "Oslo"),
                user(3, "Rome"),
                user(4, "Oslo"),
                user(5, "Oslo"),
            ])
            .await?;
        let unique = Index::new("by_city", field("city")).on("User").unique();
        let users = db.space("users").schema(&stored.index(unique).build()?).open().await?;
        users.rebuild_index("by_city").await?;
        assert_eq!(users.index_states().await?["by_city"], IndexState::WriteOnly);
        let violating = || async {
            let mut violations = users.scan_uniqueness_violations("by_city", ScanOptions::default());
            let violations = violations.next_batch(9).await?;
            let keys = violations.iter().map(|violation| violation.primary_key().to_string());
            Ok::<Vec<String>, record_store::Error>(keys.collect())
        };
        assert_eq!(violating().await?, ["(1, 1)", "(1, 2)", "(1, 4)", "(1, 5)"]);
        // Whoever is left still has a value that others have, whichever was deleted.
        assert!(users.delete(1).await? && users.delete(4).await?);
        assert_eq!(violating().await?, ["(1, 2)", "(1, 5)"]);

        let wrong = users
            .resolve_uniqueness_violation("by_city", ("Oslo",), Some(("a", "b").into()))
            .await;
        assert_eq!(wrong.unwrap_err().kind(), ErrorKind::InvalidArgument);
        users
            .resolve_uniqueness_violation("by_city", ("Oslo",), Some(2.into()))
            .await?;
        assert!(users.exists(2).await? && !users.exists(5).await?);
        users.build_indexes(IndexingOptions::default()).await?;
        assert_eq!(users.index_states().await?["by_city"], IndexState::Readable);
        Ok(())
    })
}

#[test]
fn a_space_counts_and_deletes_by_type() -> Result<()> {
    block_on(async {
        let schema = Schema::builder()
            .proto(
                "t.proto",
                "syntax = 'proto2'; message User { required int64 id = 1; } message Pet { required int64 id = 1; }",
            )
            .record_type("User", |t| t.primary_key("id"))
            .record_type("Pet", |t| t.primary_key("id"))
            .index(Index::new("by_type", empty().group_by(record_type())).with_kind("count"))
            .build()?;
        let space = fresh()?.space("s").schema(&schema).open().await?;
        let of = |name: &str, id: i64| Record::from_json(name, format!(r#"{{"id": {id}}}"#));
        let insert = SaveOptions::default().existence(RecordExistenceCheck::ErrorIfExists);
        space
            .put_all_with([of("User", 1), of("User", 2), of("Pet", 1)], &insert)
            .await?;
        let again = space
            .put_all_with([of("Pet", 2), of("Pet", 1)], &insert)
            .await
            .unwrap_err();
        assert_eq!(again.kind(), ErrorKind::RecordAlreadyExists);
        assert_eq!(
            (
                space.record_count_of_type("User").await?,
                space.record_count_of_type("Pet").await?
            ),
            (2, 1)
        );
        assert_eq!(space.record_count_by(empty(), ()).await?, 3);
        space.delete_where(RecordKey::of("User", ())).await?;
        assert_eq!(
            (space.record_count_of_type("User").await?, space.record_count().await?),
            (0, 1)
        );
        assert_eq!(
            space.record_count_of_type("Car").await.unwrap_err().kind(),
            ErrorKind::MetaData
        );
        Ok(())
    })
}
