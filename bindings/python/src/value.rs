//! Records as dicts: native Python values to a dynamic message and back.
//!
//! A dict that comes out has every field of its type: `None` stands for an absent one, and a field without presence has
//! its default. Going in, `None` and a missing entry are the same. What fits a field is protobuf's rule: nothing is rounded,
//! cut or guessed.

use std::borrow::Cow;
use std::fmt;

use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage, Value,
};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyDict, PyInt, PyList, PyMapping, PyMemoryView, PyString};
use record_store::metadata::unknown_field;
use record_store::{Error, ErrorKind};

use crate::error::to_py;

/// Protobuf's own limit for nested messages.
const DEPTH_MAX: usize = 100;

/// A value in an error message is cut at so many characters.
const SHOWN_MAX: usize = 80;

/// The message of type `descriptor` with the entries of `record` as its fields.
///
/// **Errors**: `InvalidRecord` for a field that the type does not have or a value that does not fit, naming both.
pub(crate) fn to_message(descriptor: &MessageDescriptor, record: &Bound<'_, PyAny>) -> PyResult<DynamicMessage> {
    message(descriptor, record, &Place::Record(descriptor))
}

/// The fields of `message` as entries of `dict`.
pub(crate) fn fill(dict: &Bound<'_, PyDict>, message: &DynamicMessage) -> PyResult<()> {
    let py = dict.py();
    for field in message.descriptor().fields() {
        let name = PyString::intern(py, field.name());
        if field.supports_presence() && !message.has_field(&field) {
            dict.set_item(name, py.None())?;
        } else {
            dict.set_item(name, to_python(py, &field.kind(), &message.get_field(&field))?)?;
        }
    }
    Ok(())
}

fn to_python<'py>(py: Python<'py>, kind: &Kind, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Bool(value) => PyBool::new(py, *value).to_owned().into_any(),
        Value::I32(value) => value.into_pyobject(py)?.into_any(),
        Value::I64(value) => value.into_pyobject(py)?.into_any(),
        Value::U32(value) => value.into_pyobject(py)?.into_any(),
        Value::U64(value) => value.into_pyobject(py)?.into_any(),
        Value::F32(value) => value.into_pyobject(py)?.into_any(),
        Value::F64(value) => value.into_pyobject(py)?.into_any(),
        Value::String(value) => PyString::new(py, value).into_any(),
        Value::Bytes(value) => PyBytes::new(py, value).into_any(),
        Value::EnumNumber(number) => match kind.as_enum().and_then(|known| known.get_value(*number)) {
            Some(value) => PyString::intern(py, value.name()).into_any(),
            None => number.into_pyobject(py)?.into_any(),
        },
        Value::Message(message) => {
            let dict = PyDict::new(py);
            fill(&dict, message)?;
            dict.into_any()
        }
        Value::List(items) => {
            let items: Vec<_> = items
                .iter()
                .map(|item| to_python(py, kind, item))
                .collect::<PyResult<_>>()?;
            PyList::new(py, items)?.into_any()
        }
        Value::Map(entries) => {
            let dict = PyDict::new(py);
            let value_kind = kind.as_message().map(|entry| entry.map_entry_value_field().kind());
            let value_kind = value_kind.as_ref().unwrap_or(kind);
            for (key, value) in entries {
                let key = to_python(py, kind, &Value::from(key.clone()))?;
                dict.set_item(key, to_python(py, value_kind, value)?)?;
            }
            dict.into_any()
        }
    })
}

fn message(descriptor: &MessageDescriptor, record: &Bound<'_, PyAny>, place: &Place<'_>) -> PyResult<DynamicMessage> {
    if place.depth() > DEPTH_MAX {
        return Err(to_py(invalid("messages are nested too deeply").with("field", place)));
    }
    let mut message = DynamicMessage::new(descriptor.clone());
    for entry in entries(record, place, descriptor.name())? {
        let (key, value) = entry?;
        let name: Cow<'_, str> = key
            .extract()
            .map_err(|_| unfit(place, "field names of type str", &key))?;
        let Some(field) = descriptor.get_field_by_name(&name) else {
            return Err(to_py(unknown_field(descriptor, &name)));
        };
        if value.is_none() {
            continue;
        }
        let place = Place::Field(place, &name);
        refuse_second_of_oneof(&message, &field, &place)?;
        message.set_field(&field, field_value(&field, &value, &place)?);
    }
    Ok(message)
}

fn field_value(field: &FieldDescriptor, value: &Bound<'_, PyAny>, place: &Place<'_>) -> PyResult<Value> {
    let kind = field.kind();
    if let (true, Kind::Message(entry)) = (field.is_map(), &kind) {
        let (key_kind, value_kind) = (entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind());
        let mut map = std::collections::HashMap::new();
        for pair in entries(value, place, "entries")? {
            let (key, value) = pair?;
            let place = Place::Entry(place, &key);
            map.insert(
                map_key(&key_kind, &key, &place)?,
                single_value(&value_kind, &value, &place)?,
            );
        }
        return Ok(Value::Map(map));
    }
    if !field.is_list() {
        return single_value(&kind, value, place);
    }
    if value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>() || value.is_instance_of::<PyDict>() {
        return Err(unfit(place, "a list", value));
    }
    let items = value.try_iter().map_err(|_| unfit(place, "a list", value))?;
    let items = items
        .enumerate()
        .map(|(index, item)| single_value(&kind, &item?, &Place::Item(place, index)));
    Ok(Value::List(items.collect::<PyResult<_>>()?))
}

