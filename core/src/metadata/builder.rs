//! [`RecordMetaDataBuilder`]: puts meta-data together, numbering versions as Java does.
//!
//! It can break rules while it is at work; [`RecordMetaDataBuilder::build`] checks them all.

use std::collections::BTreeMap;
use std::sync::Arc;

use record_store_kv::tuple::Element;

use super::record_meta_data::{Carried, Parts, unknown_index, unknown_record_type};
use super::record_type::{RecordTypeBuilder, record_type_builders};
use super::synthetic::{self, SyntheticRecordType};
use super::union::Union;
use super::{Descriptors, FormerIndex, Index, MetaDataEvolutionValidator, RecordMetaData, options, validator};
use crate::error::{Error, ErrorKind, Result};
use crate::key_expression::{KeyExpression, primary_key_component_positions};

/// Makes [`RecordMetaData`]. Java: `RecordMetaDataBuilder`.
///
/// Every change that a store must notice makes the version one larger: another file, an index added or removed, another
/// answer to "are long records split" or "are versions stored", another record count key.
#[derive(Clone)]
pub struct RecordMetaDataBuilder {
    pub(super) descriptors: Descriptors,
    pub(super) union: Union,
    pub(super) record_types: Vec<RecordTypeBuilder>,
    pub(super) synthetic_record_types: Vec<SyntheticRecordType>,
    pub(super) indexes: BTreeMap<String, Index>,
    pub(super) former_indexes: Vec<FormerIndex>,
    pub(super) split_long_records: bool,
    pub(super) store_record_versions: bool,
    pub(super) version: i32,
    pub(super) subspace_key_counter: Option<i64>,
    pub(super) record_count_key: Option<KeyExpression>,
    pub(super) carried: Carried,
}

impl RecordMetaDataBuilder {
    /// Begins with the records of these files, and with the keys and indexes that their options declare.
    ///
    /// **Errors**: `MetaData` for a broken union or options that contradict each other.
    pub fn new(descriptors: Descriptors) -> Result<Self> {
        Self::with_options(descriptors, None)
    }

    /// As [`RecordMetaDataBuilder::new`]; indexes that do not say their key get the numbers 1, 2, 3, … instead of their names.
    ///
    /// **Errors**: as [`RecordMetaDataBuilder::new`].
    pub fn with_counter_based_subspace_keys(descriptors: Descriptors) -> Result<Self> {
        Self::with_options(descriptors, Some(0))
    }

    fn with_options(descriptors: Descriptors, subspace_key_counter: Option<i64>) -> Result<Self> {
        let mut builder = Self::without_options(descriptors)?;
        builder.subspace_key_counter = subspace_key_counter;
        for place in 0..builder.record_types.len() {
            builder.apply_record_options(place)?;
        }
        let schema = options::schema_options(builder.descriptors.records())?;
        builder.split_long_records = schema.split_long_records();
        builder.store_record_versions = schema.store_record_versions();
        Ok(builder)
    }

    /// Begins with the records of these files and leaves their options alone, as for stored meta-data.
    pub(super) fn without_options(descriptors: Descriptors) -> Result<Self> {
        let union = Union::of(descriptors.records())?;
        let record_types = record_type_builders(&union)?;
        Ok(RecordMetaDataBuilder {
            descriptors,
            union,
            record_types,
            synthetic_record_types: Vec::new(),
            indexes: BTreeMap::new(),
            former_indexes: Vec::new(),
            split_long_records: false,
            store_record_versions: false,
            version: 0,
            subspace_key_counter: None,
            record_count_key: None,
            carried: Carried::default(),
        })
    }

    /// Replaces the files by newer ones. Types keep what was set for them, also under a new name (their union number tells);
    /// new types begin with this version.
    ///
    /// **Errors**: `MetaDataEvolution` when stored records could not be read with the new files.
    pub fn update_records(&mut self, descriptors: Descriptors) -> Result<&mut Self> {
        self.update_records_with(descriptors, &MetaDataEvolutionValidator::default())
    }

