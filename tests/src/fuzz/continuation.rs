//! Input: a choice of a scan, and the bytes of its continuation. The scan gives records of its range, in its order, or an
//! error says that the continuation is none of this scan.

use std::sync::LazyLock;

use futures_executor::block_on;
use prost_reflect::prost::Message;
use record_store::kv::{Bytes, Subspace};
use record_store::{
    Continuation, Database, EndpointType, ErrorKind, Record, RecordStore, Result, ScanOptions, StoreOptions,
    StoredRecord, Tuple, TupleRange, proto,
};

use super::schema::META_DATA;
use super::{choice, refused};

struct Filled {
    database: Database,
    /// All records, in the order of their keys.
    records: Vec<StoredRecord>,
}

static FILLED: LazyLock<Filled> = LazyLock::new(|| block_on(fill()).expect("a new database can be filled"));

async fn fill() -> Result<Filled> {
    let database = Database::in_memory()?;
    let records = database
        .run(|context| async move {
            let store = open(&context).await?;
            for id in [-300, -1, 0, 1, 2, 255, 256, 70_000] {
                let text = "x".repeat(if id == 2 { 100_001 } else { 3 });
                let json = format!(r#"{{"id": {id}, "text": "{text}"}}"#);
                store.save_record(&Record::from_json("Record", json)).await?;
            }
            Ok::<_, record_store::Error>(())
        })
        .await
        .map(|()| database.transaction())?;
    let records = open(&records)
        .await?
        .scan_records(ScanOptions::default())?
        .next_batch(100)
        .await?;
    Ok(Filled { database, records })
}

async fn open(context: &record_store::RecordContext) -> Result<RecordStore> {
    RecordStore::open(
        context,
        Subspace::from(("fuzz",)),
        &META_DATA[1],
        &StoreOptions::default(),
    )
    .await
}

pub(super) fn run(input: &[u8]) {
    let (choice, bytes) = choice(input);
    let options = ScanOptions {
        reverse: choice & 1 != 0,
        limit: (choice & 2 != 0).then_some(2),
        continuation: Some(continuation(choice & 4 != 0, bytes)),
        range: range(choice >> 3),
        ..ScanOptions::default()
    };
    // Filled before: an executor cannot run within another one.
    let filled = &*FILLED;
    block_on(check(filled, options));
}

async fn check(Filled { database, records }: &Filled, options: ScanOptions) {
    let context = database.transaction();
    let store = open(&context).await.expect("the store is there");
    let keys = options
        .range
        .to_range(&Subspace::default())
        .expect("the ranges of this target are sound");
    let mut cursor = match store.scan_records(options.clone()) {
        Ok(cursor) => cursor,
        Err(error) => return refused(&error, &[ErrorKind::InvalidContinuation]),
    };
    let mut last: Option<Tuple> = None;
    let mut count = 0;
    loop {
        match cursor.next().await {
            Ok(Some(record)) => {
                let key = record.primary_key();
                assert!(keys.contains(&key.pack()), "{key} is outside of the range");
                assert!(
                    last.is_none_or(|last| options.reverse == (*key < last)),
                    "{key} is out of order"
                );
                let stored = records.iter().find(|stored| stored.primary_key() == key);
                assert_eq!(stored.map(StoredRecord::bytes), Some(record.bytes()), "{key}");
                last = Some(key.clone());
                count += 1;
                check_continuation(&store, &options, cursor.continuation(), key).await;
            }
            Ok(None) => break,
            Err(error) => return refused(&error, &[ErrorKind::InvalidContinuation, ErrorKind::Corrupt]),
        }
    }
    assert!(options.limit.is_none_or(|limit| count <= limit));
    assert!(cursor.no_next_reason().is_some());
}

/// The continuation of a scan that went on from a strange one is as good as any: the record behind `key` comes next.
async fn check_continuation(store: &RecordStore, options: &ScanOptions, next: Option<Continuation>, key: &Tuple) {
    let options = options
        .clone()
        .continuation(Some(next.expect("a record was returned")))
        .limit(1);
    let mut cursor = store.scan_records(options).expect("a scan takes its own continuation");
    let following = cursor.next().await.expect("whole records follow a whole record");
    if let Some(following) = following {
        assert_ne!(following.primary_key(), key, "the continuation repeats a record");
    }
}

/// The bytes as they are, or as the key in a continuation of the newer form.
fn continuation(wrapped: bool, bytes: &[u8]) -> Continuation {
    if !wrapped {
        return Continuation::from_bytes(bytes.to_vec());
    }
    let message = proto::KeyValueCursorContinuation {
        inner_continuation: Some(Bytes::copy_from_slice(bytes)),
        magic_number: Some(6_773_487_359_078_157_740),
    };
    Continuation::from_bytes(message.encode_to_vec())
}

fn range(choice: u8) -> TupleRange {
    let key = |id: i64| Tuple::from((1, id));
    match choice & 7 {
        0 => TupleRange::ALL,
        1 => TupleRange::all_of(Tuple::from((1,))),
        2 => TupleRange::between(Some(key(0)), Some(key(256))),
        3 => TupleRange::between_inclusive(Some(key(-1)), None),
        4 => TupleRange::all_of(key(2)),
        5 => TupleRange::new(
            Some(key(1)),
            Some(key(70_000)),
            EndpointType::RangeExclusive,
            EndpointType::RangeExclusive,
        ),
        6 => TupleRange::between(None, Some(key(1))),
        _ => TupleRange::all_of(Tuple::from((2,))),
    }
}
