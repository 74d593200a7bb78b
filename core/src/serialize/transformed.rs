//! The prefix that Java's `TransformedRecordSerializer` puts before a record: clear, compressed, encrypted, or both.
//!
//! Clear records are read. The other forms are recognised and refused by name.

use record_store_kv::Bytes;

use crate::{Error, ErrorKind, Result};

/// The union message within a stored value: without its prefix, if it has one.
///
/// Errors: `Unsupported` for a compressed or encrypted record, `Corrupt` for an unknown prefix.
pub(crate) fn strip_prefix(value: &Bytes) -> Result<Bytes> {
    // The first varint is either the tag of a union field, of wire type 2 as all messages, or the prefix: wire type 2
    // of field 0, which no message has, means clear.
    let Some(&first) = value.first() else {
        return Ok(value.clone());
    };
    let unsupported = |form| {
        Error::new(
            ErrorKind::Unsupported,
            "the record was written by a transformed serializer in a form that this release does not read",
        )
        .with("form", form)
    };
    match first & TRANSFORMATION_MASK {
        CLEAR if first == CLEAR => Ok(value.slice(1..)),
        CLEAR => Ok(value.clone()),
        ENCRYPTED => Err(unsupported("encrypted")),
        COMPRESSED => Err(unsupported("compressed")),
        COMPRESSED_AND_ENCRYPTED => Err(unsupported("compressed and encrypted")),
        _ => Err(Error::new(
            ErrorKind::Corrupt,
            "the stored value begins neither with a union field nor with the prefix of a serializer",
        )
        .with("first_byte", format_args!("{first:02x}"))),
    }
}

/// The bits that name the transformation; the others are the number of a key.
const TRANSFORMATION_MASK: u8 = 7;
const ENCRYPTED: u8 = 1;
const CLEAR: u8 = 2;
const COMPRESSED: u8 = 4;
const COMPRESSED_AND_ENCRYPTED: u8 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_told_from_union_fields() {
        let strip = |bytes: &'static [u8]| strip_prefix(&Bytes::from_static(bytes));
        // (value, union message)
        let readable: [(&[u8], &[u8]); 4] = [
            (b"\x0a\x00", b"\x0a\x00"),
            (b"\x82\x01\x00", b"\x82\x01\x00"),
            (b"\x02\x0a\x00", b"\x0a\x00"),
            (b"", b""),
        ];
        for (value, message) in readable {
            assert_eq!(strip(value).unwrap(), message);
        }
        // (value, kind)
        let refused: [(&[u8], ErrorKind); 9] = [
            (b"\x01", ErrorKind::Unsupported),
            (b"\x04", ErrorKind::Unsupported),
            (b"\x05", ErrorKind::Unsupported),
            (b"\x79", ErrorKind::Unsupported),
            (b"\x00", ErrorKind::Corrupt),
            (b"\x03", ErrorKind::Corrupt),
            (b"\x06", ErrorKind::Corrupt),
            (b"\x07", ErrorKind::Corrupt),
            (b"\xff", ErrorKind::Corrupt),
        ];
        for (value, kind) in refused {
            assert_eq!(strip(value).unwrap_err().kind(), kind, "{value:?}");
        }
    }
}