    /// As [`RecordMetaDataBuilder::update_records`], with the changes that `validator` allows.
    ///
    /// **Errors**: as [`RecordMetaDataBuilder::update_records`].
    pub fn update_records_with(
        &mut self,
        descriptors: Descriptors,
        validator: &MetaDataEvolutionValidator,
    ) -> Result<&mut Self> {
        let union = Union::of(descriptors.records())?;
        validator.validate_union(self.union.message(), union.message())?;
        self.update_records_unchecked(descriptors)
    }

    /// As [`RecordMetaDataBuilder::update_records`], for records that are compared with the stored ones afterwards.
    pub(super) fn update_records_unchecked(&mut self, descriptors: Descriptors) -> Result<&mut Self> {
        let union = Union::of(descriptors.records())?;
        self.grow();
        let old_types = std::mem::take(&mut self.record_types);
        self.union = union;
        self.descriptors = descriptors;
        for (place, mut record_type) in record_type_builders(&self.union)?.into_iter().enumerate() {
            match old_types.iter().find(|old| old.shares_number_with(&record_type)) {
                Some(old) => {
                    record_type.take_settings_of(old);
                    self.rename_in_indexes(old.name(), record_type.name());
                    self.record_types.push(record_type);
                }
                None => {
                    self.record_types.push(record_type);
                    self.apply_record_options(place)?;
                    self.begin_with_this_version(place)?;
                }
            }
        }
        Ok(self)
    }

    /// Replaces the files by some with a smaller union; what was set for the types that stay is kept.
    pub(super) fn replace_union(&mut self, descriptors: Descriptors) -> Result<()> {
        self.union = Union::of(descriptors.records())?;
        self.descriptors = descriptors;
        self.grow();
        let old_types = std::mem::take(&mut self.record_types);
        for mut record_type in record_type_builders(&self.union)? {
            if let Some(old) = old_types.iter().find(|old| old.shares_number_with(&record_type)) {
                record_type.take_settings_of(old);
            }
            self.record_types.push(record_type);
        }
        Ok(())
    }

    fn begin_with_this_version(&mut self, place: usize) -> Result<()> {
        let version = self.version;
        let record_type = &mut self.record_types[place];
        if let Some(declared) = record_type.since_version.filter(|declared| *declared != version) {
            return Err(Error::new(
                ErrorKind::MetaData,
                "a new record type begins with the version that brings it",
            )
            .with("record_type", record_type.name())
            .with("since_version", declared)
            .with("version", version));
        }
        record_type.since_version = Some(version);
        Ok(())
    }

    fn rename_in_indexes(&mut self, from: &str, to: &str) {
        if from == to {
            return;
        }
        for index in self.indexes.values_mut() {
            let renamed = index
                .record_types()
                .iter()
                .map(|name| if name == from { to.to_owned() } else { name.clone() })
                .collect();
            index.set_record_types(renamed);
        }
    }

    /// Takes key, versions and indexes from the options of a record type's message and fields.
    fn apply_record_options(&mut self, place: usize) -> Result<()> {
        let message = self.record_types[place].in_union.message.clone();
        let declared = options::record_type_options(&message)?;
        let record_type = &mut self.record_types[place];
        record_type.since_version = declared.since_version;
        record_type.explicit_key = declared.record_type_key.as_ref().map(super::proto::element_of);
        for field in message.fields() {
            let declared = options::field_options(&field)?;
            if let Some(index) = options::declared_index(&field, &declared) {
                self.add_index(index.on(message.name()))?;
            } else if declared.primary_key() {
                self.record_types[place].set_declared_primary_key(&field)?;
            }
        }
        Ok(())
    }

