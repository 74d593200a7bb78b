//! [`PartialRecord`]: how the entry of an index tells part of its record. Java: `IndexKeyValueToPartialRecord`.

use std::collections::BTreeMap;
use std::fmt;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

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

    /// Which fields are known, and from which column.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, EntryPart)> {
        self.fields.iter().map(|(name, part)| (name.as_str(), *part))
    }

    /// In which fields messages are known in part.
    pub(crate) fn messages(&self) -> impl Iterator<Item = (&str, &PartialRecord)> {
        self.messages.iter().map(|(name, record)| (name.as_str(), record))
    }
}

/// Whether a column can be turned back into the field.
pub(crate) fn is_invertible(field: &FieldDescriptor) -> bool {
    !field.is_list() && !field.is_map() && !matches!(field.kind(), Kind::Message(_))
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
