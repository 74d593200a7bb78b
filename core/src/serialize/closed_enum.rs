//! Numbers that a closed enum (proto2) does not have. In bytes they are unknown fields, which are kept and mean nothing;
//! in JSON they would look like values.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, Value};

use crate::wire::is_closed_enum;
use crate::{Error, ErrorKind};

/// The error for the first number in a message that its enum does not have, if there is one.
pub(super) fn refuse_unknown_number(message: &DynamicMessage) -> Option<Error> {
    message.fields().find_map(|(field, value)| {
        values_of(value).find_map(|value| match value {
            Value::Message(inner) => refuse_unknown_number(inner),
            Value::EnumNumber(number) if is_unknown(&element_of(&field), *number) => Some(refuse(&field, *number)),
            _ => None,
        })
    })
}

/// Leaves out the numbers that their enums do not have, as other unknown fields are left out.
pub(crate) fn drop_unknown_numbers(message: &mut DynamicMessage) {
    let mut dropped = Vec::new();
    for (field, value) in message.fields_mut() {
        let element = element_of(&field);
        let is_known = |value: &mut Value| match value {
            Value::Message(inner) => {
                drop_unknown_numbers(inner);
                true
            }
            Value::EnumNumber(number) => !is_unknown(&element, *number),
            _ => true,
        };
        match value {
            Value::List(values) => values.retain_mut(is_known),
            Value::Map(entries) => entries.retain(|_, value| is_known(value)),
            value => {
                if !is_known(value) {
                    dropped.push(field);
                }
            }
        }
    }
    for field in dropped {
        message.clear_field(&field);
    }
}

/// The values of a field: one, those of a list, or those of a map.
fn values_of(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::List(values) => Box::new(values.iter()),
        Value::Map(entries) => Box::new(entries.values()),
        value => Box::new(std::iter::once(value)),
    }
}

/// The field that says what the values of a field are.
fn element_of(field: &FieldDescriptor) -> FieldDescriptor {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => entry.map_entry_value_field(),
        _ => field.clone(),
    }
}

fn is_unknown(field: &FieldDescriptor, number: i32) -> bool {
    match field.kind() {
        Kind::Enum(definition) => is_closed_enum(field, &definition) && definition.get_value(number).is_none(),
        _ => false,
    }
}

fn refuse(field: &FieldDescriptor, number: i32) -> Error {
    let mut names = Vec::new();
    if let Kind::Enum(definition) = element_of(field).kind() {
        names.extend(definition.values().map(|value| value.name().to_owned()));
    }
    Error::new(
        ErrorKind::InvalidRecord,
        "the enum does not have this number, and as one of proto2 takes no other: give one of its values",
    )
    .with("field", field.full_name())
    .with("number", number)
    .with("values", names.join(", "))
}
