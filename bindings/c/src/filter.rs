//! `rs_filter`: what must be true of a record, as a program builds it or as text.

use std::sync::Arc;

use record_store::kv::tuple::Element;
use record_store::query::{self, Comparison, ComparisonKind, Operand, ParameterName, Parameters, QueryComponent};

use crate::buffer::{Out, copied, rs_bytes};
use crate::error::{Result, invalid, rs_error};
use crate::handle::{self, Kind, Object, Table};
use crate::key::{Key, rs_key};
use crate::memory::rs_buffer;
use crate::panic::{call, call_without_error};
use crate::status::{RS_OK, rs_status};

/// What must be true of a record: comparisons of fields, joined by and, or and not. It is made whole and does not change; a filter
/// that is made of others keeps what it needs of them, so that they may be freed.
///
/// What is compared with an absent value is neither true nor false, as in SQL. Threads: may be used by several at once.
pub struct rs_filter;

pub(crate) struct Filter(pub(crate) QueryComponent);

static FILTERS: Table<Filter> = Table::new();

impl Object for Filter {
    type Handle = rs_filter;
    const KIND: Kind = Kind::Filter;

    fn table() -> &'static Table<Self> {
        &FILTERS
    }
}

/// How a field is compared.
pub type rs_comparison = i32;

/// The same value.
pub const RS_EQUALS: rs_comparison = 1;
/// A value, and another one.
pub const RS_NOT_EQUALS: rs_comparison = 2;
/// A smaller value.
pub const RS_LESS_THAN: rs_comparison = 3;
/// A smaller value, or the same.
pub const RS_LESS_THAN_OR_EQUALS: rs_comparison = 4;
/// A greater value.
pub const RS_GREATER_THAN: rs_comparison = 5;
/// A greater value, or the same.
pub const RS_GREATER_THAN_OR_EQUALS: rs_comparison = 6;
/// A text or bytes that begin so.
pub const RS_STARTS_WITH: rs_comparison = 7;
/// One of several values: those of all columns of the key.
pub const RS_IN: rs_comparison = 8;
/// A text in the form of a pattern of SQL: `%` stands for any text and `_` for one character.
pub const RS_LIKE: rs_comparison = 9;
/// No value; it is compared with NULL.
pub const RS_IS_NULL: rs_comparison = 10;
/// A value; it is compared with NULL.
pub const RS_NOT_NULL: rs_comparison = 11;
/// A repeated field without values; it is compared with NULL.
pub const RS_IS_EMPTY: rs_comparison = 12;
/// A repeated field with values; it is compared with NULL.
pub const RS_NOT_EMPTY: rs_comparison = 13;

/// The comparisons, by their numbers from 1.
const COMPARISONS: [ComparisonKind; 13] = [
    ComparisonKind::Equals,
    ComparisonKind::NotEquals,
    ComparisonKind::LessThan,
    ComparisonKind::LessThanOrEquals,
    ComparisonKind::GreaterThan,
    ComparisonKind::GreaterThanOrEquals,
    ComparisonKind::StartsWith,
    ComparisonKind::In,
    ComparisonKind::Like,
    ComparisonKind::IsNull,
    ComparisonKind::NotNull,
    ComparisonKind::IsEmpty,
    ComparisonKind::NotEmpty,
];

fn kind_of(comparison: rs_comparison) -> Result<ComparisonKind> {
    let at = usize::try_from(comparison)
        .ok()
        .and_then(|number| number.checked_sub(1));
    let kind = at.and_then(|at| COMPARISONS.get(at)).copied();
    kind.ok_or_else(|| invalid("there is no such comparison", "comparison"))
}

fn to_comparison(comparison: rs_comparison, value: *const rs_key) -> Result<Comparison> {
    let kind = kind_of(comparison)?;
    let given = handle::get_optional::<Key>(value)?
        .map(|key| key.columns())
        .transpose()?;
    let given: Option<Vec<Element>> = given.map(|columns| columns.into_elements());
    match (comparison, given) {
        (RS_IS_NULL..=RS_NOT_EMPTY, None) => Ok(Comparison::unary(kind)),
        (RS_IS_NULL..=RS_NOT_EMPTY, Some(_)) => Err(invalid("the comparison takes no value: give it NULL", "value")),
        (RS_IN, Some(values)) => Ok(Comparison::one_of(values)),
        (_, None) => Err(invalid("the comparison takes a value: a key of one column", "value")),
        (RS_LIKE, Some(values)) => match &values[..] {
            [Element::String(pattern)] => Ok(Comparison::like(pattern.clone(), None)),
            _ => Err(invalid("a pattern is a key of one column, a text", "value")),
        },
        (_, Some(values)) => match <[Element; 1]>::try_from(values) {
            Ok([value]) => Ok(Comparison::new(kind, Operand::Value(value))),
            Err(_) => Err(invalid("the comparison takes one value: a key of one column", "value")),
        },
    }
}

/// Makes a filter and gives out its handle.
fn make(
    filter: *mut *mut rs_filter,
    error: *mut *mut rs_error,
    component: impl FnOnce() -> Result<QueryComponent>,
) -> rs_status {
    let filter = Out::new(filter);
    call(error, || {
        let filter = filter.required("filter")?;
        filter.set(handle::insert(Arc::new(Filter(component()?)))?);
        Ok(RS_OK)
    })
}

