//! [`MetaDataEvolutionValidator`]: whether newer meta-data may follow older, so that what is stored stays readable and
//! every index says what it said. Java: `MetaDataEvolutionValidator` (4.13.3.0).
//!
//! One function for each rule: here those of types and indexes, in `messages` those of the messages.

mod index_definition;
mod messages;
mod renames;
pub(super) mod rule;
mod violation;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use record_store_kv::tuple::Element;

use super::changes::Subject;
use super::names;
use super::{FormerIndex, Index, RecordMetaData, RecordType};
use crate::error::{Error, ErrorKind, Result};
use crate::key_expression::KeyExpression;
pub(super) use messages::is_deprecated;
use renames::rename_fields;
pub(super) use violation::Violations;

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
    /// Sets a switch by its name, as other languages do: `set("allow_field_renames", true)`.
    ///
    /// **Errors**: `InvalidArgument` for an unknown one, with the name that was probably meant.
    pub fn set(&mut self, switch: &str, on: bool) -> Result<()> {
        let mut switches = [
            ("allow_no_version_change", &mut self.allow_no_version_change),
            ("allow_no_since_version", &mut self.allow_no_since_version),
            ("allow_field_renames", &mut self.allow_field_renames),
            (
                "allow_deprecated_field_renames",
                &mut self.allow_deprecated_field_renames,
            ),
            ("allow_undeprecating_fields", &mut self.allow_undeprecating_fields),
            ("allow_index_rebuilds", &mut self.allow_index_rebuilds),
            (
                "allow_missing_former_index_names",
                &mut self.allow_missing_former_index_names,
            ),
            (
                "allow_older_former_index_added_versions",
                &mut self.allow_older_former_index_added_versions,
            ),
            ("allow_unsplit_to_split", &mut self.allow_unsplit_to_split),
            ("disallow_type_renames", &mut self.disallow_type_renames),
        ];
        match switches.iter_mut().find(|(name, _)| *name == switch) {
            Some((_, value)) => {
                **value = on;
                Ok(())
            }
            None => {
                let error = Error::new(ErrorKind::InvalidArgument, "evolution has no such switch");
                Err(names::unknown(
                    error,
                    "switch",
                    switch,
                    switches.iter().map(|(name, _)| *name),
                ))
            }
        }
    }

    /// Checks that `new` may follow `old`.
    ///
    /// **Errors**: `MetaDataEvolution`, naming the type, field or index that may not change so, and the way out.
    pub fn validate(&self, old: &RecordMetaData, new: &RecordMetaData) -> Result<()> {
        self.violations(old, new).into_result()
    }

    /// Every rule that `new` breaks, at most one for each part of a thing.
    pub(super) fn violations(&self, old: &RecordMetaData, new: &RecordMetaData) -> Violations {
        let mut found = Violations::default();
        let property = Subject::Property;
        found.check(property, "version", None, self.validate_version(old, new));
        found.check(property, "long records", None, self.validate_split(old, new));
        self.check_union(old.union_message(), new.union_message(), &mut found);
        let renames = type_renames(old.union_message(), new.union_message());
        for old_type in old.record_types() {
            self.check_record_type(old_type, new, &renames, &mut found);
        }
        self.check_new_record_types(old, new, &renames, &mut found);
        self.check_indexes(old, new, &renames, &mut found);
        found
    }

    fn validate_version(&self, old: &RecordMetaData, new: &RecordMetaData) -> Result<()> {
        if old.version() > new.version() || (old.version() == new.version() && !self.allow_no_version_change) {
            return Err(refused(rule::VERSION_FELL)
                .with("old_version", old.version())
                .with("new_version", new.version()));
        }
        Ok(())
    }

    fn validate_split(&self, old: &RecordMetaData, new: &RecordMetaData) -> Result<()> {
        match (old.is_split_long_records(), new.is_split_long_records()) {
            (true, false) => Err(refused(rule::UNSPLIT)),
            (false, true) if !self.allow_unsplit_to_split => Err(refused(rule::SPLIT)),
            _ => Ok(()),
        }
    }

    /// Checks that every record under the old union can be read under the new one.
    ///
    /// **Errors**: `MetaDataEvolution`, naming the record type or the field.
    pub fn validate_union(&self, old: &MessageDescriptor, new: &MessageDescriptor) -> Result<()> {
        let mut found = Violations::default();
        self.check_union(old, new, &mut found);
        found.into_result()
    }

    fn check_union(&self, old: &MessageDescriptor, new: &MessageDescriptor, found: &mut Violations) {
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut seen = messages::SeenMessages::new();
        for field in old.fields() {
            let (old_record, new_record) = match union_pair(&field, new) {
                Ok(pair) => pair,
                Err(error) => {
                    let name = field
                        .kind()
                        .as_message()
                        .map_or(field.name().to_owned(), |message| message.name().to_owned());
                    found.check(Subject::RecordType, name, None, Err(error));
                    continue;
                }
            };
            let pair = (old_record.full_name().to_owned(), new_record.full_name().to_owned());
            if let Some(other) = pairs.iter().find(|known| (known.0 == pair.0) != (known.1 == pair.1)) {
                let message = if other.0 == pair.0 {
                    rule::TYPE_BECAME_TWO
                } else {
                    rule::TYPES_BECAME_ONE
                };
                let error = refused(message)
                    .with("old", format_args!("{}, {}", other.0, pair.0))
                    .with("new", format_args!("{}, {}", other.1, pair.1));
                found.check(Subject::RecordType, old_record.name(), None, Err(error));
                continue;
            }
            pairs.push(pair);
            if self.disallow_type_renames && old_record.name() != new_record.name() {
                let error = refused(rule::TYPE_RENAMED)
                    .with("old", old_record.name())
                    .with("new", new_record.name());
                found.check(Subject::RecordType, old_record.name(), Some("name"), Err(error));
            }
            self.check_message(&old_record, &new_record, &mut seen, found);
        }
    }

    fn check_record_type(&self, old: &RecordType, new: &RecordMetaData, renames: &TypeRenames, found: &mut Violations) {
        let subject = Subject::RecordType;
        let name = renamed(renames, old.name());
        let Some(new) = new.record_types().iter().find(|new| new.name() == name) else {
            let error = refused(rule::TYPE_REMOVED).with("record_type", old.name());
            found.check(subject, old.name(), None, Err(error));
            return;
        };
        found.check(subject, old.name(), Some("since version"), same_since_version(old, new));
        found.check(
            subject,
            old.name(),
            Some("primary key"),
            self.same_primary_key(old, new),
        );
        found.check(
            subject,
            old.name(),
            Some("record type key"),
            same_record_type_key(old, new),
        );
    }

    fn same_primary_key(&self, old: &RecordType, new: &RecordType) -> Result<()> {
        let expected = self.expected_key(old.primary_key(), old.descriptor(), new.descriptor())?;
        if expected == *new.primary_key() {
            return Ok(());
        }
        Err(refused(rule::PRIMARY_KEY)
            .with("record_type", new.name())
            .with("expected", expected)
            .with("new", new.primary_key()))
    }

    fn check_new_record_types(
        &self,
        old: &RecordMetaData,
        new: &RecordMetaData,
        renames: &TypeRenames,
        found: &mut Violations,
    ) {
        let known: BTreeSet<&str> = old
            .record_types()
            .iter()
            .map(|record_type| renamed(renames, record_type.name()))
            .collect();
        for record_type in new.record_types().iter().filter(|new| !known.contains(new.name())) {
            let result = match record_type.since_version() {
                None if self.allow_no_since_version => Ok(()),
                None => Err(refused(rule::NO_SINCE_VERSION).with("record_type", record_type.name())),
                Some(since) if since <= old.version() => Err(refused(rule::OLD_SINCE_VERSION)
                    .with("record_type", record_type.name())
                    .with("since_version", since)
                    .with("old_version", old.version())),
                Some(_) => Ok(()),
            };
            found.check(Subject::RecordType, record_type.name(), None, result);
        }
    }

    fn check_indexes(&self, old: &RecordMetaData, new: &RecordMetaData, renames: &TypeRenames, found: &mut Violations) {
        let subject = Subject::Index;
        let (old_former, new_former) = (former_by_key(old), former_by_key(new));
        let (old_indexes, new_indexes) = (indexes_by_key(old), indexes_by_key(new));
        for (key, former) in &old_former {
            let result = validate_former_key_stays(key, &new_former, &new_indexes);
            found.check(Subject::FormerIndex, former_name(former), None, result);
        }
        for (key, index) in &old_indexes {
            if !new_indexes.contains_key(key) && !new_former.contains_key(key) {
                let error = refused(rule::INDEX_GONE)
                    .with("index", index.name())
                    .with("subspace_key", key);
                found.check(subject, index.name(), None, Err(error));
            }
        }
        for (key, former) in &new_former {
            let result = match (old_former.get(key), old_indexes.get(key)) {
                (Some(before), _) => validate_same_former_index(before, former),
                (None, index) => self.validate_new_former_index(old, index.copied(), former),
            };
            found.check(Subject::FormerIndex, former_name(former), None, result);
        }
        for (key, index) in &new_indexes {
            let result = match old_indexes.get(key) {
                Some(before) => self.validate_index(old, before, new, index, renames),
                None if index.last_modified_version() <= old.version() => Err(refused(rule::INDEX_NOT_NEW)
                    .with("index", index.name())
                    .with("last_modified_version", index.last_modified_version())
                    .with("old_version", old.version())),
                None => Ok(()),
            };
            found.check(subject, index.name(), None, result);
        }
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
            return Err(wrong(rule::FORMER_NOT_NEW).with("old_version", old.version()));
        }
        let Some(index) = index else {
            if former.added_version <= old.version() && !self.allow_older_former_index_added_versions {
                return Err(wrong(rule::FORMER_OF_NOTHING).with("old_version", old.version()));
            }
            return Ok(());
        };
        let nameless = former.former_name.is_none() && self.allow_missing_former_index_names;
        if !nameless && former.former_name.as_deref() != Some(index.name()) {
            return Err(wrong(rule::FORMER_NAME).with("index", index.name()));
        }
        if former.added_version > index.added_version() {
            return Err(wrong(rule::FORMER_YOUNGER).with("index_added", index.added_version()));
        }
        if former.added_version != index.added_version() && !self.allow_older_former_index_added_versions {
            return Err(wrong(rule::FORMER_OLDER).with("index_added", index.added_version()));
        }
        if former.removed_version <= index.last_modified_version() {
            return Err(wrong(rule::FORMER_BEFORE_CHANGE).with("index_last_modified", index.last_modified_version()));
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

/// The record types under a field of the old union, before and now.
fn union_pair(field: &FieldDescriptor, new: &MessageDescriptor) -> Result<(MessageDescriptor, MessageDescriptor)> {
    let Kind::Message(old_record) = field.kind() else {
        return Err(refused(rule::OLD_UNION_FIELD).with("field", field.full_name()));
    };
    let Some(new_field) = new.get_field(field.number()) else {
        return Err(refused(rule::REMOVED_FROM_UNION)
            .with("record_type", old_record.name())
            .with("number", field.number()));
    };
    match new_field.kind() {
        Kind::Message(new_record) => Ok((old_record, new_record)),
        _ => Err(refused(rule::NEW_UNION_FIELD).with("field", new_field.full_name())),
    }
}

fn type_renames(old: &MessageDescriptor, new: &MessageDescriptor) -> TypeRenames {
    old.fields()
        .filter_map(|field| union_pair(&field, new).ok())
        .filter(|(old_type, new_type)| old_type.name() != new_type.name())
        .map(|(old_type, new_type)| (old_type.name().to_owned(), new_type.name().to_owned()))
        .collect()
}

fn same_since_version(old: &RecordType, new: &RecordType) -> Result<()> {
    if old.since_version() == new.since_version() {
        return Ok(());
    }
    Err(refused(rule::SINCE_VERSION)
        .with("record_type", new.name())
        .with("old", old.since_version().unwrap_or_default())
        .with("new", new.since_version().unwrap_or_default()))
}

fn same_record_type_key(old: &RecordType, new: &RecordType) -> Result<()> {
    if old.record_type_key() == new.record_type_key() {
        return Ok(());
    }
    Err(refused(rule::RECORD_TYPE_KEY)
        .with("record_type", new.name())
        .with("old", old.record_type_key())
        .with("new", new.record_type_key()))
}

fn former_name(former: &FormerIndex) -> &str {
    former.former_name.as_deref().unwrap_or("?")
}

fn validate_former_key_stays(
    key: &Element,
    new_former: &BTreeMap<&Element, &FormerIndex>,
    new_indexes: &BTreeMap<&Element, &Index>,
) -> Result<()> {
    if let Some(index) = new_indexes.get(key) {
        return Err(refused(rule::FORMER_KEY_USED)
            .with("subspace_key", key)
            .with("index", index.name()));
    }
    if !new_former.contains_key(key) {
        return Err(refused(rule::FORMER_FORGOTTEN).with("subspace_key", key));
    }
    Ok(())
}

fn validate_same_former_index(old: &FormerIndex, new: &FormerIndex) -> Result<()> {
    if old.removed_version != new.removed_version {
        return Err(refused_former(rule::FORMER_REMOVED_VERSION, new).with("old", old.removed_version));
    }
    if old.added_version != new.added_version {
        return Err(refused_former(rule::FORMER_ADDED_VERSION, new).with("old", old.added_version));
    }
    if old.former_name != new.former_name {
        return Err(refused_former(rule::FORMER_RENAMED, new).with("old", old.former_name.as_deref().unwrap_or("?")));
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
        .with("former_index", former_name(former))
        .with("subspace_key", &former.subspace_key)
        .with("added_version", former.added_version)
        .with("removed_version", former.removed_version)
}

#[cfg(test)]
mod tests;
