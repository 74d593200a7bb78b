//! Reads that are answered later, as those of a cluster are: everything comes as from the engine, which answers at once.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use futures_executor::block_on;
use record_store::kv::env::Env;
use record_store::kv::{
    self, Bytes, ConflictRangeType, DatabaseBackend, KeySelector, RangeBatch, RangeRequest, Read, TransactionBackend,
    TransactionVersion,
};
use record_store::query::{ExecuteOptions, RecordQuery};
use record_store::{
    Continuation, Database, FormatVersion, NoNextReason, Record, RecordStore, Result, ScanLimits, ScanOptions, Schema,
    StoreOptions,
};

use super::chance::Chance;
use super::random_query;

/// A database whose reads are answered when they are asked for the third time.
struct Late {
    below: kv::Database,
}

struct LateTransaction {
    below: kv::Transaction,
}

impl DatabaseBackend for Late {
    fn create_transaction(&self) -> Arc<dyn TransactionBackend> {
        Arc::new(LateTransaction {
            below: self.below.transaction(),
        })
    }

    fn set_option(&self, _code: i32, _value: Option<&[u8]>) -> kv::Result<()> {
        Ok(())
    }

    fn env(&self) -> &Env {
        self.below.env()
    }

    fn name(&self) -> String {
        self.below.name()
    }
}

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

impl TransactionBackend for LateTransaction {
    fn get(&self, key: &[u8], snapshot: bool) -> Read<Option<Bytes>> {
        later(self.below.get(key, snapshot))
    }

    fn get_key(&self, selector: &KeySelector, snapshot: bool) -> Read<Bytes> {
        later(self.below.get_key(selector, snapshot))
    }

    /// In batches of at most five rows.
    fn get_range(&self, request: &RangeRequest, snapshot: bool) -> Read<RangeBatch> {
        let request = match request.limit {
            1..=5 => request.clone(),
            _ => request.clone().limit(5),
        };
        later(self.below.get_range(&request, snapshot))
    }

    fn set(&self, key: &[u8], value: &[u8]) {
        self.below.set(key, value);
    }

    fn clear(&self, key: &[u8]) {
        self.below.clear(key);
    }

    fn clear_range(&self, begin: &[u8], end: &[u8]) {
        self.below.clear_range(begin, end);
    }

    fn atomic_op(&self, mutation: i32, key: &[u8], operand: &[u8]) {
        self.below.atomic_op_code(mutation, key, operand);
    }

    fn add_conflict_range(&self, begin: &[u8], end: &[u8], kind: ConflictRangeType) -> kv::Result<()> {
        self.below.add_conflict_range(begin, end, kind)
    }

    fn set_option(&self, _code: i32, _value: Option<&[u8]>) -> kv::Result<()> {
        Ok(())
    }

    fn read_version(&self) -> Read<i64> {
        self.below.read_version()
    }

    fn set_read_version(&self, version: i64) {
        self.below.set_read_version(version);
    }

    fn commit(&self) -> Read<()> {
        self.below.commit()
    }

    fn committed_version(&self) -> i64 {
        self.below.committed_version()
    }

    fn versionstamp(&self) -> Read<TransactionVersion> {
        self.below.versionstamp()
    }

    fn approximate_size(&self) -> Read<i64> {
        self.below.approximate_size()
    }

    fn watch(&self, key: &[u8]) -> Read<()> {
        self.below.watch(key)
    }

    fn on_error(&self, code: i32) -> Read<()> {
        self.below.on_error_code(code)
    }

    fn reset(&self) {
        self.below.reset();
    }

    fn cancel(&self) {
        self.below.cancel();
    }

    fn estimated_range_size_bytes(&self, begin: &[u8], end: &[u8]) -> Read<i64> {
        self.below.estimated_range_size_bytes(begin, end)
    }

    fn range_split_points(&self, begin: &[u8], end: &[u8], chunk_size: i64) -> Read<Vec<Bytes>> {
        self.below.range_split_points(begin, end, chunk_size)
    }

    fn addresses_for_key(&self, key: &[u8]) -> Read<Vec<String>> {
        self.below.addresses_for_key(key)
    }
}

/// The same records behind an engine that answers at once and behind one that answers later.
async fn stores(seed: u64, options: &StoreOptions) -> Result<[RecordStore; 2]> {
    let mut stores = Vec::new();
    for is_late in [false, true] {
        let chance = &mut Chance(seed);
        let database = match is_late {
            false => Database::in_memory()?,
            true => {
                let below = Database::in_memory()?.kv().clone();
                Database::from_kv(kv::Database::from_backend(Arc::new(Late { below })))
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
        let at_once = Database::in_memory()?;
        let below = Database::in_memory()?.kv().clone();
        let late = Database::from_kv(kv::Database::from_backend(Arc::new(Late { below })));
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
