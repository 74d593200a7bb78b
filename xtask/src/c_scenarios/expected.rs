//! What a step gives, in the form in which `tests/scenario/c/result.c` writes what it gave.

use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};
use record_store::Tuple;
use record_store::kv::tuple::Element;
use record_store_tests::scenario::model::{SchemaText, Step, Verb};
use record_store_tests::scenario::{schema, value};
use serde_json::value::RawValue;
use toml::Value;

use crate::step::Failure;

/// The record types of a schema.
pub(super) struct RecordTypes {
    pool: DescriptorPool,
    only: Option<String>,
}

impl RecordTypes {
    pub(super) fn of(text: &SchemaText) -> Result<Self, Failure> {
        let told = |error: &dyn std::fmt::Display| format!("a schema: {error}");
        let set = schema::build(text).and_then(|built| built.descriptor_set());
        let set = set.map_err(|error| told(&error))?;
        let mut types = text.primary_keys().map(|(record_type, _)| record_type.clone());
        Ok(RecordTypes {
            pool: DescriptorPool::decode(set.as_slice()).map_err(|error| told(&error))?,
            only: types.next().filter(|_| types.next().is_none()),
        })
    }

    /// The type that a step or an expected record names, or the only one.
    pub(super) fn named(&self, name: Option<&str>) -> Result<String, Failure> {
        let name = name.map(ToOwned::to_owned).or_else(|| self.only.clone());
        name.ok_or_else(|| "a record of a schema with several types has its `type` or `@type`".to_owned())
    }

    fn descriptor(&self, name: &str) -> Result<MessageDescriptor, Failure> {
        let mut messages = self.pool.all_messages();
        let found = messages.find(|message| message.name() == name && message.parent_message().is_none());
        found.ok_or_else(|| format!("the schema has no message {name}"))
    }
}

/// The lines of what the step gives.
pub(super) fn lines(step: &Step, types: Option<&RecordTypes>, expected: &Value) -> Result<String, Failure> {
    let array = || expected.as_array().ok_or_else(|| format!("{expected} is no array"));
    let types = || types.ok_or("a step gives records, and no space is open".to_owned());
    Ok(match step.verb {
        Verb::Get | Verb::Aggregate if expected.as_str() == Some("nothing") => "nothing\n".to_owned(),
        Verb::Get => record(step, types()?, expected)?,
        Verb::Query if !step.fields.is_empty() => {
            let rows = array()?
                .iter()
                .map(|row| record(step, types()?, &named(&step.fields, row)?));
            rows.collect::<Result<_, _>>()?
        }
        Verb::Scan | Verb::ScanBy | Verb::Query => {
            let records = array()?.iter().map(|expected| record(step, types()?, expected));
            records.collect::<Result<_, _>>()?
        }
        Verb::Aggregate => columns(array()?)?,
        Verb::ScanIndex | Verb::ScanKeys | Verb::UniquenessViolations | Verb::Versions | Verb::Plan => {
            let rows = array()?
                .iter()
                .map(|row| columns(row.as_array().ok_or("a row is an array")?));
            rows.collect::<Result<_, _>>()?
        }
        Verb::Spaces | Verb::Children | Verb::SchemaVersions => array()?.iter().map(line).collect(),
        Verb::IndexStates | Verb::BuildIndexes => {
            let states = expected.as_table().ok_or("states are a table")?;
            states
                .iter()
                .map(|(index, state)| format!("{index} {}", line(state)))
                .collect()
        }
        Verb::Exists | Verb::Delete | Verb::Count | Verb::RemoveSpace | Verb::MarkIndex | Verb::Run => line(expected),
        verb => return Err(format!("{verb:?} gives nothing")),
    })
}

/// A row of values as a record that has no other fields.
fn named(fields: &[String], row: &Value) -> Result<Value, Failure> {
    let values = row.as_array().filter(|row| row.len() == fields.len());
    let values = values.ok_or_else(|| format!("{row} is no row of {}", fields.join(", ")))?;
    let pairs = fields.iter().cloned().zip(values.iter().cloned());
    Ok(Value::Table(pairs.collect()))
}

fn line(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        other => format!("{other}\n"),
    }
}

fn record(step: &Step, types: &RecordTypes, expected: &Value) -> Result<String, Failure> {
    let own = expected.get("@type").and_then(Value::as_str);
    let name = types.named(own.or(step.record_type.as_deref()))?;
    let told = |error: &dyn std::fmt::Display| format!("the expected {name} {expected}: {error}");
    let message = DynamicMessage::deserialize(types.descriptor(&name)?, value::record_json(expected));
    let message = message.map_err(|error| told(&error))?;
    let mut json = Vec::new();
    let options = SerializeOptions::new().use_proto_field_name(true);
    let written = message.serialize_with_options(&mut serde_json::Serializer::new(&mut json), &options);
    written.map_err(|error| told(&error))?;
    let json: Box<RawValue> = serde_json::from_slice(&json).map_err(|error| told(&error))?;
    let sorted = sorted(&json).map_err(|error| told(&error))?;
    Ok(format!("{name} {sorted}\n"))
}

/// JSON with the members of objects in the order of their names as they are written, and all numbers as they are.
fn sorted(json: &RawValue) -> serde_json::Result<String> {
    let text = json.get();
    if text.starts_with('{') {
        let members: std::collections::BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
        let member =
            |(name, value): (&String, &&RawValue)| Ok(format!("{}:{}", serde_json::to_string(name)?, sorted(value)?));
        let mut members = members.iter().map(member).collect::<serde_json::Result<Vec<_>>>()?;
        members.sort();
        Ok(format!("{{{}}}", members.join(",")))
    } else if text.starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(text)?;
        let items = items.into_iter().map(sorted).collect::<serde_json::Result<Vec<_>>>()?;
        Ok(format!("[{}]", items.join(",")))
    } else {
        Ok(text.to_owned())
    }
}

fn columns(given: &[Value]) -> Result<String, Failure> {
    let given: Tuple = value::tuple(given);
    let columns: Vec<String> = given.iter().map(column).collect::<Result<_, _>>()?;
    Ok(format!("({})\n", columns.join(", ")))
}

fn column(element: &Element) -> Result<String, Failure> {
    Ok(match element {
        Element::Null => "null".to_owned(),
        Element::Int(number) => number.to_string(),
        Element::Double(number) => format!("double {:016x}", number.to_bits()),
        Element::Bool(flag) => flag.to_string(),
        Element::String(text) => format!("'{text}'"),
        Element::Bytes(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("bytes {digits}")
        }
        other => return Err(format!("the runner in C has no column {other:?}")),
    })
}
