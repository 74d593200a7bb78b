//! Versions of records in stores that keep them apart from their records: old formats, and stores with bare keys.

use record_store_kv::tuple::{Tuple, TupleRange};

use super::RecordStore;
use super::layout::StoreKeyspace;
use crate::cursor::{KeyValueCursor, KeyValueScan, RowsWanted};
use crate::split::HexKey;
use crate::{Error, ErrorKind, RecordVersion, Result, split};

/// Saves the version of a record apart from it.
pub(super) fn save_separate(store: &RecordStore, primary_key: &Tuple, version: RecordVersion) {
    let key = store.layout().separate_version_key(primary_key);
    if version.is_complete() {
        store.context().transaction().set(&key, &version.to_bytes());
    } else {
        let mut operand = version.to_bytes().to_vec();
        // Where in the value the versionstamp goes.
        operand.extend_from_slice(&0_u32.to_le_bytes());
        store.context().set_record_version(&key, &operand);
    }
}

/// Deletes the version of a record, which was read with it, apart from it.
pub(super) fn delete_separate(store: &RecordStore, primary_key: &Tuple, version: Option<RecordVersion>) {
    if version.is_some() || store.metadata().is_store_record_versions() {
        // Java takes back a version that waits for the commit and leaves one that was committed before. That one would
        // outlive its record, and an upgrade of the format would make it a record without a value.
        store.context().clear(&store.layout().separate_version_key(primary_key));
    }
}

/// The version of a record that is kept apart from it.
pub(super) async fn load_separate(
    store: &RecordStore,
    primary_key: &Tuple,
    snapshot: bool,
) -> Result<Option<RecordVersion>> {
    if !store.metadata().is_store_record_versions() {
        return Ok(None);
    }
    let key = store.layout().separate_version_key(primary_key);
    if let Some(local) = store.context().local_version(&key) {
        return Ok(Some(RecordVersion::incomplete(local)));
    }
    match store.context().transaction().get(&key, snapshot).await? {
        None => Ok(None),
        Some(bytes) => from_separate(&key, &bytes).map(Some),
    }
}

/// The version of a record, wherever the store keeps it.
pub(super) async fn load(store: &RecordStore, primary_key: &Tuple, snapshot: bool) -> Result<Option<RecordVersion>> {
    if store.keeps_versions_apart() {
        load_separate(store, primary_key, snapshot).await
    } else {
        split::load_version(store.context(), &store.layout().record_key(primary_key), snapshot).await
    }
}

/// Moves all versions beside their records.
pub(super) async fn move_beside_records(store: &RecordStore) -> Result<()> {
    let range = store.layout().strict_range(StoreKeyspace::RecordVersion);
    let apart = store.layout().versions();
    let scan = KeyValueScan {
        subspace: &apart,
        range: &TupleRange::ALL,
        continuation: None,
        reverse: false,
        snapshot: false,
        rows: RowsWanted::All,
    };
    let mut rows = KeyValueCursor::new(store.context().clone(), &scan)?;
    while let Some(row) = rows.next().await? {
        let primary_key = apart.unpack(&row.key)?;
        let version = from_separate(&row.key, &row.value)?;
        split::save_version(store.context(), &store.layout().record_key(&primary_key), version);
    }
    store.context().clear_range(&range.begin, &range.end);
    Ok(())
}

fn from_separate(key: &[u8], bytes: &[u8]) -> Result<RecordVersion> {
    RecordVersion::from_bytes(bytes).map_err(|error| {
        Error::new(ErrorKind::Corrupt, "the version of a record has not 12 bytes")
            .with("key", HexKey(key))
            .caused_by(error)
    })
}
