//! Indexes as a program sees them. This file has what the tests share.

mod batches;
mod entries;
mod halfway;
mod random;
mod states;

use record_store::key_expression::{Grouping, field};
use record_store::kv::Subspace;
use record_store::metadata::index_type;
use record_store::{
    ErrorKind, Index, IndexScanType, KeyExpression, Record, RecordContext, RecordMetaData, RecordStore, Result,
    ScanOptions, Schema, StoreOptions,
};

const PROTO: &str = "syntax = 'proto2';
    message User {
        required int64 id = 1;
        optional string name = 2;
        optional int64 age = 3;
        repeated string tags = 4;
    }
    message Pet { required int64 id = 1; optional string name = 2; }";

fn metadata(indexes: impl IntoIterator<Item = Index>) -> Result<RecordMetaData> {
    let schema = Schema::builder()
        .proto("t.proto", PROTO)
        .record_type("User", |t| t.primary_key("id"))
        .record_type("Pet", |t| t.primary_key("id"));
    indexes
        .into_iter()
        .fold(schema, |schema, index| schema.index(index))
        .build()?
        .merge_into(None)
}

fn subspace() -> Subspace {
    Subspace::from(("store",))
}

async fn open(context: &RecordContext, metadata: &RecordMetaData) -> Result<RecordStore> {
    RecordStore::open(context, subspace(), metadata, &StoreOptions::default()).await
}

fn user(id: i64, name: &str) -> Record {
    Record::from_json("User", format!(r#"{{"id": {id}, "name": "{name}"}}"#))
}

fn of_user(json: &str) -> Record {
    Record::from_json("User", json)
}

/// The keys and values of the entries of an index.
async fn entries(store: &RecordStore, index: &str, scan_type: IndexScanType) -> Result<Vec<String>> {
    let mut cursor = store.scan_index(index, scan_type, ScanOptions::default())?;
    let mut entries = Vec::new();
    while let Some(entry) = cursor.next().await? {
        entries.push(format!("{} {}", entry.key(), entry.value()));
    }
    Ok(entries)
}

async fn values(store: &RecordStore, index: &str) -> Result<Vec<String>> {
    entries(store, index, IndexScanType::ByValue).await
}

async fn groups(store: &RecordStore, index: &str) -> Result<Vec<String>> {
    entries(store, index, IndexScanType::ByGroup).await
}

fn kind<T: std::fmt::Debug>(result: Result<T>) -> ErrorKind {
    result.expect_err("it is refused").kind()
}

fn by_name() -> Index {
    Index::new("by_name", field("name")).on("User")
}

fn count_by_name() -> Index {
    Index::new("count", grouped(field("name"), 0))
        .on("User")
        .with_kind(index_type::COUNT)
}

fn grouped(whole: impl Into<KeyExpression>, grouped_count: usize) -> KeyExpression {
    Grouping::new(whole.into(), grouped_count).into()
}
