//! Scalar protobuf types: from a wire value to the value that Java's runtime reports.

use std::borrow::Cow;
use std::cmp::Ordering;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, Syntax, Value};

use super::reader::{Fields, Malformed, WireValue};

/// A scalar as a key column sees it: integers of all widths and enums are one thing, unsigned ones as Java has them, signed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    Int(i64),
    Float(f32),
    Double(f64),
    Bool(bool),
    String(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    Uuid(u128),
}

impl Scalar<'_> {
    /// Whether this is the value that an unset field without presence has. −0.0 is not: Java compares the bits.
    pub(super) fn is_type_default(&self) -> bool {
        match self {
            Scalar::Int(value) => *value == 0,
            Scalar::Float(value) => value.to_bits() == 0,
            Scalar::Double(value) => value.to_bits() == 0,
            Scalar::Bool(value) => !value,
            Scalar::String(value) => value.is_empty(),
            Scalar::Bytes(value) => value.is_empty(),
            Scalar::Uuid(value) => *value == 0,
        }
    }
}

/// How a scalar field stands on the wire.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ScalarKind {
    /// int32 and uint32: the low 32 bits of a varint.
    Int32,
    /// int64 and uint64.
    Int64,
    Sint32,
    Sint64,
    /// fixed32 and sfixed32.
    Fixed32,
    /// fixed64 and sfixed64.
    Fixed64,
    Float,
    Double,
    Bool,
    /// A string; `checked` (proto3, mostly): invalid UTF-8 is an error. Otherwise Java shows replacement characters.
    String {
        checked: bool,
    },
    Bytes,
    /// An enum; a closed one (proto2) has its numbers here, in order: any other number is an unknown field.
    Enum {
        closed: Option<Box<[i32]>>,
    },
}

/// Whether a field takes only the numbers of its enum: for Java it does when the field or the enum comes from a proto2 file.
pub(crate) fn is_closed_enum(field: &FieldDescriptor, definition: &EnumDescriptor) -> bool {
    field.parent_file().syntax() == Syntax::Proto2 || definition.parent_file().syntax() == Syntax::Proto2
}

impl ScalarKind {
    /// The kind of a scalar field, `None` for a message or a group.
    pub(super) fn of(field: &FieldDescriptor) -> Option<Self> {
        Some(match field.kind() {
            Kind::Int32 | Kind::Uint32 => ScalarKind::Int32,
            Kind::Int64 | Kind::Uint64 => ScalarKind::Int64,
            Kind::Sint32 => ScalarKind::Sint32,
            Kind::Sint64 => ScalarKind::Sint64,
            Kind::Fixed32 | Kind::Sfixed32 => ScalarKind::Fixed32,
            Kind::Fixed64 | Kind::Sfixed64 => ScalarKind::Fixed64,
            Kind::Float => ScalarKind::Float,
            Kind::Double => ScalarKind::Double,
            Kind::Bool => ScalarKind::Bool,
            Kind::String => ScalarKind::String {
                checked: is_text_checked(field),
            },
            Kind::Bytes => ScalarKind::Bytes,
            Kind::Enum(definition) => ScalarKind::Enum {
                closed: is_closed_enum(field, &definition).then(|| {
                    let mut numbers: Vec<i32> = definition.values().map(|value| value.number()).collect();
                    numbers.sort_unstable();
                    numbers.into()
                }),
            },
            Kind::Message(_) => return None,
        })
    }

    /// Whether a value of this wire type belongs to the field, packed runs aside.
    #[inline]
    pub(super) fn fits(&self, value: WireValue<'_>) -> bool {
        matches!(
            (self, value),
            (
                ScalarKind::Int32
                    | ScalarKind::Int64
                    | ScalarKind::Sint32
                    | ScalarKind::Sint64
                    | ScalarKind::Bool
                    | ScalarKind::Enum { .. },
                WireValue::Varint(_)
            ) | (ScalarKind::Fixed32 | ScalarKind::Float, WireValue::Fixed32(_))
                | (ScalarKind::Fixed64 | ScalarKind::Double, WireValue::Fixed64(_))
                | (ScalarKind::String { .. } | ScalarKind::Bytes, WireValue::Bytes(_))
        )
    }

    /// Whether several values may stand in one run of bytes.
    pub(super) fn is_packable(&self) -> bool {
        !matches!(self, ScalarKind::String { .. } | ScalarKind::Bytes)
    }

