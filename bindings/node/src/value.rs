//! Records as objects: packed JavaScript values to a dynamic message and back.
//!
//! An object that comes out has every field of its type: `null` stands for an absent one, and a field without presence has
//! its default. Going in, `null`, `undefined` and a missing field are the same. What fits a field is protobuf's rule: nothing
//! is rounded, cut or guessed.

use std::collections::HashMap;
use std::fmt;

use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage, Value,
};
use record_store::metadata::unknown_field;
use record_store::{Error, ErrorKind, Result};

use crate::packed::{Reader, Token, Writer};

/// Protobuf's own limit for nested messages.
const DEPTH_MAX: usize = 100;

/// The greatest integer up to which every integer is a number of its own: JavaScript's `Number.MAX_SAFE_INTEGER`.
const SAFE_INTEGER_MAX: f64 = 9_007_199_254_740_991.0;

/// The message of type `descriptor` with what is read next as its fields.
///
/// **Errors**: `InvalidRecord` for a field that the type does not have or a value that does not fit, naming both.
pub(crate) fn to_message(descriptor: &MessageDescriptor, record: &mut Reader<'_>) -> Result<DynamicMessage> {
    let first = record.next()?;
    message(descriptor, first, record, &Place::Record(descriptor))
}

/// Writes `message` as an object.
pub(crate) fn write_message(writer: &mut Writer, message: &DynamicMessage) {
    let descriptor = message.descriptor();
    let fields: Vec<FieldDescriptor> = descriptor.fields().collect();
    writer.object(
        descriptor.full_name(),
        descriptor.name(),
        fields.iter().map(FieldDescriptor::name),
    );
    for field in &fields {
        if field.supports_presence() && !message.has_field(field) {
            writer.null();
        } else {
            write_value(writer, &field.kind(), &message.get_field(field));
        }
    }
}

/// The integer that a token is, if it is exactly one.
pub(crate) fn integer(token: Token<'_>) -> Option<i128> {
    match token {
        // The check makes the cast exact.
        Token::Number(value) if value.fract() == 0.0 && value.abs() <= SAFE_INTEGER_MAX => Some(value as i128),
        Token::Int(value) => Some(value.into()),
        Token::Uint(value) => Some(value.into()),
        _ => None,
    }
}

fn write_value(writer: &mut Writer, kind: &Kind, value: &Value) {
    match value {
        Value::Bool(value) => writer.bool(*value),
        Value::I32(value) => writer.number((*value).into()),
        Value::U32(value) => writer.number((*value).into()),
        Value::I64(value) => writer.int(*value),
        Value::U64(value) => writer.uint(*value),
        Value::F32(value) => writer.number((*value).into()),
        Value::F64(value) => writer.number(*value),
        Value::String(value) => writer.text(value),
        Value::Bytes(value) => writer.bytes(value),
        Value::EnumNumber(number) => match kind.as_enum().and_then(|known| known.get_value(*number)) {
            Some(value) => writer.text(value.name()),
            None => writer.number((*number).into()),
        },
        Value::Message(message) => write_message(writer, message),
        Value::List(items) => {
            writer.list(items.len());
            items.iter().for_each(|item| write_value(writer, kind, item));
        }
        Value::Map(entries) => {
            let value_kind = kind.as_message().map(|entry| entry.map_entry_value_field().kind());
            writer.map(entries.len());
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            for (key, value) in entries {
                write_value(writer, kind, &Value::from(key.clone()));
                write_value(writer, value_kind.as_ref().unwrap_or(kind), value);
            }
        }
    }
}

fn message(
    descriptor: &MessageDescriptor,
    first: Token<'_>,
    rest: &mut Reader<'_>,
    place: &Place<'_>,
) -> Result<DynamicMessage> {
    let Token::Object(count) = first else {
        return Err(unfit(
            place,
            &format!("an object with the fields of {}", descriptor.name()),
            first,
        ));
    };
    if place.depth() > DEPTH_MAX {
        return Err(invalid("messages are nested too deeply").with("field", place));
    }
    let mut message = DynamicMessage::new(descriptor.clone());
    for _ in 0..count {
        let (name, value) = (rest.next()?, rest.next()?);
        let Token::Text(name) = name else {
            return Err(unfit(place, "field names", name));
        };
        let Some(field) = descriptor.get_field_by_name(name) else {
            return Err(unknown_field(descriptor, name));
        };
        if value == Token::Null {
            continue;
        }
        let place = Place::Field(place, name);
        refuse_second_of_oneof(&message, &field, &place)?;
        message.set_field(&field, field_value(&field, value, rest, &place)?);
    }
    Ok(message)
}

fn field_value(field: &FieldDescriptor, first: Token<'_>, rest: &mut Reader<'_>, place: &Place<'_>) -> Result<Value> {
    let kind = field.kind();
    if let (true, Kind::Message(entry)) = (field.is_map(), &kind) {
        return map(entry, first, rest, place);
    }
    if !field.is_list() {
        return single_value(&kind, first, rest, place);
    }
    let Token::List(count) = first else {
        return Err(unfit(place, "an array", first));
    };
    (0..count)
        .map(|index| {
            let item = rest.next()?;
            single_value(&kind, item, rest, &Place::Item(place, index))
        })
        .collect::<Result<_>>()
        .map(Value::List)
}

fn map(entry: &MessageDescriptor, first: Token<'_>, rest: &mut Reader<'_>, place: &Place<'_>) -> Result<Value> {
    let (key_kind, value_kind) = (entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind());
    let count = match first {
        Token::Map(count) => count,
        Token::Object(count) if key_kind == Kind::String => count,
        _ if key_kind == Kind::String => return Err(unfit(place, "a Map or an object", first)),
        _ => return Err(unfit(place, "a Map", first)),
    };
    let mut map = HashMap::new();
    for _ in 0..count {
        let key = rest.next()?;
        let place = Place::Entry(place, key);
        let key = map_key(&key_kind, key, rest, &place)?;
        let value = rest.next()?;
        map.insert(key, single_value(&value_kind, value, rest, &place)?);
    }
    Ok(Value::Map(map))
}

