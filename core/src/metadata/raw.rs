//! Top-level fields of an encoded message, taken as they are: for what prost's types would lose (unknown fields,
//! extensions).

use bytes::Bytes;

use crate::error::Result;
use crate::wire::{Fields, WireValue};

/// One field of an encoded message.
pub(super) struct RawField {
    /// The field's number.
    pub(super) number: u32,
    /// The whole field, its tag among it.
    pub(super) bytes: Bytes,
    /// The contents of a length-delimited field.
    pub(super) content: Option<Bytes>,
}

/// Splits a message into its fields, in the order in which they were written.
///
/// **Errors**: when the bytes are no message.
pub(super) fn fields(message: &Bytes) -> Result<Vec<RawField>> {
    let mut rest = Fields::new(message);
    let mut fields = Vec::new();
    let mut start = 0;
    while let Some(field) = rest.next() {
        let (number, value) = field?;
        let end = rest.offset();
        fields.push(RawField {
            number,
            bytes: message.slice(start..end),
            content: match value {
                WireValue::Bytes(content) => Some(message.slice_ref(content)),
                _ => None,
            },
        });
        start = end;
    }
    Ok(fields)
}

/// The message without the top-level fields for which `drop` holds. Bytes that are no message stay as they are: whoever
/// decodes them says so.
pub(super) fn without_fields(message: &Bytes, drop: impl Fn(u32) -> bool) -> Bytes {
    let Ok(fields) = fields(message) else {
        return message.clone();
    };
    let kept: Vec<Bytes> = fields
        .into_iter()
        .filter(|field| !drop(field.number))
        .map(|field| field.bytes)
        .collect();
    kept.concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_whole_and_in_order() {
        let message = Bytes::from_static(b"\x08\x96\x01\x12\x02hi\x1d\x01\x00\x00\x00");
        let split = fields(&message).unwrap();
        let seen: Vec<_> = split
            .iter()
            .map(|field| (field.number, &field.bytes[..], field.content.as_deref()))
            .collect();
        assert_eq!(
            seen,
            [
                (1, &b"\x08\x96\x01"[..], None),
                (2, &b"\x12\x02hi"[..], Some(&b"hi"[..])),
                (3, &b"\x1d\x01\x00\x00\x00"[..], None),
            ]
        );
        let rest = without_fields(&message, |number| number == 2);
        assert_eq!(&rest[..], b"\x08\x96\x01\x1d\x01\x00\x00\x00");
    }

    #[test]
    fn a_cut_message_is_an_error_and_stays_whole() {
        let cut = Bytes::from_static(b"\x12\x05hi");
        assert!(fields(&cut).is_err());
        assert_eq!(without_fields(&cut, |_| true), cut);
    }
}
