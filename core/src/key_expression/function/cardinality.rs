//! `cardinality`: how many elements a repeated field has. Java: `CardinalityFunctionKeyExpression`, newer than 4.1.4.0.

use prost_reflect::MessageDescriptor;
use record_store_kv::tuple::{Decoder, Element, Encoder};

use super::super::compiled::{Input, Node, Row, Rows, Sink};
use super::super::{KeyExpression, NullStandin};
use crate::wire::FieldAccess;
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
    fn row(&self, message: &[u8], rows: &mut Rows) -> Result<bool> {
        let count = match self {
            Count::Argument => return Ok(false),
            Count::Field(field) => field.count(message)?,
            Count::NullableArray { array, values } => match array.message(message)? {
                Some(inner) => values.count(&inner)?,
                None => return Ok(false),
            },
        };
        append(Some(count), rows)?;
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

pub(super) fn rows(count: &Count, arguments: &Node, input: Input<'_>, rows: &mut Rows) -> Result<()> {
    if let Some(message) = input.message()
        && count.row(message, rows)?
    {
        return Ok(());
    }
    let mut values = Rows::default();
    arguments.rows(input, &mut values)?;
    values.iter().try_for_each(|value| append(elements(value)?, rows))
}

/// How many elements the list in a column has, none for null.
fn elements(row: Row<'_>) -> Result<Option<u64>> {
    match Decoder::new(row.bytes()).next().transpose()? {
        Some(Element::Null) => Ok(None),
        Some(Element::Tuple(list)) => Ok(Some(list.len() as u64)),
        _ => Err(Error::new(ErrorKind::InvalidRecord, "cardinality takes a list")),
    }
}

fn append(count: Option<u64>, rows: &mut Rows) -> Result<()> {
    match count {
        Some(count) => {
            Encoder::new(rows.bytes()).unsigned(count);
            rows.end_column(None);
        }
        None => rows.null(NullStandin::Null),
    }
    rows.end_row()
}

/// The one field of a nullable array.
const VALUES: &str = "values";