    /// The value, or `None` where the runtime puts it among the unknown fields: another wire type than the field's, or a
    /// number that a closed enum does not have.
    ///
    /// # Errors
    /// Invalid UTF-8 in a checked string.
    #[inline]
    pub(super) fn decode<'a>(&self, value: WireValue<'a>) -> Result<Option<Scalar<'a>>, Malformed> {
        Ok(Some(match (self, value) {
            (ScalarKind::Int32, WireValue::Varint(value)) => Scalar::Int(low_32(value).into()),
            (ScalarKind::Int64, WireValue::Varint(value)) => Scalar::Int(value.cast_signed()),
            (ScalarKind::Sint32, WireValue::Varint(value)) => Scalar::Int(zigzag(low_32(value).cast_unsigned().into())),
            (ScalarKind::Sint64, WireValue::Varint(value)) => Scalar::Int(zigzag(value)),
            (ScalarKind::Fixed32, WireValue::Fixed32(value)) => Scalar::Int(value.cast_signed().into()),
            (ScalarKind::Fixed64, WireValue::Fixed64(value)) => Scalar::Int(value.cast_signed()),
            (ScalarKind::Float, WireValue::Fixed32(value)) => Scalar::Float(f32::from_bits(value)),
            (ScalarKind::Double, WireValue::Fixed64(value)) => Scalar::Double(f64::from_bits(value)),
            (ScalarKind::Bool, WireValue::Varint(value)) => Scalar::Bool(value != 0),
            (ScalarKind::String { checked: true }, WireValue::Bytes(bytes)) => {
                Scalar::String(Cow::Borrowed(utf8(bytes)?))
            }
            (ScalarKind::String { checked: false }, WireValue::Bytes(bytes)) => {
                Scalar::String(String::from_utf8_lossy(bytes))
            }
            (ScalarKind::Bytes, WireValue::Bytes(bytes)) => Scalar::Bytes(Cow::Borrowed(bytes)),
            (ScalarKind::Enum { closed }, WireValue::Varint(value)) => {
                let number = low_32(value);
                match closed {
                    Some(numbers) if numbers.binary_search(&number).is_err() => return Ok(None),
                    _ => Scalar::Int(number.into()),
                }
            }
            _ => return Ok(None),
        }))
    }

    /// Calls `each` with every value of a packed run.
    pub(super) fn decode_packed<'a, E: From<Malformed>>(
        &self,
        run: &'a [u8],
        mut each: impl FnMut(Scalar<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut reader = Fields::new(run);
        while !reader.is_empty() {
            let value = match self {
                ScalarKind::Fixed32 | ScalarKind::Float => WireValue::Fixed32(reader.fixed32()?),
                ScalarKind::Fixed64 | ScalarKind::Double => WireValue::Fixed64(reader.fixed64()?),
                _ => WireValue::Varint(reader.varint()?),
            };
            if let Some(scalar) = self.decode(value)? {
                each(scalar)?;
            }
        }
        Ok(())
    }
}

/// Whether Java's runtime checks the texts of a field: in proto3 files always, in proto2 files where they ask for it.
fn is_text_checked(field: &FieldDescriptor) -> bool {
    let file = field.parent_file();
    let options = file.file_descriptor_proto().options.as_ref();
    file.syntax() == Syntax::Proto3 || options.is_some_and(|options| options.java_string_check_utf8())
}

/// The default of a scalar field as a scalar, `None` for anything else.
pub(super) fn default_of(field: &FieldDescriptor) -> Option<Scalar<'static>> {
    Some(match field.default_value() {
        Value::Bool(value) => Scalar::Bool(value),
        Value::I32(value) | Value::EnumNumber(value) => Scalar::Int(value.into()),
        Value::I64(value) => Scalar::Int(value),
        Value::U32(value) => Scalar::Int(value.cast_signed().into()),
        Value::U64(value) => Scalar::Int(value.cast_signed()),
        Value::F32(value) => Scalar::Float(value),
        Value::F64(value) => Scalar::Double(value),
        Value::String(value) => Scalar::String(Cow::Owned(value)),
        Value::Bytes(value) => Scalar::Bytes(Cow::Owned(value.to_vec())),
        Value::Message(_) | Value::List(_) | Value::Map(_) => return None,
    })
}

/// The text, where it is checked.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).map_err(|error| Malformed {
        reason: "a text is not valid UTF-8",
        offset: error.valid_up_to(),
    })
}

/// The low 32 bits, signed: what every runtime takes of a varint that is too long for its field.
fn low_32(value: u64) -> i32 {
    value as u32 as i32
}

/// The order of Java's `Double.compareTo`, which agrees with its `equals`: −0.0 before 0.0, and NaN, which equals itself, last.
pub(crate) fn double_order(left: f64, right: f64) -> Ordering {
    match (left.is_nan(), right.is_nan()) {
        (false, false) => left.total_cmp(&right),
        (left, right) => left.cmp(&right),
    }
}

fn zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}
