//! Whether a step did what it should.

use std::collections::BTreeMap;

use prost_reflect::DynamicMessage;
use prost_reflect::prost::Message as _;
use record_store::{Error, Result, StoredRecord};
use record_store_tests::scenario::model::{ExpectedError, Step};
use record_store_tests::scenario::value;
use toml::Value;

/// What a step gave.
pub(crate) enum Outcome {
    Nothing,
    Value(Value),
    Record(StoredRecord),
    Records(Vec<StoredRecord>),
    Pages(Vec<Outcome>),
}

/// No record, or no aggregate.
pub(crate) fn nothing() -> Outcome {
    Outcome::Value("nothing".into())
}

/// States by index.
pub(crate) fn states(states: BTreeMap<String, record_store::IndexState>) -> Outcome {
    let states = states
        .into_iter()
        .map(|(index, state)| (index, state.name().to_lowercase().into()));
    Outcome::Value(Value::Table(states.collect()))
}

/// Whether a step did what it should.
pub(crate) fn judge(step: &Step, outcome: Result<Outcome>) -> std::result::Result<(), String> {
    match (outcome, &step.error) {
        (Err(error), Some(expected)) => judge_error(&error, expected),
        (Err(error), None) => Err(format!("failed: {error}")),
        (Ok(_), Some(expected)) => Err(format!("succeeded; it should fail with {}", expected.kind)),
        (Ok(Outcome::Pages(pages)), None) => {
            let expected = step.pages.as_ref().expect("a step with `page_size` has `pages`");
            if pages.len() != expected.len() {
                return Err(format!("gave {} pages instead of {}", pages.len(), expected.len()));
            }
            pages
                .iter()
                .zip(expected)
                .try_for_each(|(page, expected)| same(page, expected))
        }
        (Ok(outcome), None) => match &step.gives {
            Some(expected) => same(&outcome, expected),
            None => Ok(()),
        },
    }
}

fn judge_error(error: &Error, expected: &ExpectedError) -> std::result::Result<(), String> {
    let text = error.to_string();
    if error.kind().name() != expected.kind {
        return Err(format!(
            "failed with {} instead of {}: {text}",
            error.kind().name(),
            expected.kind
        ));
    }
    match expected.says.iter().find(|word| !text.contains(word.as_str())) {
        Some(word) => Err(format!("the error does not say {word:?}: {text}")),
        None => Ok(()),
    }
}

fn same(outcome: &Outcome, expected: &Value) -> std::result::Result<(), String> {
    match (outcome, expected) {
        (Outcome::Nothing | Outcome::Pages(_), _) => Err("gives nothing to compare".to_owned()),
        (Outcome::Value(given), expected) if given == expected => Ok(()),
        (Outcome::Value(given), expected) => Err(format!("gave {given} instead of {expected}")),
        (Outcome::Record(record), expected) => same_record(record, expected),
        (Outcome::Records(records), Value::Array(expected)) if records.len() == expected.len() => records
            .iter()
            .zip(expected)
            .try_for_each(|(record, expected)| same_record(record, expected)),
        (Outcome::Records(records), expected) => Err(format!("gave {} records instead of {expected}", records.len())),
    }
}

fn same_record(record: &StoredRecord, expected: &Value) -> std::result::Result<(), String> {
    let given = record.to_json().map_err(|error| error.to_string())?;
    let wrong = || format!("gave {} {given} instead of {expected}", record.record_type());
    if expected.as_str() == Some("nothing") {
        return Err(wrong());
    }
    let type_differs = |name: &Value| name.as_str() != Some(record.record_type());
    if expected.get("@type").is_some_and(type_differs) {
        return Err(wrong());
    }
    let expected = DynamicMessage::deserialize(record.descriptor().clone(), value::record_json(expected))
        .map_err(|error| format!("the expected record is none: {error}"))?;
    // A default that is given is absent once it has been written.
    let written = expected.encode_to_vec();
    let expected = DynamicMessage::decode(record.descriptor().clone(), written.as_slice())
        .map_err(|error| format!("the expected record cannot be read again: {error}"))?;
    match record.to_dynamic().map_err(|error| error.to_string())? == expected {
        true => Ok(()),
        false => Err(wrong()),
    }
}
