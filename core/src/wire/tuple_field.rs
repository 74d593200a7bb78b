//! Apple's messages that are one column of a key: `UUID` and `Nullable*` (tuple_fields.proto), known by their full names.

use prost_reflect::MessageDescriptor;

use super::reader::{Fields, Malformed};
use super::scalar::{Scalar, ScalarKind};

/// A message type whose values are scalars.
#[derive(Clone, Debug)]
pub(crate) enum TupleField {
    /// Two sfixed64 halves.
    Uuid,
    /// A wrapper around the scalar in field 1.
    Nullable(ScalarKind),
}

impl TupleField {
    /// The tuple field that `message` is, if it is one. Java: `TupleFieldsHelper.isTupleField`.
    pub(crate) fn of(message: &MessageDescriptor) -> Option<Self> {
        Some(
            match message.full_name().strip_prefix("com.apple.foundationdb.record.")? {
                "UUID" => TupleField::Uuid,
                "NullableDouble" => TupleField::Nullable(ScalarKind::Double),
                "NullableFloat" => TupleField::Nullable(ScalarKind::Float),
                "NullableInt32" => TupleField::Nullable(ScalarKind::Int32),
                "NullableInt64" => TupleField::Nullable(ScalarKind::Int64),
                "NullableBool" => TupleField::Nullable(ScalarKind::Bool),
                "NullableString" => TupleField::Nullable(ScalarKind::String { checked: false }),
                "NullableBytes" => TupleField::Nullable(ScalarKind::Bytes),
                _ => return None,
            },
        )
    }

    /// The scalar in such a message. What the message leaves out is zero or empty, never null.
    pub(crate) fn decode<'a>(&self, message: &'a [u8]) -> Result<Scalar<'a>, Malformed> {
        match self {
            TupleField::Uuid => {
                let (mut high, mut low) = (0, 0);
                for field in Fields::new(message) {
                    let (number, value) = field?;
                    match (number, ScalarKind::Fixed64.decode(value)?) {
                        (1, Some(Scalar::Int(half))) => high = half.cast_unsigned(),
                        (2, Some(Scalar::Int(half))) => low = half.cast_unsigned(),
                        _ => {}
                    }
                }
                Ok(Scalar::Uuid(u128::from(high) << 64 | u128::from(low)))
            }
            TupleField::Nullable(kind) => {
                let mut last = None;
                for field in Fields::new(message) {
                    let (number, value) = field?;
                    if number == 1 && kind.fits(value) {
                        last = Some(value);
                    }
                }
                let decoded = last.map(|value| kind.decode(value)).transpose()?.flatten();
                Ok(decoded.unwrap_or_else(|| Self::zero(kind)))
            }
        }
    }

    fn zero(kind: &ScalarKind) -> Scalar<'static> {
        match kind {
            ScalarKind::Double => Scalar::Double(0.0),
            ScalarKind::Float => Scalar::Float(0.0),
            ScalarKind::Bool => Scalar::Bool(false),
            ScalarKind::String { .. } => Scalar::String("".into()),
            ScalarKind::Bytes => Scalar::Bytes(Default::default()),
            _ => Scalar::Int(0),
        }
    }
}