fn compared(field: rs_bytes, any: bool, comparison: impl FnOnce() -> Result<Comparison>) -> Result<QueryComponent> {
    let field = query::field(field.text("field")?);
    let comparison = comparison()?;
    Ok(match any {
        true => field.one_of_them().compare(comparison),
        false => field.compare(comparison),
    })
}

/// Compares a field, whose name may lead into messages as "address.city", with a value: the one column of a key. `RS_IN` takes any
/// number of columns, and comparisons with nothing take NULL. Free the filter with `rs_filter_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_filter_compare(
    field: rs_bytes,
    comparison: rs_comparison,
    value: *const rs_key,
    filter: *mut *mut rs_filter,
    error: *mut *mut rs_error,
) -> rs_status {
    make(filter, error, || {
        compared(field, false, || to_comparison(comparison, value))
    })
}

/// Compares one of the values of a repeated field; otherwise as `rs_filter_compare`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_filter_compare_any(
    field: rs_bytes,
    comparison: rs_comparison,
    value: *const rs_key,
    filter: *mut *mut rs_filter,
    error: *mut *mut rs_error,
) -> rs_status {
    make(filter, error, || {
        compared(field, true, || to_comparison(comparison, value))
    })
}

/// Compares a field with a parameter, whose value `rs_query_options` gives by its name, without a colon. Free the filter with
/// `rs_filter_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_filter_compare_parameter(
    field: rs_bytes,
    comparison: rs_comparison,
    parameter: rs_bytes,
    filter: *mut *mut rs_filter,
    error: *mut *mut rs_error,
) -> rs_status {
    make(filter, error, || {
        let name = ParameterName::Named(parameter.text("parameter")?);
        let kind = kind_of(comparison)?;
        if matches!(comparison, RS_LIKE..=RS_NOT_EMPTY) {
            return Err(invalid("the comparison takes no parameter", "comparison"));
        }
        compared(field, false, || Ok(Comparison::new(kind, name)))
    })
}

/// Reads a filter from text in the manner of SQL. `parameters`, which may be NULL, has the values of its `?` in their order. Free
/// the filter with `rs_filter_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_filter_parse(
    text: rs_bytes,
    parameters: *const rs_key,
    filter: *mut *mut rs_filter,
    error: *mut *mut rs_error,
) -> rs_status {
    make(filter, error, || {
        let parsed = QueryComponent::parse(&text.text("text")?)?;
        match handle::get_optional::<Key>(parameters)? {
            None => Ok(parsed),
            Some(values) => Ok(parsed.bind(&Parameters::positional(values.columns()?.into_elements()))?),
        }
    })
}

fn components(filters: *const *const rs_filter, count: usize) -> Result<Vec<QueryComponent>> {
    let handles = copied(filters, count, "filters")?;
    if handles.is_empty() {
        return Err(invalid("no filters are given to be joined", "filters"));
    }
    handles
        .into_iter()
        .map(|filter| Ok(handle::get::<Filter>(filter)?.0.clone()))
        .collect()
}

/// All of these filters are true. Free the filter with `rs_filter_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_filter_and(
    filters: *const *const rs_filter,
    count: usize,
    filter: *mut *mut rs_filter,
    error: *mut *mut rs_error,
) -> rs_status {
    make(filter, error, || Ok(QueryComponent::and(components(filters, count)?)))
}

/// One of these filters is true. Free the filter with `rs_filter_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_filter_or(
    filters: *const *const rs_filter,
    count: usize,
    filter: *mut *mut rs_filter,
    error: *mut *mut rs_error,
) -> rs_status {
    make(filter, error, || Ok(QueryComponent::or(components(filters, count)?)))
}

/// The filter is false. Free the new one with `rs_filter_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_filter_not(
    negated: *const rs_filter,
    filter: *mut *mut rs_filter,
    error: *mut *mut rs_error,
) -> rs_status {
    make(filter, error, || Ok(!handle::get::<Filter>(negated)?.0.clone()))
}

/// A filter is true of the message in a field. Free the new one with `rs_filter_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_filter_matches(
    field: rs_bytes,
    of_message: *const rs_filter,
    filter: *mut *mut rs_filter,
    error: *mut *mut rs_error,
) -> rs_status {
    make(filter, error, || {
        let field = query::field(field.text("field")?);
        Ok(field.matches(handle::get::<Filter>(of_message)?.0.clone()))
    })
}

/// A filter is true of one of the messages in a repeated field. Free the new one with `rs_filter_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_filter_any(
    field: rs_bytes,
    of_message: *const rs_filter,
    filter: *mut *mut rs_filter,
    error: *mut *mut rs_error,
) -> rs_status {
    make(filter, error, || {
        let field = query::field(field.text("field")?);
        Ok(field.any(handle::get::<Filter>(of_message)?.0.clone()))
    })
}

/// The filter as text, which `rs_filter_parse` reads. Free it with `rs_buffer_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_filter_to_text(
    filter: *const rs_filter,
    text: *mut rs_buffer,
    error: *mut *mut rs_error,
) -> rs_status {
    let text = Out::new(text);
    call(error, || {
        let text = text.required("text")?;
        let shown = handle::get::<Filter>(filter)?.0.to_string();
        text.set(rs_buffer::new(shown.into_bytes())?);
        Ok(RS_OK)
    })
}

/// Frees a filter. NULL is freed already.
#[unsafe(no_mangle)]
pub extern "C" fn rs_filter_free(filter: *mut rs_filter) -> rs_status {
    call_without_error(|| {
        handle::free::<Filter>(filter)?;
        Ok(RS_OK)
    })
}
