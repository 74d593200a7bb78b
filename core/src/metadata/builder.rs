//! [`RecordMetaDataBuilder`]: puts meta-data together, numbering versions as Java does.
//!
//! It can break rules while it is at work; [`RecordMetaDataBuilder::build`] checks them all.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use prost_reflect::FieldDescriptor;
use record_store_kv::tuple::Element;

use super::index::index_type;
use super::key_column::KeyColumn;
use super::record_meta_data::{Carried, Parts, unknown_index, unknown_record_type};
use super::synthetic::{self, SyntheticRecordType};
use super::union::{Union, UnionType};
use super::{
    Descriptors, FormerIndex, Index, MetaDataEvolutionValidator, RecordMetaData, RecordType, options, validator,
};
use crate::error::{Error, ErrorKind, Result};
use crate::key_expression::{FanType, KeyExpression, field, primary_key_component_positions};
use crate::proto;

/// Makes [`RecordMetaData`]. Java: `RecordMetaDataBuilder`.
///
/// Every change that a store must notice makes the version one larger: another file, an index added or removed, another
/// answer to "are long records split" or "are versions stored", another record count key.
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

/// A record type in the making. Java: `RecordTypeBuilder`.
#[derive(Clone, Debug)]
pub struct RecordTypeBuilder {
    pub(super) in_union: UnionType,
    pub(super) primary_key: Option<KeyExpression>,
    pub(super) explicit_key: Option<Element>,
    pub(super) since_version: Option<i32>,
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
        self.version += 1;
        let old_types = std::mem::take(&mut self.record_types);
        self.union = union;
        self.descriptors = descriptors;
        for (place, mut record_type) in record_type_builders(&self.union)?.into_iter().enumerate() {
            match old_types.iter().find(|old| old.shares_number_with(&record_type)) {
                Some(old) => {
                    record_type.primary_key = old.primary_key.clone();
                    record_type.explicit_key = old.explicit_key.clone();
                    record_type.since_version = old.since_version;
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
            if let Some(index) = declared_index(&field, &declared) {
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
            self.version += 1;
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
            *counter += 1;
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
        self.version += 1;
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
        self.version += i32::from(self.split_long_records != split);
        self.split_long_records = split;
        self
    }

    /// Keeps the commit's version with every record.
    pub fn set_store_record_versions(&mut self, store: bool) -> &mut Self {
        self.version += i32::from(self.store_record_versions != store);
        self.store_record_versions = store;
        self
    }

    /// Counts records by this key, in the older way; a `count` index does it better.
    pub fn set_record_count_key(&mut self, key: Option<KeyExpression>) -> &mut Self {
        self.version += i32::from(self.record_count_key != key);
        self.record_count_key = key;
        self
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

    fn build_unchecked(self) -> Result<RecordMetaData> {
        let mut record_types = Vec::with_capacity(self.record_types.len());
        let mut type_of_union_field = HashMap::new();
        for (place, builder) in self.record_types.into_iter().enumerate() {
            type_of_union_field.extend(builder.in_union.numbers.iter().map(|number| (*number, place)));
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
            indexes.insert(name, Arc::new(index));
        }
        Ok(RecordMetaData::from_parts(Parts {
            descriptors: self.descriptors,
            union_message: self.union.message().clone(),
            record_types,
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

    /// Whether this type and one of other files are the same: a number of the one is a number of the other.
    fn shares_number_with(&self, other: &RecordTypeBuilder) -> bool {
        self.in_union
            .numbers
            .iter()
            .any(|number| other.in_union.numbers.contains(number))
    }

    fn set_declared_primary_key(&mut self, field: &FieldDescriptor) -> Result<()> {
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

    fn build(self) -> Result<RecordType> {
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
        })
    }
}

fn record_type_builders(union: &Union) -> Result<Vec<RecordTypeBuilder>> {
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

/// The index that a field's options declare. Java: `protoFieldOptions`.
#[expect(deprecated, reason = "the older option is still obeyed")]
pub(super) fn declared_index(field: &FieldDescriptor, declared: &proto::FieldOptions) -> Option<Index> {
    use proto::index::Type;
    let (kind, unique, index_options) = match (&declared.index, declared.indexed) {
        (Some(index), _) => (index.r#type().to_owned(), index.unique(), &index.options[..]),
        (None, Some(_)) => {
            let (kind, unique) = match declared.indexed() {
                Type::Index => (index_type::VALUE, false),
                Type::Unique => (index_type::VALUE, true),
                Type::Rank => (index_type::RANK, false),
                Type::RankUnique => (index_type::RANK, true),
            };
            (kind.to_owned(), unique, &[][..])
        }
        (None, None) => return None,
    };
    let fan_type = if field.is_list() {
        FanType::FanOut
    } else {
        FanType::None
    };
    let column = self::field(field.name()).with_fan_type(fan_type);
    let expression: KeyExpression = if kind == index_type::RANK {
        column.ungrouped()
    } else {
        column.into()
    };
    let name = format!("{}${}", field.parent_message().name(), field.name());
    let mut index = Index::new(name, expression).with_kind(kind);
    if unique {
        index = index.unique();
    }
    for option in index_options {
        index = index.with_option(&option.key, &option.value);
    }
    Some(index)
}
