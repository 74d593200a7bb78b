//! Bytes that come from C, and places where C wants results.

use std::ffi::{CStr, c_char, c_int};
use std::slice;

use record_store_kv::KeySelector;

use crate::error::{Code, codes};

/// Bytes of C's, for the time of the call. A negative length counts as none.
///
/// **Errors**: 2000 for NULL with a length.
pub(crate) fn bytes<'call>(data: *const u8, length: c_int) -> Result<&'call [u8], Code> {
    let length = usize::try_from(length).unwrap_or(0);
    if length == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(codes::CLIENT_INVALID_OPERATION);
    }
    // SAFETY: by the contract of the module there are so many bytes; they are not NULL, and a length of C's fits.
    Ok(unsafe { slice::from_raw_parts(data, length) })
}

/// A text of C's; empty for NULL.
///
/// **Errors**: 2000 for one that is not UTF-8.
pub(crate) fn text<'call>(text: *const c_char) -> Result<&'call str, Code> {
    if text.is_null() {
        return Ok("");
    }
    // SAFETY: by the contract of the module it ends with a zero byte.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| codes::CLIENT_INVALID_OPERATION)
}

/// A selector of C's.
///
/// **Errors**: those of [`bytes`].
pub(crate) fn selector(key: *const u8, length: c_int, or_equal: c_int, offset: c_int) -> Result<KeySelector, Code> {
    Ok(KeySelector::new(bytes(key, length)?.to_vec(), or_equal != 0, offset))
}

/// Puts a result where C wants it; nowhere, if that is NULL.
pub(crate) fn put<T>(place: *mut T, result: T) {
    if !place.is_null() {
        // SAFETY: by the contract of the module there is a place for it, which need not be aligned: C packs some structs.
        unsafe { place.write_unaligned(result) };
    }
}
