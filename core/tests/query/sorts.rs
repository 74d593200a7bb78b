//! Sorting in memory: its order, its bounds, and going on.

use futures_executor::block_on;
use record_store::{ErrorKind, NoNextReason, Record, RecordSpace, Result, ScanLimits, Schema, StoredRecord};
use record_store_tests::given::fresh;

async fn space(records: i64) -> Result<RecordSpace> {
    let schema = Schema::builder()
        .proto(
            "p.proto",
            "syntax = 'proto3'; message P { int64 id = 1; int64 n = 2; string text = 3; }",
        )
        .record_type("P", |t| t.primary_key("id"))
        .build()?;
    let space = fresh()?.space("p").schema(&schema).open().await?;
    let text = "x".repeat(1_000);
    let record = |id: i64| {
        Record::from_json(
            "P",
            format!(r#"{{"id": {id}, "n": {}, "text": "{text}"}}"#, (id * 7) % 10),
        )
    };
    space.put_all((1..=records).map(record)).await?;
    Ok(space)
}

fn ids(records: &[StoredRecord]) -> Vec<i64> {
    let id = |record: &StoredRecord| record.primary_key().iter().last()?.as_i64();
    records.iter().filter_map(id).collect()
}

/// The ids in the order of `n`, and of the ids where that is equal.
fn expected(records: i64, reverse: bool) -> Vec<i64> {
    let mut ids: Vec<i64> = (1..=records).collect();
    // An unset number is 0 in the record, and no value in the order.
    ids.sort_by_key(|id| ((id * 7) % 10, *id));
    if reverse {
        ids.reverse();
    }
    ids
}

#[test]
fn records_come_in_the_order_of_a_column_that_no_index_has() -> Result<()> {
    block_on(async {
        let space = space(25).await?;
        let sorted = space.query("").order_by("n").execute().next_batch(100).await?;
        assert_eq!(ids(&sorted), expected(25, false));
        let reversed = space
            .query("")
            .order_by("n")
            .reverse()
            .execute()
            .next_batch(100)
            .await?;
        assert_eq!(ids(&reversed), expected(25, true));
        Ok(())
    })
}

#[test]
fn pages_of_a_sort_join_up() -> Result<()> {
    block_on(async {
        let space = space(25).await?;
        let mut found = Vec::new();
        let mut page = None;
        for limit in [1, 7, 3, 20] {
            let mut cursor = space.query("").order_by("n").limit(limit).continuation(page).execute();
            found.extend(ids(&cursor.next_batch(100).await?));
            page = cursor.continuation();
        }
        assert_eq!(found, expected(25, false));
        Ok(())
    })
}

#[test]
fn a_sort_of_more_than_it_may_hold_is_refused_unless_few_are_wanted() -> Result<()> {
    block_on(async {
        let space = space(40).await?;
        let all = space.query("").order_by("n").sort_bytes_max(20_000);
        let error = all.clone().execute().next().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert_eq!(error.fact("sort_bytes_max"), Some("20000"));
        let few = all.limit(5).execute().next_batch(10).await?;
        assert_eq!(ids(&few), expected(40, false)[..5]);
        Ok(())
    })
}

#[test]
fn a_sort_that_was_stopped_while_reading_goes_on() -> Result<()> {
    block_on(async {
        let space = space(25).await?;
        let ten_rows = ScanLimits {
            scanned_rows_max: Some(10),
            ..ScanLimits::default()
        };
        let mut found = Vec::new();
        let mut page = None;
        let mut stopped = 0;
        loop {
            let query = space.query("").order_by("n").limits(ten_rows).continuation(page);
            let mut cursor = query.execute();
            found.extend(ids(&cursor.next_batch(100).await?));
            page = cursor.continuation();
            match cursor.no_next_reason() {
                Some(NoNextReason::ScanLimitReached) => stopped += 1,
                _ => break,
            }
        }
        assert!(stopped > 1);
        assert_eq!(found, expected(25, false));
        Ok(())
    })
}

#[test]
fn a_sort_reads_more_than_one_batch() -> Result<()> {
    block_on(async {
        // About 2.5 MB: more than one transaction of a space reads.
        let space = space(2_500).await?;
        let sorted = space.query("").order_by("n").execute().next_batch(10_000).await?;
        assert_eq!(ids(&sorted), expected(2_500, false));
        Ok(())
    })
}
