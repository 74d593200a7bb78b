//! Records as protobuf's JSON. What cannot be read is named: the field, the value, and what would fit. What is written is the same
//! for the same record.

use std::collections::HashMap;

use prost_reflect::{
    DeserializeOptions, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage,
    SerializeOptions, Value as Field,
};
use serde_json::{Map, Value};

use crate::metadata::unknown_field;
use crate::{Error, ErrorKind, Result};

/// The message that a text is.
///
/// Errors: `InvalidRecord` for a text that is none.
pub(super) fn read(descriptor: &MessageDescriptor, json: &str) -> Result<DynamicMessage> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    DynamicMessage::deserialize_with_options(descriptor.clone(), &mut deserializer, &strict())
        .and_then(|message| deserializer.end().map(|()| message))
        .map_err(|error| {
            let whole: Option<Value> = serde_json::from_str(json).ok();
            let misfit = whole.and_then(|whole| misfit_in_message(descriptor, &whole, descriptor.name()));
            misfit.unwrap_or_else(|| {
                Error::new(ErrorKind::InvalidRecord, "the JSON is no record of this type")
                    .with("reason", &error)
                    .caused_by(error)
            })
        })
}

/// The text of a message, with the names of fields as the schema spells them and the entries of maps in the order of their keys.
///
/// Errors: a value that protobuf's JSON cannot say.
pub(crate) fn write(message: &DynamicMessage) -> serde_json::Result<String> {
    if !has_map(message) {
        return write_as_it_is(message);
    }
    if let ("google.protobuf.Struct" | "google.protobuf.Value" | "google.protobuf.ListValue", Some((field, content))) =
        (message.descriptor().full_name(), message.fields().next())
    {
        // Of these only the content is written.
        return write_ordered(message, &field, content);
    }
    let mut parts = Vec::new();
    for (field, value) in message.fields() {
        if holds_map(value) {
            let name = serde_json::to_string(field.name())?;
            parts.push(format!("{name}:{}", write_ordered(message, &field, value)?));
            continue;
        }
        let mut only = DynamicMessage::new(message.descriptor());
        only.set_field(&field, value.clone());
        parts.push(without_ends(write_as_it_is(&only)?, "{", "}"));
    }
    for (extension, value) in message.extensions() {
        let mut only = DynamicMessage::new(message.descriptor());
        only.set_extension(&extension, value.clone());
        parts.push(without_ends(write_as_it_is(&only)?, "{", "}"));
    }
    Ok(format!("{{{}}}", parts.join(",")))
}

fn write_as_it_is(message: &DynamicMessage) -> serde_json::Result<String> {
    let mut json = Vec::new();
    let options = SerializeOptions::new().use_proto_field_name(true);
    message.serialize_with_options(&mut serde_json::Serializer::new(&mut json), &options)?;
    Ok(String::from_utf8_lossy(&json).into_owned())
}

/// The value of a field in which a map stands: a message, a list of messages, or the map.
fn write_ordered(message: &DynamicMessage, field: &FieldDescriptor, value: &Field) -> serde_json::Result<String> {
    match value {
        Field::Message(inner) => write(inner),
        Field::List(items) => {
            let items = items.iter().map(|item| write_ordered(message, field, item));
            Ok(format!(
                "[{}]",
                items.collect::<serde_json::Result<Vec<_>>>()?.join(",")
            ))
        }
        Field::Map(entries) => write_map(message, field, entries),
        // Nothing else holds maps.
        _ => Ok("null".to_owned()),
    }
}

/// The entries of a map field of a message, in the order of their keys.
fn write_map(
    message: &DynamicMessage,
    field: &FieldDescriptor,
    entries: &HashMap<MapKey, Field>,
) -> serde_json::Result<String> {
    let mut sorted: Vec<(&MapKey, &Field)> = entries.iter().collect();
    sorted.sort_by_key(|(key, _)| *key);
    let mut parts = Vec::with_capacity(sorted.len());
    for (key, value) in sorted {
        let text = match key {
            MapKey::Bool(key) => key.to_string(),
            MapKey::I32(key) => key.to_string(),
            MapKey::I64(key) => key.to_string(),
            MapKey::U32(key) => key.to_string(),
            MapKey::U64(key) => key.to_string(),
            MapKey::String(key) => key.clone(),
        };
        let text = serde_json::to_string(&text)?;
        parts.push(match value {
            Field::Message(inner) => format!("{text}:{}", write(inner)?),
            scalar => {
                let mut only = DynamicMessage::new(message.descriptor());
                only.set_field(field, Field::Map(HashMap::from([(key.clone(), scalar.clone())])));
                let name = serde_json::to_string(field.name())?;
                without_ends(write_as_it_is(&only)?, &format!("{{{name}:{{"), "}}")
            }
        });
    }
    Ok(format!("{{{}}}", parts.join(",")))
}