    /// The record type of this name.
    ///
    /// **Errors**: `MetaData` for an unknown one.
    pub fn record_type(&mut self, name: &str) -> Result<&mut RecordTypeBuilder> {
        match self
            .record_types
            .iter()
            .position(|record_type| record_type.name() == name)
        {
            Some(place) => Ok(&mut self.record_types[place]),
            None => Err(unknown_record_type(
                name,
                self.record_types.iter().map(RecordTypeBuilder::name),
            )),
        }
    }

    /// Adds a type whose records are made from stored ones.
    ///
    /// **Errors**: `MetaData` for a name that is taken.
    pub fn add_synthetic_record_type(&mut self, record_type: SyntheticRecordType) -> Result<&mut Self> {
        if self.knows_type(record_type.name()) {
            return Err(
                Error::new(ErrorKind::MetaData, "there is a record type of this name already")
                    .with("record_type", record_type.name()),
            );
        }
        self.synthetic_record_types
            .push(record_type.with_key_after(&self.synthetic_record_types));
        Ok(self)
    }

    /// Adds an index. One without a version makes this meta-data one version newer and belongs to that.
    ///
    /// **Errors**: `MetaData` for a name that is taken and for an unknown record type.
    pub fn add_index(&mut self, mut index: Index) -> Result<&mut Self> {
        if self.indexes.contains_key(index.name()) {
            return Err(
                Error::new(ErrorKind::MetaData, "there is an index of this name already").with("index", index.name()),
            );
        }
        if let Some(unknown) = index.record_types().iter().find(|name| !self.knows_type(name)) {
            let known = self.record_types.iter().map(RecordTypeBuilder::name);
            return Err(unknown_record_type(unknown, known).with("index", index.name()));
        }
        if index.last_modified_version() <= 0 {
            self.grow();
            index.set_last_modified_version(self.version);
        } else {
            self.version = self.version.max(index.last_modified_version());
        }
        if index.added_version() <= 0 {
            index.set_added_version(index.last_modified_version());
        }
        if let Some(counter) = &mut self.subspace_key_counter
            && !index.has_explicit_subspace_key()
        {
            *counter = counter.saturating_add(1);
            index.set_subspace_key(Element::Int(*counter));
        }
        self.indexes.insert(index.name().to_owned(), index);
        Ok(self)
    }

    fn knows_type(&self, name: &str) -> bool {
        self.record_types.iter().any(|record_type| record_type.name() == name)
            || self
                .synthetic_record_types
                .iter()
                .any(|record_type| record_type.name() == name)
    }

    /// Removes an index and remembers its key, so that stores clear its entries.
    ///
    /// **Errors**: `MetaData` for an unknown one.
    pub fn remove_index(&mut self, name: &str) -> Result<&mut Self> {
        let Some(index) = self.indexes.remove(name) else {
            return Err(unknown_index(name, self.indexes.keys().map(String::as_str)));
        };
        self.grow();
        self.former_indexes.push(FormerIndex::of(&index, self.version));
        Ok(self)
    }

    /// Adds an index that was removed elsewhere.
    pub fn add_former_index(&mut self, former: FormerIndex) -> &mut Self {
        self.former_indexes.push(former);
        self
    }

    /// Lets records longer than 100,000 bytes be saved.
    pub fn set_split_long_records(&mut self, split: bool) -> &mut Self {
        if self.split_long_records != split {
            self.grow();
        }
        self.split_long_records = split;
        self
    }

    /// Keeps the commit's version with every record.
    pub fn set_store_record_versions(&mut self, store: bool) -> &mut Self {
        if self.store_record_versions != store {
            self.grow();
        }
        self.store_record_versions = store;
        self
    }

    /// Counts records by this key, in the older way; a `count` index does it better.
    pub fn set_record_count_key(&mut self, key: Option<KeyExpression>) -> &mut Self {
        if self.record_count_key != key {
            self.grow();
        }
        self.record_count_key = key;
        self
    }

    /// Makes the version one larger. The largest stays, and evolution then refuses the change.
    fn grow(&mut self) {
        self.version = self.version.saturating_add(1);
    }

