//! Numbered batches of records, so that a reader knows what a complete batch looks like.

use record_store::{Database, Record, RecordSpace, Result, Schema};

/// How many records a batch has.
pub const BATCH: i64 = 100;

const PROTO: &str = "syntax = 'proto3'; message Item { int64 id = 1; int64 batch = 2; string text = 3; }";

/// The space of items called `name` in the database in `directory`; both are made if they are missing.
///
/// **Errors**: those of opening.
pub async fn open(directory: &str, name: &str) -> Result<RecordSpace> {
    let schema = Schema::builder()
        .proto("item.proto", PROTO)
        .record_type("Item", |item| item.primary_key("id"))
        .build()?;
    Database::open(directory)
        .await?
        .space(&format!("kill/{name}"))
        .schema(&schema)
        .open()
        .await
}

/// The records of the batch with this number.
pub fn batch(number: i64) -> Vec<Record> {
    (1..=BATCH)
        .map(|n| number * BATCH + n)
        .map(|id| Record::from_json("Item", json(id)))
        .collect()
}

/// The item with this number, from 1, as JSON in the form that a space gives it back.
pub fn json(id: i64) -> String {
    let batch = (id - 1) / BATCH + 1;
    let text = "x".repeat(usize::try_from(1 + id % 400).unwrap_or(1));
    format!(r#"{{"id":"{id}","batch":"{batch}","text":"{text}"}}"#)
}
