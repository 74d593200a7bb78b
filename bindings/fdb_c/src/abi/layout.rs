//! The structs that C reads results from, laid out as `fdb_c.h` does: most of them packed to four bytes.

use std::ffi::{CStr, c_char, c_int};

use record_store_kv::{KeyValue, MappedKeyValue};

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

/// A key selector, where C is told of one.
#[repr(C)]
#[derive(Clone, Copy)]
struct FDBKeySelector {
    key: FDBKey,
    or_equal: c_int,
    offset: c_int,
}

/// Where the second read of a row of a mapped range is, and where what it found.
#[repr(C)]
#[derive(Clone, Copy)]
struct FDBGetRangeReqAndResult {
    begin: FDBKeySelector,
    end: FDBKeySelector,
    data: *const FDBKeyValue,
    size: c_int,
    capacity: c_int,
}

/// Where a row of a mapped range is.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct FDBMappedKeyValue {
    key: FDBKey,
    value: FDBKey,
    get_range: FDBGetRangeReqAndResult,
    /// What the client's own memory has behind it: in the first byte whether a limit ended the second read, in that at
    /// [`FORM`](Self::FORM) that it was one of a range.
    buffer: [u8; 32],
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
unsafe impl Send for FDBMappedKeyValue {}
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

impl FDBMappedKeyValue {
    /// Where the buffer tells the form of the second read.
    const FORM: usize = 24;

    /// A row, and where the rows are that it led to.
    pub(crate) fn of(row: &MappedKeyValue, found: &[FDBKeyValue]) -> Self {
        let first_from = |key: &[u8]| FDBKeySelector {
            key: FDBKey::of(key),
            or_equal: 0,
            offset: 1,
        };
        let mut buffer = [0; 32];
        (buffer[0], buffer[Self::FORM]) = (u8::from(row.more), 1);
        FDBMappedKeyValue {
            key: FDBKey::of(&row.key),
            value: FDBKey::of(&row.value),
            get_range: FDBGetRangeReqAndResult {
                begin: first_from(&row.begin),
                end: first_from(&row.end),
                data: found.as_ptr(),
                size: count(found.len()),
                capacity: count(found.len()),
            },
            buffer,
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
    use std::mem::{align_of, offset_of, size_of};

    use super::*;

    #[test]
    fn structs_are_as_large_as_the_header_makes_them() {
        assert_eq!((size_of::<FDBKey>(), align_of::<FDBKey>()), (12, 4));
        assert_eq!((size_of::<FDBKeyValue>(), align_of::<FDBKeyValue>()), (24, 4));
        assert_eq!(size_of::<TextPointer>(), size_of::<usize>());
        assert_eq!((size_of::<FDBKeySelector>(), align_of::<FDBKeySelector>()), (20, 4));
        assert_eq!(size_of::<FDBGetRangeReqAndResult>(), 56);
        assert_eq!(
            (size_of::<FDBMappedKeyValue>(), align_of::<FDBMappedKeyValue>()),
            (112, 8)
        );
        assert_eq!(offset_of!(FDBMappedKeyValue, get_range), 24);
        assert_eq!(offset_of!(FDBGetRangeReqAndResult, data), 40);
        assert_eq!(offset_of!(FDBMappedKeyValue, buffer), 80);
    }
}
