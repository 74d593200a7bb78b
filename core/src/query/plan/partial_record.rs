//! [`PartialRecord`]: how the entry of an index tells part of its record. Java: `IndexKeyValueToPartialRecord`.

use std::collections::BTreeMap;
use std::fmt;

use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};
use record_store_kv::tuple::Element;

use crate::index::IndexEntry;
use crate::{Error, ErrorKind, Result};

/// Which fields of a record are where in an entry.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PartialRecord {
    fields: BTreeMap<String, EntryPart>,
    messages: BTreeMap<String, PartialRecord>,
}

/// A column of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryPart {
    /// Of its key.
    Key(usize),
    /// Of its value.
    Value(usize),
}

impl PartialRecord {
    /// Notes where a field is; the first place stays.
    pub(crate) fn add(&mut self, path: &[&str], part: EntryPart) {
        match path {
            [] => {}
            [field] => {
                self.fields.entry((*field).to_owned()).or_insert(part);
            }
            [message, rest @ ..] => self.messages.entry((*message).to_owned()).or_default().add(rest, part),
        }
    }

    /// Whether such a record can be made: it has all required fields, and no repeated ones.
    pub(crate) fn is_valid(&self, message: &MessageDescriptor) -> bool {
        message.fields().all(|field| {
            let name = field.name();
            let of_message = self.messages.get(name);
            let is_known = self.fields.contains_key(name) || of_message.is_some();
            let is_message_valid = match (of_message, field.kind()) {
                (Some(inner), Kind::Message(inner_message)) => inner.is_valid(&inner_message),
                (Some(_), _) => false,
                (None, _) => true,
            };
            let is_required = field.cardinality() == prost_reflect::Cardinality::Required;
            (!is_required || is_known) && !(field.is_list() && is_known) && is_message_valid
        })
    }

    /// The bytes of the part of the record that an entry tells.
    ///
    /// Errors: `Corrupt` for an entry whose columns do not fit the fields.
    pub(crate) fn encode(&self, message: &MessageDescriptor, entry: &IndexEntry) -> Result<Vec<u8>> {
        Ok(self.message(message, entry)?.encode_to_vec())
    }

    fn message(&self, message: &MessageDescriptor, entry: &IndexEntry) -> Result<DynamicMessage> {
        let mut made = DynamicMessage::new(message.clone());
        for (name, part) in &self.fields {
            let Some(field) = message.get_field_by_name(name) else {
                continue;
            };
            let column = match part {
                EntryPart::Key(at) => entry.key().get(*at),
                EntryPart::Value(at) => entry.value().get(*at),
            };
            match column {
                None | Some(Element::Null) => {}
                Some(column) => {
                    let value = value_of(&field, column).ok_or_else(|| misfit(&field, entry))?;
                    made.set_field(&field, value);
                }
            }
        }
        for (name, inner) in &self.messages {
            if let Some(field) = message.get_field_by_name(name)
                && let Kind::Message(inner_message) = field.kind()
            {
                let inner = inner.message(&inner_message, entry)?;
                // A message of which all known fields are unset may be unset itself; both read alike.
                if inner.fields().next().is_some() {
                    made.set_field(&field, Value::Message(inner));
                }
            }
        }
        Ok(made)
    }
}

/// Whether a column can be turned back into the field.
pub(crate) fn is_invertible(field: &FieldDescriptor) -> bool {
    !field.is_list() && !field.is_map() && !matches!(field.kind(), Kind::Message(_))
}

fn value_of(field: &FieldDescriptor, column: &Element) -> Option<Value> {
    Some(match (field.kind(), column) {
        (Kind::Bool, Element::Bool(value)) => Value::Bool(*value),
        (Kind::String, Element::String(value)) => Value::String(value.clone()),
        (Kind::Bytes, Element::Bytes(value)) => Value::Bytes(value.clone()),
        (Kind::Double, Element::Double(value)) => Value::F64(*value),
        (Kind::Float, Element::Float(value)) => Value::F32(*value),
        (Kind::Int32 | Kind::Sint32 | Kind::Sfixed32, column) => Value::I32(column.as_i64()?.try_into().ok()?),
        (Kind::Int64 | Kind::Sint64 | Kind::Sfixed64, column) => Value::I64(column.as_i64()?),
        // Java has no unsigned numbers: their keys are those of the signed ones with the same bits.
        (Kind::Uint32 | Kind::Fixed32, column) => Value::U32(i32::try_from(column.as_i64()?).ok()?.cast_unsigned()),
        (Kind::Uint64 | Kind::Fixed64, column) => Value::U64(column.as_i64()?.cast_unsigned()),
        (Kind::Enum(_), column) => Value::EnumNumber(column.as_i64()?.try_into().ok()?),
        _ => return None,
    })
}

fn misfit(field: &FieldDescriptor, entry: &IndexEntry) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        "an entry of the index has a column that is no value of its field: rebuild the index",
    )
    .with("field", field.full_name())
    .with("entry", entry.key())
}

impl fmt::Display for PartialRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "[";
        for (name, part) in &self.fields {
            match part {
                EntryPart::Key(at) => write!(f, "{separator}{name}: KEY[{at}]")?,
                EntryPart::Value(at) => write!(f, "{separator}{name}: VALUE[{at}]")?,
            }
            separator = ", ";
        }
        for (name, message) in &self.messages {
            write!(f, "{separator}{name}: {message}")?;
            separator = ", ";
        }
        f.write_str(if separator == "[" { "[]" } else { "]" })
    }
}
