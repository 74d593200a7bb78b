//! [`FdbTransaction`]: the seam's transaction over FoundationDB's.

use foundationdb::FdbError;
use foundationdb::future::{FdbAddresses, FdbFuture, FdbFutureHandle, FdbKeys, FdbSlice};
use record_store_kv::{
    Bytes, ConflictRangeType, KeySelector, MappedRangeBatch, RangeBatch, RangeRequest, Read, Result,
    TransactionBackend, TransactionVersion,
};

use crate::convert::{batch, bytes, read};
use crate::handle::TransactionHandle;
use crate::mapped;

/// A transaction on a cluster. Each method is one call of FoundationDB's client.
pub(crate) struct FdbTransaction {
    /// The handle, or why FoundationDB gave none: then every question has this answer, as the seam wants it.
    handle: Result<TransactionHandle>,
}

impl FdbTransaction {
    pub(crate) fn new(handle: Result<TransactionHandle>) -> Self {
        FdbTransaction { handle }
    }

    fn ask<T, U>(
        &self,
        question: impl FnOnce(&TransactionHandle) -> FdbFuture<T>,
        convert: impl FnOnce(T) -> U + Send + 'static,
    ) -> Read<U>
    where
        T: TryFrom<FdbFutureHandle, Error = FdbError> + Unpin + Send + 'static,
        U: Send + 'static,
    {
        match &self.handle {
            Ok(handle) => read(question(handle), convert),
            Err(error) => Read::ready(Err(error.repeat())),
        }
    }

    fn tell(&self, call: impl FnOnce(&TransactionHandle)) {
        if let Ok(handle) = &self.handle {
            call(handle);
        }
    }

    fn call(&self, call: impl FnOnce(&TransactionHandle) -> Result<()>) -> Result<()> {
        self.handle.as_ref().map_err(|error| error.repeat()).and_then(call)
    }
}

impl TransactionBackend for FdbTransaction {
    fn get(&self, key: &[u8], snapshot: bool) -> Read<Option<Bytes>> {
        self.ask(|handle| handle.get(key, snapshot), |value| value.map(bytes))
    }

    fn get_key(&self, selector: &KeySelector, snapshot: bool) -> Read<Bytes> {
        self.ask(|handle| handle.get_key(selector, snapshot), bytes)
    }

    fn get_range(&self, request: &RangeRequest, snapshot: bool) -> Read<RangeBatch> {
        self.ask(|handle| handle.get_range(request, snapshot), batch)
    }

    fn get_mapped_range(&self, request: &RangeRequest, mapper: &[u8], snapshot: bool) -> Read<MappedRangeBatch> {
        match &self.handle {
            Ok(handle) => mapped::read(handle.get_mapped_range(request, mapper, snapshot)),
            Err(error) => Read::ready(Err(error.repeat())),
        }
    }

    fn set(&self, key: &[u8], value: &[u8]) {
        self.tell(|handle| handle.set(key, value));
    }

    fn clear(&self, key: &[u8]) {
        self.tell(|handle| handle.clear(key));
    }

    fn clear_range(&self, begin: &[u8], end: &[u8]) {
        self.tell(|handle| handle.clear_range(begin, end));
    }

    fn atomic_op(&self, mutation: i32, key: &[u8], operand: &[u8]) {
        self.tell(|handle| handle.atomic_op(mutation, key, operand));
    }

    fn add_conflict_range(&self, begin: &[u8], end: &[u8], kind: ConflictRangeType) -> Result<()> {
        self.call(|handle| handle.add_conflict_range(begin, end, kind))
    }

    fn set_option(&self, code: i32, value: Option<&[u8]>) -> Result<()> {
        self.call(|handle| handle.set_option(code, value))
    }

    fn read_version(&self) -> Read<i64> {
        self.ask(|handle| handle.read_version(), |version| version)
    }

    fn set_read_version(&self, version: i64) {
        self.tell(|handle| handle.set_read_version(version));
    }

    fn commit(&self) -> Read<()> {
        self.ask(|handle| handle.commit(), |()| ())
    }

    fn committed_version(&self) -> i64 {
        /// What FoundationDB gives for a transaction that has not committed.
        const NONE: i64 = -1;
        let version = self.handle.as_ref().ok().map(TransactionHandle::committed_version);
        version.and_then(Result::ok).unwrap_or(NONE)
    }

    fn versionstamp(&self) -> Read<TransactionVersion> {
        self.ask(
            |handle| handle.versionstamp(),
            |stamp: FdbSlice| {
                let mut version = TransactionVersion::default();
                // FoundationDB's stamps have ten bytes; of another length nothing would be right.
                let length = stamp.len().min(version.len());
                version[..length].copy_from_slice(&stamp[..length]);
                version
            },
        )
    }

    fn approximate_size(&self) -> Read<i64> {
        self.ask(|handle| handle.approximate_size(), |size| size)
    }

    fn watch(&self, key: &[u8]) -> Read<()> {
        self.ask(|handle| handle.watch(key), |()| ())
    }

    fn on_error(&self, code: i32) -> Read<()> {
        self.ask(|handle| handle.on_error(code), |()| ())
    }

    fn reset(&self) {
        self.tell(|handle| handle.reset());
    }

    fn cancel(&self) {
        self.tell(|handle| handle.cancel());
    }

    fn estimated_range_size_bytes(&self, begin: &[u8], end: &[u8]) -> Read<i64> {
        self.ask(|handle| handle.estimated_range_size_bytes(begin, end), |size| size)
    }

    fn range_split_points(&self, begin: &[u8], end: &[u8], chunk_size: i64) -> Read<Vec<Bytes>> {
        self.ask(
            |handle| handle.range_split_points(begin, end, chunk_size),
            |keys: FdbKeys| keys.iter().map(|key| Bytes::copy_from_slice(key.key())).collect(),
        )
    }

    fn addresses_for_key(&self, key: &[u8]) -> Read<Vec<String>> {
        self.ask(
            |handle| handle.addresses_for_key(key),
            |addresses: FdbAddresses| {
                addresses
                    .iter()
                    .map(|address| address.to_string_lossy().into_owned())
                    .collect()
            },
        )
    }
}
