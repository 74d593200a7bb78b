//! `cardinality`: how many elements a repeated field has. Java: `CardinalityFunctionKeyExpression`, newer than 4.1.4.0.

use prost_reflect::MessageDescriptor;
use record_store_kv::tuple::{Decoder, Element, Encoder};

use super::super::compiled::{Row, Rows, Sink};
use super::super::{KeyExpression, NullStandin};
use crate::wire::{FieldAccess, MessageRef};
use crate::{Error, ErrorKind, Result};

pub(super) const NAME: &str = "cardinality";

/// A count that is taken from the encoded field, before the argument would be evaluated.
#[derive(Clone, Debug)]
pub(super) enum Count {
    /// Of the field itself.
    Field(FieldAccess),
    /// Of the field `values` of a nullable array: a message of that one field, so that null and empty can be told apart.
    NullableArray { array: FieldAccess, values: FieldAccess },
    /// There is no such field: the argument decides.
    Argument,
}

impl Count {
    pub(super) fn compile(arguments: &KeyExpression, message: Option<&MessageDescriptor>) -> Self {
        let field = |message: &MessageDescriptor, name: &str| message.get_field_by_name(name);
        match (arguments, message) {
            (KeyExpression::Field(argument), Some(message)) => match field(message, argument.name()) {
                Some(field) if FieldAccess::new(&field).is_repeated() => Count::Field(FieldAccess::new(&field)),
                _ => Count::Argument,
            },
            (KeyExpression::Nest(nest), Some(message)) if begins_with_values(nest.child()) => {
                let array = field(message, nest.parent().name());
                let inner = array.as_ref().map(|array| array.kind());
                let values = inner
                    .as_ref()
                    .and_then(|inner| inner.as_message())
                    .and_then(|inner| field(inner, VALUES));
                match (
                    array.map(|array| FieldAccess::new(&array)),
                    values.map(|values| FieldAccess::new(&values)),
                ) {
                    (Some(array), Some(values)) if !array.is_repeated() && values.is_repeated() => {
                        Count::NullableArray { array, values }
                    }
                    _ => Count::Argument,
                }
            }
            _ => Count::Argument,
        }
    }

    /// Appends the count as a row; false if the argument must be evaluated.
    pub(super) fn row(&self, message: MessageRef<'_>, rows: &mut Rows) -> Result<bool> {
        let count = match self {
            Count::Argument => return Ok(false),
            Count::Field(field) => field.count(message)?,
            Count::NullableArray { array, values } => match array.message(message)? {
                Some(inner) => values.count(MessageRef::Encoded(&inner))?,
                None => return Ok(false),
            },
        };
        write_count(count, rows);
        rows.end_row()?;
        Ok(true)
    }
}

fn begins_with_values(expression: &KeyExpression) -> bool {
    match expression {
        KeyExpression::Field(field) => field.name() == VALUES,
        KeyExpression::Nest(nest) => nest.parent().name() == VALUES,
        _ => false,
    }
}

/// Writes the count of the list in the only column of a row; null for null.
pub(super) fn write(row: Row<'_>, rows: &mut Rows) -> Result<()> {
    match Decoder::new(row.bytes()).next().transpose()? {
        Some(Element::Null) => rows.null(NullStandin::Null),
        Some(Element::Tuple(list)) => write_count(list.len() as u64, rows),
        _ => return Err(Error::new(ErrorKind::InvalidRecord, "cardinality takes a list")),
    }
    Ok(())
}

fn write_count(count: u64, rows: &mut Rows) {
    Encoder::new(rows.bytes()).unsigned(count);
    rows.end_column(None);
}

/// The one field of a nullable array.
const VALUES: &str = "values";
