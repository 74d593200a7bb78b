//! Futures, and what is taken out of them.

use std::ffi::{c_int, c_void};

use crate::abi::callback::{FDBCallback, callback};
use crate::abi::guard::export;
use crate::abi::handle::{self, FDBFuture, object, share};
use crate::abi::layout::{FDBKey, FDBKeyValue, FDBMappedKeyValue, TextPointer, count, length};
use crate::abi::memory::put;
use crate::error::codes;
use crate::value::Value;

/// Takes something out of a future that holds this kind of value.
///
/// **Errors**: 2000 for one that holds another, and those of the future.
macro_rules! take {
    ($future:ident, $pattern:pat => $taken:expr) => {
        object($future)?.borrow(|value| match value {
            $pattern => Ok($taken),
            _ => Err(codes::CLIENT_INVALID_OPERATION),
        })?
    };
}
pub(super) use take;

export! {
    /// Destroys a future; a pending one is cancelled.
    fn fdb_future_destroy(future: *mut FDBFuture) -> () {
        if let Some(future) = handle::take(future) {
            future.cancel();
        }
        Ok(())
    }

    /// Gives a pending future up.
    fn fdb_future_cancel(future: *mut FDBFuture) -> () {
        share(future)?.cancel();
        Ok(())
    }

    /// Gives the memory back that was taken out of a future.
    fn fdb_future_release_memory(future: *mut FDBFuture) -> () {
        object(future)?.release_memory();
        Ok(())
    }

    /// Waits for a future.
    fn fdb_future_block_until_ready(future: *mut FDBFuture) -> c_int {
        share(future)?.block_until_ready().map(|()| 0)
    }

    /// Whether a future is ready.
    fn fdb_future_is_ready(future: *mut FDBFuture) -> c_int {
        Ok(c_int::from(object(future).is_ok_and(|future| future.is_ready())))
    }

    /// Has a function called when a future is ready.
    fn fdb_future_set_callback(
        future: *mut FDBFuture,
        function: Option<FDBCallback>,
        callback_parameter: *mut c_void,
    ) -> c_int {
        let function = function.ok_or(codes::CLIENT_INVALID_OPERATION)?;
        share(future)?.set_callback(callback(function, callback_parameter));
        Ok(0)
    }

    /// Why a future failed.
    fn fdb_future_get_error(future: *mut FDBFuture) -> c_int {
        object(future)?.check().map(|()| 0)
    }

    /// A version, a number, a size.
    fn fdb_future_get_int64(future: *mut FDBFuture, out: *mut i64) -> c_int {
        put(out, take!(future, Value::Int64(number) => *number));
        Ok(0)
    }

    /// A version of FoundationDB's protocol.
    fn fdb_future_get_uint64(future: *mut FDBFuture, out: *mut u64) -> c_int {
        put(out, take!(future, Value::Uint64(number) => *number));
        Ok(0)
    }

    /// A duration.
    fn fdb_future_get_double(future: *mut FDBFuture, out: *mut f64) -> c_int {
        put(out, take!(future, Value::Double(number) => *number));
        Ok(0)
    }

    /// A key.
    fn fdb_future_get_key(future: *mut FDBFuture, out_key: *mut *const u8, out_key_length: *mut c_int) -> c_int {
        let (key, key_length) = take!(future, Value::Key(key) => (key.as_ptr(), length(key)));
        put(out_key, key);
        put(out_key_length, key_length);
        Ok(0)
    }

    /// The value of a key, if it has one.
    fn fdb_future_get_value(
        future: *mut FDBFuture,
        out_present: *mut c_int,
        out_value: *mut *const u8,
        out_value_length: *mut c_int,
    ) -> c_int {
        let found = take!(future, Value::Found(value) => value.as_ref().map(|value| (value.as_ptr(), length(value))));
        put(out_present, c_int::from(found.is_some()));
        if let Some((value, value_length)) = found {
            put(out_value, value);
            put(out_value_length, value_length);
        }
        Ok(0)
    }

    /// Rows of a range.
    fn fdb_future_get_keyvalue_array(
        future: *mut FDBFuture,
        out_kv: *mut *const FDBKeyValue,
        out_count: *mut c_int,
        out_more: *mut c_int,
    ) -> c_int {
        let (pointers, rows, more) = take!(
            future,
            Value::Rows(rows) => (rows.pointers.as_ptr(), count(rows.pointers.len()), rows.more)
        );
        put(out_kv, pointers);
        put(out_count, rows);
        put(out_more, c_int::from(more));
        Ok(0)
    }

    /// Rows of a mapped range.
    fn fdb_future_get_mappedkeyvalue_array(
        future: *mut FDBFuture,
        out_kv: *mut *const FDBMappedKeyValue,
        out_count: *mut c_int,
        out_more: *mut c_int,
    ) -> c_int {
        let (pointers, rows, more) = take!(
            future,
            Value::MappedRows(rows) => (rows.pointers.as_ptr(), count(rows.pointers.len()), rows.more)
        );
        put(out_kv, pointers);
        put(out_count, rows);
        put(out_more, c_int::from(more));
        Ok(0)
    }

    /// Several keys.
    fn fdb_future_get_key_array(
        future: *mut FDBFuture,
        out_key_array: *mut *const FDBKey,
        out_count: *mut c_int,
    ) -> c_int {
        let (pointers, keys) =
            take!(future, Value::Keys(keys) => (keys.pointers.as_ptr(), count(keys.pointers.len())));
        put(out_key_array, pointers);
        put(out_count, keys);
        Ok(0)
    }

    /// Several texts.
    fn fdb_future_get_string_array(
        future: *mut FDBFuture,
        out_strings: *mut *const TextPointer,
        out_count: *mut c_int,
    ) -> c_int {
        let (pointers, texts) =
            take!(future, Value::Texts(texts) => (texts.pointers.as_ptr(), count(texts.pointers.len())));
        put(out_strings, pointers);
        put(out_count, texts);
        Ok(0)
    }
}
