//! What opening a space costs, counted in reads below the record layer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_executor::block_on;
use record_store::kv::env::Env;
use record_store::kv::{
    self, ConflictRangeType, DatabaseBackend, KeySelector, RangeBatch, RangeRequest, Read, TransactionBackend,
    TransactionVersion,
};
use record_store::{Database, Result, Schema};

use super::{USERS, user, users, users_and_orders};

/// A database whose transactions count their reads.
struct Counting {
    below: kv::Database,
    reads: Arc<AtomicUsize>,
}

struct CountingTransaction {
    below: kv::Transaction,
    reads: Arc<AtomicUsize>,
}

impl DatabaseBackend for Counting {
    fn create_transaction(&self) -> Arc<dyn TransactionBackend> {
        Arc::new(CountingTransaction {
            below: self.below.transaction(),
            reads: self.reads.clone(),
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

impl CountingTransaction {
    fn count(&self) -> &kv::Transaction {
        self.reads.fetch_add(1, Ordering::Relaxed);
        &self.below
    }
}

impl TransactionBackend for CountingTransaction {
    fn get(&self, key: &[u8], snapshot: bool) -> Read<Option<Bytes>> {
        self.count().get(key, snapshot)
    }

    fn get_key(&self, selector: &KeySelector, snapshot: bool) -> Read<Bytes> {
        self.count().get_key(selector, snapshot)
    }

    fn get_range(&self, request: &RangeRequest, snapshot: bool) -> Read<RangeBatch> {
        self.count().get_range(request, snapshot)
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

fn counting() -> Result<(Database, Arc<AtomicUsize>)> {
    let reads = Arc::new(AtomicUsize::new(0));
    let backend = Counting {
        below: Database::in_memory()?.kv().clone(),
        reads: reads.clone(),
    };
    Ok((Database::from_kv(kv::Database::from_backend(Arc::new(backend))), reads))
}

#[test]
fn opening_a_store_costs_one_read_and_none_the_second_time() -> Result<()> {
    block_on(async {
        let (db, reads) = counting()?;
        let space = db.space("users").schema(&users()?).open().await?;
        let other_handle = db.space("users").open().await?;
        let context = db.transaction();
        reads.store(0, Ordering::Relaxed);
        let store = space.store(&context).await?;
        assert_eq!(reads.load(Ordering::Relaxed), 1);

        let again = space.store(&context).await?;
        other_handle.store(&context).await?;
        assert_eq!(reads.load(Ordering::Relaxed), 1, "the transaction has it open");

        // What one does to the header, the other sees.
        store.set_header_user_field("owner", b"ada").await?;
        assert_eq!(again.header_bytes(), store.header_bytes());
        let saved = again.save_record(&user(1)).await?;
        assert_eq!(store.load_record(saved.primary_key()).await?, Some(saved));

        reads.store(0, Ordering::Relaxed);
        space.store(&db.transaction()).await?;
        assert_eq!(reads.load(Ordering::Relaxed), 1, "each transaction opens it once");
        reads.store(0, Ordering::Relaxed);
        space.get(1).await?;
        assert_eq!(reads.load(Ordering::Relaxed), 2, "the header and the record");
        Ok(())
    })
}

#[test]
fn the_states_of_indexes_are_read_with_the_header() -> Result<()> {
    block_on(async {
        let (db, reads) = counting()?;
        let schema = Schema::builder()
            .proto("shop.proto", USERS)
            .record_type("User", |t| t.primary_key("id").index(("by_name", "name")))
            .build()?;
        let space = db.space("users").schema(&schema).open().await?;
        let context = db.transaction();
        reads.store(0, Ordering::Relaxed);
        space.store(&context).await?;
        assert_eq!(reads.load(Ordering::Relaxed), 2);
        space.store(&context).await?;
        assert_eq!(reads.load(Ordering::Relaxed), 2);
        Ok(())
    })
}

/// A handle that is behind reads the schema once and is then as cheap as any.
#[test]
fn a_handle_that_is_behind_catches_up_once() -> Result<()> {
    block_on(async {
        let (db, reads) = counting()?;
        let old = db.space("shop").schema(&users()?).open().await?;
        db.space("shop").schema(&users_and_orders()?).open().await?;
        let mut counted = Vec::new();
        for _ in 0..2 {
            reads.store(0, Ordering::Relaxed);
            let old = &old;
            db.run(|context| async move { old.store(&context).await.map(drop) })
                .await?;
            counted.push(reads.load(Ordering::Relaxed));
        }
        assert!(counted[0] > 1, "{counted:?}");
        assert_eq!(counted[1], 1);
        Ok(())
    })
}
