//! For tests that look at the reads below the record layer: a database over another one, of which somebody answers the reads.

use std::sync::Arc;

use record_store::kv::env::Env;
use record_store::kv::{
    self, Bytes, ConflictRangeType, DatabaseBackend, KeySelector, MappedRangeBatch, RangeBatch, RangeRequest, Read,
    Transaction, TransactionBackend, TransactionVersion,
};

/// Answers reads, with the help of the transaction below.
pub(crate) trait Reads: Clone + Send + Sync + 'static {
    fn get(&self, below: &Transaction, key: &[u8], snapshot: bool) -> Read<Option<Bytes>>;
    fn get_key(&self, below: &Transaction, selector: &KeySelector, snapshot: bool) -> Read<Bytes>;
    fn get_range(&self, below: &Transaction, request: &RangeRequest, snapshot: bool) -> Read<RangeBatch>;
}

/// The database over `below`, whose reads `reads` answers.
pub(crate) fn over(below: kv::Database, reads: impl Reads) -> kv::Database {
    kv::Database::from_backend(Arc::new(Over { below, reads }))
}

struct Over<B, R> {
    below: B,
    reads: R,
}

impl<R: Reads> DatabaseBackend for Over<kv::Database, R> {
    fn create_transaction(&self) -> Arc<dyn TransactionBackend> {
        Arc::new(Over {
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

impl<R: Reads> TransactionBackend for Over<Transaction, R> {
    fn get(&self, key: &[u8], snapshot: bool) -> Read<Option<Bytes>> {
        self.reads.get(&self.below, key, snapshot)
    }

    fn get_key(&self, selector: &KeySelector, snapshot: bool) -> Read<Bytes> {
        self.reads.get_key(&self.below, selector, snapshot)
    }

    fn get_range(&self, request: &RangeRequest, snapshot: bool) -> Read<RangeBatch> {
        self.reads.get_range(&self.below, request, snapshot)
    }

    fn get_mapped_range(&self, request: &RangeRequest, mapper: &[u8], snapshot: bool) -> Read<MappedRangeBatch> {
        self.below.get_mapped_range(request, mapper, snapshot)
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
