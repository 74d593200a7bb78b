//! [`RecordMetaData`]: everything that a store must know of its records. It never changes; a builder makes another one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use prost_reflect::MessageDescriptor;
use record_store_kv::tuple::{Element, Tuple, TupleRange};

use super::{Descriptors, FormerIndex, Index, RecordType, SyntheticRecordType};
use crate::error::{Error, ErrorKind, Result};
use crate::key_expression::KeyExpression;
use crate::proto;

/// The types of records, their keys and their indexes. Java: `RecordMetaData`. Clones are cheap.
#[derive(Clone)]
pub struct RecordMetaData(Arc<Parts>);

/// What meta-data is made of, checked by the builder.
pub(super) struct Parts {
    pub(super) descriptors: Descriptors,
    pub(super) union_message: MessageDescriptor,
    /// In the order of the union's declaration.
    pub(super) record_types: Vec<RecordType>,
    /// The place of a name's type among the record types.
    pub(super) type_by_name: BTreeMap<String, usize>,
    /// The place of a union field's type among the record types.
    pub(super) type_of_union_field: BTreeMap<u32, usize>,
    pub(super) synthetic_record_types: Vec<SyntheticRecordType>,
    pub(super) indexes: BTreeMap<String, Arc<Index>>,
    pub(super) former_indexes: Vec<FormerIndex>,
    pub(super) split_long_records: bool,
    pub(super) store_record_versions: bool,
    pub(super) version: i32,
    /// The last counter that was used as the key of an index, if keys are counted.
    pub(super) subspace_key_counter: Option<i64>,
    pub(super) record_count_key: Option<KeyExpression>,
    pub(super) carried: Carried,
}

/// What meta-data carries for others and does not look into.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Carried {
    pub(super) user_defined_functions: Vec<proto::PUserDefinedFunction>,
    pub(super) views: Vec<proto::PView>,
    pub(super) stored_queries: Vec<proto::PStoredQuery>,
    /// Fields of the stored message that this release does not know.
    pub(super) unknown_fields: bytes::Bytes,
}

impl RecordMetaData {
    pub(super) fn from_parts(parts: Parts) -> Self {
        RecordMetaData(Arc::new(parts))
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.0
    }

    /// The version: stores that were last used with an older one are brought up to it when they are opened.
    pub fn version(&self) -> i32 {
        self.0.version
    }

    /// Whether records longer than 100,000 bytes may be saved, in several values.
    pub fn is_split_long_records(&self) -> bool {
        self.0.split_long_records
    }

    /// Whether every save keeps the commit's version with the record.
    pub fn is_store_record_versions(&self) -> bool {
        self.0.store_record_versions
    }

    /// The record types, in the order in which the union declares them.
    pub fn record_types(&self) -> &[RecordType] {
        &self.0.record_types
    }

    /// The record type of this name.
    ///
    /// **Errors**: `MetaData` for an unknown one.
    pub fn record_type(&self, name: &str) -> Result<&RecordType> {
        let place = self.0.type_by_name.get(name);
        place
            .and_then(|place| self.0.record_types.get(*place))
            .ok_or_else(|| unknown_record_type(name, self.0.record_types.iter().map(RecordType::name)))
    }

    /// The only record type there is.
    ///
    /// **Errors**: `InvalidArgument` if there are several, naming them.
    pub fn only_record_type(&self) -> Result<&RecordType> {
        match self.record_types() {
            [only] => Ok(only),
            several => {
                let names: Vec<&str> = several.iter().map(RecordType::name).collect();
                let error = Error::new(
                    ErrorKind::InvalidArgument,
                    "there are several record types: say which one is meant",
                );
                Err(error.with("record_types", names.join(", ")))
            }
        }
    }

    /// The record type whose message has this full name, such as `demo.User`.
    ///
    /// **Errors**: `InvalidRecord` for a message that is no record type of this schema.
    pub fn record_type_of_message(&self, full_name: &str) -> Result<&RecordType> {
        let found = self
            .record_types()
            .iter()
            .find(|record_type| record_type.descriptor.full_name() == full_name);
        found.ok_or_else(|| {
            let error = Error::new(ErrorKind::InvalidRecord, "the message is no record type of this schema");
            let known = self
                .record_types()
                .iter()
                .map(|record_type| record_type.descriptor.full_name());
            super::names::unknown(error, "message", full_name, known)
        })
    }

    /// The primary keys of all records of this type.
    ///
    /// **Errors**: `MetaData` for an unknown type; `Unsupported` if its records do not stand together.
    pub fn record_type_range(&self, name: &str) -> Result<TupleRange> {
        let record_type = self.record_type(name)?;
        if record_type.primary_key_has_record_type_prefix() {
            return Ok(TupleRange::all_of(Tuple::from(vec![
                record_type.record_type_key.clone(),
            ])));
        }
        match self.record_types() {
            [_] => Ok(TupleRange::ALL),
            _ => Err(Error::new(
                ErrorKind::Unsupported,
                "the records of the type stand among others: scan all types, or begin its primary key with recordType()",
            )
            .with("record_type", name)),
        }
    }

