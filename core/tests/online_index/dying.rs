//! [`Dying`]: a database whose client dies at its n-th commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use record_store::kv::env::Env;
use record_store::kv::{
    self, Bytes, ConflictRangeType, DatabaseBackend, KeySelector, RangeBatch, RangeRequest, Read, TransactionBackend,
    TransactionVersion,
};

/// A client that dies.
#[derive(Clone)]
pub(crate) struct Dying {
    database: kv::Database,
    /// How many commits are left, the last one included.
    commits: Arc<AtomicI64>,
    /// Whether the last commit is done before the client dies, or not.
    commits_last: bool,
}

impl Dying {
    pub(crate) fn new(database: kv::Database, commits: i64, commits_last: bool) -> Self {
        Dying {
            database,
            commits: Arc::new(AtomicI64::new(commits)),
            commits_last,
        }
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.commits.load(Ordering::Relaxed) <= 0
    }
}

impl DatabaseBackend for Dying {
    fn create_transaction(&self) -> Arc<dyn TransactionBackend> {
        Arc::new(DyingTransaction {
            transaction: self.database.transaction(),
            client: self.clone(),
        })
    }
    fn set_option(&self, _: i32, _: Option<&[u8]>) -> kv::Result<()> {
        Ok(())
    }
    fn env(&self) -> &Env {
        self.database.env()
    }
    fn name(&self) -> String {
        self.database.name()
    }
}

struct DyingTransaction {
    transaction: kv::Transaction,
    client: Dying,
}

fn died() -> kv::Error {
    kv::Error::new(kv::ErrorKind::Io, "the client has died")
}

impl TransactionBackend for DyingTransaction {
    fn commit(&self) -> Read<()> {
        let left = self.client.commits.fetch_sub(1, Ordering::Relaxed);
        let transaction = self.transaction.clone();
        match left {
            2.. => transaction.commit(),
            1 if self.client.commits_last => Read::pending(async move {
                transaction.commit().await?;
                Err(died())
            }),
            _ => Read::ready(Err(died())),
        }
    }
    fn get(&self, key: &[u8], snapshot: bool) -> Read<Option<Bytes>> {
        self.transaction.get(key, snapshot)
    }
    fn get_key(&self, selector: &KeySelector, snapshot: bool) -> Read<Bytes> {
        self.transaction.get_key(selector, snapshot)
    }
    fn get_range(&self, request: &RangeRequest, snapshot: bool) -> Read<RangeBatch> {
        self.transaction.get_range(request, snapshot)
    }
    fn set(&self, key: &[u8], value: &[u8]) {
        self.transaction.set(key, value);
    }
    fn clear(&self, key: &[u8]) {
        self.transaction.clear(key);
    }
    fn clear_range(&self, begin: &[u8], end: &[u8]) {
        self.transaction.clear_range(begin, end);
    }
    fn atomic_op(&self, mutation: i32, key: &[u8], operand: &[u8]) {
        self.transaction.atomic_op_code(mutation, key, operand);
    }
    fn add_conflict_range(&self, begin: &[u8], end: &[u8], kind: ConflictRangeType) -> kv::Result<()> {
        self.transaction.add_conflict_range(begin, end, kind)
    }
    fn set_option(&self, _: i32, _: Option<&[u8]>) -> kv::Result<()> {
        Ok(())
    }
    fn read_version(&self) -> Read<i64> {
        self.transaction.read_version()
    }
    fn set_read_version(&self, version: i64) {
        self.transaction.set_read_version(version);
    }
    fn committed_version(&self) -> i64 {
        self.transaction.committed_version()
    }
    fn versionstamp(&self) -> Read<TransactionVersion> {
        self.transaction.versionstamp()
    }
    fn approximate_size(&self) -> Read<i64> {
        self.transaction.approximate_size()
    }
    fn watch(&self, key: &[u8]) -> Read<()> {
        self.transaction.watch(key)
    }
    fn on_error(&self, code: i32) -> Read<()> {
        self.transaction.on_error_code(code)
    }
    fn reset(&self) {
        self.transaction.reset();
    }
    fn cancel(&self) {
        self.transaction.cancel();
    }
    fn estimated_range_size_bytes(&self, begin: &[u8], end: &[u8]) -> Read<i64> {
        self.transaction.estimated_range_size_bytes(begin, end)
    }
    fn range_split_points(&self, begin: &[u8], end: &[u8], chunk_size: i64) -> Read<Vec<Bytes>> {
        self.transaction.range_split_points(begin, end, chunk_size)
    }
    fn addresses_for_key(&self, key: &[u8]) -> Read<Vec<String>> {
        self.transaction.addresses_for_key(key)
    }
}
