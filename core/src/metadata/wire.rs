//! Top-level fields of an encoded message, without its type: for what prost's types would lose (unknown fields,
//! extensions) and for taking a file's parts as they are.

use bytes::Bytes;
use prost::bytes::Buf;
use prost::encoding::{DecodeContext, WireType, decode_key, skip_field};

use crate::error::{Error, ErrorKind, Result};

/// The message without the top-level fields for which `drop` holds. Bytes that are no message stay as they are: whoever
/// decodes them says so.
pub(crate) fn without_fields(message: &Bytes, drop: impl Fn(u32) -> bool) -> Bytes {
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

/// One field of an encoded message.
pub(crate) struct WireField {
    /// The field's number.
    pub(crate) number: u32,
    /// The whole field, its key among it.
    pub(crate) bytes: Bytes,
    /// The contents of a length-delimited field.
    pub(crate) content: Option<Bytes>,
}

/// Splits a message into its fields, in the order in which they were written.
///
/// **Errors**: `Corrupt` when the bytes are no message.
pub(crate) fn fields(message: &Bytes) -> Result<Vec<WireField>> {
    let mut rest = message.clone();
    let mut fields = Vec::new();
    while rest.has_remaining() {
        let start = message.len() - rest.len();
        let (number, wire_type) = decode_key(&mut rest).map_err(malformed)?;
        let mut after_key = rest.clone();
        skip_field(wire_type, number, &mut rest, DecodeContext::default()).map_err(malformed)?;
        let end = message.len() - rest.len();
        let content = match wire_type {
            WireType::LengthDelimited => {
                let length = prost::encoding::decode_varint(&mut after_key).map_err(malformed)?;
                let from = message.len() - after_key.len();
                debug_assert_eq!(u64::try_from(end - from).ok(), Some(length));
                Some(message.slice(from..end))
            }
            _ => None,
        };
        fields.push(WireField {
            number,
            bytes: message.slice(start..end),
            content,
        });
    }
    Ok(fields)
}

fn malformed(error: prost::DecodeError) -> Error {
    Error::new(ErrorKind::Corrupt, "the bytes are no protobuf message").caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_whole_and_in_order() {
        let message = Bytes::from_static(b"\x08\x96\x01\x12\x02hi\x1d\x01\x00\x00\x00");
        let split = fields(&message).unwrap();
        let seen: Vec<_> = split.iter().map(|f| (f.number, &f.bytes[..], f.content.as_deref())).collect();
        assert_eq!(
            seen,
            [
                (1, &b"\x08\x96\x01"[..], None),
                (2, &b"\x12\x02hi"[..], Some(&b"hi"[..])),
                (3, &b"\x1d\x01\x00\x00\x00"[..], None),
            ]
        );
        assert_eq!(&without_fields(&message, |number| number == 2)[..], b"\x08\x96\x01\x1d\x01\x00\x00\x00");
    }

    #[test]
    fn a_cut_message_is_an_error() {
        assert!(fields(&Bytes::from_static(b"\x12\x05hi")).is_err());
    }
}
