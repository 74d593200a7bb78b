//! [`RecordType`]: a kind of record, its message and its keys; [`RecordTypeBuilder`]: the same in the making.

use std::sync::Arc;

use prost_reflect::{FieldDescriptor, MessageDescriptor};
use record_store_kv::tuple::Element;

use super::Index;
use super::key_column::KeyColumn;
use super::union::{Union, UnionType};
use crate::error::{Error, ErrorKind, Result};
use crate::key_expression::{KeyExpression, field};

/// A type of records. Java: `metadata.RecordType`.
#[derive(Clone, Debug)]
pub struct RecordType {
    pub(super) descriptor: MessageDescriptor,
    pub(super) primary_key: KeyExpression,
    pub(super) key_columns: Vec<KeyColumn>,
    pub(super) record_type_key: Element,
    pub(super) explicit_key: Option<Element>,
    pub(super) since_version: Option<i32>,
    pub(super) union_field_number: u32,
    /// Of this type, of several types and universal, by name.
    pub(super) indexes: Vec<Arc<Index>>,
}

impl RecordType {
    /// The name of the type: that of its message, without the package.
    pub fn name(&self) -> &str {
        self.descriptor.name()
    }

    /// The message of its records.
    pub fn descriptor(&self) -> &MessageDescriptor {
        &self.descriptor
    }

    /// The primary key of its records.
    pub fn primary_key(&self) -> &KeyExpression {
        &self.primary_key
    }

    /// What the columns of the primary key hold.
    pub(crate) fn key_columns(&self) -> &[KeyColumn] {
        &self.key_columns
    }

    /// The value of `recordType()` for its records: the explicit key, or else the smallest number of its union fields.
    pub fn record_type_key(&self) -> &Element {
        &self.record_type_key
    }

    /// The key that was set, if any.
    pub fn explicit_record_type_key(&self) -> Option<&Element> {
        self.explicit_key.as_ref()
    }

    /// The version of the meta-data that brought the type; `None` for one that may be older than any store.
    pub fn since_version(&self) -> Option<i32> {
        self.since_version
    }

    /// The number of the union field under which its records are written.
    pub fn union_field_number(&self) -> u32 {
        self.union_field_number
    }

    /// Whether the primary key begins with `recordType()`, so that the records of this type stand together.
    pub fn primary_key_has_record_type_prefix(&self) -> bool {
        self.primary_key.has_record_type_prefix()
    }
}

/// A record type in the making. Java: `RecordTypeBuilder`.
#[derive(Clone, Debug)]
pub struct RecordTypeBuilder {
    pub(super) in_union: UnionType,
    pub(super) primary_key: Option<KeyExpression>,
    pub(super) explicit_key: Option<Element>,
    pub(super) since_version: Option<i32>,
}

impl RecordTypeBuilder {
    fn new(in_union: UnionType) -> Self {
        RecordTypeBuilder {
            in_union,
            primary_key: None,
            explicit_key: None,
            since_version: None,
        }
    }

    /// The name of the type.
    pub fn name(&self) -> &str {
        self.in_union.message.name()
    }

    /// Sets the primary key.
    pub fn set_primary_key(&mut self, key: impl Into<KeyExpression>) -> &mut Self {
        self.primary_key = Some(key.into());
        self
    }

    /// Sets the value of `recordType()`, instead of the number of the union field.
    pub fn set_record_type_key(&mut self, key: impl Into<Element>) -> &mut Self {
        self.explicit_key = Some(key.into());
        self
    }

    /// Sets the version of the meta-data that brings the type.
    pub fn set_since_version(&mut self, version: Option<i32>) -> &mut Self {
        self.since_version = version;
        self
    }

    /// Keeps what was set for the type under older files.
    pub(super) fn take_settings_of(&mut self, old: &RecordTypeBuilder) {
        self.primary_key = old.primary_key.clone();
        self.explicit_key = old.explicit_key.clone();
        self.since_version = old.since_version;
    }

    /// Whether this type and one of other files are the same: a number of the one is a number of the other.
    pub(super) fn shares_number_with(&self, other: &RecordTypeBuilder) -> bool {
        self.in_union
            .numbers
            .iter()
            .any(|number| other.in_union.numbers.contains(number))
    }

    pub(super) fn set_declared_primary_key(&mut self, field: &FieldDescriptor) -> Result<()> {
        let wrong = |message| Err(Error::new(ErrorKind::MetaData, message).with("field", field.full_name()));
        if self.primary_key.is_some() {
            return wrong("a record type has one field with the option primary_key, this one has two");
        }
        if field.is_list() {
            return wrong("a repeated field cannot be the primary key");
        }
        self.primary_key = Some(self::field(field.name()).into());
        Ok(())
    }

    /// The record type, without its indexes.
    pub(super) fn build(self) -> Result<RecordType> {
        let Some(primary_key) = self.primary_key else {
            return Err(Error::new(
                ErrorKind::MetaData,
                "a record type needs a primary key: set it, or set the option (field).primary_key of a field",
            )
            .with("record_type", self.in_union.message.name()));
        };
        Ok(RecordType {
            record_type_key: match &self.explicit_key {
                Some(key) => key.clone(),
                None => Element::Int(self.in_union.smallest_number().into()),
            },
            union_field_number: self.in_union.field.number(),
            key_columns: KeyColumn::of(&primary_key, &self.in_union.message),
            descriptor: self.in_union.message,
            primary_key,
            explicit_key: self.explicit_key,
            since_version: self.since_version,
            indexes: Vec::new(),
        })
    }
}

/// The record types of a union, without keys.
///
/// **Errors**: `MetaData` for two of one name.
pub(super) fn record_type_builders(union: &Union) -> Result<Vec<RecordTypeBuilder>> {
    let mut builders: Vec<RecordTypeBuilder> = Vec::new();
    for in_union in union.record_types() {
        if let Some(same) = builders
            .iter()
            .find(|builder| builder.name() == in_union.message.name())
        {
            return Err(Error::new(
                ErrorKind::MetaData,
                "two record types have one name: names count without the package",
            )
            .with("first", same.in_union.message.full_name())
            .with("second", in_union.message.full_name()));
        }
        builders.push(RecordTypeBuilder::new(in_union));
    }
    Ok(builders)
}
