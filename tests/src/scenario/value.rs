//! Values of a scenario as records, keys and results.

use base64::Engine as _;
use prost_reflect::{DynamicMessage, ReflectMessage as _, Value as FieldValue};
use record_store::kv::tuple::Element;
use record_store::{RecordKey, Tuple};
use toml::{Table, Value};

/// A value that TOML has no way to say, as a table with one word of ours.
enum Special {
    Null,
    Text(String),
    Bytes(Vec<u8>),
    /// The digits of a number that may be out of the range of TOML's.
    Integer(String),
}

fn special(fields: &Table) -> Option<Special> {
    let text = |word| fields.get(word).and_then(Value::as_str);
    if fields.contains_key("@null") {
        Some(Special::Null)
    } else if let Some(digits) = text("@bytes") {
        Some(Special::Bytes(unhex(digits)))
    } else if let Some(digits) = text("@integer") {
        Some(Special::Integer(digits.to_owned()))
    } else {
        text("@repeat").map(|repeated| {
            let times = fields.get("times").and_then(Value::as_integer);
            let times = times.and_then(|times| usize::try_from(times).ok());
            Special::Text(repeated.repeat(times.expect("`@repeat` has a number of `times`")))
        })
    }
}

/// The record in protobuf's JSON form.
pub fn record_json(record: &Value) -> serde_json::Value {
    match record {
        Value::String(text) => text.as_str().into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) if number.is_infinite() => if *number < 0.0 { "-Infinity" } else { "Infinity" }.into(),
        Value::Float(number) => (*number).into(),
        Value::Boolean(flag) => (*flag).into(),
        Value::Datetime(time) => time.to_string().into(),
        Value::Array(items) => items.iter().map(record_json).collect(),
        Value::Table(fields) => match special(fields) {
            Some(Special::Null) => serde_json::Value::Null,
            Some(Special::Text(text) | Special::Integer(text)) => text.into(),
            Some(Special::Bytes(bytes)) => base64::engine::general_purpose::STANDARD.encode(bytes).into(),
            None => fields
                .iter()
                .filter(|(name, _)| *name != "@type")
                .map(|(name, value)| (name.clone(), record_json(value)))
                .collect(),
        },
    }
}

/// The columns of a key.
pub fn tuple(columns: &[Value]) -> Tuple {
    columns.iter().map(element).collect()
}

/// A key as a program gives it.
pub fn key(record_type: Option<&str>, columns: &[Value]) -> RecordKey {
    match record_type {
        Some(record_type) => RecordKey::of(record_type, tuple(columns)),
        None => tuple(columns).into(),
    }
}

/// The fields of these names, in their order, as the scenario writes them; no expectation is like a field of another kind.
pub fn fields(message: &DynamicMessage, names: &[String]) -> Value {
    let field = |name: &String| {
        let field = message.descriptor().get_field_by_name(name);
        let field = field.filter(|field| !field.supports_presence() || message.has_field(field));
        match field.map(|field| message.get_field(&field).into_owned()) {
            None => table("@null", true.into()),
            Some(FieldValue::Bool(flag)) => flag.into(),
            Some(FieldValue::I32(number)) => number.into(),
            Some(FieldValue::I64(number)) => number.into(),
            Some(FieldValue::F64(number)) => number.into(),
            Some(FieldValue::String(text)) => text.into(),
            Some(other) => format!("{other:?}").into(),
        }
    };
    Value::Array(names.iter().map(field).collect())
}

fn table(word: &str, value: Value) -> Value {
    Value::Table(Table::from_iter([(word.to_owned(), value)]))
}

/// The columns of a key or of an aggregate as the scenario writes them.
pub fn columns<'a>(elements: impl IntoIterator<Item = &'a Element>) -> Value {
    let column = |element: &Element| match element {
        Element::Null => table("@null", true.into()),
        Element::Int(number) => Value::Integer(*number),
        Element::String(text) => Value::String(text.clone()),
        Element::Double(number) => Value::Float(*number),
        Element::Bool(flag) => Value::Boolean(*flag),
        Element::Bytes(bytes) => table("@bytes", hex(bytes).into()),
        other => Value::String(format!("{other:?}")),
    };
    Value::Array(elements.into_iter().map(column).collect())
}

/// A column of a key.
pub fn element(column: &Value) -> Element {
    match column {
        Value::Integer(number) => Element::Int(*number),
        Value::String(text) => Element::String(text.clone()),
        Value::Float(number) => Element::Double(*number),
        Value::Boolean(flag) => Element::Bool(*flag),
        Value::Table(fields) => match special(fields) {
            Some(Special::Null) => Element::Null,
            Some(Special::Text(text)) => Element::String(text),
            Some(Special::Bytes(bytes)) => Element::Bytes(bytes.into()),
            Some(Special::Integer(_)) | None => panic!("{column} is no column of a key"),
        },
        other => panic!("{other} is no column of a key"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(digits: &str) -> Vec<u8> {
    let pair = |pair: &[u8]| {
        std::str::from_utf8(pair)
            .ok()
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
    };
    let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(pair).collect();
    bytes.expect("`@bytes` has pairs of hexadecimal digits")
}