/// A text without what it begins and ends with.
fn without_ends(text: String, first: &str, last: &str) -> String {
    let between = text.strip_prefix(first).and_then(|text| text.strip_suffix(last));
    between.map(str::to_owned).unwrap_or(text)
}

fn strict() -> DeserializeOptions {
    DeserializeOptions::new().deny_unknown_fields(true)
}

/// What a message does not take: the first part that it would not take by itself either.
fn misfit_in_message(descriptor: &MessageDescriptor, json: &Value, place: &str) -> Option<Error> {
    if has_json_of_its_own(descriptor) {
        return None;
    }
    let Value::Object(fields) = json else {
        return Some(unfit(
            place,
            &format!("an object with the fields of {}", descriptor.name()),
            json,
        ));
    };
    fields.iter().find_map(|(name, value)| {
        let known = descriptor
            .get_field_by_json_name(name)
            .or_else(|| descriptor.get_field_by_name(name));
        let Some(field) = known else {
            return Some(unknown_field(descriptor, name));
        };
        let takes = |value: Value| {
            let only: Map<String, Value> = std::iter::once((name.clone(), value)).collect();
            DynamicMessage::deserialize_with_options(descriptor.clone(), Value::Object(only), &strict()).is_ok()
        };
        let place = format!("{place}.{name}");
        (!takes(value.clone())).then(|| misfit_in_field(&field, value, &place, takes))
    })
}

fn misfit_in_field(field: &FieldDescriptor, json: &Value, place: &str, takes: impl Fn(Value) -> bool) -> Error {
    let whole = || misfit(&field.kind(), json, place);
    if field.is_map() {
        let Value::Object(entries) = json else {
            return unfit(place, "an object", json);
        };
        let entry = |(key, value): (&String, &Value)| {
            let only: Map<String, Value> = std::iter::once((key.clone(), value.clone())).collect();
            if takes(Value::Object(only)) {
                return None;
            }
            let place = format!("{place}[{key}]");
            let kind = field.kind();
            let of_key = kind.as_message()?.map_entry_key_field().kind();
            Some(match is_key(&of_key, key) {
                true => misfit(&kind.as_message()?.map_entry_value_field().kind(), value, &place),
                false => unfit(
                    &place,
                    &format!("a key that is {}", expected(&of_key)),
                    &Value::String(key.clone()),
                ),
            })
        };
        return entries.iter().find_map(entry).unwrap_or_else(whole);
    }
    if field.is_list() {
        let Value::Array(items) = json else {
            return unfit(place, "an array", json);
        };
        let item = |(at, item): (usize, &Value)| {
            let only = Value::Array(vec![item.clone()]);
            (!takes(only)).then(|| misfit(&field.kind(), item, &format!("{place}[{at}]")))
        };
        return items.iter().enumerate().find_map(item).unwrap_or_else(whole);
    }
    whole()
}

fn misfit(kind: &Kind, json: &Value, place: &str) -> Error {
    let within = match kind {
        Kind::Message(inner) => misfit_in_message(inner, json, place),
        _ => None,
    };
    within.unwrap_or_else(|| unfit(place, &expected(kind), json))
}

fn expected(kind: &Kind) -> String {
    match kind {
        Kind::Message(inner) => return format!("a message {}", inner.name()),
        Kind::Enum(known) => return format!("a name or number of the enum {}", known.name()),
        Kind::Bool => "a boolean",
        Kind::String => "a string",
        Kind::Bytes => "a string of bytes in base64",
        Kind::Float => "a number that a float of 32 bits can hold",
        Kind::Double => "a number",
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => "an integer of 32 bits",
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => "an integer of 64 bits",
        Kind::Uint32 | Kind::Fixed32 => "an integer from 0, of 32 bits",
        Kind::Uint64 | Kind::Fixed64 => "an integer from 0, of 64 bits",
    }
    .to_owned()
}

/// Whether the key of a JSON object is one of a map with such keys.
fn is_key(kind: &Kind, key: &str) -> bool {
    match kind {
        Kind::String => true,
        Kind::Bool => key.parse::<bool>().is_ok(),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => key.parse::<i32>().is_ok(),
        Kind::Uint32 | Kind::Fixed32 => key.parse::<u32>().is_ok(),
        Kind::Uint64 | Kind::Fixed64 => key.parse::<u64>().is_ok(),
        _ => key.parse::<i64>().is_ok(),
    }
}

