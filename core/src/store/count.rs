//! Counts of records, by the record count key of the meta-data.

use std::collections::BTreeMap;
use std::sync::Arc;

use record_store_kv::MutationType;
use record_store_kv::tuple::{Tuple, TupleRange};

use super::layout::StoreKeyspace;
use super::schema::TypeAccess;
use super::{RecordCountState, RecordStore, ScanOptions, indexes, rebuild, scan};
use crate::key_expression::RecordView;
use crate::metadata::{Index, index_type};
use crate::{Error, ErrorKind, Result};

/// Adds to the count to which a record of this type belongs.
pub(super) fn add(store: &RecordStore, access: &TypeAccess, record: &RecordView<'_>, by: i64) -> Result<()> {
    if !access.has_record_count_key() || store.record_count_state() == RecordCountState::Disabled {
        return Ok(());
    }
    let mut key = store.layout().record_count_key(&Tuple::from(()));
    if access.append_record_count_key(record, &mut key)? {
        let transaction = store.context().transaction();
        transaction.atomic_op(MutationType::Add, &key, &by.to_le_bytes());
    }
    Ok(())
}

/// The count of the records with this count key, without a conflict with those who save.
pub(super) async fn snapshot(store: &RecordStore, count_key: &Tuple) -> Result<i64> {
    let Some(expression) = store.metadata().record_count_key() else {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the records of this schema are not counted: it has no record count key",
        ));
    };
    if store.record_count_state() != RecordCountState::Readable {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the counts of records are not readable in this store",
        ));
    }
    if count_key.len() != expression.column_count() {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            "the count key has another number of columns than the record count key of the schema",
        )
        .with("columns", count_key.len())
        .with("expected", expression.column_count()));
    }
    let key = store.layout().record_count_key(count_key);
    match store.context().transaction().get(&key, true).await? {
        None => Ok(0),
        Some(bytes) => decode(&bytes).map_err(|error| error.with("count_key", count_key)),
    }
}

/// The count of all records, by whatever they are counted.
pub(super) async fn snapshot_of_all(store: &RecordStore) -> Result<i64> {
    let request = store.layout().prefix_range(StoreKeyspace::RecordCount).request();
    let mut total = 0_i64;
    for row in store.context().transaction().get_range_all(&request, true).await? {
        total = total.wrapping_add(decode(&row.value)?);
    }
    Ok(total)
}

/// The count of all records, by what counts them: the record count key, or readable count indexes over all types, or over
/// each type.
pub(super) async fn snapshot_known(store: &RecordStore) -> Result<i64> {
    if let Some(count) = rebuild::known_count(store, &[], false).await? {
        return Ok(count);
    }
    let mut total = 0_i64;
    for record_type in store.metadata().record_types() {
        let counts_type = |index: &&Arc<Index>| {
            index.kind() == index_type::COUNT
                && index.predicate().is_none()
                && !index.root_expression().creates_duplicates()
                && index.record_types() == [record_type.name()]
                && store.index_state(index.name()).is_scannable()
        };
        let Some(index) = store.metadata().indexes().find(counts_type) else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "nothing counts the records of the store: give the schema a count index over each record type",
            )
            .with("record_type", record_type.name()));
        };
        let counted = indexes::aggregate(store, index, TupleRange::ALL, true).await?;
        total = total.wrapping_add(counted.as_ref().and_then(|count| count.first()?.as_i64()).unwrap_or(0));
    }
    Ok(total)
}

pub(super) fn decode(bytes: &[u8]) -> Result<i64> {
    match bytes.first_chunk() {
        Some(count) if bytes.len() == count.len() => Ok(i64::from_le_bytes(*count)),
        _ => Err(Error::new(ErrorKind::Corrupt, "a count of records has not 8 bytes")),
    }
}

/// Counts all records again. The old counts are cleared by the caller.
pub(super) async fn rebuild(store: &RecordStore) -> Result<()> {
    if store.metadata().record_count_key().is_none() || store.record_count_state() == RecordCountState::Disabled {
        return Ok(());
    }
    let mut counts: BTreeMap<Vec<u8>, i64> = BTreeMap::new();
    let mut records = scan::RecordCursor::new(store.clone(), ScanOptions::default())?;
    while let Some(record) = records.next().await? {
        let record_type = store.metadata().record_type(record.record_type())?;
        let mut key = store.layout().record_count_key(&Tuple::from(()));
        let access = store.schema().access(record_type)?;
        if access.append_record_count_key(&access.view(record.bytes(), record.version()), &mut key)? {
            *counts.entry(key).or_default() += 1;
        }
    }
    for (key, count) in counts {
        store.context().transaction().set(&key, &count.to_le_bytes());
    }
    Ok(())
}