fn single_value(kind: &Kind, first: Token<'_>, rest: &mut Reader<'_>, place: &Place<'_>) -> Result<Value> {
    let unfit = |expected: &str| unfit(place, expected, first);
    match (kind, first) {
        (Kind::Bool, Token::Bool(value)) => Ok(Value::Bool(value)),
        (Kind::Bool, _) => Err(unfit("a boolean")),
        (Kind::Int32 | Kind::Sint32 | Kind::Sfixed32, _) => {
            let value = integer(first).and_then(|value| value.try_into().ok());
            value.map(Value::I32).ok_or_else(|| unfit("an integer of 32 bits"))
        }
        (Kind::Uint32 | Kind::Fixed32, _) => {
            let value = integer(first).and_then(|value| value.try_into().ok());
            value
                .map(Value::U32)
                .ok_or_else(|| unfit("an integer from 0, of 32 bits"))
        }
        (Kind::Int64 | Kind::Sint64 | Kind::Sfixed64, _) => {
            let value = integer(first).and_then(|value| value.try_into().ok());
            value
                .map(Value::I64)
                .ok_or_else(|| unfit("an integer of 64 bits: a bigint, or a number that is a safe integer"))
        }
        (Kind::Uint64 | Kind::Fixed64, _) => {
            let value = integer(first).and_then(|value| value.try_into().ok());
            value
                .map(Value::U64)
                .ok_or_else(|| unfit("an integer from 0, of 64 bits: a bigint, or a number that is a safe integer"))
        }
        (Kind::Double, Token::Number(value)) => Ok(Value::F64(value)),
        (Kind::Float, Token::Number(value)) => match narrowed(value) {
            Some(value) => Ok(Value::F32(value)),
            None => Err(unfit("a number that a float of 32 bits can hold")),
        },
        (Kind::Double | Kind::Float, _) => Err(unfit("a number")),
        (Kind::String, Token::Text(value)) => Ok(Value::String(value.to_owned())),
        (Kind::String, _) => Err(unfit("a string")),
        (Kind::Bytes, Token::Bytes(value)) => Ok(Value::Bytes(value.to_vec().into())),
        (Kind::Bytes, _) => Err(unfit("a Uint8Array")),
        (Kind::Enum(known), _) => {
            let number = enum_number(known, first);
            number
                .map(Value::EnumNumber)
                .ok_or_else(|| unfit(&format!("a name or number of the enum {}", known.name())))
        }
        (Kind::Message(descriptor), _) => message(descriptor, first, rest, place).map(Value::Message),
    }
}

/// A `float` field: the nearest of its 32-bit values, as protobuf does; a finite number beyond them does not fit.
#[allow(
    clippy::cast_possible_truncation,
    reason = "rounding to the field's width is what a float field means"
)]
fn narrowed(wide: f64) -> Option<f32> {
    let narrow = wide as f32;
    (!wide.is_finite() || narrow.is_finite()).then_some(narrow)
}

fn enum_number(known: &EnumDescriptor, token: Token<'_>) -> Option<i32> {
    match token {
        Token::Text(name) => known.get_value_by_name(name).map(|named| named.number()),
        _ => integer(token)?.try_into().ok(),
    }
}

fn map_key(kind: &Kind, key: Token<'_>, rest: &mut Reader<'_>, place: &Place<'_>) -> Result<MapKey> {
    Ok(match single_value(kind, key, rest, place)? {
        Value::Bool(key) => MapKey::Bool(key),
        Value::I32(key) => MapKey::I32(key),
        Value::I64(key) => MapKey::I64(key),
        Value::U32(key) => MapKey::U32(key),
        Value::U64(key) => MapKey::U64(key),
        Value::String(key) => MapKey::String(key),
        _ => return Err(unfit(place, "a key of a map", key)),
    })
}

/// Setting a second member would silently remove the first.
fn refuse_second_of_oneof(message: &DynamicMessage, field: &FieldDescriptor, place: &Place<'_>) -> Result<()> {
    let Some(oneof) = field.containing_oneof() else {
        return Ok(());
    };
    match oneof.fields().find(|other| other != field && message.has_field(other)) {
        None => Ok(()),
        Some(other) => Err(invalid("the oneof has a value already; give one of its fields")
            .with("oneof", oneof.name())
            .with("field", place)
            .with("other_field", other.name())),
    }
}

/// Where in the record a value stands.
enum Place<'a> {
    Record(&'a MessageDescriptor),
    Field(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
    Entry(&'a Place<'a>, Token<'a>),
}

impl Place<'_> {
    fn depth(&self) -> usize {
        match self {
            Place::Record(_) => 0,
            Place::Field(parent, _) => parent.depth() + 1,
            Place::Item(parent, _) | Place::Entry(parent, _) => parent.depth(),
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Record(descriptor) => f.write_str(descriptor.name()),
            Place::Field(parent, name) => write!(f, "{parent}.{name}"),
            Place::Item(parent, index) => write!(f, "{parent}[{index}]"),
            Place::Entry(parent, key) => write!(f, "{parent}[{}]", key.shown()),
        }
    }
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidRecord, message)
}

fn unfit(place: &Place<'_>, expected: &str, value: Token<'_>) -> Error {
    invalid("the value does not fit its field")
        .with("field", place)
        .with("expected", expected)
        .with("value", value.shown())
        .with("type", value.type_name())
}