fn unfit(place: &str, expected: &str, json: &Value) -> Error {
    let kind = match json {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let mut shown = json.to_string();
    if let Some((end, _)) = shown.char_indices().nth(SHOWN_MAX) {
        shown.truncate(end);
        shown.push('…');
    }
    Error::new(ErrorKind::InvalidRecord, "the value does not fit its field")
        .with("field", place)
        .with("expected", expected)
        .with("value", shown)
        .with("type", kind)
}

/// Whether protobuf's JSON has another form for the message than an object with its fields.
fn has_json_of_its_own(descriptor: &MessageDescriptor) -> bool {
    descriptor.full_name().starts_with("google.protobuf.")
}

/// Whether a map stands anywhere in a message.
fn has_map(message: &DynamicMessage) -> bool {
    message.fields().any(|(_, value)| holds_map(value))
}

fn holds_map(value: &Field) -> bool {
    match value {
        Field::Map(_) => true,
        Field::Message(inner) => has_map(inner),
        Field::List(items) => items.iter().any(holds_map),
        _ => false,
    }
}

/// How many characters of a value an error shows.
const SHOWN_MAX: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor() -> MessageDescriptor {
        let schema = crate::Schema::builder()
            .proto(
                "t.proto",
                r#"syntax = "proto3";
                import "google/protobuf/struct.proto";
                enum Color { RED = 0; GREEN = 1; }
                message In { map<string, float> ratios = 1; string city = 2; }
                message T {
                  int64 id = 1;
                  map<int32, string> names = 2;
                  repeated In lines = 3;
                  In one = 4;
                  map<string, In> by_name = 5;
                  repeated bytes blobs = 6;
                  Color color = 7;
                  google.protobuf.Struct any = 8;
                  map<bool, Color> colors = 9;
                  float ratio = 10;
                }"#,
            )
            .record_type("T", |t| t.primary_key("id"))
            .build()
            .expect("the schema is right");
        let meta_data = schema.merge_into(None).expect("the schema is right");
        meta_data.record_type("T").expect("it is there").descriptor().clone()
    }

    #[test]
    fn entries_of_maps_are_in_the_order_of_their_keys() {
        let json = concat!(
            r#"{"id":"1","names":{"-3":"c","2":"a","10":"b"},"#,
            r#""lines":[{"ratios":{"a":0.1,"b":0.0,"c":2.5},"city":"Oslo"},{"city":"Rome"}],"#,
            r#""one":{"ratios":{"x":0.5,"y":"NaN"}},"by_name":{"p":{},"q":{"ratios":{"m":1.0,"n":1.5}}},"#,
            r#""blobs":["AP8="],"color":"GREEN","any":{"a":1.0,"b":{"c":[{"x":1.0,"y":2.0}],"d":null}},"#,
            r#""colors":{"false":"RED","true":"GREEN"},"ratio":0.1}"#
        );
        // Maps have another order in each process and message.
        for _ in 0..20 {
            assert_eq!(write(&read(&descriptor(), json).unwrap()).unwrap(), json);
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let cases: &[(&str, &str, &str, &str)] = &[
            (r#"{"id": "x"}"#, "T.id", "an integer of 64 bits", "\"x\""),
            (r#"{"id": 1.5}"#, "T.id", "an integer of 64 bits", "1.5"),
            (r#"{"id": 1, "one": {"city": 5}}"#, "T.one.city", "a string", "5"),
            (r#"{"one": 5}"#, "T.one", "an object with the fields of In", "5"),
            (
                r#"{"lines": [{}, {"ratios": {"a": 1, "b": "x"}}]}"#,
                "T.lines[1].ratios[b]",
                "a number that a float of 32 bits can hold",
                "\"x\"",
            ),
            (r#"{"lines": {"city": "x"}}"#, "T.lines", "an array", r#"{"city":"x"}"#),
            (r#"{"names": [1]}"#, "T.names", "an object", "[1]"),
            (
                r#"{"names": {"x": "a"}}"#,
                "T.names[x]",
                "a key that is an integer of 32 bits",
                "\"x\"",
            ),
            (
                r#"{"blobs": ["AA==", "%"]}"#,
                "T.blobs[1]",
                "a string of bytes in base64",
                "\"%\"",
            ),
            (
                r#"{"color": "GREE"}"#,
                "T.color",
                "a name or number of the enum Color",
                "\"GREE\"",
            ),
        ];
        for (json, field, expected, value) in cases {
            let error = read(&descriptor(), json).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRecord);
            assert_eq!(error.fact("field"), Some(*field), "{json}: {error}");
            assert_eq!(error.fact("expected"), Some(*expected), "{json}: {error}");
            assert_eq!(error.fact("value"), Some(*value), "{json}: {error}");
        }
        let unknown = read(&descriptor(), r#"{"one": {"ctiy": "x"}}"#).unwrap_err();
        assert_eq!(unknown.fact("did_you_mean"), Some("city"), "{unknown}");
        let broken = read(&descriptor(), r#"{"id": 1"#).unwrap_err();
        assert!(broken.fact("reason").is_some(), "{broken}");
    }
}
