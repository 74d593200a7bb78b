//! Filters: from the trees that `node/lib/filter.js` packs to the core's.
//!
//! A part of a tree is a list: its name, then what belongs to it. The JavaScript side only takes down what is asked; whether a
//! filter fits the schema is for the core to say.

use napi::bindgen_prelude::Either;
use napi_derive::napi;
use record_store::kv::tuple::Element;
use record_store::query::{self, Comparison, ComparisonKind, Operand, ParameterName, Parameters, QueryComponent};
use record_store::{Error, ErrorKind, Result};

use crate::error::Failure;
use crate::packed::{Reader, Token};
use crate::record::{element, read_columns};

/// The filter that is read next.
///
/// **Errors**: `InvalidQuery` for text that cannot be read and for values that do not fit its parameters.
pub(crate) fn read_filter(reader: &mut Reader<'_>) -> Result<QueryComponent> {
    expect_list(reader)?;
    match text(reader)? {
        "and" => Ok(QueryComponent::and(read_filters(reader)?)),
        "or" => Ok(QueryComponent::or(read_filters(reader)?)),
        "not" => Ok(!read_filter(reader)?),
        "compare" => {
            let (field, any) = (query::field(text(reader)?), reader.next()? == Token::Bool(true));
            let comparison = read_comparison(reader)?;
            Ok(match any {
                true => field.one_of_them().compare(comparison),
                false => field.compare(comparison),
            })
        }
        "matches" => Ok(query::field(text(reader)?).matches(read_filter(reader)?)),
        "any" => Ok(query::field(text(reader)?).any(read_filter(reader)?)),
        "text" => QueryComponent::parse(text(reader)?),
        "bound" => {
            let filter = read_filter(reader)?;
            filter.bind(&read_parameters(reader)?)
        }
        _ => Err(misunderstood()),
    }
}

/// The filters of a list.
pub(crate) fn read_filters(reader: &mut Reader<'_>) -> Result<Vec<QueryComponent>> {
    let count = expect_list(reader)?;
    (0..count).map(|_| read_filter(reader)).collect()
}

/// The texts of a list.
pub(crate) fn read_texts(reader: &mut Reader<'_>) -> Result<Vec<String>> {
    let count = expect_list(reader)?;
    (0..count).map(|_| text(reader).map(str::to_owned)).collect()
}

/// A filter as text.
#[napi]
pub fn filter_text(packed: &[u8]) -> Either<String, Failure> {
    match read_filter(&mut Reader::new(packed)) {
        Ok(filter) => Either::A(filter.to_string()),
        Err(error) => Either::B(error.into()),
    }
}

fn read_comparison(reader: &mut Reader<'_>) -> Result<Comparison> {
    let name = text(reader)?;
    let kind = KINDS
        .iter()
        .find(|kind| kind.name() == name)
        .ok_or_else(misunderstood)?;
    Ok(match text(reader)? {
        "none" => Comparison::unary(*kind),
        "value" if *kind == ComparisonKind::Like => Comparison::like(text(reader)?, None),
        "value" => Comparison::new(*kind, Operand::Value(element(reader.next()?)?)),
        "values" => {
            let count = expect_list(reader)?;
            Comparison::one_of(read_columns(reader, count)?.into_elements())
        }
        "parameter" => Comparison::new(*kind, ParameterName::Named(text(reader)?.to_owned())),
        _ => return Err(misunderstood()),
    })
}

/// The values of parameters: a list of those by position, a list of names, each with its value.
fn read_parameters(reader: &mut Reader<'_>) -> Result<Parameters> {
    let count = expect_list(reader)?;
    let positional: Vec<Element> = (0..count).map(|_| read_value(reader)).collect::<Result<_>>()?;
    let mut parameters = Parameters::positional(positional);
    for _ in 0..expect_list(reader)? / 2 {
        let name = text(reader)?.to_owned();
        parameters = parameters.with(name, read_value(reader)?);
    }
    Ok(parameters)
}

/// A value, or a list of values.
fn read_value(reader: &mut Reader<'_>) -> Result<Element> {
    match reader.next()? {
        Token::List(count) | Token::PrimaryKey(count) => Ok(Element::Tuple(read_columns(reader, count)?)),
        value => element(value),
    }
}

/// Begins a list, and says how many values it has.
pub(crate) fn expect_list(reader: &mut Reader<'_>) -> Result<usize> {
    match reader.next()? {
        Token::List(count) => Ok(count),
        _ => Err(misunderstood()),
    }
}

/// The text that is read next.
pub(crate) fn text<'a>(reader: &mut Reader<'a>) -> Result<&'a str> {
    match reader.next()? {
        Token::Text(text) => Ok(text),
        other => Err(
            Error::new(ErrorKind::InvalidArgument, "a text is expected in a filter or a key")
                .with("given", other.shown())
                .with("type", other.type_name()),
        ),
    }
}

/// What no package of this release packs.
pub(crate) fn misunderstood() -> Error {
    Error::new(
        ErrorKind::Internal,
        "the package and its addon are of different releases",
    )
}

/// The comparisons that the package makes.
const KINDS: [ComparisonKind; 13] = [
    ComparisonKind::Equals,
    ComparisonKind::NotEquals,
    ComparisonKind::LessThan,
    ComparisonKind::LessThanOrEquals,
    ComparisonKind::GreaterThan,
    ComparisonKind::GreaterThanOrEquals,
    ComparisonKind::StartsWith,
    ComparisonKind::In,
    ComparisonKind::IsNull,
    ComparisonKind::NotNull,
    ComparisonKind::IsEmpty,
    ComparisonKind::NotEmpty,
    ComparisonKind::Like,
];
