//! [`MetaDataEvolutionValidator`]: whether newer meta-data may follow older, so that what is stored stays readable and
//! every index says what it said. Java: `MetaDataEvolutionValidator` (4.13.3.0).
//!
//! One function for each rule: here those of types and indexes, in `messages` those of the messages.

mod index_definition;
mod messages;
mod renames;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use prost_reflect::{Kind, MessageDescriptor};
use record_store_kv::tuple::Element;

use super::{FormerIndex, Index, RecordMetaData, RecordType};
use crate::error::{Error, ErrorKind, Result};
use crate::key_expression::KeyExpression;
use renames::rename_fields;

/// Says whether newer meta-data may follow older. The default is the strictest; each switch allows one kind of change, or
/// forbids one, as the setter of its name on Java's builder does.
///
/// ```
/// use record_store::metadata::MetaDataEvolutionValidator;
/// let validator = MetaDataEvolutionValidator { allow_field_renames: true, ..Default::default() };
/// assert!(!validator.allow_index_rebuilds);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetaDataEvolutionValidator {
    /// The version may stay as it is.
    pub allow_no_version_change: bool,
    /// A new record type need not say which version brought it; its indexes are then built as for an old type.
    pub allow_no_since_version: bool,
    /// Fields may get other names.
    pub allow_field_renames: bool,
    /// Fields that are deprecated, before or after, may get other names.
    pub allow_deprecated_field_renames: bool,
    /// A deprecated field may come back into use.
    pub allow_undeprecating_fields: bool,
    /// An index may be defined anew under its name: its last-modified version grows, and stores build it again.
    pub allow_index_rebuilds: bool,
    /// A former index may lack its name; its state is then never cleared.
    pub allow_missing_former_index_names: bool,
    /// A former index may say that it was added earlier than it was.
    pub allow_older_former_index_added_versions: bool,
    /// Long records may be split from now on. Stores made with a format below 5 do not bear it.
    pub allow_unsplit_to_split: bool,
    /// Record types must keep their names.
    pub disallow_type_renames: bool,
    /// Options of indexes that may change in any way.
    pub ignored_index_options: BTreeSet<String>,
}

/// The new name of each record type that has one, by its old name.
type TypeRenames = HashMap<String, String>;

impl MetaDataEvolutionValidator {
    /// Checks that `new` may follow `old`.
    ///
    /// **Errors**: `MetaDataEvolution`, naming the type, field or index that may not change so.
    pub fn validate(&self, old: &RecordMetaData, new: &RecordMetaData) -> Result<()> {
        self.validate_version(old, new)?;
        self.validate_split(old, new)?;
        self.validate_union(old.union_message(), new.union_message())?;
        let renames = self.type_renames(old.union_message(), new.union_message())?;
        for old_type in old.record_types() {
            self.validate_record_type(old_type, new, &renames)?;
        }
        self.validate_new_record_types(old, new, &renames)?;
        self.validate_indexes(old, new, &renames)
    }

    fn validate_version(&self, old: &RecordMetaData, new: &RecordMetaData) -> Result<()> {
        if old.version() > new.version() || (old.version() == new.version() && !self.allow_no_version_change) {
            return Err(refused("the version must grow")
                .with("old_version", old.version())
                .with("new_version", new.version()));
        }
        Ok(())
    }

    fn validate_split(&self, old: &RecordMetaData, new: &RecordMetaData) -> Result<()> {
        match (old.is_split_long_records(), new.is_split_long_records()) {
            (true, false) => Err(refused("records are split already and must stay so")),
            (false, true) if !self.allow_unsplit_to_split => {
                Err(refused("splitting of long records may not be turned on"))
            }
            _ => Ok(()),
        }
    }

