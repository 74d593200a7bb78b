//! [`RecordType`]: a kind of record, its message and its keys.

use prost_reflect::MessageDescriptor;
use record_store_kv::tuple::Element;

use super::KeyColumn;
use crate::key_expression::KeyExpression;

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
