//! [`Transaction`]: FoundationDB's transaction, whole, over any backend.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::{
    ConflictRangeType, Error, KeySelector, MappedRangeBatch, MutationType, RangeBatch, RangeRequest, Read, Result,
    TransactionOption,
};

/// The 10 bytes that a commit writes in place of a versionstamp: 8 bytes of commit version and 2 bytes of the
/// transaction's place in its group, both big-endian.
pub type TransactionVersion = [u8; 10];

/// What a backend does for one transaction. The rules are FoundationDB's: calls take effect in call order; calls without
/// a result never fail at once but make the next call with a result fail; every method may be called from any thread.
pub trait TransactionBackend: Send + Sync {
    /// Reads one key.
    fn get(&self, key: &[u8], snapshot: bool) -> Read<Option<Bytes>>;
    /// Resolves a selector to a key; `""` before the first key, the end of the legal key space after the last.
    fn get_key(&self, selector: &KeySelector, snapshot: bool) -> Read<Bytes>;
    /// Reads one batch of a range.
    fn get_range(&self, request: &RangeRequest, snapshot: bool) -> Read<RangeBatch>;
    /// [`get_range`](TransactionBackend::get_range) of [`RangeRequest::copy_keys`], for which a backend may need no copies.
    fn get_range_between(&self, begin: &[u8], end: &[u8], snapshot: bool) -> Read<RangeBatch> {
        self.get_range(&RangeRequest::copy_keys(begin, end), snapshot)
    }
    /// Reads one batch of a range, and for each row what `mapper` makes of it.
    fn get_mapped_range(&self, request: &RangeRequest, mapper: &[u8], snapshot: bool) -> Read<MappedRangeBatch>;
    /// Sets a key.
    fn set(&self, key: &[u8], value: &[u8]);
    /// Clears a key.
    fn clear(&self, key: &[u8]);
    /// Clears the keys from `begin` (inclusive) to `end` (exclusive).
    fn clear_range(&self, begin: &[u8], end: &[u8]);
    /// Applies an atomic operation, by FoundationDB's number; an unknown one makes the transaction fail with 2018.
    fn atomic_op(&self, mutation: i32, key: &[u8], operand: &[u8]);
    /// Adds a conflict range by hand. Errors: 2005 for an inverted range.
    fn add_conflict_range(&self, begin: &[u8], end: &[u8], kind: ConflictRangeType) -> Result<()>;
    /// Sets an option. Errors: 2007 for an unknown one; bad values make the transaction fail later.
    fn set_option(&self, code: i32, value: Option<&[u8]>) -> Result<()>;
    /// The read version, fetched at the first call.
    fn read_version(&self) -> Read<i64>;
    /// Reads at `version` instead of the latest.
    fn set_read_version(&self, version: i64);
    /// Commits.
    fn commit(&self) -> Read<()>;
    /// The version of the last successful commit; −1 before it and after a read-only one.
    fn committed_version(&self) -> i64;
    /// The versionstamp of the commit to come; ask before [`TransactionBackend::commit`].
    fn versionstamp(&self) -> Read<TransactionVersion>;
    /// The size of the commit so far, in bytes.
    fn approximate_size(&self) -> Read<i64>;
    /// Completes when the key's value changes after this transaction committed.
    fn watch(&self, key: &[u8]) -> Read<()>;
    /// FoundationDB's judgement of an error: waits and resets the transaction, or fails with the error.
    fn on_error(&self, code: i32) -> Read<()>;
    /// Back to a fresh transaction.
    fn reset(&self);
    /// Makes everything pending and later fail with 1025 until [`TransactionBackend::reset`].
    fn cancel(&self);
    /// An estimate of the bytes stored in a range.
    fn estimated_range_size_bytes(&self, begin: &[u8], end: &[u8]) -> Read<i64>;
    /// Keys that cut a range into pieces of about `chunk_size` bytes, the two ends included.
    fn range_split_points(&self, begin: &[u8], end: &[u8], chunk_size: i64) -> Read<Vec<Bytes>>;
    /// The addresses of the processes that store a key.
    fn addresses_for_key(&self, key: &[u8]) -> Read<Vec<String>>;
}

