//! Reads that are answered later, as those of a cluster are: everything comes as from the engine, which answers at once.

use std::future::poll_fn;
use std::task::Poll;

use futures_executor::block_on;
use record_store::kv::{self, Bytes, KeySelector, RangeBatch, RangeRequest, Read};
use record_store::query::{ExecuteOptions, RecordQuery};
use record_store::{
    Continuation, Database, FormatVersion, NoNextReason, Record, RecordStore, Result, ScanLimits, ScanOptions, Schema,
    StoreOptions,
};
use record_store_tests::given::fresh;

use super::chance::Chance;
use super::forward::{Reads, over};
use super::random_query;

/// Reads that are answered when they are asked for the third time.
#[derive(Clone)]
struct Late;

fn later<T: Unpin + Send + 'static>(read: Read<T>) -> Read<T> {
    Read::pending(async {
        for _ in 0..2 {
            let mut has_waited = false;
            poll_fn(|task| {
                if std::mem::replace(&mut has_waited, true) {
                    return Poll::Ready(());
                }
                task.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
        }
        read.await
    })
}

impl Reads for Late {
    fn get(&self, below: &kv::Transaction, key: &[u8], snapshot: bool) -> Read<Option<Bytes>> {
        later(below.get(key, snapshot))
    }

    fn get_key(&self, below: &kv::Transaction, selector: &KeySelector, snapshot: bool) -> Read<Bytes> {
        later(below.get_key(selector, snapshot))
    }

    /// In batches of at most five rows.
    fn get_range(&self, below: &kv::Transaction, request: &RangeRequest, snapshot: bool) -> Read<RangeBatch> {
        let request = match request.limit {
            1..=5 => request.clone(),
            _ => request.clone().limit(5),
        };
        later(below.get_range(&request, snapshot))
    }
}

/// The same records behind an engine that answers at once and behind one that answers later.
async fn stores(seed: u64, options: &StoreOptions) -> Result<[RecordStore; 2]> {
    let mut stores = Vec::new();
    for is_late in [false, true] {
        let chance = &mut Chance(seed);
        let database = match is_late {
            false => fresh()?,
            true => {
                let below = fresh()?.kv().clone();
                Database::from_kv(over(below, Late))
            }
        };
        let metadata = random_query::schema(chance)?.merge_into(None)?;
        let context = database.transaction();
        let store = RecordStore::open(&context, kv::Subspace::from(("s",)), &metadata, options).await?;
        for id in 0..40 {
            store.save_record(&random_query::record(chance, id)).await?;
        }
        stores.push(store);
    }
    stores.try_into().map_err(|_| unreachable!("there are two"))
}

/// The keys of a page, why it ended, and where it goes on.
type Page = (Vec<Vec<u8>>, Option<NoNextReason>, Option<Continuation>);

async fn page(store: &RecordStore, query: &RecordQuery, options: &ExecuteOptions) -> Result<Page> {
    let mut cursor = store.execute_query(query, options.clone())?;
    let mut keys = Vec::new();
    while let Some(record) = cursor.next().await? {
        keys.push(record.primary_key().pack());
    }
    Ok((keys, cursor.no_next_reason(), cursor.continuation()))
}

#[test]
fn queries_give_the_same_pages_when_reads_are_answered_later() {
    for seed in 0..4 {
        let run = async {
            let [at_once, late] = stores(seed, &StoreOptions::default()).await?;
            let chance = &mut Chance(seed);
            for _ in 0..40 {
                let query = random_query::query(chance);
                let mut options = ExecuteOptions {
                    limit: chance.one_in(2).then(|| 1 + chance.below(9)),
                    skip: chance.below(3),
                    limits: ScanLimits {
                        scanned_rows_max: chance.one_in(2).then(|| 1 + chance.below(30) as u64),
                        ..ScanLimits::default()
                    },
                    ..ExecuteOptions::default()
                };
                for _ in 0..20 {
                    let expected = page(&at_once, &query, &options).await?;
                    assert_eq!(page(&late, &query, &options).await?, expected, "{query:?} {options:?}");
                    options.continuation = expected.2;
                    if options.continuation.is_none() {
                        break;
                    }
                }
            }
            Ok::<_, record_store::Error>(())
        };
        block_on(run).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
}

#[test]
fn scans_give_the_same_records_when_reads_are_answered_later() -> Result<()> {
    // Of the older format, versions are kept apart from their records.
    for format in [FormatVersion::default(), FormatVersion::InfoAdded] {
        block_on(async {
            let options = StoreOptions::default().format_version(format);
            let stores = stores(7, &options).await?;
            let mut found = Vec::new();
            for store in &stores {
                let limited = ScanOptions::default().limit(30);
                let mut records = store.scan_records(limited)?.next_batch(100).await?;
                for index in store.metadata().indexes().filter(|index| index.kind() == "value") {
                    let of_index = store.scan_index_records(index.name(), ScanOptions::default());
                    records.extend(of_index?.next_batch(100).await?);
                }
                found.push(records);
            }
            assert!(found[0].len() > 30);
            assert_eq!(found[0], found[1]);
            Ok::<_, record_store::Error>(())
        })?;
    }
    Ok(())
}

#[test]
fn a_record_in_chunks_is_read_behind_its_entry() -> Result<()> {
    block_on(async {
        let schema = Schema::builder()
            .proto(
                "l.proto",
                "syntax = 'proto3'; message Long { int64 id = 1; string name = 2; string text = 3; }",
            )
            .record_type("Long", |t| t.primary_key("id").index(("by_name", "name")))
            .build()?;
        let at_once = fresh()?;
        let below = fresh()?.kv().clone();
        let late = Database::from_kv(over(below, Late));
        for database in [at_once, late] {
            let space = database.space("long").schema(&schema).open().await?;
            let text = "x".repeat(350_000);
            let long = |id: i64| Record::from_json("Long", format!(r#"{{"id": {id}, "name": "a", "text": "{text}"}}"#));
            space.put_all([long(1), long(2)]).await?;
            let found = space.query("name = 'a'").execute().next_batch(10).await?;
            assert_eq!(found.len(), 2);
            assert_eq!(Some(&found[1]), space.get(2).await?.as_ref());
            assert!(found[1].sizes().split && found[1].bytes().len() > text.len());
        }
        Ok(())
    })
}