    /// The record type with this key, if there is one.
    pub fn record_type_from_key(&self, key: &Element) -> Option<&RecordType> {
        self.0
            .record_types
            .iter()
            .find(|record_type| record_type.record_type_key == *key)
    }

    /// The record type of a stored record, by the number of the union field that holds it.
    pub fn record_type_from_union_field(&self, number: u32) -> Option<&RecordType> {
        let place = *self.0.type_of_union_field.get(&number)?;
        self.0.record_types.get(place)
    }

    /// The types that are not stored but made from stored records.
    pub fn synthetic_record_types(&self) -> &[SyntheticRecordType] {
        &self.0.synthetic_record_types
    }

    /// The union message: a stored record is one with a single field set.
    pub fn union_message(&self) -> &MessageDescriptor {
        &self.0.union_message
    }

    /// The .proto files, compiled.
    pub fn descriptors(&self) -> &Descriptors {
        &self.0.descriptors
    }

    /// All indexes, by name.
    pub fn indexes(&self) -> impl ExactSizeIterator<Item = &Arc<Index>> {
        self.0.indexes.values()
    }

    /// The index of this name.
    ///
    /// **Errors**: `MetaData` for an unknown one.
    pub fn index(&self, name: &str) -> Result<&Arc<Index>> {
        self.0
            .indexes
            .get(name)
            .ok_or_else(|| unknown_index(name, self.0.indexes.keys().map(String::as_str)))
    }

    /// The indexes to which a record of this type belongs: its own, those of several types, the universal ones.
    pub fn indexes_of<'a>(&self, record_type: &'a RecordType) -> impl Iterator<Item = &'a Arc<Index>> {
        record_type.indexes.iter()
    }

    /// The stored types whose records are in this index.
    pub fn record_types_for_index(&self, index: &Index) -> impl Iterator<Item = &RecordType> {
        let names = index.record_types().to_vec();
        self.record_types()
            .iter()
            .filter(move |record_type| names.is_empty() || names.iter().any(|name| name == record_type.name()))
    }

    /// The indexes that are newer than `version` of this meta-data.
    pub fn indexes_since(&self, version: i32) -> impl Iterator<Item = &Arc<Index>> {
        self.indexes()
            .filter(move |index| index.last_modified_version() > version)
    }

    /// The indexes that were removed, in the order in which that happened.
    pub fn former_indexes(&self) -> &[FormerIndex] {
        &self.0.former_indexes
    }

    /// The former indexes whose entries a store last used with `version` may still have.
    pub fn former_indexes_since(&self, version: i32) -> impl Iterator<Item = &FormerIndex> {
        self.0
            .former_indexes
            .iter()
            .filter(move |former| former.removed_version > version && former.added_version <= version)
    }

    /// By what the records are counted, in the older way.
    pub fn record_count_key(&self) -> Option<&KeyExpression> {
        self.0.record_count_key.as_ref()
    }

    /// The last counter that was used as the key of an index; `None` when indexes are keyed by their names.
    pub fn subspace_key_counter(&self) -> Option<i64> {
        self.0.subspace_key_counter
    }

    /// Whether the primary keys of all types begin with `recordType()`.
    pub fn primary_key_has_record_type_prefix(&self) -> bool {
        self.record_types()
            .iter()
            .all(RecordType::primary_key_has_record_type_prefix)
    }

    /// The primary key that all types share, if they do.
    pub fn common_primary_key(&self) -> Option<&KeyExpression> {
        let (first, others) = self.record_types().split_first()?;
        others
            .iter()
            .all(|other| other.primary_key == first.primary_key)
            .then_some(&first.primary_key)
    }
}

impl fmt::Debug for RecordMetaData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let types: Vec<&str> = self.record_types().iter().map(RecordType::name).collect();
        let indexes: Vec<&str> = self.indexes().map(|index| index.name()).collect();
        f.debug_struct("RecordMetaData")
            .field("version", &self.version())
            .field("record_types", &types)
            .field("indexes", &indexes)
            .finish_non_exhaustive()
    }
}

/// The error for a record type that is not there, with the name that was probably meant.
pub(crate) fn unknown_record_type<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    super::names::unknown(
        Error::new(ErrorKind::MetaData, "there is no record type of this name"),
        "record_type",
        name,
        known,
    )
}

/// The error for an index that is not there, with the name that was probably meant.
pub(crate) fn unknown_index<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    super::names::unknown(
        Error::new(ErrorKind::MetaData, "there is no index of this name"),
        "index",
        name,
        known,
    )
}
