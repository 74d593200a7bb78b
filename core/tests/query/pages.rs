//! Pages of queries over a record space: what they continue, and what they refuse to.

use futures_executor::block_on;
use record_store::key_expression::{concat, field as column};
use record_store::query::{ExecuteOptions, QueryComponent, RecordQuery};
use record_store::{
    Continuation, Database, ErrorKind, Index, NoNextReason, Record, RecordSpace, Result, ScanLimits, Schema,
    StoredRecord,
};
use record_store_tests::given::fresh;

fn schema(with_index: bool) -> Result<Schema> {
    let schema = Schema::builder()
        .proto(
            "p.proto",
            "syntax = 'proto3'; message P { int64 id = 1; int64 n = 2; repeated int64 many = 3; }",
        )
        .record_type("P", |t| t.primary_key("id"))
        .index(Index::new("many", column("many").fan_out()).on("P"));
    match with_index {
        true => schema.index(Index::new("n", concat((column("n"), column("id")))).on("P")),
        false => schema,
    }
    .build()
}

async fn space(database: &Database, with_index: bool) -> Result<RecordSpace> {
    let space = database.space("p").schema(&schema(with_index)?).open().await?;
    let record = |id: i64| Record::from_json("P", format!(r#"{{"id": {id}, "n": {}, "many": [{id}, 1, 2]}}"#, id % 3));
    space.put_all((1..=30).map(record)).await?;
    Ok(space)
}

async fn page(
    space: &RecordSpace,
    filter: &str,
    continuation: Option<Continuation>,
) -> Result<(Vec<i64>, Option<Continuation>)> {
    let mut cursor = space.query(filter).limit(4).continuation(continuation).execute();
    let ids = ids(&cursor.next_batch(100).await?);
    Ok((ids, cursor.continuation()))
}

fn ids(records: &[StoredRecord]) -> Vec<i64> {
    let id = |record: &StoredRecord| record.primary_key().iter().last()?.as_i64();
    records.iter().filter_map(id).collect()
}

#[test]
fn a_page_goes_on_where_the_one_before_it_stopped() -> Result<()> {
    block_on(async {
        let space = space(&fresh()?, true).await?;
        let (first, more) = page(&space, "n = 1", None).await?;
        let (second, more) = page(&space, "n = 1", more).await?;
        let (third, more) = page(&space, "n = 1", more).await?;
        assert_eq!(
            [first, second, third],
            [vec![1, 4, 7, 10], vec![13, 16, 19, 22], vec![25, 28]]
        );
        assert!(more.is_none());
        Ok(())
    })
}

#[test]
fn a_continuation_of_another_query_or_a_damaged_one_is_refused() -> Result<()> {
    block_on(async {
        let space = space(&fresh()?, true).await?;
        let (_, more) = page(&space, "n = 1", None).await?;
        let kept = more.ok_or_else(|| record_store::Error::new(ErrorKind::Internal, "there are more"))?;
        let refused = async |filter: &str, bytes: Vec<u8>| {
            let resumed = page(&space, filter, Some(Continuation::from_bytes(bytes))).await;
            resumed.unwrap_err().kind()
        };
        assert_eq!(
            refused("n = 2", kept.as_bytes().to_vec()).await,
            ErrorKind::InvalidContinuation
        );
        let mut damaged = kept.as_bytes().to_vec();
        damaged[1] ^= 1;
        assert_eq!(refused("n = 1", damaged).await, ErrorKind::InvalidContinuation);
        assert_eq!(refused("n = 1", vec![0xff; 9]).await, ErrorKind::InvalidContinuation);
        Ok(())
    })
}

#[test]
fn a_query_resumed_after_an_index_was_added_goes_on_as_it_began() -> Result<()> {
    block_on(async {
        let database = fresh()?;
        let before = space(&database, false).await?;
        let (first, more) = page(&before, "n = 1", None).await?;
        assert_eq!(first, [1, 4, 7, 10]);

        let after = database.space("p").schema(&schema(true)?).open().await?;
        after.build_indexes(Default::default()).await?;
        let planned_now = after.query("n = 1").plan().await?;
        assert!(planned_now.used_indexes().contains("n"), "{planned_now}");
        let (second, _) = page(&after, "n = 1", more).await?;
        assert_eq!(second, [13, 16, 19, 22]);
        Ok(())
    })
}

#[test]
fn no_record_comes_twice_over_all_batches_of_a_space() -> Result<()> {
    block_on(async {
        let space = space(&fresh()?, true).await?;
        let few_rows = ScanLimits {
            scanned_bytes_max: Some(400),
            ..ScanLimits::default()
        };
        let mut seen = Vec::new();
        let mut cursor = space.query("any(many) < 3").execute();
        while let Some(record) = cursor.next().await? {
            seen.extend(ids(&[record]));
        }
        seen.sort_unstable();
        assert_eq!(seen, (1..=30).collect::<Vec<i64>>());

        let mut limited = space.query("any(many) < 3").limits(few_rows).execute();
        assert!(!limited.next_batch(100).await?.is_empty());
        assert_eq!(limited.no_next_reason(), Some(NoNextReason::ByteLimitReached));
        assert!(limited.continuation().is_some());
        Ok(())
    })
}

#[test]
fn skipped_records_count_over_pages_of_any_plan() -> Result<()> {
    block_on(async {
        let space = space(&fresh()?, true).await?;
        for (filter, expected) in [
            ("n = 1", vec![16, 19]),
            ("n = 1 OR n = 2", vec![8, 10]),
            ("n <> 0", vec![8, 10]),
            ("n IN (1, 2)", vec![16, 19]),
        ] {
            let found = space.query(filter).skip(5).limit(2).execute().next_batch(10).await?;
            assert_eq!(ids(&found), expected, "{filter}");
        }
        Ok(())
    })
}

#[test]
fn damaged_bytes_of_java_go_on_somewhere_or_are_refused() -> Result<()> {
    block_on(async {
        let space = space(&fresh()?, true).await?;
        let context = space.database().transaction();
        let store = space.store(&context).await?;
        let of_query = |filter: &str| -> Result<RecordQuery> {
            Ok(RecordQuery::new(["P"]).with_filter(QueryComponent::parse(filter)?))
        };
        let queries = [
            of_query("n = 1 OR n = 2")?,
            of_query("n IN (1, 2)")?,
            of_query("any(many) < 3")?,
            of_query("n <> 1")?
                .with_sort(column("n"))
                .with_allowed_indexes(Vec::<String>::new()),
        ];
        for query in queries {
            let plan = store.plan_query(&query)?;
            let page = |continuation| {
                let options = ExecuteOptions {
                    limit: Some(3),
                    continuation,
                    ..ExecuteOptions::default()
                };
                store.execute_plan(&plan, options)
            };
            let mut first = page(None)?;
            first.next_batch(3).await?;
            let Some(kept) = first.continuation() else { continue };
            for at in 0..kept.as_bytes().len() {
                let mut damaged = kept.as_bytes().to_vec();
                damaged[at] ^= 0x11;
                let outcome = match page(Some(Continuation::from_bytes(damaged))) {
                    Ok(mut resumed) => resumed.next_batch(10).await.map(drop),
                    Err(error) => Err(error),
                };
                if let Err(error) = outcome {
                    assert_eq!(
                        error.kind(),
                        ErrorKind::InvalidContinuation,
                        "byte {at} of {plan}: {error}"
                    );
                }
            }
        }
        Ok(())
    })
}
