//! [`ColumnType`]: what the column of a field holds, and which values compare with it.

use std::fmt;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind};
use record_store_kv::tuple::{Element, Versionstamp};
use uuid::Uuid;

use crate::metadata::unknown;
use crate::query::{Comparison, ComparisonKind, Operand};
use crate::{Error, ErrorKind, Result};

/// What a column holds; values of different types do not compare.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ColumnType {
    /// Integers of any width: a key tells them by their value only. Schemas have no unsigned ones.
    Integer,
    Enum(EnumDescriptor),
    Float,
    Double,
    Bool,
    String,
    Bytes,
    Uuid,
    Version,
    /// A message that is no column: it is there or not.
    Message(String),
    /// A constant or the key of a record type: their types are known when they are evaluated.
    Unknown,
}

impl ColumnType {
    pub(super) fn of(field: &FieldDescriptor) -> Self {
        match field.kind() {
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 | Kind::Uint32 | Kind::Fixed32 => ColumnType::Integer,
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Fixed64 => ColumnType::Integer,
            Kind::Float => ColumnType::Float,
            Kind::Double => ColumnType::Double,
            Kind::Bool => ColumnType::Bool,
            Kind::String => ColumnType::String,
            Kind::Bytes => ColumnType::Bytes,
            Kind::Enum(definition) => ColumnType::Enum(definition),
            Kind::Message(message) => {
                let name = message.full_name();
                match name.strip_prefix("com.apple.foundationdb.record.").unwrap_or_default() {
                    "UUID" => ColumnType::Uuid,
                    "NullableInt32" | "NullableInt64" => ColumnType::Integer,
                    "NullableFloat" => ColumnType::Float,
                    "NullableDouble" => ColumnType::Double,
                    "NullableBool" => ColumnType::Bool,
                    "NullableString" => ColumnType::String,
                    "NullableBytes" => ColumnType::Bytes,
                    _ => ColumnType::Message(name.to_owned()),
                }
            }
        }
    }

    /// The comparison with its operand as an element of the column. Parameters stay.
    ///
    /// Errors: `InvalidQuery` for an operand that does not compare with the column.
    pub(super) fn convert(&self, comparison: &Comparison) -> Result<Comparison> {
        let kind = comparison.kind();
        let form_fits = match (kind, comparison.operand()) {
            (kind, operand) if kind.is_unary() => *operand == Operand::None,
            (ComparisonKind::In, operand) => matches!(operand, Operand::List(_) | Operand::Parameter(_)),
            (ComparisonKind::Like, operand) => matches!(operand, Operand::Pattern { .. } | Operand::Parameter(_)),
            (_, operand) => matches!(operand, Operand::Value(_) | Operand::Parameter(_)),
        };
        if !form_fits {
            return Err(invalid("a comparison has an operand of another form than its kind").with("kind", kind.name()));
        }
        self.check_kind(kind)?;
        Ok(match comparison.operand() {
            Operand::Value(value) => comparison.with_operand(Operand::Value(self.element(value)?)),
            Operand::List(values) => {
                let elements: Result<Vec<Element>> = values
                    .iter()
                    .map(|value| match value {
                        Element::Null => Err(invalid(
                            "a list holds a null, which no value equals: leave it out, or ask for null",
                        )),
                        value => self.element(value),
                    })
                    .collect();
                comparison.with_operand(Operand::List(elements?))
            }
            Operand::None | Operand::Parameter(_) | Operand::Pattern { .. } => comparison.clone(),
        })
    }

    fn check_kind(&self, kind: ComparisonKind) -> Result<()> {
        let refuse = |reason| Err(invalid(reason).with("type", self).with("kind", kind.name()));
        match (kind, self) {
            (ComparisonKind::IsNull | ComparisonKind::NotNull, _) | (_, ColumnType::Unknown) => Ok(()),
            (_, ColumnType::Message(_)) => {
                refuse("the field holds a message, which does not compare: compare a field of it, or ask for null")
            }
            (ComparisonKind::StartsWith, ColumnType::String | ColumnType::Bytes)
            | (ComparisonKind::Like, ColumnType::String) => Ok(()),
            (ComparisonKind::StartsWith, _) => refuse("only texts and bytes have a beginning"),
            (ComparisonKind::Like, _) => refuse("only texts have the form of a pattern"),
            _ => Ok(()),
        }
    }

