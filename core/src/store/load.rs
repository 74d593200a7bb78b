//! Reading one record.

use record_store_kv::Bytes;
use record_store_kv::tuple::Tuple;

use super::stored_record::PrimaryKey;
use super::{RecordStore, StoredRecord, versions};
use crate::metadata::RecordType;
use crate::split::{self, RawRecord};
use crate::{Error, Result, serialize};

/// The record with this primary key.
pub(super) async fn load(store: &RecordStore, primary_key: &Tuple, snapshot: bool) -> Result<Option<StoredRecord>> {
    let key = store.layout().record_key(primary_key);
    let Some(raw) = split::load(store.context(), &key, store.split_layout(), snapshot).await? else {
        return Ok(None);
    };
    let (_, record) = complete(store, primary_key_of(store, key.into())?, raw, snapshot).await?;
    Ok(Some(record))
}

/// The primary key in the key of a record, which has no suffix. Errors: `InvalidArgument` if there is none.
pub(super) fn primary_key_of(store: &RecordStore, record_key: Bytes) -> Result<PrimaryKey> {
    PrimaryKey::new(record_key.slice(store.layout().records().prefix().len()..))
}

/// A record with its type, from what its keys hold; reads the version where that is kept apart.
pub(super) async fn complete(
    store: &RecordStore,
    primary_key: PrimaryKey,
    raw: RawRecord,
    snapshot: bool,
) -> Result<(&RecordType, StoredRecord)> {
    if !store.keeps_versions_apart() {
        return from_raw(store, primary_key, raw);
    }
    let version = versions::load_separate(store, primary_key.columns(), snapshot).await?;
    from_raw(store, primary_key, RawRecord { version, ..raw })
}

/// As [`complete`], where versions are not kept apart.
pub(super) fn from_raw(
    store: &RecordStore,
    primary_key: PrimaryKey,
    raw: RawRecord,
) -> Result<(&RecordType, StoredRecord)> {
    let located = |error: Error| {
        error
            .with("primary_key", &primary_key)
            .with("store", store.layout().store())
    };
    let (record_type, bytes) = serialize::unwrap(store.metadata(), &raw.value).map_err(located)?;
    let record = StoredRecord {
        descriptor: record_type.descriptor().clone(),
        primary_key,
        bytes,
        version: raw.version,
        sizes: raw.sizes,
    };
    Ok((record_type, record))
}
