//! What is found, what is refused, what others may do at the same time.

use futures_executor::block_on;
use record_store::key_expression::{concat, field, key_with_value, record_type, version};
use record_store::kv::tuple::Versionstamp;
use record_store::metadata::{Comparison, ComparisonType, IndexPredicate, index_type};
use record_store::{
    ErrorKind, Index, IndexScanType, NoNextReason, Record, RecordKey, Result, ScanOptions, Tuple, TupleRange,
};
use record_store_tests::given::fresh;

use super::{by_name, grouped, groups, metadata, of_user, open, user, values};

#[test]
fn entries_follow_their_records() -> Result<()> {
    block_on(async {
        let adults = Index::new("adults", field("name"))
            .on("User")
            .with_predicate(IndexPredicate::Value {
                path: vec!["age".to_owned()],
                comparison: Comparison::Simple(ComparisonType::GreaterThanOrEquals, 18i64.into()),
            });
        let metadata = metadata([
            by_name(),
            adults,
            Index::new("tags", field("tags").fan_out()).on("User"),
            Index::new("covering", key_with_value(concat((field("name"), field("age"))), 1)).on("User"),
            Index::new("both", concat((field("name"), record_type()))),
        ])?;
        let context = fresh()?.transaction();
        let store = open(&context, &metadata).await?;
        store
            .save_record(&of_user(
                r#"{"id": 1, "name": "ada", "age": 36, "tags": ["x", "y", "x"]}"#,
            ))
            .await?;
        store
            .save_record(&of_user(r#"{"id": 2, "name": "bob", "age": 3}"#))
            .await?;
        store
            .save_record(&Record::from_json("Pet", r#"{"id": 1, "name": "cat"}"#))
            .await?;

        assert_eq!(
            values(&store, "by_name").await?,
            [r#"("ada", 1, 1) ()"#, r#"("bob", 1, 2) ()"#]
        );
        assert_eq!(values(&store, "adults").await?, [r#"("ada", 1, 1) ()"#]);
        assert_eq!(
            values(&store, "tags").await?,
            [r#"("x", 1, 1) ()"#, r#"("y", 1, 1) ()"#]
        );
        assert_eq!(
            values(&store, "covering").await?,
            [r#"("ada", 1, 1) (36)"#, r#"("bob", 1, 2) (3)"#]
        );
        assert_eq!(values(&store, "both").await?.len(), 3);

        store
            .save_record(&of_user(r#"{"id": 1, "name": "eve", "age": 7, "tags": ["y"]}"#))
            .await?;
        store.delete_record(&Tuple::from((1, 2))).await?;
        assert_eq!(values(&store, "by_name").await?, [r#"("eve", 1, 1) ()"#]);
        assert!(values(&store, "adults").await?.is_empty());
        assert_eq!(values(&store, "tags").await?, [r#"("y", 1, 1) ()"#]);
        assert_eq!(values(&store, "covering").await?, [r#"("eve", 1, 1) (7)"#]);
        Ok(())
    })
}

#[test]
fn a_scan_stops_and_goes_on_both_ways() -> Result<()> {
    block_on(async {
        let metadata = metadata([by_name()])?;
        let context = fresh()?.transaction();
        let store = open(&context, &metadata).await?;
        for (id, name) in ["a", "b", "b", "c", "d"].into_iter().enumerate() {
            store.save_record(&user(id as i64, name)).await?;
        }
        let range = TupleRange::between_inclusive(Some(Tuple::from(("b",))), Some(Tuple::from(("c",))));
        for reverse in [false, true] {
            let mut found = Vec::new();
            let mut continuation = None;
            loop {
                let mut options = ScanOptions::default()
                    .range(range.clone())
                    .limit(1)
                    .continuation(continuation);
                options.reverse = reverse;
                let mut cursor = store.scan_index("by_name", IndexScanType::ByValue, options)?;
                found.extend(
                    cursor
                        .next_batch(10)
                        .await?
                        .into_iter()
                        .map(|entry| entry.primary_key().clone()),
                );
                continuation = cursor.continuation();
                if cursor.no_next_reason() == Some(NoNextReason::SourceExhausted) {
                    break;
                }
            }
            let mut expected: Vec<Tuple> = (1..4).map(|id| Tuple::from((1, id))).collect();
            if reverse {
                expected.reverse();
            }
            assert_eq!(found, expected);
        }
        let records = ScanOptions::default().within(RecordKey::of("User", 1));
        let refused = store
            .scan_index("by_name", IndexScanType::ByValue, records)
            .unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
        let refused = store
            .scan_index("by_name", IndexScanType::ByGroup, ScanOptions::default())
            .unwrap_err();
        assert_eq!(
            (refused.kind(), refused.fact("index")),
            (ErrorKind::Unsupported, Some("by_name"))
        );
        Ok(())
    })
}

#[test]
fn a_second_record_with_a_unique_value_fails_the_commit() -> Result<()> {
    block_on(async {
        let metadata = metadata([by_name().unique()])?;
        let database = fresh()?;
        let context = database.transaction();
        let store = open(&context, &metadata).await?;
        store.save_record(&user(1, "ada")).await?;
        // The same record again is no other record, and nulls are no values.
        store.save_record(&user(1, "ada")).await?;
        store.save_record(&of_user(r#"{"id": 7}"#)).await?;
        store.save_record(&of_user(r#"{"id": 8}"#)).await?;
        context.commit().await?;

        let context = database.transaction();
        let store = open(&context, &metadata).await?;
        store.save_record(&user(2, "ada")).await?;
        let error = context.commit().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UniquenessViolation);
        let facts = ["index", "value", "primary_key", "existing_primary_key"].map(|fact| error.fact(fact).unwrap());
        assert_eq!(facts, ["by_name", r#"("ada")"#, "(1, 2)", "(1, 1)"]);

        // Within one transaction, and after the first one gave the value up.
        let context = database.transaction();
        let store = open(&context, &metadata).await?;
        store.save_record(&user(1, "eve")).await?;
        store.save_record(&user(2, "ada")).await?;
        context.commit().await?;
        let context = database.transaction();
        let store = open(&context, &metadata).await?;
        store.save_record(&user(3, "new")).await?;
        store.save_record(&user(4, "new")).await?;
        assert_eq!(
            context.commit().await.unwrap_err().kind(),
            ErrorKind::UniquenessViolation
        );
        Ok(())
    })
}

#[test]
fn of_two_transactions_that_take_a_unique_value_one_commits() -> Result<()> {
    block_on(async {
        let metadata = metadata([by_name().unique()])?;
        let database = fresh()?;
        let context = database.transaction();
        open(&context, &metadata).await?;
        context.commit().await?;

        let (first, second) = (database.transaction(), database.transaction());
        for (context, id) in [(&first, 1), (&second, 2)] {
            open(context, &metadata).await?.save_record(&user(id, "ada")).await?;
        }
        first.commit().await?;
        assert_eq!(second.commit().await.unwrap_err().fdb_code(), Some(1020));
        Ok(())
    })
}

#[test]
fn versions_wait_for_the_commit_in_an_index_too() -> Result<()> {
    block_on(async {
        let metadata = metadata([
            Index::new("changes", version()).with_kind(index_type::VERSION),
            Index::new("latest", grouped(version(), 1)).with_kind(index_type::MAX_EVER_VERSION),
        ])?;
        let database = fresh()?;
        let context = database.transaction();
        let store = open(&context, &metadata).await?;
        store.save_record(&user(1, "a")).await?;
        store.save_record(&user(2, "b")).await?;
        store.save_record(&user(1, "again")).await?;
        store.save_record(&user(3, "gone")).await?;
        store.delete_record(&Tuple::from((1, 3))).await?;
        assert!(
            values(&store, "changes").await?.is_empty(),
            "no read finds them before the commit"
        );
        context.commit().await?;

        let context = database.transaction();
        let store = open(&context, &metadata).await?;
        let mut cursor = store.scan_index("changes", IndexScanType::ByValue, ScanOptions::default())?;
        let changed: Vec<_> = cursor
            .next_batch(10)
            .await?
            .iter()
            .map(|entry| entry.primary_key().clone())
            .collect();
        assert_eq!(changed, [Tuple::from((1, 2)), Tuple::from((1, 1))]);
        let latest = store.aggregate_index("latest", TupleRange::ALL, false).await?.unwrap();
        // The version of the record that was deleted is the greatest there ever was.
        let newest = store.load_record_version(&Tuple::from((1, 1))).await?.unwrap();
        assert_eq!(latest, Tuple::from((Versionstamp::from(newest.next()?),)));

        store.save_record(&user(2, "later")).await?;
        context.commit().await?;
        let context = database.transaction();
        let store = open(&context, &metadata).await?;
        assert_eq!(values(&store, "changes").await?.len(), 2, "the old entry is gone");
        Ok(())
    })
}

#[test]
fn values_that_no_index_can_hold_name_the_index() -> Result<()> {
    block_on(async {
        let metadata = metadata([
            by_name(),
            Index::new("oldest", grouped(field("age"), 1))
                .on("User")
                .with_kind(index_type::MAX_EVER_LONG),
        ])?;
        let context = fresh()?.transaction();
        let store = open(&context, &metadata).await?;
        let long = "x".repeat(10_001);
        let error = store.save_record(&user(1, &long)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.fact("index")),
            (ErrorKind::TooLarge, Some("by_name"))
        );
        assert!(error.to_string().len() < 600, "{error}");
        let error = store
            .save_record(&of_user(r#"{"id": 1, "age": -1}"#))
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.fact("index")),
            (ErrorKind::InvalidRecord, Some("oldest"))
        );
        Ok(())
    })
}

#[test]
fn records_are_deleted_by_type_where_the_indexes_allow() -> Result<()> {
    block_on(async {
        let by_type = Index::new("types", grouped(record_type(), 0)).with_kind(index_type::COUNT);
        let metadata = metadata([by_name(), by_type])?;
        let database = fresh()?;
        let context = database.transaction();
        let store = open(&context, &metadata).await?;
        store.save_record(&user(1, "a")).await?;
        store.save_record(&user(2, "b")).await?;
        store
            .save_record(&Record::from_json("Pet", r#"{"id": 1, "name": "cat"}"#))
            .await?;

        let refused = store.delete_records_where(RecordKey::of("User", 1)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
        assert!(refused.fact("index").is_some());
        assert_eq!(values(&store, "by_name").await?.len(), 2, "nothing has changed");

        store.delete_records_where(RecordKey::of("User", ())).await?;
        assert!(values(&store, "by_name").await?.is_empty());
        assert_eq!(groups(&store, "types").await?, ["(2) (1)"]);
        let mut records = store.scan_records(ScanOptions::default())?;
        assert_eq!(records.next_batch(10).await?.len(), 1);
        Ok(())
    })
}
