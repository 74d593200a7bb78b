//! Whether messages that were written with an old definition can be read with a new one.

use std::collections::HashSet;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};

use super::{MetaDataEvolutionValidator, refused};
use crate::error::{Error, Result};
use crate::metadata::changes::type_of;

/// The pairs of messages that were compared: messages may contain themselves.
pub(super) type SeenMessages = HashSet<(String, String)>;

impl MetaDataEvolutionValidator {
    pub(super) fn validate_message(
        &self,
        old: &MessageDescriptor,
        new: &MessageDescriptor,
        seen: &mut SeenMessages,
    ) -> Result<()> {
        if !seen.insert((old.full_name().to_owned(), new.full_name().to_owned())) {
            return Ok(());
        }
        if old.parent_file().syntax() != new.parent_file().syntax() {
            return Err(refused("the syntax of a message's file changed").with("message", new.full_name()));
        }
        for old_field in old.fields() {
            let Some(new_field) = new.get_field(old_field.number()) else {
                return Err(changed(
                    "a field was removed: keep it and mark it deprecated",
                    &old_field,
                ));
            };
            self.validate_field(&old_field, &new_field, seen)?;
        }
        for new_field in new.fields() {
            if new_field.is_required() && old.get_field(new_field.number()).is_none() {
                return Err(changed(
                    "a required field was added: stored records do not have it",
                    &new_field,
                ));
            }
        }
        Ok(())
    }

    fn validate_field(&self, old: &FieldDescriptor, new: &FieldDescriptor, seen: &mut SeenMessages) -> Result<()> {
        self.validate_field_name(old, new)?;
        validate_field_type(old, new)?;
        validate_field_label(old, new)?;
        match (old.kind(), new.kind()) {
            (Kind::Enum(old_enum), Kind::Enum(new_enum)) => validate_enum(new, &old_enum, &new_enum),
            (Kind::Message(old_message), Kind::Message(new_message)) => {
                self.validate_message(&old_message, &new_message, seen)
            }
            _ => Ok(()),
        }
    }

    fn validate_field_name(&self, old: &FieldDescriptor, new: &FieldDescriptor) -> Result<()> {
        let (was_deprecated, is_deprecated) = (is_deprecated(old), is_deprecated(new));
        let may_rename =
            self.allow_field_renames || (self.allow_deprecated_field_renames && (was_deprecated || is_deprecated));
        if old.name() != new.name() && !may_rename {
            return Err(changed("a field was renamed", old).with("new", new.name()));
        }
        if was_deprecated && !is_deprecated && !self.allow_undeprecating_fields {
            return Err(changed("a deprecated field came back into use", old));
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
    Err(changed("the type of a field changed", old)
        .with("old_type", type_of(old))
        .with("new_type", type_of(new)))
}

fn validate_field_label(old: &FieldDescriptor, new: &FieldDescriptor) -> Result<()> {
    let is_repeated = |field: &FieldDescriptor| field.is_list() || field.is_map();
    if old.is_required() && !new.is_required() {
        return Err(changed("a field is no longer required", old));
    }
    if is_repeated(old) && !is_repeated(new) {
        return Err(changed("a field is no longer repeated", old));
    }
    if old.supports_presence() != new.supports_presence() {
        return Err(changed(
            "a field no longer tells a missing value from a default one as it did",
            old,
        ));
    }
    Ok(())
}

fn validate_enum(field: &FieldDescriptor, old: &EnumDescriptor, new: &EnumDescriptor) -> Result<()> {
    match old.values().find(|value| new.get_value(value.number()).is_none()) {
        Some(lost) => Err(changed("a value of an enum was removed", field).with("value", lost.name())),
        None => Ok(()),
    }
}

fn is_deprecated(field: &FieldDescriptor) -> bool {
    let options = &field.field_descriptor_proto().options;
    options.as_ref().is_some_and(|options| options.deprecated())
}

fn changed(message: &'static str, field: &FieldDescriptor) -> Error {
    refused(message).with("field", field.full_name())
}