/// A transaction. Clones are handles on the same one.
///
/// **Limits** (FoundationDB's): keys up to 10,000 bytes, values up to 100,000, a commit up to 10,000,000; reads and commits
/// within five seconds of the read version. **Errors** carry FoundationDB's code ([`Error::fdb_code`]).
#[derive(Clone)]
pub struct Transaction {
    backend: Arc<dyn TransactionBackend>,
}

impl Transaction {
    /// A transaction over a backend; databases make them with [`Database::transaction`](crate::Database::transaction).
    pub fn from_backend(backend: Arc<dyn TransactionBackend>) -> Self {
        Transaction { backend }
    }

    /// Reads one key. A snapshot read takes part in no conflict.
    pub fn get(&self, key: &[u8], snapshot: bool) -> Read<Option<Bytes>> {
        self.backend.get(key, snapshot)
    }

    /// Resolves a selector to a key; `""` before the first key, the end of the legal key space after the last.
    pub fn get_key(&self, selector: &KeySelector, snapshot: bool) -> Read<Bytes> {
        self.backend.get_key(selector, snapshot)
    }

    /// Reads one batch of a range; [`RangeRequest::after`] makes the next request.
    pub fn get_range(&self, request: &RangeRequest, snapshot: bool) -> Read<RangeBatch> {
        self.backend.get_range(request, snapshot)
    }

    /// Reads the first batch of the keys from `begin` (inclusive) to `end` (exclusive): [`Transaction::get_range`] of
    /// [`RangeRequest::copy_keys`], made for small ranges.
    pub fn get_range_between(&self, begin: &[u8], end: &[u8], snapshot: bool) -> Read<RangeBatch> {
        self.backend.get_range_between(begin, end, snapshot)
    }

    /// Reads a range to its end (or to the request's limit), in as many batches as it takes. For small ranges.
    pub async fn get_range_all(&self, request: &RangeRequest, snapshot: bool) -> Result<Vec<crate::KeyValue>> {
        let first = self.get_range(request, snapshot).await?;
        let mut next = request.after(&first);
        let mut rows = first.rows;
        while let Some(request) = next {
            let mut batch = self.get_range(&request, snapshot).await?;
            next = request.after(&batch);
            rows.append(&mut batch.rows);
        }
        Ok(rows)
    }

