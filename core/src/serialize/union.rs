//! The union message around a record: written as one field, read by the number of that field.

use record_store_kv::Bytes;

use super::transformed::strip_prefix;
use crate::metadata::{RecordMetaData, RecordType};
use crate::wire::{Fields, WireValue};
use crate::{Error, ErrorKind, Result};

/// Makes `stored` the stored form of a record: the field of its type in the union, and the record in it.
pub(crate) fn wrap(record_type: &RecordType, record: &[u8], stored: &mut Vec<u8>) {
    let tag = u64::from(record_type.union_field_number()) << 3 | LENGTH_DELIMITED;
    stored.clear();
    stored.reserve(record.len() + 2 * VARINT_TYPICAL);
    put_varint(stored, tag);
    put_varint(stored, record.len() as u64);
    stored.extend_from_slice(record);
}

/// The type and the bytes of a stored record. The bytes are those that were saved, unknown fields included.
///
/// Errors: `Corrupt` for bytes that are no union of the schema with exactly one field, and what [`strip_prefix`] says.
pub(crate) fn unwrap<'m>(metadata: &'m RecordMetaData, stored: &Bytes) -> Result<(&'m RecordType, Bytes)> {
    let message = strip_prefix(stored)?;
    let mut found: Option<(u32, Bytes)> = None;
    for field in Fields::new(&message) {
        let (number, value) = field.map_err(|malformed| {
            corrupt("the stored record is no well-formed message").caused_by(Error::from(malformed))
        })?;
        let WireValue::Bytes(record) = value else {
            return Err(corrupt("a field of the stored union is no message").with("field", number));
        };
        found = Some(match found {
            None => (number, message.slice_ref(record)),
            // Occurrences of one field merge, and merging messages is joining their bytes.
            Some((earlier, bytes)) if earlier == number => (number, [&bytes, record].concat().into()),
            Some((earlier, _)) => {
                return Err(corrupt("the stored union has several fields, but a record is one")
                    .with("field", earlier)
                    .with("other_field", number));
            }
        });
    }
    let (number, record) = found.ok_or_else(|| corrupt("the stored union is empty, but a record is one field"))?;
    let record_type = metadata.record_type_from_union_field(number).ok_or_else(|| {
        corrupt("the stored record is of a type that the schema does not have: open the store with the schema that wrote it")
            .with("field", number)
            .with("metadata_version", metadata.version())
    })?;
    Ok((record_type, record))
}

fn corrupt(message: &'static str) -> Error {
    Error::new(ErrorKind::Corrupt, message)
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The wire type of messages.
const LENGTH_DELIMITED: u64 = 2;

/// Tags take one byte, lengths up to four, almost always.
const VARINT_TYPICAL: usize = 5;