    /// Checks that every record under the old union can be read under the new one.
    ///
    /// **Errors**: `MetaDataEvolution`, naming the record type or the field.
    pub fn validate_union(&self, old: &MessageDescriptor, new: &MessageDescriptor) -> Result<()> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut seen = messages::SeenMessages::new();
        for field in old.fields() {
            let Kind::Message(old_record) = field.kind() else {
                return Err(refused("a field of the old union is no message").with("field", field.full_name()));
            };
            let Some(new_field) = new.get_field(field.number()) else {
                return Err(refused(
                    "a record type was removed from the union: keep its message, its records may be stored",
                )
                .with("record_type", old_record.name())
                .with("number", field.number()));
            };
            let Kind::Message(new_record) = new_field.kind() else {
                return Err(refused("a field of the new union is no message").with("field", new_field.full_name()));
            };
            let pair = (old_record.full_name().to_owned(), new_record.full_name().to_owned());
            if let Some(other) = pairs.iter().find(|known| (known.0 == pair.0) != (known.1 == pair.1)) {
                let message = if other.0 == pair.0 {
                    "one record type became two"
                } else {
                    "two record types became one"
                };
                return Err(refused(message)
                    .with("old", format_args!("{}, {}", other.0, pair.0))
                    .with("new", format_args!("{}, {}", other.1, pair.1)));
            }
            pairs.push(pair);
            self.validate_message(&old_record, &new_record, &mut seen)?;
        }
        Ok(())
    }

    fn type_renames(&self, old: &MessageDescriptor, new: &MessageDescriptor) -> Result<TypeRenames> {
        let mut renames = HashMap::new();
        for field in old.fields() {
            let new_kind = new.get_field(field.number()).map(|field| field.kind());
            let (Kind::Message(old_type), Some(Kind::Message(new_type))) = (field.kind(), new_kind) else {
                continue;
            };
            if old_type.name() == new_type.name() {
                continue;
            }
            if self.disallow_type_renames {
                return Err(refused("a record type was renamed")
                    .with("old", old_type.name())
                    .with("new", new_type.name()));
            }
            renames.insert(old_type.name().to_owned(), new_type.name().to_owned());
        }
        Ok(renames)
    }

    fn validate_record_type(&self, old: &RecordType, new: &RecordMetaData, renames: &TypeRenames) -> Result<()> {
        let name = renamed(renames, old.name());
        let Some(new) = new.record_types().iter().find(|new| new.name() == name) else {
            return Err(refused("a record type was removed").with("record_type", old.name()));
        };
        let changed = |message| refused(message).with("record_type", name);
        if old.since_version() != new.since_version() {
            return Err(changed("the version that brought a record type changed")
                .with("old", old.since_version().unwrap_or_default())
                .with("new", new.since_version().unwrap_or_default()));
        }
        let expected = self.expected_key(old.primary_key(), old.descriptor(), new.descriptor())?;
        if expected != *new.primary_key() {
            return Err(
                changed("the primary key of a record type changed: records are stored under it")
                    .with("expected", expected)
                    .with("new", new.primary_key()),
            );
        }
        if old.record_type_key() != new.record_type_key() {
            return Err(changed("the record type key changed: records are stored under it")
                .with("old", old.record_type_key())
                .with("new", new.record_type_key()));
        }
        Ok(())
    }

    fn validate_new_record_types(
        &self,
        old: &RecordMetaData,
        new: &RecordMetaData,
        renames: &TypeRenames,
    ) -> Result<()> {
        let known: BTreeSet<&str> = old
            .record_types()
            .iter()
            .map(|record_type| renamed(renames, record_type.name()))
            .collect();
        for record_type in new.record_types().iter().filter(|new| !known.contains(new.name())) {
            match record_type.since_version() {
                None if self.allow_no_since_version => {}
                None => {
                    return Err(refused("a new record type does not say which version brought it")
                        .with("record_type", record_type.name()));
                }
                Some(since) if since <= old.version() => {
                    return Err(refused("a new record type says that it is not new")
                        .with("record_type", record_type.name())
                        .with("since_version", since)
                        .with("old_version", old.version()));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    fn validate_indexes(&self, old: &RecordMetaData, new: &RecordMetaData, renames: &TypeRenames) -> Result<()> {
        let (old_former, new_former) = (former_by_key(old), former_by_key(new));
        let (old_indexes, new_indexes) = (indexes_by_key(old), indexes_by_key(new));
        for key in old_former.keys() {
            validate_former_key_stays(key, &new_former, &new_indexes)?;
        }
        for (key, index) in &old_indexes {
            if !new_indexes.contains_key(key) && !new_former.contains_key(key) {
                return Err(
                    refused("an index is gone and is no former index: remove it with remove_index")
                        .with("index", index.name())
                        .with("subspace_key", key),
                );
            }
        }
        for (key, former) in &new_former {
            match (old_former.get(key), old_indexes.get(key)) {
                (Some(before), _) => validate_same_former_index(before, former)?,
                (None, index) => self.validate_new_former_index(old, index.copied(), former)?,
            }
        }
        for (key, index) in &new_indexes {
            match old_indexes.get(key) {
                Some(before) => self.validate_index(old, before, new, index, renames)?,
                None if index.last_modified_version() <= old.version() => {
                    return Err(refused("a new index says that it is not new")
                        .with("index", index.name())
                        .with("last_modified_version", index.last_modified_version())
                        .with("old_version", old.version()));
                }
                None => {}
            }
        }
        Ok(())
    }

    /// A former index that is new itself: of an index that was there, or of one that came and went in between.
    fn validate_new_former_index(
        &self,
        old: &RecordMetaData,
        index: Option<&Index>,
        former: &FormerIndex,
    ) -> Result<()> {
        let wrong = |message| refused_former(message, former);
        if former.removed_version <= old.version() {
            return Err(wrong("a new former index says that it was removed earlier").with("old_version", old.version()));
        }
        let Some(index) = index else {
            if former.added_version <= old.version() && !self.allow_older_former_index_added_versions {
                return Err(wrong("a former index that never was says that it was added earlier")
                    .with("old_version", old.version()));
            }
            return Ok(());
        };
        let nameless = former.former_name.is_none() && self.allow_missing_former_index_names;
        if !nameless && former.former_name.as_deref() != Some(index.name()) {
            return Err(wrong("a former index has another name than the index had").with("index", index.name()));
        }
        if former.added_version > index.added_version() {
            return Err(
                wrong("a former index was added later than the index").with("index_added", index.added_version())
            );
        }
        if former.added_version != index.added_version() && !self.allow_older_former_index_added_versions {
            return Err(
                wrong("a former index was added earlier than the index").with("index_added", index.added_version())
            );
        }
        if former.removed_version <= index.last_modified_version() {
            return Err(wrong("a former index was removed before the index was last changed")
                .with("index_last_modified", index.last_modified_version()));
        }
        Ok(())
    }

    /// The key that the new definition must have: the old one, with the new names of its fields.
    fn expected_key(
        &self,
        key: &KeyExpression,
        old: &MessageDescriptor,
        new: &MessageDescriptor,
    ) -> Result<KeyExpression> {
        if self.allow_field_renames || self.allow_deprecated_field_renames {
            rename_fields(key, old, new)
        } else {
            Ok(key.clone())
        }
    }
}

fn validate_former_key_stays(
    key: &Element,
    new_former: &BTreeMap<&Element, &FormerIndex>,
    new_indexes: &BTreeMap<&Element, &Index>,
) -> Result<()> {
    if let Some(index) = new_indexes.get(key) {
        return Err(
            refused("the key of a former index is used by a new one: stores may have entries of the old one")
                .with("subspace_key", key)
                .with("index", index.name()),
        );
    }
    if !new_former.contains_key(key) {
        return Err(refused("a former index was forgotten: stores may have its entries").with("subspace_key", key));
    }
    Ok(())
}

fn validate_same_former_index(old: &FormerIndex, new: &FormerIndex) -> Result<()> {
    if old.removed_version != new.removed_version {
        return Err(
            refused_former("the version that removed a former index changed", new).with("old", old.removed_version)
        );
    }
    if old.added_version != new.added_version {
        return Err(refused_former("the version that added a former index changed", new).with("old", old.added_version));
    }
    if old.former_name != new.former_name {
        return Err(refused_former("the name of a former index changed", new)
            .with("old", old.former_name.as_deref().unwrap_or("?")));
    }
    Ok(())
}

fn former_by_key(meta_data: &RecordMetaData) -> BTreeMap<&Element, &FormerIndex> {
    meta_data
        .former_indexes()
        .iter()
        .map(|former| (&former.subspace_key, former))
        .collect()
}

fn indexes_by_key(meta_data: &RecordMetaData) -> BTreeMap<&Element, &Index> {
    meta_data
        .indexes()
        .map(|index| (index.subspace_key(), &**index))
        .collect()
}

fn renamed<'a>(renames: &'a TypeRenames, name: &'a str) -> &'a str {
    renames.get(name).map_or(name, String::as_str)
}

fn refused(message: &'static str) -> Error {
    Error::new(ErrorKind::MetaDataEvolution, message)
}

fn refused_former(message: &'static str, former: &FormerIndex) -> Error {
    refused(message)
        .with("former_index", former.former_name.as_deref().unwrap_or("?"))
        .with("subspace_key", &former.subspace_key)
        .with("added_version", former.added_version)
        .with("removed_version", former.removed_version)
}

#[cfg(test)]
mod tests;