    /// Reads one batch of a range, and along with each row the keys that a mapper, a packed tuple, makes of it:
    /// [`MappedKeyValue`](crate::MappedKeyValue). [`RangeRequest::after_mapped`] makes the next request.
    ///
    /// Both reads take part in conflicts. They do not see the transaction's own writes: where it has written what they read, they fail
    /// with 2039.
    ///
    /// **Errors**: 2108 for a snapshot read, and when read-your-writes is disabled; 2030, 2032, 2043 for a mapper that makes no
    /// sense; 2041 and 2042 for a key or a value that it takes apart and that is no tuple; 2000 for special keys; 2130 for a range outside tenants
    /// that holds keys of one.
    ///
    /// ```
    /// # use record_store_kv::{RangeRequest, Result, Transaction, tuple::Tuple};
    /// # async fn example(transaction: &Transaction) -> Result<()> {
    /// // Entries ("by_city", city, id) lead to records ("user", id, …).
    /// let mapper = Tuple::from(("user", "{K[2]}", "{...}")).pack();
    /// let range = RangeRequest::keys(Tuple::from(("by_city", "Bonn")).pack(), Tuple::from(("by_city", "Bonn~")).pack());
    /// for entry in transaction.get_mapped_range(&range, &mapper, false).await?.rows {
    ///     println!("{:?} has {} rows", entry.begin, entry.rows.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_mapped_range(&self, request: &RangeRequest, mapper: &[u8], snapshot: bool) -> Read<MappedRangeBatch> {
        self.backend.get_mapped_range(request, mapper, snapshot)
    }

    /// Sets a key. Errors (later): 2004, 2102, 2103.
    pub fn set(&self, key: &[u8], value: &[u8]) {
        self.backend.set(key, value);
    }

    /// Clears a key.
    pub fn clear(&self, key: &[u8]) {
        self.backend.clear(key);
    }

    /// Clears the keys from `begin` (inclusive) to `end` (exclusive). Errors (later): 2004, 2005.
    pub fn clear_range(&self, begin: &[u8], end: &[u8]) {
        self.backend.clear_range(begin, end);
    }

    /// Applies an atomic operation. Errors (later): 2000 for a versionstamp that does not fit, 2004, 2102, 2103.
    pub fn atomic_op(&self, mutation: MutationType, key: &[u8], operand: &[u8]) {
        self.backend.atomic_op(mutation.code(), key, operand);
    }

    /// As [`Transaction::atomic_op`], by FoundationDB's number. Errors (later): 2018 for an unknown one.
    pub fn atomic_op_code(&self, mutation: i32, key: &[u8], operand: &[u8]) {
        self.backend.atomic_op(mutation, key, operand);
    }

    /// Adds a conflict range by hand. Errors: 2005 for an inverted range.
    pub fn add_conflict_range(&self, begin: &[u8], end: &[u8], kind: ConflictRangeType) -> Result<()> {
        self.backend.add_conflict_range(begin, end, kind)
    }

    /// Sets an option. Errors: 2007 for an unknown one; a bad value makes the transaction fail later with 2006.
    pub fn set_option(&self, option: &TransactionOption) -> Result<()> {
        self.backend.set_option(option.code(), option.value().as_deref())
    }

    /// The read version: all reads see the database as of it.
    pub fn read_version(&self) -> Read<i64> {
        self.backend.read_version()
    }

    /// Reads at `version` instead of the latest. Errors (later): 2010, 2011; 1007 and 1009 from reads.
    pub fn set_read_version(&self, version: i64) {
        self.backend.set_read_version(version);
    }

    /// Commits. Errors: 1020 on a conflict, 1007, 1021 (unknown), 2101, or an earlier call's.
    pub fn commit(&self) -> Read<()> {
        self.backend.commit()
    }

    /// The version of the last successful commit; −1 before it and after a read-only one.
    pub fn committed_version(&self) -> i64 {
        self.backend.committed_version()
    }

    /// The versionstamp of the commit to come; ask before committing. Errors: 2020, 2021.
    pub fn versionstamp(&self) -> Read<TransactionVersion> {
        self.backend.versionstamp()
    }

    /// The size of the commit so far, in bytes.
    pub fn approximate_size(&self) -> Read<i64> {
        self.backend.approximate_size()
    }

    /// Completes when the key's value changes after this transaction committed. Errors: 1032, 1034.
    pub fn watch(&self, key: &[u8]) -> Read<()> {
        self.backend.watch(key)
    }

    /// FoundationDB's judgement of `error`: waits for a back-off and resets the transaction, or gives the error back.
    pub async fn on_error(&self, error: Error) -> Result<()> {
        match error.fdb_code() {
            Some(code) => match self.backend.on_error(code).await {
                Err(refused) if refused.fdb_code() == Some(code) => Err(error),
                other => other,
            },
            None => Err(error),
        }
    }

    /// As [`Transaction::on_error`], by FoundationDB's number.
    pub fn on_error_code(&self, code: i32) -> Read<()> {
        self.backend.on_error(code)
    }

    /// Back to a fresh transaction.
    pub fn reset(&self) {
        self.backend.reset();
    }

    /// Makes everything pending and later fail with 1025 until [`Transaction::reset`].
    pub fn cancel(&self) {
        self.backend.cancel();
    }

    /// An estimate of the bytes stored in a range. Errors: 2005.
    pub fn estimated_range_size_bytes(&self, begin: &[u8], end: &[u8]) -> Read<i64> {
        self.backend.estimated_range_size_bytes(begin, end)
    }

    /// Keys that cut a range into pieces of about `chunk_size` bytes, the two ends included. Errors: 2004, 2005.
    pub fn range_split_points(&self, begin: &[u8], end: &[u8], chunk_size: i64) -> Read<Vec<Bytes>> {
        self.backend.range_split_points(begin, end, chunk_size)
    }

    /// The addresses of the processes that store a key.
    pub fn addresses_for_key(&self, key: &[u8]) -> Read<Vec<String>> {
        self.backend.addresses_for_key(key)
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transaction")
    }
}
