//! FoundationDB's databases, tenants and transactions as owned handles: the calls of its C API, one method each.
//!
//! The network has been started before any of them is made (`network.rs`), so the client library is loaded.

use std::ffi::{CStr, c_int};
use std::ptr::{self, NonNull};

use foundationdb::future::{FdbAddresses, FdbFuture, FdbKeys, FdbSlice, FdbValues};
use foundationdb_sys as sys;
use record_store_kv::{ConflictRangeType, Error, KeySelector, RangeRequest, Result};

use crate::mapped::MappedRows;

/// A database.
pub(crate) struct DatabaseHandle(NonNull<sys::FDBDatabase>);

/// A tenant.
pub(crate) struct TenantHandle(NonNull<sys::FDBTenant>);

/// A transaction.
pub(crate) struct TransactionHandle(NonNull<sys::FDBTransaction>);

// SAFETY: FoundationDB's handles may be used and destroyed on any thread, and by several at once.
unsafe impl Send for DatabaseHandle {}
// SAFETY: as above.
unsafe impl Sync for DatabaseHandle {}
// SAFETY: as above.
unsafe impl Send for TenantHandle {}
// SAFETY: as above.
unsafe impl Sync for TenantHandle {}
// SAFETY: as above.
unsafe impl Send for TransactionHandle {}
// SAFETY: as above.
unsafe impl Sync for TransactionHandle {}

/// FoundationDB's answer of a call that answers at once.
pub(crate) fn checked(code: sys::fdb_error_t) -> Result<()> {
    if code == 0 { Ok(()) } else { Err(Error::fdb(code)) }
}

/// The handle that a call wrote.
fn written<T>(code: sys::fdb_error_t, handle: *mut T) -> Result<NonNull<T>> {
    checked(code)?;
    Ok(NonNull::new(handle).expect("FoundationDB writes a handle when it reports no error"))
}

/// A length as C takes it. What is longer than 2 GiB is far beyond every limit and is cut to a length that still is: FoundationDB
/// then refuses it by its own error.
fn length(bytes: &[u8]) -> c_int {
    c_int::try_from(bytes.len()).unwrap_or(c_int::MAX)
}

/// The bytes of an option's value, null for none.
fn value(bytes: Option<&[u8]>) -> (*const u8, c_int) {
    bytes.map_or((ptr::null(), 0), |bytes| (bytes.as_ptr(), length(bytes)))
}

impl DatabaseHandle {
    /// A database by its cluster file; none means the default one.
    pub(crate) fn create(cluster_file: Option<&CStr>) -> Result<Self> {
        let mut handle = ptr::null_mut();
        let file = cluster_file.map_or(ptr::null(), CStr::as_ptr);
        // SAFETY: the path ends with a zero byte or is null, which is allowed; `handle` is written.
        let code = unsafe { sys::fdb_create_database(file, &mut handle) };
        written(code, handle).map(DatabaseHandle)
    }

    pub(crate) fn set_option(&self, code: i32, bytes: Option<&[u8]>) -> Result<()> {
        let (bytes, length) = value(bytes);
        // SAFETY: the handle is alive; the bytes are copied before the call returns.
        checked(unsafe { sys::fdb_database_set_option(self.0.as_ptr(), code.cast_unsigned(), bytes, length) })
    }

    pub(crate) fn transaction(&self) -> Result<TransactionHandle> {
        let mut handle = ptr::null_mut();
        // SAFETY: the handle is alive; `handle` is written.
        let code = unsafe { sys::fdb_database_create_transaction(self.0.as_ptr(), &mut handle) };
        written(code, handle).map(TransactionHandle)
    }

    pub(crate) fn tenant(&self, name: &[u8]) -> Result<TenantHandle> {
        let mut handle = ptr::null_mut();
        // SAFETY: the handle is alive; the name is copied before the call returns; `handle` is written.
        let code = unsafe { sys::fdb_database_open_tenant(self.0.as_ptr(), name.as_ptr(), length(name), &mut handle) };
        written(code, handle).map(TenantHandle)
    }
}

impl Drop for DatabaseHandle {
    fn drop(&mut self) {
        // SAFETY: the handle is ours and is not used again; transactions that live on keep what they need.
        unsafe { sys::fdb_database_destroy(self.0.as_ptr()) }
    }
}

