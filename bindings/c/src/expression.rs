//! `rs_expression`: which columns of a record make a key, where the names of fields are not enough.

use std::sync::Arc;

use record_store::key_expression::{self, FanType, KeyExpression, Literal, NullStandin};
use record_store::kv::tuple::Element;

use crate::buffer::{Out, copied, rs_bytes};
use crate::error::{Result, invalid, rs_error};
use crate::handle::{self, Kind, Object, Table};
use crate::key::{Key, rs_key};
use crate::memory::rs_buffer;
use crate::panic::{call, call_without_error, value_or};
use crate::status::{RS_OK, rs_status};

/// A key expression: columns of a record, for an index or a primary key. It is made whole and does not change; one that is made of
/// others keeps what it needs of them, so that they may be freed. Whether it fits a schema is told when that is built.
///
/// Threads: may be used by several at once.
pub struct rs_expression;

pub(crate) struct Expression(pub(crate) KeyExpression);

static EXPRESSIONS: Table<Expression> = Table::new();

impl Object for Expression {
    type Handle = rs_expression;
    const KIND: Kind = Kind::Expression;

    fn table() -> &'static Table<Self> {
        &EXPRESSIONS
    }
}

/// Which values of a field are columns.
pub type rs_fan_type = i32;

/// That of a field that is not repeated.
pub const RS_FAN_NONE: rs_fan_type = 0;
/// Those of a repeated field, a row for each.
pub const RS_FAN_OUT: rs_fan_type = 1;
/// Those of a repeated field, all in one column.
pub const RS_FAN_CONCATENATE: rs_fan_type = 2;

/// What a missing value stands for.
pub type rs_null_standin = i32;

/// Null, which does not collide with another one in a unique index.
pub const RS_MISSING_NULL: rs_null_standin = 0;
/// Null, which collides with another one in a unique index.
pub const RS_MISSING_UNIQUE_NULL: rs_null_standin = 1;
/// The default of the field.
pub const RS_MISSING_DEFAULT: rs_null_standin = 2;

/// The expression of a handle that must be one.
pub(crate) fn expression_of(expression: *const rs_expression) -> Result<KeyExpression> {
    Ok(handle::get::<Expression>(expression)?.0.clone())
}

fn expressions_of(expressions: *const *const rs_expression, count: usize) -> Result<Vec<KeyExpression>> {
    let handles = copied(expressions, count, "expressions")?;
    handles.into_iter().map(expression_of).collect()
}

/// Makes an expression and gives out its handle.
fn make(
    expression: *mut *mut rs_expression,
    error: *mut *mut rs_error,
    made: impl FnOnce() -> Result<KeyExpression>,
) -> rs_status {
    let expression = Out::new(expression);
    call(error, || {
        let expression = expression.required("expression")?;
        expression.set(handle::insert(Arc::new(Expression(made()?)))?);
        Ok(RS_OK)
    })
}

/// A field, whose name may lead into messages as "address.city"; with `nested`, which may be NULL, its columns of the message in
/// the field. Free the expression with `rs_expression_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_expression_field(
    path: rs_bytes,
    fan_type: rs_fan_type,
    missing: rs_null_standin,
    nested: *const rs_expression,
    expression: *mut *mut rs_expression,
    error: *mut *mut rs_error,
) -> rs_status {
    make(expression, error, || {
        let path = path.text("path")?;
        let fan_type = match fan_type {
            RS_FAN_NONE => FanType::None,
            RS_FAN_OUT => FanType::FanOut,
            RS_FAN_CONCATENATE => FanType::Concatenate,
            _ => return Err(invalid("there is no such fan type", "fan_type")),
        };
        let standin = match missing {
            RS_MISSING_NULL => NullStandin::Null,
            RS_MISSING_UNIQUE_NULL => NullStandin::NullUnique,
            RS_MISSING_DEFAULT => NullStandin::NotNull,
            _ => {
                return Err(invalid(
                    "there is nothing that a missing value stands for so",
                    "missing",
                ));
            }
        };
        let nested = handle::get_optional::<Expression>(nested)?;
        Ok(key_expression::at_path(&path, |field| {
            let field = field.with_fan_type(fan_type).with_null_standin(standin);
            match nested {
                None => field.into(),
                Some(nested) => field.nest(nested.0.clone()),
            }
        }))
    })
}

/// The columns of all of these, one after the other; none of them means no columns, which a count index counts before it is grouped.
/// Free the expression with `rs_expression_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_expression_concat(
    expressions: *const *const rs_expression,
    count: usize,
    expression: *mut *mut rs_expression,
    error: *mut *mut rs_error,
) -> rs_status {
    make(expression, error, || {
        Ok(key_expression::concat(expressions_of(expressions, count)?))
    })
}

/// Each of these packed into one column. Free the expression with `rs_expression_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_expression_packed(
    expressions: *const *const rs_expression,
    count: usize,
    expression: *mut *mut rs_expression,
    error: *mut *mut rs_error,
) -> rs_status {
    make(expression, error, || {
        Ok(key_expression::list(expressions_of(expressions, count)?))
    })
}