fn single_value(kind: &Kind, value: &Bound<'_, PyAny>, place: &Place<'_>) -> PyResult<Value> {
    let is_bool = value.is_instance_of::<PyBool>();
    match kind {
        Kind::Bool if is_bool => Ok(Value::Bool(value.extract()?)),
        Kind::Bool => Err(unfit(place, "a bool", value)),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 if !is_bool => value
            .extract()
            .map(Value::I32)
            .map_err(|_| unfit(place, "an int of 32 bits", value)),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 if !is_bool => value
            .extract()
            .map(Value::I64)
            .map_err(|_| unfit(place, "an int of 64 bits", value)),
        Kind::Uint32 | Kind::Fixed32 if !is_bool => value
            .extract()
            .map(Value::U32)
            .map_err(|_| unfit(place, "an int from 0, of 32 bits", value)),
        Kind::Uint64 | Kind::Fixed64 if !is_bool => value
            .extract()
            .map(Value::U64)
            .map_err(|_| unfit(place, "an int from 0, of 64 bits", value)),
        Kind::Double if !is_bool => value
            .extract()
            .map(Value::F64)
            .map_err(|_| unfit(place, "a float", value)),
        Kind::Float if !is_bool => float(value, place),
        Kind::String => value
            .extract()
            .map(Value::String)
            .map_err(|_| unfit(place, "a str", value)),
        Kind::Bytes => bytes(value, place),
        Kind::Enum(known) => enum_number(known, value, place),
        Kind::Message(descriptor) => Ok(Value::Message(message(descriptor, value, place)?)),
        _ => Err(unfit(place, "a number (a bool is none)", value)),
    }
}

/// A `float` field: the nearest of its 32-bit values, as protobuf does; a finite number beyond them does not fit.
#[allow(
    clippy::cast_possible_truncation,
    reason = "rounding to the field's width is what a float field means"
)]
fn float(value: &Bound<'_, PyAny>, place: &Place<'_>) -> PyResult<Value> {
    let wide: f64 = value.extract().map_err(|_| unfit(place, "a float", value))?;
    let narrow = wide as f32;
    if wide.is_finite() && !narrow.is_finite() {
        return Err(unfit(place, "a float of 32 bits", value));
    }
    Ok(Value::F32(narrow))
}

fn bytes(value: &Bound<'_, PyAny>, place: &Place<'_>) -> PyResult<Value> {
    let bytes = if let Ok(bytes) = value.cast::<PyBytes>() {
        bytes.as_bytes().to_vec()
    } else if let Ok(bytes) = value.cast::<PyByteArray>() {
        bytes.to_vec()
    } else if value.is_instance_of::<PyMemoryView>() {
        value.call_method0("tobytes")?.extract()?
    } else {
        return Err(unfit(place, "bytes", value));
    };
    Ok(Value::Bytes(bytes.into()))
}

fn enum_number(known: &EnumDescriptor, value: &Bound<'_, PyAny>, place: &Place<'_>) -> PyResult<Value> {
    if let Ok(name) = value.extract::<Cow<'_, str>>() {
        let named = known.get_value_by_name(&name);
        return match named {
            Some(named) => Ok(Value::EnumNumber(named.number())),
            None => Err(unfit(place, &format!("a name of the enum {}", known.name()), value)),
        };
    }
    if value.is_instance_of::<PyInt>()
        && !value.is_instance_of::<PyBool>()
        && let Ok(number) = value.extract()
    {
        return Ok(Value::EnumNumber(number));
    }
    Err(unfit(
        place,
        &format!("a name or number of the enum {}", known.name()),
        value,
    ))
}

fn map_key(kind: &Kind, key: &Bound<'_, PyAny>, place: &Place<'_>) -> PyResult<MapKey> {
    Ok(match single_value(kind, key, place)? {
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
fn refuse_second_of_oneof(message: &DynamicMessage, field: &FieldDescriptor, place: &Place<'_>) -> PyResult<()> {
    let Some(oneof) = field.containing_oneof() else {
        return Ok(());
    };
    match oneof.fields().find(|other| other != field && message.has_field(other)) {
        None => Ok(()),
        Some(other) => Err(to_py(
            invalid("the oneof has a value already; give one of its fields")
                .with("oneof", oneof.name())
                .with("field", place)
                .with("other_field", other.name()),
        )),
    }
}

type Entry<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// The entries of a dict or of another mapping.
fn entries<'py>(
    mapping: &Bound<'py, PyAny>,
    place: &Place<'_>,
    what: &str,
) -> PyResult<Box<dyn Iterator<Item = PyResult<Entry<'py>>> + 'py>> {
    if let Ok(dict) = mapping.cast::<PyDict>() {
        return Ok(Box::new(dict.iter().map(Ok)));
    }
    match mapping.cast::<PyMapping>() {
        Ok(mapping) => Ok(Box::new(mapping.items()?.try_iter()?.map(|entry| entry?.extract()))),
        Err(_) => Err(unfit(place, &format!("a dict of {what}"), mapping)),
    }
}

/// Where in the record a value stands.
enum Place<'a> {
    Record(&'a MessageDescriptor),
    Field(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
    Entry(&'a Place<'a>, &'a Bound<'a, PyAny>),
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
            Place::Entry(parent, key) => write!(f, "{parent}[{}]", shown(key)),
        }
    }
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidRecord, message)
}

fn unfit(place: &Place<'_>, expected: &str, value: &Bound<'_, PyAny>) -> PyErr {
    to_py(
        invalid("the value does not fit its field")
            .with("field", place)
            .with("expected", expected)
            .with("value", shown(value))
            .with(
                "type",
                value
                    .get_type()
                    .name()
                    .map_or_else(|_| "?".to_owned(), |name| name.to_string()),
            ),
    )
}

/// What Python shows of a value, cut at [`SHOWN_MAX`].
pub(crate) fn shown(value: &Bound<'_, PyAny>) -> String {
    let text = value.repr().map_or_else(|_| "?".to_owned(), |text| text.to_string());
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