    /// The version so far.
    pub fn version(&self) -> i32 {
        self.version
    }

    /// Sets the version, for meta-data whose versions are kept elsewhere.
    pub fn set_version(&mut self, version: i32) -> &mut Self {
        self.version = version;
        self
    }

    /// Checks every rule and makes the meta-data.
    ///
    /// **Errors**: `MetaData` and `InvalidExpression`, naming the type, index or field that breaks a rule.
    pub fn build(self) -> Result<RecordMetaData> {
        let meta_data = self.build_unchecked()?;
        validator::validate(&meta_data)?;
        Ok(meta_data)
    }

    /// Makes the meta-data as it is, for rules that compare it with other meta-data.
    pub(super) fn build_unchecked(self) -> Result<RecordMetaData> {
        let mut record_types = Vec::with_capacity(self.record_types.len());
        let mut type_by_name = BTreeMap::new();
        let mut type_of_union_field = BTreeMap::new();
        for (place, builder) in self.record_types.into_iter().enumerate() {
            type_of_union_field.extend(builder.in_union.numbers.iter().map(|number| (*number, place)));
            type_by_name.insert(builder.name().to_owned(), place);
            record_types.push(builder.build()?);
        }
        let synthetic_record_types = synthetic::build(self.synthetic_record_types, &self.descriptors, &record_types)?;
        let mut indexes = BTreeMap::new();
        for (name, mut index) in self.indexes {
            let positions = match index.record_types() {
                [only] => record_types
                    .iter()
                    .find(|record_type| record_type.name() == *only)
                    .and_then(|record_type| {
                        primary_key_component_positions(index.root_expression(), &record_type.primary_key)
                    }),
                _ => None,
            };
            index.set_primary_key_component_positions(positions);
            let index = Arc::new(index);
            for record_type in &mut record_types {
                let belongs =
                    index.is_universal() || index.record_types().iter().any(|name| name == record_type.name());
                if belongs {
                    record_type.indexes.push(Arc::clone(&index));
                }
            }
            indexes.insert(name, index);
        }
        Ok(RecordMetaData::from_parts(Parts {
            descriptors: self.descriptors,
            union_message: self.union.message().clone(),
            record_types,
            type_by_name,
            type_of_union_field,
            synthetic_record_types,
            indexes,
            former_indexes: self.former_indexes,
            split_long_records: self.split_long_records,
            store_record_versions: self.store_record_versions,
            version: self.version,
            subspace_key_counter: self.subspace_key_counter,
            record_count_key: self.record_count_key,
            carried: self.carried,
        }))
    }
}

impl From<&RecordMetaData> for RecordMetaDataBuilder {
    /// Begins with all of `meta_data`, to change it.
    fn from(meta_data: &RecordMetaData) -> Self {
        let parts = meta_data.parts();
        let union = Union::known(parts.union_message.clone());
        let record_types = union
            .record_types()
            .into_iter()
            .zip(&parts.record_types)
            .map(|(in_union, record_type)| RecordTypeBuilder {
                in_union,
                primary_key: Some(record_type.primary_key.clone()),
                explicit_key: record_type.explicit_key.clone(),
                since_version: record_type.since_version,
            })
            .collect();
        RecordMetaDataBuilder {
            descriptors: parts.descriptors.clone(),
            union,
            record_types,
            synthetic_record_types: parts.synthetic_record_types.clone(),
            indexes: parts
                .indexes
                .iter()
                .map(|(name, index)| (name.clone(), Index::clone(index)))
                .collect(),
            former_indexes: parts.former_indexes.clone(),
            split_long_records: parts.split_long_records,
            store_record_versions: parts.store_record_versions,
            version: parts.version,
            subspace_key_counter: parts.subspace_key_counter,
            record_count_key: parts.record_count_key.clone(),
            carried: parts.carried.clone(),
        }
    }
}
