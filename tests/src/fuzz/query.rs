//! Input: a choice of a schema, and the text of a filter. What is read is written as a text that reads as the same; bound to
//! the schema it answers of records, and its negation answers the opposite.

use record_store::key_expression::RecordView;
use record_store::kv::tuple::{Element, Tuple, Versionstamp};
use record_store::query::{ParameterName, Parameters, QueryComponent, RecordFilter, RecordQuery};
use record_store::{Error, ErrorKind, RecordMetaData};

use super::key_expression::RECORDS;
use super::schema::META_DATA;
use super::{choice, refused};

pub(super) fn run(input: &[u8]) {
    let (choice, bytes) = choice(input);
    let text = String::from_utf8_lossy(bytes);
    let filter = match QueryComponent::parse(&text) {
        Ok(filter) => filter,
        Err(error) => return refused(&error, &[ErrorKind::InvalidQuery, ErrorKind::MetaData]),
    };
    let written = filter.to_string();
    let again = QueryComponent::parse(&written);
    assert_eq!(again.expect("what was written can be read"), filter, "{written}");

    let which = usize::from(choice & 1);
    for parameters in [values(&filter, Element::Int(1)), values(&filter, Element::from("a%"))] {
        if let Err(error) = check_answers(&filter, &parameters, &META_DATA[which], &RECORDS[which]) {
            refused(&error, &REFUSALS);
        }
    }
}

fn check_answers(
    filter: &QueryComponent,
    parameters: &Parameters,
    meta_data: &RecordMetaData,
    record: &[u8],
) -> Result<(), Error> {
    let bind = |filter: QueryComponent| {
        RecordQuery::new(["Record"])
            .with_filter(filter)
            .bind(meta_data, parameters)
    };
    let (bound, negated) = (bind(filter.clone())?, bind(!filter.clone())?);
    let again = bound.bind(meta_data, &Parameters::new())?;
    assert_eq!(again, bound, "what is bound stays as it is");

    let record_type = meta_data.record_type("Record")?;
    let compile = |query: &RecordQuery| RecordFilter::new(query.filter().expect("it has one"), record_type);
    let (filter, negation) = (compile(&bound)?, compile(&negated)?);
    for bytes in [record, &[]] {
        let version = Some(Versionstamp::complete([1; 10], 2));
        let view = RecordView::new(bytes, record_type.record_type_key(), version);
        let answer = filter.evaluate(&view)?;
        assert_eq!(negation.evaluate(&view)?, answer.map(|holds| !holds));
    }
    Ok(())
}

/// This value for every parameter, or a list of it where one is asked for.
fn values(filter: &QueryComponent, value: Element) -> Parameters {
    let positions = filter.parameters().into_iter().filter_map(|name| match name {
        ParameterName::Positional(index) => Some(index + 1),
        ParameterName::Named(_) => None,
    });
    // No query of a few words has more.
    let count = positions.max().unwrap_or(0).min(100);
    let mut parameters = Parameters::positional(vec![value.clone(); count]);
    for name in filter.parameters() {
        if let ParameterName::Named(name) = name {
            let list = name.len().is_multiple_of(2);
            let value = if list {
                Element::Tuple(Tuple::from(vec![value.clone()]))
            } else {
                value.clone()
            };
            parameters = parameters.with(name, value);
        }
    }
    parameters
}

/// What a schema, a value or a record may be the reason of.
const REFUSALS: [ErrorKind; 5] = [
    ErrorKind::InvalidQuery,
    ErrorKind::InvalidExpression,
    ErrorKind::MetaData,
    ErrorKind::Unsupported,
    ErrorKind::InvalidRecord,
];