impl TenantHandle {
    pub(crate) fn transaction(&self) -> Result<TransactionHandle> {
        let mut handle = ptr::null_mut();
        // SAFETY: the handle is alive; `handle` is written.
        let code = unsafe { sys::fdb_tenant_create_transaction(self.0.as_ptr(), &mut handle) };
        written(code, handle).map(TransactionHandle)
    }

    pub(crate) fn id(&self) -> FdbFuture<i64> {
        // SAFETY: the handle is alive; the future is handed over.
        FdbFuture::new(unsafe { sys::fdb_tenant_get_id(self.0.as_ptr()) })
    }
}

impl Drop for TenantHandle {
    fn drop(&mut self) {
        // SAFETY: the handle is ours and is not used again.
        unsafe { sys::fdb_tenant_destroy(self.0.as_ptr()) }
    }
}

// In all methods below the handle is alive, keys and values are copied before the call returns, and a future that is
// returned is handed over to its owner.
impl TransactionHandle {
    pub(crate) fn get(&self, key: &[u8], snapshot: bool) -> FdbFuture<Option<FdbSlice>> {
        // SAFETY: as said above.
        FdbFuture::new(unsafe { sys::fdb_transaction_get(self.0.as_ptr(), key.as_ptr(), length(key), snapshot.into()) })
    }

    pub(crate) fn get_key(&self, selector: &KeySelector, snapshot: bool) -> FdbFuture<FdbSlice> {
        // SAFETY: as said above.
        FdbFuture::new(unsafe {
            sys::fdb_transaction_get_key(
                self.0.as_ptr(),
                selector.key.as_ptr(),
                length(&selector.key),
                selector.or_equal.into(),
                selector.offset,
                snapshot.into(),
            )
        })
    }

    pub(crate) fn get_range(&self, request: &RangeRequest, snapshot: bool) -> FdbFuture<FdbValues> {
        let (begin, end) = (&request.begin, &request.end);
        // SAFETY: as said above.
        FdbFuture::new(unsafe {
            sys::fdb_transaction_get_range(
                self.0.as_ptr(),
                begin.key.as_ptr(),
                length(&begin.key),
                begin.or_equal.into(),
                begin.offset,
                end.key.as_ptr(),
                length(&end.key),
                end.or_equal.into(),
                end.offset,
                request.limit,
                request.target_bytes,
                request.mode as i32,
                request.iteration,
                snapshot.into(),
                request.reverse.into(),
            )
        })
    }

    pub(crate) fn get_mapped_range(
        &self,
        request: &RangeRequest,
        mapper: &[u8],
        snapshot: bool,
    ) -> FdbFuture<MappedRows> {
        let (begin, end) = (&request.begin, &request.end);
        // SAFETY: as said above; the mapper is copied as keys are.
        FdbFuture::new(unsafe {
            sys::fdb_transaction_get_mapped_range(
                self.0.as_ptr(),
                begin.key.as_ptr(),
                length(&begin.key),
                begin.or_equal.into(),
                begin.offset,
                end.key.as_ptr(),
                length(&end.key),
                end.or_equal.into(),
                end.offset,
                mapper.as_ptr(),
                length(mapper),
                request.limit,
                request.target_bytes,
                request.mode as i32,
                request.iteration,
                snapshot.into(),
                request.reverse.into(),
            )
        })
    }

    pub(crate) fn set(&self, key: &[u8], value: &[u8]) {
        // SAFETY: as said above.
        unsafe {
            sys::fdb_transaction_set(
                self.0.as_ptr(),
                key.as_ptr(),
                length(key),
                value.as_ptr(),
                length(value),
            );
        }
    }

    pub(crate) fn clear(&self, key: &[u8]) {
        // SAFETY: as said above.
        unsafe { sys::fdb_transaction_clear(self.0.as_ptr(), key.as_ptr(), length(key)) }
    }

    pub(crate) fn clear_range(&self, begin: &[u8], end: &[u8]) {
        // SAFETY: as said above.
        unsafe {
            sys::fdb_transaction_clear_range(
                self.0.as_ptr(),
                begin.as_ptr(),
                length(begin),
                end.as_ptr(),
                length(end),
            );
        }
    }

    pub(crate) fn atomic_op(&self, mutation: i32, key: &[u8], operand: &[u8]) {
        // SAFETY: as said above; a number that is no operation is FoundationDB's to refuse.
        unsafe {
            sys::fdb_transaction_atomic_op(
                self.0.as_ptr(),
                key.as_ptr(),
                length(key),
                operand.as_ptr(),
                length(operand),
                mutation.cast_unsigned(),
            );
        }
    }