    /// A value as the element that the column would hold. Errors: `InvalidQuery`.
    pub(super) fn element(&self, value: &Element) -> Result<Element> {
        let refuse = |reason| invalid(reason).with("type", self).with("value", value);
        let mismatch = || refuse("the value is of another type than the field");
        Ok(match (self, value) {
            (_, Element::Null) | (ColumnType::Unknown, _) => value.clone(),
            (ColumnType::Integer, Element::BigInt(_)) => {
                return Err(refuse("the value is larger than any integer of the field"));
            }
            (ColumnType::Integer | ColumnType::Enum(_), Element::Int(_)) => value.clone(),
            (ColumnType::Integer, Element::Double(number)) => whole(*number).ok_or_else(mismatch)?,
            (ColumnType::Integer, Element::Float(number)) => whole(f64::from(*number)).ok_or_else(mismatch)?,
            (ColumnType::Enum(definition), Element::String(name)) => enum_number(definition, name)?,
            (ColumnType::Float, Element::Float(_)) => value.clone(),
            (ColumnType::Float, Element::Double(number)) => float(*number).ok_or_else(mismatch)?,
            (ColumnType::Float, Element::Int(number)) => float(*number as f64).ok_or_else(mismatch)?,
            (ColumnType::Double, Element::Double(_)) => value.clone(),
            (ColumnType::Double, Element::Float(number)) => Element::Double(f64::from(*number)),
            (ColumnType::Double, Element::Int(number)) => {
                double(*number).ok_or_else(|| refuse("no double has this value: give a double"))?
            }
            (ColumnType::Bool, Element::Bool(_))
            | (ColumnType::String, Element::String(_))
            | (ColumnType::Bytes, Element::Bytes(_))
            | (ColumnType::Uuid, Element::Uuid(_))
            | (ColumnType::Version, Element::Versionstamp(_)) => value.clone(),
            (ColumnType::Uuid, Element::String(text)) => {
                Element::Uuid(Uuid::parse_str(text).map_err(|error| refuse("the text is no UUID").caused_by(error))?)
            }
            (ColumnType::Uuid, Element::Bytes(bytes)) => {
                Element::Uuid(Uuid::from_slice(bytes).map_err(|_| mismatch())?)
            }
            (ColumnType::Version, Element::Bytes(bytes)) => {
                let bytes = <[u8; 12]>::try_from(&bytes[..]).map_err(|_| refuse("a version has 12 bytes"))?;
                Element::Versionstamp(Versionstamp::from_bytes(bytes))
            }
            _ => return Err(mismatch()),
        })
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ColumnType::Integer => f.write_str("integer"),
            ColumnType::Enum(definition) => write!(f, "enum {}", definition.name()),
            ColumnType::Float => f.write_str("float"),
            ColumnType::Double => f.write_str("double"),
            ColumnType::Bool => f.write_str("bool"),
            ColumnType::String => f.write_str("string"),
            ColumnType::Bytes => f.write_str("bytes"),
            ColumnType::Uuid => f.write_str("UUID"),
            ColumnType::Version => f.write_str("version"),
            ColumnType::Message(name) => write!(f, "message {name}"),
            ColumnType::Unknown => f.write_str("constant"),
        }
    }
}

/// The integer that a number without fraction is.
fn whole(number: f64) -> Option<Element> {
    // Beyond 2^53 a double no longer tells neighbours apart.
    let exact = number.fract() == 0.0 && number.abs() <= EXACT_MAX as f64;
    exact.then_some(Element::Int(number as i64))
}

/// The double that an integer is.
fn double(number: i64) -> Option<Element> {
    let exact = number.unsigned_abs() <= EXACT_MAX.unsigned_abs();
    exact.then_some(Element::Double(number as f64))
}

/// The nearest number of single precision, unless the number is beyond them.
fn float(number: f64) -> Option<Element> {
    let nearest = number as f32;
    (nearest.is_finite() || !number.is_finite()).then_some(Element::Float(nearest))
}

fn enum_number(definition: &EnumDescriptor, name: &str) -> Result<Element> {
    match definition.get_value_by_name(name) {
        Some(value) => Ok(Element::Int(value.number().into())),
        None => {
            let values: Vec<_> = definition.values().collect();
            let names = values.iter().map(|value| value.name());
            Err(unknown(invalid("the enum has no such value"), "value", name, names)
                .with("type", definition.full_name()))
        }
    }
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidQuery, message)
}

/// The largest integer up to which a double tells all integers apart.
const EXACT_MAX: i64 = 1 << 53;
