//! Whether an index under an old key still says what it said.

use std::collections::BTreeSet;

use super::{MetaDataEvolutionValidator, TypeRenames, refused, renamed, rule};
use crate::error::{Error, Result};
use crate::key_expression::KeyExpression;
use crate::metadata::{Index, RecordMetaData, index_rules};

impl MetaDataEvolutionValidator {
    pub(super) fn validate_index(
        &self,
        old_meta_data: &RecordMetaData,
        old: &Index,
        new_meta_data: &RecordMetaData,
        new: &Index,
        renames: &TypeRenames,
    ) -> Result<()> {
        validate_name_and_added_version(old, new)?;
        if self.is_rebuilt(old, new)? {
            return Ok(());
        }
        if old.kind() != new.kind() {
            return Err(changed(rule::INDEX_TYPE, new)
                .with("old", old.kind())
                .with("new", new.kind()));
        }
        validate_record_types(old_meta_data, old, new_meta_data, new, renames)?;
        self.validate_expression(old_meta_data, old, new_meta_data, new, renames)?;
        if old.primary_key_component_positions() != new.primary_key_component_positions() {
            return Err(changed(rule::INDEX_POSITIONS, new));
        }
        index_rules::validate_changed_options(old, new, &self.changed_options(old, new))
    }

    /// Whether stores build the index again, so that anything in its definition may change.
    fn is_rebuilt(&self, old: &Index, new: &Index) -> Result<bool> {
        let versions = |error: Error| {
            Err(error
                .with("old", old.last_modified_version())
                .with("new", new.last_modified_version()))
        };
        if old.last_modified_version() > new.last_modified_version() {
            return versions(changed(rule::INDEX_VERSION_FELL, new));
        }
        if old.last_modified_version() != new.last_modified_version() && !self.allow_index_rebuilds {
            return versions(changed(rule::INDEX_REDEFINED, new));
        }
        Ok(old.last_modified_version() < new.last_modified_version())
    }

    fn validate_expression(
        &self,
        old_meta_data: &RecordMetaData,
        old: &Index,
        new_meta_data: &RecordMetaData,
        new: &Index,
        renames: &TypeRenames,
    ) -> Result<()> {
        let mut expected: Option<KeyExpression> = None;
        for old_type in old_meta_data.record_types_for_index(old) {
            let new_type = new_meta_data.record_type(renamed(renames, old_type.name()))?;
            let renamed = self.expected_key(old.root_expression(), old_type.descriptor(), new_type.descriptor())?;
            if expected.as_ref().is_some_and(|expected| *expected != renamed) {
                return Err(changed(rule::INDEX_KEYS_DIFFER, new).with("key", old.root_expression()));
            }
            expected = Some(renamed);
        }
        let expected = expected.unwrap_or_else(|| old.root_expression().clone());
        if expected != *new.root_expression() {
            return Err(changed(rule::INDEX_KEY, new)
                .with("expected", expected)
                .with("new", new.root_expression()));
        }
        Ok(())
    }

    fn changed_options<'a>(&self, old: &'a Index, new: &'a Index) -> BTreeSet<&'a str> {
        old.options()
            .iter()
            .chain(new.options())
            .map(|(name, _)| name.as_str())
            .filter(|name| !self.ignored_index_options.contains(*name) && old.option(name) != new.option(name))
            .collect()
    }
}

fn validate_name_and_added_version(old: &Index, new: &Index) -> Result<()> {
    if old.name() != new.name() {
        return Err(refused(rule::INDEX_RENAMED)
            .with("old", old.name())
            .with("new", new.name()));
    }
    if old.added_version() != new.added_version() {
        return Err(changed(rule::INDEX_ADDED_VERSION, new)
            .with("old", old.added_version())
            .with("new", new.added_version()));
    }
    Ok(())
}

/// An index may gain types that are newer than any store; it may lose none.
fn validate_record_types(
    old_meta_data: &RecordMetaData,
    old: &Index,
    new_meta_data: &RecordMetaData,
    new: &Index,
    renames: &TypeRenames,
) -> Result<()> {
    let before: BTreeSet<&str> = old_meta_data
        .record_types_for_index(old)
        .map(|record_type| renamed(renames, record_type.name()))
        .collect();
    let after: BTreeSet<&str> = new_meta_data
        .record_types_for_index(new)
        .map(|record_type| record_type.name())
        .collect();
    if let Some(lost) = before.difference(&after).next() {
        return Err(changed(rule::INDEX_LOST_TYPE, new).with("record_type", lost));
    }
    for gained in after.difference(&before) {
        let since = new_meta_data.record_type(gained)?.since_version();
        if since.is_none_or(|since| since <= old_meta_data.version()) {
            return Err(changed(rule::INDEX_GAINED_TYPE, new).with("record_type", gained));
        }
    }
    Ok(())
}

fn changed(message: &'static str, index: &Index) -> Error {
    refused(message).with("index", index.name())
}