    pub(crate) fn add_conflict_range(&self, begin: &[u8], end: &[u8], kind: ConflictRangeType) -> Result<()> {
        let kind = (kind as i32).cast_unsigned();
        // SAFETY: as said above.
        checked(unsafe {
            sys::fdb_transaction_add_conflict_range(
                self.0.as_ptr(),
                begin.as_ptr(),
                length(begin),
                end.as_ptr(),
                length(end),
                kind,
            )
        })
    }

    pub(crate) fn set_option(&self, code: i32, bytes: Option<&[u8]>) -> Result<()> {
        let (bytes, length) = value(bytes);
        // SAFETY: as said above.
        checked(unsafe { sys::fdb_transaction_set_option(self.0.as_ptr(), code.cast_unsigned(), bytes, length) })
    }

    pub(crate) fn read_version(&self) -> FdbFuture<i64> {
        // SAFETY: as said above.
        FdbFuture::new(unsafe { sys::fdb_transaction_get_read_version(self.0.as_ptr()) })
    }

    pub(crate) fn set_read_version(&self, version: i64) {
        // SAFETY: as said above.
        unsafe { sys::fdb_transaction_set_read_version(self.0.as_ptr(), version) }
    }

    pub(crate) fn commit(&self) -> FdbFuture<()> {
        // SAFETY: as said above.
        FdbFuture::new(unsafe { sys::fdb_transaction_commit(self.0.as_ptr()) })
    }

    pub(crate) fn committed_version(&self) -> Result<i64> {
        let mut version = 0;
        // SAFETY: as said above; `version` is written.
        checked(unsafe { sys::fdb_transaction_get_committed_version(self.0.as_ptr(), &mut version) })?;
        Ok(version)
    }

    pub(crate) fn versionstamp(&self) -> FdbFuture<FdbSlice> {
        // SAFETY: as said above.
        FdbFuture::new(unsafe { sys::fdb_transaction_get_versionstamp(self.0.as_ptr()) })
    }

    pub(crate) fn approximate_size(&self) -> FdbFuture<i64> {
        // SAFETY: as said above.
        FdbFuture::new(unsafe { sys::fdb_transaction_get_approximate_size(self.0.as_ptr()) })
    }

    pub(crate) fn watch(&self, key: &[u8]) -> FdbFuture<()> {
        // SAFETY: as said above.
        FdbFuture::new(unsafe { sys::fdb_transaction_watch(self.0.as_ptr(), key.as_ptr(), length(key)) })
    }

    pub(crate) fn on_error(&self, code: i32) -> FdbFuture<()> {
        // SAFETY: as said above.
        FdbFuture::new(unsafe { sys::fdb_transaction_on_error(self.0.as_ptr(), code) })
    }

    pub(crate) fn reset(&self) {
        // SAFETY: as said above.
        unsafe { sys::fdb_transaction_reset(self.0.as_ptr()) }
    }

    pub(crate) fn cancel(&self) {
        // SAFETY: as said above.
        unsafe { sys::fdb_transaction_cancel(self.0.as_ptr()) }
    }

    pub(crate) fn estimated_range_size_bytes(&self, begin: &[u8], end: &[u8]) -> FdbFuture<i64> {
        // SAFETY: as said above.
        FdbFuture::new(unsafe {
            sys::fdb_transaction_get_estimated_range_size_bytes(
                self.0.as_ptr(),
                begin.as_ptr(),
                length(begin),
                end.as_ptr(),
                length(end),
            )
        })
    }

    pub(crate) fn range_split_points(&self, begin: &[u8], end: &[u8], chunk_size: i64) -> FdbFuture<FdbKeys> {
        // SAFETY: as said above.
        FdbFuture::new(unsafe {
            sys::fdb_transaction_get_range_split_points(
                self.0.as_ptr(),
                begin.as_ptr(),
                length(begin),
                end.as_ptr(),
                length(end),
                chunk_size,
            )
        })
    }

    pub(crate) fn addresses_for_key(&self, key: &[u8]) -> FdbFuture<FdbAddresses> {
        // SAFETY: as said above.
        FdbFuture::new(unsafe {
            sys::fdb_transaction_get_addresses_for_key(self.0.as_ptr(), key.as_ptr(), length(key))
        })
    }
}

impl Drop for TransactionHandle {
    fn drop(&mut self) {
        // SAFETY: the handle is ours and is not used again; futures that live on keep what they need.
        unsafe { sys::fdb_transaction_destroy(self.0.as_ptr()) }
    }
}
