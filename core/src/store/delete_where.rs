//! Deleting all records whose primary keys begin alike, without reading them.
//!
//! That works only where everything that belongs to these records stands together: counts of records and the entries of
//! every index must begin with the same columns. Java class: `FDBRecordStore.RecordsWhereDeleter`.

use std::sync::Arc;

use record_store_kv::Subspace;
use record_store_kv::tuple::Tuple;

use super::record_key::{Beginning, RecordKey};
use super::{RecordCountState, RecordStore};
use crate::index::IndexState;
use crate::key_expression::KeyExpression;
use crate::metadata::{Index, RecordType};
use crate::{Error, ErrorKind, Result};

/// Deletes the records whose primary keys begin with `within`.
///
/// Errors: `InvalidArgument` if that is all records; `Unsupported` where their counts or index entries do not stand together; then nothing changes.
pub(super) fn delete_where(store: &RecordStore, within: &RecordKey) -> Result<()> {
    if within.names_nothing() {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            "say which records are to be deleted: by the first columns of their keys, or by their type; delete_all deletes all of them",
        ));
    }
    store.check_unlocked()?;
    let metadata = store.metadata();
    let beginning = within.resolve_beginning(metadata)?;
    let of_type = beginning.record_type.filter(|_| beginning.type_columns > 0);
    let columns = common_columns(store, of_type, &beginning)?;
    check_record_counts(store, &columns)?;

    let mut cleared = Vec::new();
    for index in metadata.indexes() {
        if of_type.is_some_and(|of_type| metadata.indexes_of(of_type).all(|own| own.name() != index.name())) {
            continue;
        }
        match store.index_state(index.name()) {
            IndexState::Disabled => {}
            IndexState::WriteOnlyWithQueue => return Err(super::indexes::refuse_queue(index)),
            _ => cleared.push((index, prefix_in_index(store, index, of_type, &columns, &beginning.key)?)),
        }
    }

    let records = store.layout().records().subspace(&beginning.key).range();
    store.context().clear_range(&records.begin, &records.end);
    if store.keeps_versions_apart() {
        let versions = store.layout().versions().subspace(&beginning.key).range();
        store.context().clear_range(&versions.begin, &versions.end);
    }
    clear_record_counts(store, &beginning.key);
    for (index, prefix) in cleared {
        let maintainer = store.maintainer(index)?;
        maintainer.delete_where(&store.index_context(index), &prefix);
    }
    Ok(())
}

/// The columns of the beginning, which must mean the same in all types.
fn common_columns(
    store: &RecordStore,
    of_type: Option<&RecordType>,
    beginning: &Beginning<'_>,
) -> Result<Vec<KeyExpression>> {
    let types = store.metadata().record_types().iter();
    let mut common: Option<Vec<KeyExpression>> = None;
    for record_type in types.filter(|each| of_type.is_none_or(|of_type| of_type.name() == each.name())) {
        let mut columns = record_type.primary_key().normalized_columns();
        if columns.len() < beginning.key.len() || beginning.key.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "records are deleted by at least one and at most all columns of their primary keys",
            )
            .with("columns", beginning.key.len())
            .with("record_type", record_type.name())
            .with("primary_key", record_type.primary_key()));
        }
        columns.truncate(beginning.key.len());
        if common.as_ref().is_some_and(|common| *common != columns) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the primary keys of the record types begin with different columns: delete by record type",
            )
            .with("record_type", record_type.name())
            .with("primary_key", record_type.primary_key()));
        }
        common = Some(columns);
    }
    Ok(common.unwrap_or_default())
}

fn check_record_counts(store: &RecordStore, columns: &[KeyExpression]) -> Result<()> {
    match store.metadata().record_count_key() {
        Some(key)
            if store.record_count_state() != RecordCountState::Disabled
                && !key.normalized_columns().starts_with(columns) =>
        {
            Err(Error::new(
                ErrorKind::Unsupported,
                "the records are not counted by what they are to be deleted by: delete them one by one",
            )
            .with("record_count_key", key))
        }
        _ => Ok(()),
    }
}

fn clear_record_counts(store: &RecordStore, beginning: &Tuple) {
    let Some(key) = store.metadata().record_count_key() else {
        return;
    };
    if store.record_count_state() == RecordCountState::Disabled {
        return;
    }
    let count = store.layout().record_count_key(beginning);
    if key.column_count() == beginning.len() {
        store.context().clear(&count);
    } else {
        let counts = Subspace::new(count).range();
        store.context().clear_range(&counts.begin, &counts.end);
    }
}

/// What the entries of the records begin with in an index.
fn prefix_in_index(
    store: &RecordStore,
    index: &Arc<Index>,
    of_type: Option<&RecordType>,
    columns: &[KeyExpression],
    beginning: &Tuple,
) -> Result<Tuple> {
    let keeps_type = of_type.is_none() || index.root_expression().has_record_type_prefix();
    let refuse = |reason| {
        Err(Error::new(ErrorKind::Unsupported, reason)
            .with("index", index.name())
            .with("expression", index.root_expression()))
    };
    let type_columns = if keeps_type { 0 } else { 1 };
    if !keeps_type && store.metadata().record_types_for_index(index).nth(1).is_some() {
        return refuse("the index mixes the records of the type with those of others: delete the records one by one");
    }
    let columns = columns.get(type_columns..).unwrap_or_default();
    if !store.maintainer(index)?.can_delete_where(columns) {
        return refuse("the index does not begin with what the records are to be deleted by: delete them one by one");
    }
    Ok(beginning.iter().skip(type_columns).collect())
}
