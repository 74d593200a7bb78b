//! The structs that C reads results from, laid out as `fdb_c.h` does: packed to four bytes.

use std::ffi::{CStr, c_char, c_int};

use record_store_kv::KeyValue;

/// Where a key is.
#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub(crate) struct FDBKey {
    key: *const u8,
    key_length: c_int,
}

/// Where a row is.
#[repr(C, packed(4))]
#[derive(Clone, Copy)]
pub(crate) struct FDBKeyValue {
    key: *const u8,
    key_length: c_int,
    value: *const u8,
    value_length: c_int,
}

/// Where a text is, as an element of an array of such.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct TextPointer(*const c_char);

// SAFETY: addresses are plain values, of bytes that do not change; they are kept beside what owns the bytes.
unsafe impl Send for FDBKey {}
// SAFETY: as above.
unsafe impl Send for FDBKeyValue {}
// SAFETY: as above.
unsafe impl Send for TextPointer {}

impl FDBKey {
    pub(crate) fn of(key: &[u8]) -> Self {
        FDBKey {
            key: key.as_ptr(),
            key_length: length(key),
        }
    }
}

impl FDBKeyValue {
    pub(crate) fn of(row: &KeyValue) -> Self {
        FDBKeyValue {
            key: row.key.as_ptr(),
            key_length: length(&row.key),
            value: row.value.as_ptr(),
            value_length: length(&row.value),
        }
    }
}

impl TextPointer {
    pub(crate) fn of(text: &CStr) -> Self {
        TextPointer(text.as_ptr())
    }
}

/// How many bytes there are, as C counts.
pub(crate) fn length(bytes: &[u8]) -> c_int {
    count(bytes.len())
}

/// A count as C has it. Keys, values and batches have limits far below its greatest.
pub(crate) fn count(count: usize) -> c_int {
    c_int::try_from(count).unwrap_or(c_int::MAX)
}

#[cfg(test)]
mod tests {
    use std::mem::{align_of, size_of};

    use super::*;

    #[test]
    fn structs_are_as_large_as_the_header_makes_them() {
        assert_eq!((size_of::<FDBKey>(), align_of::<FDBKey>()), (12, 4));
        assert_eq!((size_of::<FDBKeyValue>(), align_of::<FDBKeyValue>()), (24, 4));
        assert_eq!(size_of::<TextPointer>(), size_of::<usize>());
    }
}
