//! Values of a scenario as records, keys and results.

use base64::Engine as _;
use record_store::kv::tuple::Element;
use record_store::{RecordKey, Tuple};
use toml::Value;

/// The record in protobuf's JSON form.
pub(crate) fn record_json(record: &Value) -> serde_json::Value {
    match record {
        Value::String(text) => text.as_str().into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Boolean(flag) => (*flag).into(),
        Value::Datetime(time) => time.to_string().into(),
        Value::Array(items) => items.iter().map(record_json).collect(),
        Value::Table(fields) => match fields.get("@bytes") {
            Some(Value::String(digits)) => base64(&hex(digits)).into(),
            _ => fields
                .iter()
                .filter(|(name, _)| *name != "@type")
                .map(|(name, value)| (name.clone(), record_json(value)))
                .collect(),
        },
    }
}

/// The columns of a key.
pub(crate) fn tuple(columns: &[Value]) -> Tuple {
    columns.iter().map(element).collect()
}

/// A key as a program gives it.
pub(crate) fn key(record_type: Option<&str>, columns: &[Value]) -> RecordKey {
    match record_type {
        Some(record_type) => RecordKey::of(record_type, tuple(columns)),
        None => tuple(columns).into(),
    }
}

/// The columns of a key or of an aggregate as the scenario writes them.
pub(crate) fn columns<'a>(elements: impl IntoIterator<Item = &'a Element>) -> Value {
    let column = |element: &Element| match element {
        Element::Int(number) => Value::Integer(*number),
        Element::String(text) => Value::String(text.clone()),
        Element::Double(number) => Value::Float(*number),
        Element::Bool(flag) => Value::Boolean(*flag),
        other => Value::String(format!("{other:?}")),
    };
    Value::Array(elements.into_iter().map(column).collect())
}

fn element(column: &Value) -> Element {
    match column {
        Value::Integer(number) => Element::Int(*number),
        Value::String(text) => Element::String(text.clone()),
        Value::Float(number) => Element::Double(*number),
        Value::Boolean(flag) => Element::Bool(*flag),
        other => panic!("{other} is no column of a key"),
    }
}

fn hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
