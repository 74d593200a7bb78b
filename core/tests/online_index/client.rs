//! [`Client`]: a client of a database to which something happens at its commits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use record_store::Database;
use record_store::kv::env::Env;
use record_store::kv::{
    self, Bytes, ConflictRangeType, DatabaseBackend, KeySelector, MappedRangeBatch, RangeBatch, RangeRequest, Read,
    TransactionBackend, TransactionVersion,
};

/// What happens at a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Commits,
    CommitsAndDies,
    Dies,
}

/// Decides what happens at the commit of this number, from 1.
type Decide = dyn Fn(u64) -> Fate + Send + Sync;

/// A client of a database.
#[derive(Clone)]
pub(crate) struct Client {
    database: kv::Database,
    commits: Arc<AtomicU64>,
    decide: Arc<Decide>,
}

impl Client {
    /// The database as the client sees it.
    pub(crate) fn database(database: &Database, decide: impl Fn(u64) -> Fate + Send + Sync + 'static) -> Database {
        let client = Client {
            database: database.kv().clone(),
            commits: Arc::default(),
            decide: Arc::new(decide),
        };
        Database::from_kv(kv::Database::from_backend(Arc::new(client)))
    }
}

impl DatabaseBackend for Client {
    fn create_transaction(&self) -> Arc<dyn TransactionBackend> {
        Arc::new(ClientTransaction {
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

struct ClientTransaction {
    transaction: kv::Transaction,
    client: Client,
}

fn died() -> kv::Error {
    kv::Error::new(kv::ErrorKind::Io, "the client has died")
}

impl TransactionBackend for ClientTransaction {
    fn commit(&self) -> Read<()> {
        let number = self.client.commits.fetch_add(1, Ordering::Relaxed) + 1;
        let transaction = self.transaction.clone();
        match (self.client.decide)(number) {
            Fate::Commits => transaction.commit(),
            Fate::CommitsAndDies => Read::pending(async move {
                transaction.commit().await?;
                Err(died())
            }),
            Fate::Dies => Read::ready(Err(died())),
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
    fn get_mapped_range(&self, request: &RangeRequest, mapper: &[u8], snapshot: bool) -> Read<MappedRangeBatch> {
        self.transaction.get_mapped_range(request, mapper, snapshot)
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
