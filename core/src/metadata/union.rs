//! The union message: the one that says, by field number, which record types there are.
//!
//! A stored record is the union with one field set. The rules are those of Java's `RecordMetaDataBuilder` and
//! `MetaDataValidator` (4.13.3.0).

use std::collections::{HashSet, VecDeque};

use prost_reflect::{FieldDescriptor, FileDescriptor, Kind, MessageDescriptor};

use super::options;
use crate::error::{Error, ErrorKind, Result};
use crate::proto::record_type_options::Usage;

/// The name that makes a message the union without an option. Java: `DEFAULT_UNION_NAME`.
pub const DEFAULT_UNION_NAME: &str = "RecordTypeUnion";

/// The union message of a records file, checked.
#[derive(Clone, Debug)]
pub(crate) struct Union {
    message: MessageDescriptor,
}

impl Union {
    /// Finds the union of `file` and checks it and all messages that it reaches.
    ///
    /// **Errors**: `MetaData` for no union or two, fields that are no records, unsigned fields anywhere.
    pub(crate) fn of(file: &FileDescriptor) -> Result<Self> {
        let message = find(file)?.ok_or_else(|| {
            Error::new(
                ErrorKind::MetaData,
                "the records file has no union message: name it RecordTypeUnion or set its option (record).usage = UNION",
            )
            .with("file", file.name())
        })?;
        check_data_types(file)?;
        let union = Union { message };
        union.check_fields()?;
        union.check_declared_records(file)?;
        Ok(union)
    }

    /// A union that was checked before.
    pub(crate) fn known(message: MessageDescriptor) -> Self {
        Union { message }
    }

    /// The message itself.
    pub(crate) fn message(&self) -> &MessageDescriptor {
        &self.message
    }

    /// The record types in the order of the union's declaration, each with the field to write it under and all numbers
    /// that carry it.
    pub(crate) fn record_types(&self) -> Vec<UnionType> {
        let mut types: Vec<UnionType> = Vec::new();
        for (field, message) in self.fields() {
            match types.iter_mut().find(|known| known.message == message) {
                Some(known) => known.add(field),
                None => types.push(UnionType {
                    message,
                    numbers: vec![field.number()],
                    field,
                }),
            }
        }
        types
    }

    fn fields(&self) -> impl Iterator<Item = (FieldDescriptor, MessageDescriptor)> {
        declared_fields(&self.message)
            .into_iter()
            .filter_map(|field| match field.kind() {
                Kind::Message(message) => Some((field, message)),
                _ => None,
            })
    }

    fn check_fields(&self) -> Result<()> {
        for field in self.message.fields() {
            let wrong = |message| {
                Err(Error::new(ErrorKind::MetaData, message)
                    .with("union", self.message.full_name())
                    .with("field", field.name()))
            };
            let Kind::Message(record) = field.kind() else {
                return wrong("a field of the union is no message");
            };
            if field.is_group() {
                return wrong("a field of the union is a group");
            }
            if field.is_list() || field.is_map() {
                return wrong("a field of the union is repeated");
            }
            if record.name() == DEFAULT_UNION_NAME {
                return wrong("the union cannot be one of its own record types");
            }
            if !matches!(options::usage(&record)?, Usage::Unset | Usage::Record) {
                return wrong("a field of the union has a message whose usage is not RECORD");
            }
        }
        let oneofs: Vec<_> = self.message.oneofs().filter(|oneof| !oneof.is_synthetic()).collect();
        let whole = |oneof: &prost_reflect::OneofDescriptor| oneof.fields().len() == self.message.fields().len();
        if oneofs.len() > 1 || !oneofs.iter().all(whole) {
            return Err(Error::new(
                ErrorKind::MetaData,
                "a oneof in the union must be the only one and hold every field",
            )
            .with("union", self.message.full_name()));
        }
        Ok(())
    }

    /// A message that says of itself that it is a record must be one.
    fn check_declared_records(&self, file: &FileDescriptor) -> Result<()> {
        for message in file.messages() {
            if options::usage(&message)? == Usage::Record
                && message.name() != DEFAULT_UNION_NAME
                && !self.fields().any(|(_, record)| record == message)
            {
                return Err(Error::new(
                    ErrorKind::MetaData,
                    "a message with usage RECORD is no field of the union",
                )
                .with("message", message.full_name())
                .with("union", self.message.full_name()));
            }
        }
        Ok(())
    }
}

/// A record type in the union.
#[derive(Clone, Debug)]
pub(crate) struct UnionType {
    /// The record's message.
    pub(crate) message: MessageDescriptor,
    /// The field under which records are written: `_` and the type's name, or else the one with the largest number.
    pub(crate) field: FieldDescriptor,
    /// All numbers that carry this type.
    pub(crate) numbers: Vec<u32>,
}

impl UnionType {
    /// The smallest number that carries this type: its key, unless it has an explicit one.
    pub(crate) fn smallest_number(&self) -> u32 {
        self.numbers.iter().copied().min().unwrap_or_default()
    }

    fn add(&mut self, field: FieldDescriptor) {
        self.numbers.push(field.number());
        let canonical = |field: &FieldDescriptor| field.name().strip_prefix('_') == Some(self.message.name());
        if canonical(&field) || (!canonical(&self.field) && field.number() > self.field.number()) {
            self.field = field;
        }
    }
}

/// The union of a file, if it has one.
pub(crate) fn find(file: &FileDescriptor) -> Result<Option<MessageDescriptor>> {
    let mut found = None;
    for message in file.messages() {
        let default_name = message.name() == DEFAULT_UNION_NAME;
        let is_union = match options::usage(&message)? {
            Usage::Union => true,
            Usage::Nested if default_name => {
                return Err(Error::new(
                    ErrorKind::MetaData,
                    "a message named RecordTypeUnion cannot have usage NESTED",
                )
                .with("message", message.full_name()));
            }
            Usage::Nested => false,
            Usage::Record | Usage::Unset => default_name,
        };
        if is_union && let Some(first) = found.replace(message.clone()) {
            return Err(Error::new(
                ErrorKind::MetaData,
                "a records file has one union message, this one has two",
            )
            .with("first", first.full_name())
            .with("second", message.full_name()));
        }
    }
    Ok(found)
}

/// The fields in the order in which the file declares them; prost-reflect sorts them by number.
fn declared_fields(message: &MessageDescriptor) -> Vec<FieldDescriptor> {
    message
        .descriptor_proto()
        .field
        .iter()
        .filter_map(|field| message.get_field_by_name(field.name()))
        .collect()
}

/// No field of any message in `file`, or reached from one, may be unsigned: tuples have no such type.
fn check_data_types(file: &FileDescriptor) -> Result<()> {
    let mut open: VecDeque<MessageDescriptor> = file.messages().collect();
    let mut seen = HashSet::new();
    while let Some(message) = open.pop_front() {
        if !seen.insert(message.full_name().to_owned()) {
            continue;
        }
        for field in message.fields() {
            match field.kind() {
                Kind::Uint32 | Kind::Uint64 | Kind::Fixed32 | Kind::Fixed64 => {
                    return Err(Error::new(
                        ErrorKind::MetaData,
                        "a field has an unsigned type, which keys cannot hold: use a signed type (int64, sint64, sfixed64)",
                    )
                    .with("message", message.full_name())
                    .with("field", field.name())
                    .with("type", format!("{:?}", field.kind()).to_lowercase()));
                }
                Kind::Message(inner) => open.push_back(inner),
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
