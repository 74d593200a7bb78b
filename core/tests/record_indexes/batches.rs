//! Many records saved by one call come to the same as saved one by one, though what they replace is read beforehand.

use futures_executor::block_on;
use record_store::{ErrorKind, Record, RecordMetaData, RecordStore, Result, ScanOptions};
use record_store_tests::given::fresh;

use super::{by_name, count_by_name, groups, metadata, of_user, open, user, values};

fn counted() -> Result<RecordMetaData> {
    metadata([by_name(), count_by_name()])
}

/// All that the store shows of its records and indexes.
async fn contents(store: &RecordStore) -> Result<(Vec<String>, Vec<String>, Vec<String>)> {
    let mut records = Vec::new();
    let mut cursor = store.scan_records(ScanOptions::default())?;
    while let Some(record) = cursor.next().await? {
        records.push(record.to_json()?);
    }
    Ok((records, values(store, "by_name").await?, groups(store, "count").await?))
}

#[test]
fn a_batch_is_its_records_one_after_the_other() -> Result<()> {
    // Keys come twice within what is read together, and far apart; one of them is there before.
    let batch: Vec<Record> = (0..250)
        .map(|n| user(n % 120 % 97, &format!("name {}", n * 7 % 10)))
        .collect();
    let metadata = counted()?;
    block_on(async {
        let (together, one_by_one) = (fresh()?.transaction(), fresh()?.transaction());
        let together = open(&together, &metadata).await?;
        let one_by_one = open(&one_by_one, &metadata).await?;
        for store in [&together, &one_by_one] {
            store.save_record(&user(3, "before")).await?;
        }
        let saved = together.save_records(&batch).await?;
        let mut expected = Vec::new();
        for record in &batch {
            expected.push(one_by_one.save_record(record).await?);
        }
        assert_eq!(saved, expected);
        assert_eq!(contents(&together).await?, contents(&one_by_one).await?);
        Ok(())
    })
}

#[test]
fn a_refused_record_ends_a_batch_where_it_stands() -> Result<()> {
    let refused = [
        (of_user(r#"{"id": "x"}"#), ErrorKind::InvalidRecord),
        (Record::from_bytes("User", vec![0xff]), ErrorKind::InvalidRecord),
        (Record::from_bytes("Car", vec![]), ErrorKind::MetaData),
        (user(9, &"long".repeat(5_000)), ErrorKind::TooLarge),
    ];
    let metadata = counted()?;
    block_on(async {
        for (record, kind) in refused {
            let context = fresh()?.transaction();
            let store = open(&context, &metadata).await?;
            let batch = [user(1, "ada"), user(2, "bob"), record, user(4, "eve")];
            assert_eq!(super::kind(store.save_records(&batch).await), kind);
            let (_, names, _) = contents(&store).await?;
            assert_eq!(names, [r#"("ada", 1, 1) ()"#, r#"("bob", 1, 2) ()"#], "{kind:?}");
        }
        Ok(())
    })
}
