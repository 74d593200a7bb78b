//! The results of mapped ranges. Crate `foundationdb` has them too, but not all that they say.
//!
//! FoundationDB hands out the memory in which its client has them. What its header has a name for is the form of second reads of all
//! keys with a prefix; which form a row has, and whether a limit ended its second read, stand in the bytes that the header calls
//! `buffer`, in the layout that it shows.

use std::ffi::c_int;
use std::{ptr, slice};

use bytes::Bytes;
use foundationdb::FdbError;
use foundationdb::future::{FdbFuture, FdbFutureHandle};
use foundationdb_sys as sys;
use record_store_kv::{Error, ErrorKind, KeyValue, MappedKeyValue, MappedRangeBatch, Read, Result, fdb_code};

use crate::convert;

/// The rows of a mapped range, in the memory of their future.
pub(crate) struct MappedRows {
    rows: *const sys::FDBMappedKeyValue,
    count: c_int,
    more: bool,
    _future: FdbFutureHandle,
}

// SAFETY: the rows lie in memory that the future owns and nobody changes.
unsafe impl Send for MappedRows {}

impl TryFrom<FdbFutureHandle> for MappedRows {
    type Error = FdbError;

    fn try_from(future: FdbFutureHandle) -> Result<Self, FdbError> {
        let (mut rows, mut count, mut more) = (ptr::null(), 0, 0);
        // SAFETY: the future is alive, ready and one of a mapped range; all three places are written.
        let code =
            unsafe { sys::fdb_future_get_mappedkeyvalue_array(future.as_ptr(), &mut rows, &mut count, &mut more) };
        if code != 0 {
            return Err(FdbError::from_code(code));
        }
        Ok(MappedRows {
            rows,
            count,
            more: more != 0,
            _future: future,
        })
    }
}

/// A future of a mapped range as a read.
pub(crate) fn read(future: FdbFuture<MappedRows>) -> Read<MappedRangeBatch> {
    Read::pending(async move { future.await.map_err(convert::error)?.batch() })
}

impl MappedRows {
    /// The rows as the seam has them.
    ///
    /// **Errors**: `Unsupported`, 2108 for second reads of single keys, whose results the header does not describe.
    fn batch(&self) -> Result<MappedRangeBatch> {
        // SAFETY: the future owns so many rows.
        let rows = unsafe { array(self.rows, self.count) };
        Ok(MappedRangeBatch {
            rows: rows.iter().map(row).collect::<Result<_>>()?,
            more: self.more,
        })
    }
}

fn row(row: &sys::FDBMappedKeyValue) -> Result<MappedKeyValue> {
    /// Where the buffer tells the form of the second read, and what it says of one of a range.
    const FORM: (usize, u8) = (24, 1);
    if row.buffer[FORM.0] != FORM.1 {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "FoundationDB's C API has no results of second reads of single keys: let the mapper end with {...}",
        )
        .with_fdb_code(fdb_code::UNSUPPORTED_OPERATION));
    }
    let second = &row.getRange;
    // SAFETY: the future owns the rows, and their keys and values.
    let found = unsafe { array(second.data.cast_const(), second.m_size) };
    Ok(MappedKeyValue {
        key: copied(row.key),
        value: copied(row.value),
        begin: copied(second.begin.key),
        end: copied(second.end.key),
        rows: found
            .iter()
            .map(|found| KeyValue {
                key: copied(sys::FDBKey {
                    key: found.key,
                    key_length: found.key_length,
                }),
                value: copied(sys::FDBKey {
                    key: found.value,
                    key_length: found.value_length,
                }),
            })
            .collect(),
        more: row.buffer[0] != 0,
    })
}

/// Bytes of the future, which is alive as long as its rows are looked at.
fn copied(bytes: sys::FDBKey) -> Bytes {
    // SAFETY: the future owns so many bytes there.
    Bytes::copy_from_slice(unsafe { array(bytes.key, bytes.key_length) })
}

/// An array of C's; nothing for a null pointer.
///
/// # Safety
///
/// The pointer is null or leads to so many values, for as long as the result is used.
unsafe fn array<'a, T>(first: *const T, count: c_int) -> &'a [T] {
    match usize::try_from(count) {
        // SAFETY: by the contract above.
        Ok(count) if !first.is_null() => unsafe { slice::from_raw_parts(first, count) },
        _ => &[],
    }
}
