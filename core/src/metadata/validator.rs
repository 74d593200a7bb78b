//! The rules that meta-data keeps as a whole. Java: `MetaDataValidator` (4.13.3.0).
//!
//! The rules of the union are with the union, those of single index types in `index_rules`.

use std::collections::HashMap;

use super::{FormerIndex, Index, IndexPredicate, RecordMetaData, RecordType, index_rules};
use crate::error::{Error, ErrorKind, Result};
use crate::key_expression::KeyExpression;

/// Checks every rule.
///
/// **Errors**: `MetaData` or `InvalidExpression`, naming the type or index.
pub(super) fn validate(meta_data: &RecordMetaData) -> Result<()> {
    if meta_data.record_types().is_empty() {
        return Err(Error::new(ErrorKind::MetaData, "the union has no record types")
            .with("union", meta_data.union_message().full_name()));
    }
    validate_readable(meta_data)?;
    for record_type in meta_data.record_types() {
        validate_record_type(meta_data, record_type)?;
    }
    validate_record_type_keys(meta_data)?;
    for index in meta_data.indexes() {
        validate_index(meta_data, index)?;
    }
    for former in meta_data.former_indexes() {
        validate_former_index(meta_data, former)?;
    }
    validate_subspace_keys(meta_data)
}

/// What is stored can be read again: protobuf lets deeper messages be written than read.
fn validate_readable(meta_data: &RecordMetaData) -> Result<()> {
    for record_type in meta_data.record_types() {
        let checked = record_type.primary_key().check_readable();
        checked.map_err(|error| error.with("record_type", record_type.name()))?;
    }
    for index in meta_data.indexes() {
        let predicate = index.predicate().map_or(Ok(()), IndexPredicate::check_readable);
        let checked = index.root_expression().check_readable().and(predicate);
        checked.map_err(|error| error.with("index", index.name()))?;
    }
    for synthetic in meta_data.synthetic_record_types() {
        for expression in synthetic.parts().expressions() {
            let checked = expression.check_readable();
            checked.map_err(|error| error.with("record_type", synthetic.name()))?;
        }
    }
    meta_data
        .record_count_key()
        .map_or(Ok(()), KeyExpression::check_readable)
}

fn validate_record_type(meta_data: &RecordMetaData, record_type: &RecordType) -> Result<()> {
    let name = |error: Error| error.with("record_type", record_type.name());
    let key = record_type.primary_key();
    key.validate(record_type.descriptor()).map_err(name)?;
    if key.creates_duplicates() {
        return Err(name(Error::new(
            ErrorKind::MetaData,
            "a primary key cannot have several values for one record",
        ))
        .with("primary_key", key));
    }
    if key.version_columns() > 0 {
        return Err(name(Error::new(
            ErrorKind::MetaData,
            "a primary key cannot hold the record's version",
        ))
        .with("primary_key", key));
    }
    if let Some(since) = record_type.since_version().filter(|since| *since > meta_data.version()) {
        return Err(name(Error::new(
            ErrorKind::MetaData,
            "a record type is newer than the meta-data that has it",
        ))
        .with("since_version", since)
        .with("version", meta_data.version()));
    }
    Ok(())
}

fn validate_record_type_keys(meta_data: &RecordMetaData) -> Result<()> {
    let mut taken: HashMap<_, &str> = HashMap::new();
    for record_type in meta_data.record_types() {
        if let Some(other) = taken.insert(record_type.record_type_key(), record_type.name()) {
            return Err(
                Error::new(ErrorKind::MetaData, "two record types have one record type key")
                    .with("record_type_key", record_type.record_type_key())
                    .with("first", other)
                    .with("second", record_type.name()),
            );
        }
    }
    Ok(())
}

fn validate_index(meta_data: &RecordMetaData, index: &Index) -> Result<()> {
    let name = |error: Error| error.with("index", index.name());
    index_rules::validate(meta_data, index).map_err(name)?;
    for (what, version) in [
        ("added_version", index.added_version()),
        ("last_modified_version", index.last_modified_version()),
    ] {
        if version > meta_data.version() {
            return Err(name(Error::new(
                ErrorKind::MetaData,
                "an index is newer than the meta-data that has it",
            ))
            .with(what, version)
            .with("version", meta_data.version()));
        }
    }
    for replacement in index.replaced_by() {
        let Ok(other) = meta_data.index(replacement) else {
            return Err(name(Error::new(
                ErrorKind::MetaData,
                "an index is replaced by one that is not there",
            ))
            .with("replacement", replacement));
        };
        if other.replaced_by().next().is_some() {
            return Err(name(Error::new(
                ErrorKind::MetaData,
                "an index is replaced by one that is itself replaced",
            ))
            .with("replacement", replacement));
        }
    }
    Ok(())
}

fn validate_former_index(meta_data: &RecordMetaData, former: &FormerIndex) -> Result<()> {
    let wrong = |message| {
        Err(Error::new(ErrorKind::MetaData, message)
            .with("former_index", former.former_name.as_deref().unwrap_or("?"))
            .with("added_version", former.added_version)
            .with("removed_version", former.removed_version)
            .with("version", meta_data.version()))
    };
    if former.added_version > former.removed_version {
        return wrong("a former index was added after it was removed");
    }
    if former.removed_version > meta_data.version() {
        return wrong("a former index was removed by newer meta-data than this");
    }
    Ok(())
}

/// No two indexes, former ones among them, have one subspace key.
fn validate_subspace_keys(meta_data: &RecordMetaData) -> Result<()> {
    let current = meta_data.indexes().map(|index| (index.subspace_key(), index.name()));
    let former = meta_data.former_indexes().iter().map(|former| {
        (
            &former.subspace_key,
            former.former_name.as_deref().unwrap_or("a former index"),
        )
    });
    let mut taken = HashMap::new();
    for (key, name) in current.chain(former) {
        if let Some(other) = taken.insert(key, name) {
            return Err(Error::new(
                ErrorKind::MetaData,
                "two indexes have one subspace key: a former index keeps its own",
            )
            .with("subspace_key", key)
            .with("first", other)
            .with("second", name));
        }
    }
    Ok(())
}
