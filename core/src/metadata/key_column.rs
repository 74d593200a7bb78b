//! [`KeyColumn`]: what a column of a primary key holds, so that the key that a program writes is the key that the record has.
//!
//! A tuple tells floats from doubles and a null from a zero, and a field without presence that is zero has a null as its
//! column, as in Java. A program that asks for the record 0 should not have to know.

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use record_store_kv::tuple::Element;

use crate::error::{Error, ErrorKind, Result};
use crate::key_expression::{FanType, Field, KeyExpression, NullStandin};

/// A column of a primary key or an index: a field of the record, or something else, which is taken as it is written.
#[derive(Clone, Debug)]
pub(crate) struct KeyColumn(Option<ColumnField>);

#[derive(Clone, Debug)]
struct ColumnField {
    name: String,
    holds: Holds,
    /// Whether a record whose field is zero or empty has a null here.
    zero_is_null: bool,
}

#[derive(Clone, Debug)]
enum Holds {
    Integer,
    Enum(EnumDescriptor),
    Float,
    Double,
    Bool,
    String,
    Bytes,
}

impl KeyColumn {
    /// The columns of a key over records of this message.
    pub(crate) fn of(key: &KeyExpression, message: &MessageDescriptor) -> Vec<Self> {
        let column = |expression: &KeyExpression| {
            let descriptor = expression.validate(message).ok()?.pop()?;
            ColumnField::new(innermost(expression)?, &descriptor)
        };
        key.normalized_columns()
            .iter()
            .map(|expression| KeyColumn(column(expression)))
            .collect()
    }

    /// The element of the record's key for the one that a program wrote.
    ///
    /// **Errors**: `InvalidArgument` for a value that the field cannot hold.
    pub(crate) fn conform(&self, written: &Element) -> Result<Element> {
        match &self.0 {
            Some(field) if !written.is_null() => field.conform(written),
            _ => Ok(written.clone()),
        }
    }
}

impl ColumnField {
    fn new(column: &Field, descriptor: &FieldDescriptor) -> Option<Self> {
        let holds = match descriptor.kind() {
            _ if descriptor.is_map() || descriptor.is_list() && column.fan_type() != FanType::FanOut => return None,
            Kind::Message(_) => return None,
            Kind::Enum(known) => Holds::Enum(known),
            Kind::Float => Holds::Float,
            Kind::Double => Holds::Double,
            Kind::Bool => Holds::Bool,
            Kind::String => Holds::String,
            Kind::Bytes => Holds::Bytes,
            _ => Holds::Integer,
        };
        // What a repeated field has is there, be it zero.
        let zero_is_null =
            !descriptor.supports_presence() && !descriptor.is_list() && column.null_standin() != NullStandin::NotNull;
        Some(ColumnField {
            name: descriptor.name().to_owned(),
            holds,
            zero_is_null,
        })
    }

    fn conform(&self, written: &Element) -> Result<Element> {
        let element = self.held(written).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                "the field of the key's column cannot hold this value",
            )
            .with("field", &self.name)
            .with("expected", self.holds.name())
            .with("value", written)
        })?;
        Ok(if self.zero_is_null && is_zero(&element) {
            Element::Null
        } else {
            element
        })
    }

    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "the record's own value was rounded to the field's width in the same way"
    )]
    fn held(&self, written: &Element) -> Option<Element> {
        Some(match (&self.holds, written) {
            (Holds::Integer | Holds::Enum(_), Element::Int(_) | Element::BigInt(_))
            | (Holds::Float, Element::Float(_))
            | (Holds::Double, Element::Double(_))
            | (Holds::Bool, Element::Bool(_))
            | (Holds::String, Element::String(_))
            | (Holds::Bytes, Element::Bytes(_)) => written.clone(),
            (Holds::Enum(known), Element::String(name)) => Element::Int(known.get_value_by_name(name)?.number().into()),
            (Holds::Float, Element::Double(value)) => Element::Float(*value as f32),
            (Holds::Float, Element::Int(value)) => Element::Float(*value as f32),
            (Holds::Double, Element::Float(value)) => Element::Double((*value).into()),
            (Holds::Double, Element::Int(value)) => Element::Double(*value as f64),
            _ => return None,
        })
    }
}

impl Holds {
    fn name(&self) -> &str {
        match self {
            Holds::Integer => "an integer",
            Holds::Enum(known) => known.full_name(),
            Holds::Float | Holds::Double => "a floating-point number",
            Holds::Bool => "a bool",
            Holds::String => "a string",
            Holds::Bytes => "bytes",
        }
    }
}

/// The field whose value the column is.
fn innermost(expression: &KeyExpression) -> Option<&Field> {
    match expression {
        KeyExpression::Field(field) => Some(field),
        KeyExpression::Nest(nest) => innermost(nest.child()),
        _ => None,
    }
}

/// The value of an unset field without presence. Java compares the bits of floats.
fn is_zero(element: &Element) -> bool {
    match element {
        Element::Int(value) => *value == 0,
        Element::Float(value) => value.to_bits() == 0,
        Element::Double(value) => value.to_bits() == 0,
        Element::Bool(value) => !value,
        Element::String(value) => value.is_empty(),
        Element::Bytes(value) => value.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use record_store_kv::tuple::Element as E;

    use crate::Schema;

    #[test]
    fn what_a_program_writes_becomes_what_the_record_has() {
        let fields = "int64 n = 1; optional int64 o = 2; float f = 3; double d = 4; bool b = 5; string s = 6; bytes y = 7; Kind k = 8;";
        let proto = format!("syntax = 'proto3'; message T {{ {fields} }} enum Kind {{ NONE = 0; SOME = 1; }}");
        let schema = Schema::builder()
            .proto("t.proto", proto)
            .record_type("T", |t| t.primary_key(["n", "o", "f", "d", "b", "s", "y", "k"]))
            .build()
            .unwrap();
        let metadata = schema.merge_into(None).unwrap();
        let columns = &metadata.record_type("T").unwrap().key_columns()[1..];
        let table: [(usize, E, Option<E>); 21] = [
            (0, E::Int(5), Some(E::Int(5))),
            (0, E::Int(0), Some(E::Null)),
            (0, E::Null, Some(E::Null)),
            (0, E::String("5".into()), None),
            (0, E::Double(5.0), None),
            (0, E::Bool(true), None),
            (1, E::Int(0), Some(E::Int(0))),
            (2, E::Double(0.1), Some(E::Float(0.1))),
            (2, E::Double(0.0), Some(E::Null)),
            (2, E::Double(-0.0), Some(E::Float(-0.0))),
            (2, E::Int(2), Some(E::Float(2.0))),
            (3, E::Float(0.5), Some(E::Double(0.5))),
            (3, E::Int(2), Some(E::Double(2.0))),
            (4, E::Bool(false), Some(E::Null)),
            (4, E::Int(1), None),
            (5, E::String(String::new()), Some(E::Null)),
            (5, E::Bytes("a".into()), None),
            (6, E::Bytes("a".into()), Some(E::Bytes("a".into()))),
            (7, E::String("SOME".into()), Some(E::Int(1))),
            (7, E::String("NONE".into()), Some(E::Null)),
            (7, E::String("OTHER".into()), None),
        ];
        for (column, written, expected) in table {
            assert_eq!(
                columns[column].conform(&written).ok(),
                expected,
                "column {column}: {written}"
            );
        }
    }
}