/// The version of the record. Free the expression with `rs_expression_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_expression_version(expression: *mut *mut rs_expression, error: *mut *mut rs_error) -> rs_status {
    make(expression, error, || Ok(key_expression::version()))
}

/// The key of the record's type, which keeps the records of a type, or their entries, together. Free the expression with
/// `rs_expression_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_expression_record_type(
    expression: *mut *mut rs_expression,
    error: *mut *mut rs_error,
) -> rs_status {
    make(expression, error, || Ok(key_expression::record_type()))
}

/// A constant: the one column of a key. Free the expression with `rs_expression_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_expression_literal(
    value: *const rs_key,
    expression: *mut *mut rs_expression,
    error: *mut *mut rs_error,
) -> rs_status {
    make(expression, error, || {
        let columns = handle::get::<Key>(value)?.columns()?.into_elements();
        let literal = match &columns[..] {
            [Element::Null] => Literal::Null,
            [Element::Bool(value)] => Literal::Bool(*value),
            [Element::Int(value)] => Literal::Long(*value),
            [Element::Double(value)] => Literal::Double(*value),
            [Element::String(value)] => Literal::String(value.clone()),
            [Element::Bytes(value)] => Literal::from(value.to_vec()),
            _ => {
                return Err(invalid(
                    "a constant is a key of one column: null, a truth value, number, text or bytes",
                    "value",
                ));
            }
        };
        Ok(key_expression::literal(literal))
    })
}

/// The function `name` of the columns of `arguments`. Free the expression with `rs_expression_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_expression_function(
    name: rs_bytes,
    arguments: *const rs_expression,
    expression: *mut *mut rs_expression,
    error: *mut *mut rs_error,
) -> rs_status {
    make(expression, error, || {
        Ok(key_expression::function(
            &name.text("name")?,
            expression_of(arguments)?,
        )?)
    })
}

/// The columns of `key` as the key of each entry and those of `value` as its value, from which they can be read without the record.
/// Free the expression with `rs_expression_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_expression_with_value(
    key: *const rs_expression,
    value: *const rs_expression,
    expression: *mut *mut rs_expression,
    error: *mut *mut rs_error,
) -> rs_status {
    make(expression, error, || {
        Ok(key_expression::with_value(expression_of(key)?, expression_of(value)?))
    })
}

/// The columns of `grouped`, for each group of the columns of `by`; with NULL all are one group. Free the expression with
/// `rs_expression_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_expression_group_by(
    grouped: *const rs_expression,
    by: *const rs_expression,
    expression: *mut *mut rs_expression,
    error: *mut *mut rs_error,
) -> rs_status {
    make(expression, error, || {
        let grouped = expression_of(grouped)?;
        Ok(match handle::get_optional::<Expression>(by)? {
            None => grouped.ungrouped(),
            Some(by) => grouped.group_by(by.0.clone()),
        })
    })
}

/// The rows of an expression of one column, dealt into rows of `size` columns. Free the expression with `rs_expression_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_expression_split(
    rows: *const rs_expression,
    size: usize,
    expression: *mut *mut rs_expression,
    error: *mut *mut rs_error,
) -> rs_status {
    make(expression, error, || {
        if size == 0 {
            return Err(invalid("a row has a column", "size"));
        }
        Ok(expression_of(rows)?.split(size))
    })
}

/// The columns of `whole`, of which `dimensions` after the first `prefix` are dimensions of space. Free the expression with
/// `rs_expression_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_expression_dimensions(
    whole: *const rs_expression,
    prefix: usize,
    dimensions: usize,
    expression: *mut *mut rs_expression,
    error: *mut *mut rs_error,
) -> rs_status {
    make(expression, error, || {
        Ok(key_expression::dimensions(expression_of(whole)?, prefix, dimensions))
    })
}

/// How many columns the expression has; 0 for what is no expression.
#[unsafe(no_mangle)]
pub extern "C" fn rs_expression_column_count(expression: *const rs_expression) -> usize {
    value_or(0, || Ok(handle::get::<Expression>(expression)?.0.column_count()))
}

/// The expression in words, for people. Free the text with `rs_buffer_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_expression_to_text(
    expression: *const rs_expression,
    text: *mut rs_buffer,
    error: *mut *mut rs_error,
) -> rs_status {
    let text = Out::new(text);
    call(error, || {
        let text = text.required("text")?;
        text.set(rs_buffer::new(expression_of(expression)?.to_string().into_bytes())?);
        Ok(RS_OK)
    })
}

/// Frees an expression. NULL is freed already.
#[unsafe(no_mangle)]
pub extern "C" fn rs_expression_free(expression: *mut rs_expression) -> rs_status {
    call_without_error(|| {
        handle::free::<Expression>(expression)?;
        Ok(RS_OK)
    })
}
