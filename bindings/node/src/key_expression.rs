//! Key expressions: from the trees that `node/lib/key-expression.js` packs to the core's.
//!
//! A part of a tree is a list: its name, then what belongs to it. Whether an expression fits the schema is for the core to say.

use napi::bindgen_prelude::Either;
use napi_derive::napi;
use record_store::key_expression::{self, FanType, Field, KeyExpression, Literal, NullStandin};
use record_store::kv::tuple::Element;
use record_store::metadata::Columns;
use record_store::{Error, ErrorKind, Result};

use crate::error::Failure;
use crate::filter::{expect_list, misunderstood, read_texts, text};
use crate::packed::{Reader, Token};
use crate::record::element;

/// The columns that are read next: names of fields, or a whole expression.
pub(crate) fn read_key(reader: &mut Reader<'_>) -> Result<Columns> {
    expect_list(reader)?;
    match text(reader)? {
        "names" => read_texts(reader).map(Columns::from),
        "whole" => read_expression(reader).map(Columns::from),
        _ => Err(misunderstood()),
    }
}

/// The expression that is read next.
///
/// **Errors**: `InvalidExpression` for a function that there is not.
pub(crate) fn read_expression(reader: &mut Reader<'_>) -> Result<KeyExpression> {
    expect_list(reader)?;
    match text(reader)? {
        "field" => Ok(read_field(reader)?.columns(Into::into)),
        "nest" => {
            let field = read_field(reader)?;
            let columns = read_children(reader)?;
            Ok(field.columns(|field| field.nest(columns)))
        }
        "concat" => read_children(reader),
        "packed" => Ok(key_expression::list(read_expressions(reader)?)),
        "empty" => Ok(key_expression::empty()),
        "version" => Ok(key_expression::version()),
        "record_type" => Ok(key_expression::record_type()),
        "literal" => Ok(key_expression::literal(to_literal(reader.next()?)?)),
        "function" => {
            let name = text(reader)?;
            key_expression::function(name, read_children(reader)?)
        }
        "with_value" => {
            let key = read_children(reader)?;
            Ok(key_expression::with_value(key, read_children(reader)?))
        }
        "group_by" => {
            let grouped = read_expression(reader)?;
            Ok(grouped.group_by(read_expressions(reader)?))
        }
        "ungrouped" => Ok(read_expression(reader)?.ungrouped()),
        "split" => {
            let rows = read_expression(reader)?;
            Ok(rows.split(read_count(reader)?))
        }
        "dimensions" => {
            let whole = read_children(reader)?;
            let prefix = read_count(reader)?;
            Ok(key_expression::dimensions(whole, prefix, read_count(reader)?))
        }
        _ => Err(misunderstood()),
    }
}

/// What a key expression is, for people.
#[napi(object, object_from_js = false)]
pub struct KeyExpressionFacts {
    /// It as text.
    pub text: String,
    /// How many columns it has.
    pub column_count: u32,
}

/// A key expression as text, and how many columns it has.
#[napi]
pub fn key_expression_facts(packed: &[u8]) -> Either<KeyExpressionFacts, Failure> {
    match read_expression(&mut Reader::new(packed)) {
        Ok(expression) => Either::A(KeyExpressionFacts {
            text: expression.to_string(),
            column_count: u32::try_from(expression.column_count()).unwrap_or(u32::MAX),
        }),
        Err(error) => Either::B(error.into()),
    }
}

/// A field as a column: its path, and what it is told.
struct FieldColumn<'a> {
    path: &'a str,
    fan_type: FanType,
    null_standin: NullStandin,
}

impl FieldColumn<'_> {
    fn columns(&self, of: impl FnOnce(Field) -> KeyExpression) -> KeyExpression {
        key_expression::at_path(self.path, |last| {
            of(last.with_fan_type(self.fan_type).with_null_standin(self.null_standin))
        })
    }
}

fn read_field<'a>(reader: &mut Reader<'a>) -> Result<FieldColumn<'a>> {
    Ok(FieldColumn {
        path: text(reader)?,
        fan_type: match text(reader)? {
            "one" => FanType::None,
            "fan_out" => FanType::FanOut,
            "concatenate" => FanType::Concatenate,
            _ => return Err(misunderstood()),
        },
        null_standin: match text(reader)? {
            "null" => NullStandin::Null,
            "unique_null" => NullStandin::NullUnique,
            "not_null" => NullStandin::NotNull,
            _ => return Err(misunderstood()),
        },
    })
}

fn read_expressions(reader: &mut Reader<'_>) -> Result<Vec<KeyExpression>> {
    let count = expect_list(reader)?;
    (0..count).map(|_| read_expression(reader)).collect()
}

/// The columns of a list of expressions, one after the other.
pub(crate) fn read_children(reader: &mut Reader<'_>) -> Result<KeyExpression> {
    read_expressions(reader).map(key_expression::concat)
}

fn read_count(reader: &mut Reader<'_>) -> Result<usize> {
    match reader.next()? {
        // The package lets through integers from 0 alone.
        Token::Number(number) => Ok(number as usize),
        _ => Err(misunderstood()),
    }
}

fn to_literal(value: Token<'_>) -> Result<Literal> {
    Ok(match element(value)? {
        Element::Null => Literal::Null,
        Element::Bool(value) => Literal::Bool(value),
        Element::Int(value) => Literal::Long(value),
        Element::Double(value) => Literal::Double(value),
        Element::String(value) => Literal::String(value),
        Element::Bytes(value) => Literal::from(value.to_vec()),
        _ => {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "a constant is null, a boolean, number, bigint, string or Uint8Array",
            )
            .with("given", value.shown())
            .with("type", value.type_name()));
        }
    })
}
