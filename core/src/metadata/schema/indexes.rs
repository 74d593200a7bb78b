//! The indexes of a schema: the key expressions that their columns mean, and what becomes of those that are there already.

use std::collections::BTreeSet;

use prost_reflect::MessageDescriptor;
use record_store_kv::tuple::Element;

use super::IndexSchema;
use super::columns::Written;
use super::condition::conform;
use crate::error::{Error, ErrorKind, Result};
use crate::key_expression::{KeyExpression, concat, key_with_value, version};
use crate::metadata::{Index, RecordMetaData, RecordMetaDataBuilder, index_rules};

/// The index of a schema with its key expression over records of these messages.
pub(super) fn resolve_index(index: &IndexSchema, messages: &[MessageDescriptor]) -> Result<Index> {
    let name = |error: Error| error.with("index", index.rest.name());
    let mut resolved = None;
    let mut condition = None;
    for message in messages {
        let expression = key_expression(index, message).map_err(name)?;
        if resolved.get_or_insert_with(|| expression.clone()).to_proto() != expression.to_proto() {
            return Err(name(Error::new(
                ErrorKind::InvalidExpression,
                "the columns of an index mean different keys in its record types: make it several indexes",
            ))
            .with("record_type", message.name()));
        }
        if let Some(written) = &index.condition {
            let conformed = conform(written, message).map_err(name)?;
            if *condition.get_or_insert_with(|| conformed.clone()) != conformed {
                return Err(name(Error::new(
                    ErrorKind::InvalidExpression,
                    "the condition of an index means different values in its record types: make it several indexes",
                ))
                .with("record_type", message.name()));
            }
        }
    }
    let expression =
        resolved.ok_or_else(|| name(Error::new(ErrorKind::MetaData, "an index is over no record type")))?;
    let types = messages.iter().map(|message| message.name().to_owned()).collect();
    let universal = index.rest.is_universal();
    let mut index = index.rest.clone().with_root_expression(expression);
    if !universal {
        index.set_record_types(types);
    }
    Ok(match condition {
        Some(condition) => index.with_predicate(condition),
        None => index,
    })
}

/// The key that the columns mean in an index of this type: grouped where its type groups, with the version where it has one.
fn key_expression(index: &IndexSchema, message: &MessageDescriptor) -> Result<KeyExpression> {
    let (mut key, written) = index.columns.resolve(message)?;
    if written == Written::AsExpression {
        return match (&index.groups, &index.covered) {
            (None, None) => Ok(key),
            _ => Err(Error::new(
                ErrorKind::InvalidExpression,
                "a whole key expression is not grouped or covering by other words: write that into it",
            )
            .with("expression", key)),
        };
    }
    let kind = index.rest.kind();
    if index_rules::ends_with_version(kind) {
        key = match key.column_count() {
            0 => version(),
            _ => concat((key, version())),
        };
    }
    if let Some(covered) = &index.covered {
        let split_point = key.column_count();
        key = key_with_value(concat((key, covered.resolve(message)?.0)), split_point);
    }
    match &index.groups {
        Some(groups) => {
            let (groups, _) = groups.resolve(message)?;
            match key.column_count() {
                0 => groups.group(0),
                _ => Ok(key.group_by(groups)),
            }
        }
        None if index_rules::is_grouped(kind) => Ok(key.ungrouped()),
        None => Ok(key),
    }
}

/// Adds a new index; brings one that is there to its new definition.
pub(super) fn add_index(
    mut index: Index,
    builder: &mut RecordMetaDataBuilder,
    stored: Option<&RecordMetaData>,
) -> Result<()> {
    let Some(before) = builder.indexes.get(index.name()) else {
        if builder
            .former_indexes
            .iter()
            .any(|former| former.subspace_key == *index.subspace_key())
        {
            // Stores may still have entries under the name: a new index of an old name has a key of its own.
            let key = Element::String(format!("{}#{}", index.name(), builder.version().saturating_add(1)));
            index = index.with_subspace_key(key);
        }
        builder.add_index(index)?;
        return Ok(());
    };
    let new_version = builder
        .version()
        .max(stored.map_or(0, |stored| stored.version().saturating_add(1)));
    let Some(mut changed) = redefined(before, index) else {
        return Ok(());
    };
    if changed.rebuild {
        changed.index.set_last_modified_version(new_version);
    }
    builder.version = new_version;
    builder.indexes.insert(changed.index.name().to_owned(), changed.index);
    Ok(())
}

struct Redefined {
    index: Index,
    rebuild: bool,
}

/// The new definition under the old key, or `None` when it is the old one.
fn redefined(before: &Index, now: Index) -> Option<Redefined> {
    let mut index = now.with_versions(before.added_version(), before.last_modified_version());
    if !index.has_explicit_subspace_key() {
        index.set_subspace_key(before.subspace_key().clone());
    }
    index.unknown_fields = before.unknown_fields.clone();
    let (old, new) = (before.to_proto(), index.to_proto());
    if old == new {
        return None;
    }
    let changed_options: BTreeSet<&str> = before
        .options()
        .iter()
        .chain(index.options())
        .map(|(name, _)| name.as_str())
        .filter(|name| before.option(name) != index.option(name))
        .collect();
    let options_may_change = index_rules::validate_changed_options(before, &index, &changed_options).is_ok();
    let gains_types_only = before
        .record_types()
        .iter()
        .all(|name| index.record_types().contains(name));
    let rest_is_same = old.root_expression == new.root_expression
        && old.r#type == new.r#type
        && old.predicate == new.predicate
        && before.is_universal() == index.is_universal();
    Some(Redefined {
        rebuild: !(options_may_change && gains_types_only && rest_is_same),
        index,
    })
}
