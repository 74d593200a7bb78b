//! Counts of records, by the record count key of the meta-data or by count indexes.

use std::collections::BTreeMap;
use std::sync::Arc;

use record_store_kv::tuple::{Tuple, TupleRange};
use record_store_kv::{KeyRange, MutationType};

use super::schema::TypeAccess;
use super::{RecordCountState, RecordStore, ScanOptions, aggregate, rebuild, scan};
use crate::index::AggregateFunction;
use crate::key_expression::{self, KeyExpression, RecordView, empty};
use crate::metadata::{Index, RecordType};
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

impl RecordStore {
    /// How many records have this value of the schema's record count key; `()` if that has no columns. Read without a conflict
    /// with those who save.
    ///
    /// **Errors**: `Unsupported` if records are not counted; `InvalidArgument` for another number of columns.
    pub async fn snapshot_record_count(&self, count_key: &Tuple) -> Result<i64> {
        let Some(expression) = self.metadata().record_count_key() else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the records of this schema are not counted: it has no record count key",
            ));
        };
        if self.record_count_state() != RecordCountState::Readable {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the counts of records are not readable in this store",
            ));
        }
        check_columns(expression, count_key)?;
        at(self, count_key).await
    }

    /// How many records have this value of a key: by the record count key of the schema if that begins with the key,
    /// otherwise by a count index over all types whose groups do. Read without a conflict with those who save.
    ///
    /// **Errors**: `Unsupported` if nothing counts by the key; `InvalidArgument` for another number of columns.
    pub async fn snapshot_record_count_by(&self, key: &KeyExpression, value: &Tuple) -> Result<i64> {
        check_columns(key, value)?;
        let count = match by_record_count_key(self, key, value).await? {
            None => by_index(self, key, value, &[]).await?,
            counted => counted,
        };
        count.ok_or_else(|| {
            Error::new(
                ErrorKind::Unsupported,
                "nothing counts the records by this key: give the schema a count index over all record types that begins with it",
            )
            .with("count_key", key)
        })
    }

    /// How many records of a type there are: by a count index over the type, or one over all types by record type. Read
    /// without a conflict with those who save.
    ///
    /// **Errors**: `MetaData` for an unknown type; `Unsupported` if nothing counts its records.
    pub async fn snapshot_record_count_of_type(&self, record_type: &str) -> Result<i64> {
        let record_type = self.metadata().record_type(record_type)?;
        let count = of_type(self, record_type, &[]).await?;
        count.ok_or_else(|| uncounted(record_type))
    }

    /// How many records there are, read without a conflict with those who save: by the record count key of the schema, or by its
    /// count indexes, over all types or over each.
    ///
    /// **Errors**: `Unsupported` if nothing counts all records.
    pub async fn snapshot_record_count_of_all(&self) -> Result<i64> {
        if let Some(count) = rebuild::known_count(self, &[], false).await? {
            return Ok(count);
        }
        let mut total = 0_i64;
        for record_type in self.metadata().record_types() {
            let count = of_type(self, record_type, &[]).await?;
            total = total.wrapping_add(count.ok_or_else(|| uncounted(record_type))?);
        }
        Ok(total)
    }
}

fn uncounted(record_type: &RecordType) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "nothing counts the records of the type: give the schema a count index over it",
    )
    .with("record_type", record_type.name())
}

fn check_columns(key: &KeyExpression, value: &Tuple) -> Result<()> {
    if value.len() == key.column_count() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidArgument,
        "the value has another number of columns than the key by which records are counted",
    )
    .with("columns", value.len())
    .with("expected", key.column_count())
    .with("count_key", key))
}

/// The count at one key.
async fn at(store: &RecordStore, count_key: &Tuple) -> Result<i64> {
    let key = store.layout().record_count_key(count_key);
    match store.context().transaction().get(&key, true).await? {
        None => Ok(0),
        Some(bytes) => decode(&bytes).map_err(|error| error.with("count_key", count_key)),
    }
}

/// How many records have this value of a key, by the record count key; none if that counts nothing or other columns.
pub(super) async fn by_record_count_key(
    store: &RecordStore,
    key: &KeyExpression,
    value: &Tuple,
) -> Result<Option<i64>> {
    let Some(counted) = store.metadata().record_count_key() else {
        return Ok(None);
    };
    if store.record_count_state() != RecordCountState::Readable {
        return Ok(None);
    }
    if counted == key {
        return at(store, value).await.map(Some);
    }
    if key.column_count() > 0 && !counted.normalized_columns().starts_with(&key.normalized_columns()) {
        return Ok(None);
    }
    let request = KeyRange::starting_with(&store.layout().record_count_key(value)).request();
    let mut total = 0_i64;
    for row in store.context().transaction().get_range_all(&request, true).await? {
        total = total.wrapping_add(decode(&row.value)?);
    }
    Ok(Some(total))
}

/// How many records have this value of a key, by a count index over all types that is none of some.
pub(super) async fn by_index(
    store: &RecordStore,
    key: &KeyExpression,
    value: &Tuple,
    except: &[&Arc<Index>],
) -> Result<Option<i64>> {
    by_count_index(store, &[], key, value, except).await
}

/// How many records of a type there are, by a count index that is none of some.
pub(super) async fn of_type(
    store: &RecordStore,
    record_type: &RecordType,
    except: &[&Arc<Index>],
) -> Result<Option<i64>> {
    let all = Tuple::new();
    if let Some(count) = by_count_index(store, &[record_type.name()], &empty(), &all, except).await? {
        return Ok(Some(count));
    }
    let type_key = Tuple::from((record_type.record_type_key(),));
    by_count_index(store, &[], &key_expression::record_type(), &type_key, except).await
}

async fn by_count_index(
    store: &RecordStore,
    types: &[&str],
    key: &KeyExpression,
    value: &Tuple,
    except: &[&Arc<Index>],
) -> Result<Option<i64>> {
    let function = AggregateFunction::count(key.clone());
    let Some(index) = aggregate::find(store, &function, types, except)? else {
        return Ok(None);
    };
    let range = match value.is_empty() {
        true => TupleRange::ALL,
        false => TupleRange::all_of(value.clone()),
    };
    let counted = aggregate::evaluate(store, index, &function, range, true).await?;
    Ok(Some(
        counted.as_ref().and_then(|count| count.first()?.as_i64()).unwrap_or(0),
    ))
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
