//! Scans of record keys over a space: batches, pages, limits, and whose continuation is whose.

use futures_executor::block_on;
use record_store::{ErrorKind, NoNextReason, Record, RecordSpace, Result, ScanOptions, Schema, Tuple};
use record_store_tests::given::fresh;

/// More than one batch; every fiftieth record is split over several keys.
const RECORDS: i64 = 1_500;

async fn notes() -> Result<RecordSpace> {
    let schema = Schema::builder()
        .proto(
            "n.proto",
            "syntax = 'proto3'; message Note { int64 id = 1; string text = 2; }",
        )
        .record_type("Note", |t| t.primary_key("id"))
        .build()?;
    let notes = fresh()?.space("notes").schema(&schema).open().await?;
    let ids: Vec<i64> = (1..=RECORDS).collect();
    for some in ids.chunks(50) {
        let note = |id: &i64| {
            let text = "x".repeat(if id % 50 == 0 { 250_000 } else { 1 });
            Record::from_json("Note", format!(r#"{{"id": {id}, "text": "{text}"}}"#))
        };
        notes.put_all(some.iter().map(note)).await?;
    }
    Ok(notes)
}

fn ids(keys: &[Tuple]) -> Vec<i64> {
    let id = |key: &Tuple| key.iter().last().and_then(|column| column.as_i64());
    keys.iter().filter_map(id).collect()
}

#[test]
fn every_key_comes_once_in_order_whatever_its_record_takes() -> Result<()> {
    block_on(async {
        let notes = notes().await?;
        let forwards: Vec<i64> = (1..=RECORDS).collect();
        let backwards: Vec<i64> = (1..=RECORDS).rev().collect();
        let mut all = notes.scan_record_keys(ScanOptions::default());
        assert_eq!(ids(&all.next_batch(usize::MAX).await?), forwards);
        assert_eq!(all.no_next_reason(), Some(NoNextReason::SourceExhausted));
        assert_eq!(all.continuation(), None);
        let mut all = notes.scan_record_keys(ScanOptions::default().reverse());
        assert_eq!(ids(&all.next_batch(usize::MAX).await?), backwards);
        let context = notes.database().transaction();
        let mut within = notes.scan_record_keys(ScanOptions::default()).within(&context);
        assert_eq!(ids(&within.next_batch(usize::MAX).await?), forwards);
        Ok(())
    })
}

#[test]
fn a_scan_goes_on_behind_any_key() -> Result<()> {
    block_on(async {
        let notes = notes().await?;
        for options in [ScanOptions::default(), ScanOptions::default().reverse()] {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let rows = options.clone().scanned_rows_max(97).continuation(after);
                let mut page = notes.scan_record_keys(rows);
                found.extend(ids(&page.next_batch(usize::MAX).await?));
                after = page.continuation();
                if after.is_none() {
                    break;
                }
            }
            let mut expected: Vec<i64> = (1..=RECORDS).collect();
            if options.reverse {
                expected.reverse();
            }
            assert_eq!(found, expected);
        }
        Ok(())
    })
}

#[test]
fn a_scan_of_records_has_other_continuations() -> Result<()> {
    block_on(async {
        let notes = notes().await?;
        let mut keys = notes.scan_record_keys(ScanOptions::default().limit(3));
        keys.next_batch(3).await?;
        let mut records = notes.scan(ScanOptions::default().limit(3));
        records.next_batch(3).await?;
        let wrong = notes
            .scan(ScanOptions::default().continuation(keys.continuation()))
            .next()
            .await;
        assert_eq!(wrong.unwrap_err().kind(), ErrorKind::InvalidContinuation);
        let mut wrong = notes.scan_record_keys(ScanOptions::default().continuation(records.continuation()));
        assert_eq!(wrong.next().await.unwrap_err().kind(), ErrorKind::InvalidContinuation);
        Ok(())
    })
}
