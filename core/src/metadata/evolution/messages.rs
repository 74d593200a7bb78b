//! Whether messages that were written with an old definition can be read with a new one.

use std::collections::HashSet;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::{MetaDataEvolutionValidator, Violations, refused, rule};
use crate::error::{Error, Result};
use crate::metadata::changes::{Subject, enum_value_name, type_of};

/// The pairs of messages that were compared: messages may contain themselves.
pub(super) type SeenMessages = HashSet<(String, String)>;

impl MetaDataEvolutionValidator {
    pub(super) fn check_message(
        &self,
        old: &MessageDescriptor,
        new: &MessageDescriptor,
        seen: &mut SeenMessages,
        found: &mut Violations,
    ) {
        if !seen.insert((old.full_name().to_owned(), new.full_name().to_owned())) {
            return;
        }
        if old.parent_file().syntax() != new.parent_file().syntax() {
            let error = refused(rule::SYNTAX).with("message", new.full_name());
            found.check(Subject::Message, old.full_name(), Some("syntax"), Err(error));
        }
        for old_field in old.fields() {
            match new.get_field(old_field.number()) {
                Some(new_field) => self.check_field(&old_field, &new_field, seen, found),
                None => {
                    let error = changed(rule::FIELD_REMOVED, &old_field);
                    found.check(Subject::Field, old_field.full_name(), None, Err(error));
                }
            }
        }
        for new_field in new.fields() {
            if new_field.is_required() && old.get_field(new_field.number()).is_none() {
                let error = changed(rule::REQUIRED_ADDED, &new_field);
                found.check(Subject::Field, new_field.full_name(), None, Err(error));
            }
        }
    }

    fn check_field(
        &self,
        old: &FieldDescriptor,
        new: &FieldDescriptor,
        seen: &mut SeenMessages,
        found: &mut Violations,
    ) {
        let mut check = |part, result| found.check(Subject::Field, old.full_name(), Some(part), result);
        check("name", self.validate_field_name(old, new));
        check("deprecation", self.validate_deprecation(old, new));
        check("type", validate_field_type(old, new));
        check("type", validate_field_label(old, new));
        check("presence", validate_presence(old, new));
        match (old.kind(), new.kind()) {
            (Kind::Enum(old_enum), Kind::Enum(new_enum)) => {
                for lost in old_enum
                    .values()
                    .filter(|value| new_enum.get_value(value.number()).is_none())
                {
                    let error = changed(rule::ENUM_VALUE_REMOVED, new).with("value", lost.name());
                    found.check(Subject::EnumValue, enum_value_name(&lost), None, Err(error));
                }
            }
            (Kind::Message(old_message), Kind::Message(new_message)) => {
                self.check_message(&old_message, &new_message, seen, found);
            }
            _ => {}
        }
    }

    fn validate_field_name(&self, old: &FieldDescriptor, new: &FieldDescriptor) -> Result<()> {
        let (was_deprecated, is_deprecated) = (is_deprecated(old), is_deprecated(new));
        let may_rename =
            self.allow_field_renames || (self.allow_deprecated_field_renames && (was_deprecated || is_deprecated));
        if old.name() != new.name() && !may_rename {
            return Err(changed(rule::FIELD_RENAMED, old).with("new", new.name()));
        }
        Ok(())
    }

    fn validate_deprecation(&self, old: &FieldDescriptor, new: &FieldDescriptor) -> Result<()> {
        if is_deprecated(old) && !is_deprecated(new) && !self.allow_undeprecating_fields {
            return Err(changed(rule::UNDEPRECATED, old));
        }
        Ok(())
    }
}

/// Integers of variable length may grow; any other change reads or sorts otherwise.
fn validate_field_type(old: &FieldDescriptor, new: &FieldDescriptor) -> Result<()> {
    let same = match (old.kind(), new.kind()) {
        (Kind::Int32, Kind::Int64) | (Kind::Sint32, Kind::Sint64) => true,
        (old_kind, new_kind) => {
            std::mem::discriminant(&old_kind) == std::mem::discriminant(&new_kind) && old.is_group() == new.is_group()
        }
    };
    if same {
        return Ok(());
    }
    Err(changed(rule::FIELD_TYPE, old)
        .with("old_type", type_of(old))
        .with("new_type", type_of(new)))
}

fn validate_field_label(old: &FieldDescriptor, new: &FieldDescriptor) -> Result<()> {
    let is_repeated = |field: &FieldDescriptor| field.is_list() || field.is_map();
    if old.is_required() && !new.is_required() {
        return Err(changed(rule::NO_LONGER_REQUIRED, old));
    }
    if is_repeated(old) && !is_repeated(new) {
        return Err(changed(rule::NO_LONGER_REPEATED, old));
    }
    Ok(())
}

fn validate_presence(old: &FieldDescriptor, new: &FieldDescriptor) -> Result<()> {
    if old.supports_presence() == new.supports_presence() {
        return Ok(());
    }
    Err(changed(rule::PRESENCE, old))
}

pub(in crate::metadata) fn is_deprecated(field: &FieldDescriptor) -> bool {
    let options = &field.field_descriptor_proto().options;
    options.as_ref().is_some_and(|options| options.deprecated())
}

fn changed(message: &'static str, field: &FieldDescriptor) -> Error {
    refused(message).with("field", field.full_name())
}
