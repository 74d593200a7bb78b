//! Building indexes within one transaction, and what happens to the indexes that newer meta-data brings.
//!
//! Stores with more than a few records are built by the online builder, in many transactions. Java methods:
//! `FDBRecordStore.rebuildIndex`, `checkRebuildIndexes`.

use std::sync::Arc;

use prost::Message;
use record_store_kv::MutationType;
use record_store_kv::tuple::{Tuple, TupleRange};

use super::layout::StoreKeyspace;
use super::{FormatVersion, RecordStore, ScanOptions, count, index_state, indexes, scan};
use crate::index::IndexState;
use crate::key_expression::empty;
use crate::metadata::{Index, RecordType, index_type};
use crate::proto::IndexBuildIndexingStamp;
use crate::proto::index_build_indexing_stamp::Method;
use crate::{Error, ErrorKind, Result};

/// Builds an index again.
///
/// Errors: those of indexing a record; then the index is write-only and empty.
pub(super) async fn rebuild(store: &RecordStore, index: &Arc<Index>) -> Result<()> {
    index_state::clear_and_mark_write_only(store, index).await?;
    if let Err(error) = build(store, index).await {
        index_state::clear_data(store, index);
        return Err(error);
    }
    // Even if it does not become readable, the index has all records.
    index_state::mark_built(store, index).await?;
    match index_state::mark_readable(store, index, false).await {
        Err(error) if error.kind() == ErrorKind::UniquenessViolation => Ok(()),
        other => other.map(drop),
    }
}

/// Indexes all records in an empty index, and notes down how and how many.
async fn build(store: &RecordStore, index: &Arc<Index>) -> Result<()> {
    let types: Vec<&RecordType> = store.metadata().record_types_for_index(index).collect();
    let options = ScanOptions {
        range: range_of_types(&types),
        // Whoever saves a record meanwhile may not know of the index: one of the two must try again.
        snapshot: false,
        ..ScanOptions::default()
    };
    let mut records = scan::RecordCursor::new(store.clone(), options)?;
    let mut scanned = 0_i64;
    while let Some(record) = records.next().await? {
        scanned += 1;
        if let Some(record_type) = types.iter().find(|indexed| indexed.name() == record.record_type()) {
            indexes::insert(store, &[index], record_type, &record).await?;
        }
    }
    let stamp = IndexBuildIndexingStamp {
        method: Some(Method::ByRecords.into()),
        ..Default::default()
    };
    let layout = store.index_context(index).layout();
    let transaction = store.context().transaction();
    transaction.set(&layout.type_stamp_key(), &stamp.encode_to_vec());
    transaction.atomic_op(MutationType::Add, &layout.scanned_records_key(), &scanned.to_le_bytes());
    Ok(())
}

/// Builds all indexes again.
pub(super) async fn rebuild_all(store: &RecordStore) -> Result<()> {
    for keyspace in [
        StoreKeyspace::Index,
        StoreKeyspace::IndexSecondary,
        StoreKeyspace::IndexSlidingWindow,
        StoreKeyspace::IndexRange,
        StoreKeyspace::IndexUniquenessViolations,
    ] {
        let range = store.layout().strict_range(keyspace);
        store.context().clear_range(&range.begin, &range.end);
    }
    for index in store.metadata().indexes() {
        rebuild(store, index).await?;
    }
    Ok(())
}

/// Disables the indexes all of whose replacements are readable.
pub(super) async fn disable_replaced(store: &RecordStore) -> Result<()> {
    let is_readable =
        |name: &str| store.metadata().index(name).is_ok() && store.index_state(name) == IndexState::Readable;
    for index in store.metadata().indexes() {
        let mut replacements = index.replaced_by().peekable();
        if replacements.peek().is_some() && replacements.all(is_readable) {
            index_state::mark_disabled(store, index).await?;
        }
    }
    Ok(())
}

/// What newer meta-data means to the indexes of a store.
pub(super) struct Upgrade {
    /// The version of the meta-data with which the store was last used; none for a new store.
    pub(super) old_version: Option<i32>,
    /// Whether the format that the store had kept versions apart from records, and they have just been moved.
    pub(super) has_moved_versions: bool,
    /// Whether the counts of records are made again, so that they cannot be asked.
    pub(super) recounts: bool,
    /// The state that new indexes get; otherwise it depends on the number of records.
    pub(super) new_index_state: Option<IndexState>,
}

/// Builds, disables or marks the indexes that the meta-data has brought or changed since the store was last used.
pub(super) async fn upgrade(store: &RecordStore, upgrade: &Upgrade) -> Result<()> {
    let old_version = upgrade.old_version.unwrap_or(-1);
    let metadata = store.metadata().clone();
    let added: Vec<&Arc<Index>> = metadata.indexes_since(old_version).collect();
    forget_uniqueness(store, &added).await?;
    let mut record_count = None;
    for index in &added {
        let all_types_are_new = upgrade.old_version.is_none()
            || !index.is_universal()
                && metadata
                    .record_types_for_index(index)
                    .all(|indexed| indexed.since_version().is_some_and(|since| since > old_version));
        let is_replaced = index.replaced_by().next().is_some();
        let mut state = match upgrade.new_index_state {
            _ if is_replaced => IndexState::Disabled,
            Some(state) => state,
            None if all_types_are_new => IndexState::Readable,
            None => {
                let count = match record_count {
                    Some(count) => count,
                    None => *record_count.insert(count_for_rebuild(store, &added, upgrade.recounts).await?),
                };
                if count <= RECORDS_REBUILT_MAX {
                    IndexState::Readable
                } else {
                    IndexState::Disabled
                }
            }
        };
        if state == IndexState::Readable && upgrade.has_moved_versions && index.kind() == index_type::VERSION {
            state = IndexState::Disabled;
        }
        match state {
            IndexState::Disabled => drop(index_state::mark_disabled(store, index).await?),
            // There is no record to index; a state that an earlier index of this name has left is taken back.
            _ if all_types_are_new => drop(index_state::mark_readable(store, index, false).await?),
            IndexState::WriteOnly => drop(index_state::clear_and_mark_write_only(store, index).await?),
            IndexState::Readable => match rebuild(store, index).await {
                // What cannot be indexed must not keep the store closed: the index is left for who can build it.
                Err(error) if error.fdb_code().is_none() => drop(index_state::mark_disabled(store, index).await?),
                other => other?,
            },
            IndexState::ReadableUniquePending | IndexState::WriteOnlyWithQueue => {
                return Err(Error::new(
                    ErrorKind::InvalidArgument,
                    "a new index can be made readable, write-only or disabled",
                )
                .with("index", index.name())
                .with("state", state.name()));
            }
        }
    }
    Ok(())
}

/// An index that need not be unique any more has no violations.
async fn forget_uniqueness(store: &RecordStore, added: &[&Arc<Index>]) -> Result<()> {
    let metadata = store.metadata().clone();
    for index in metadata.indexes() {
        let state = store.index_state(index.name());
        let is_pending = state == IndexState::ReadableUniquePending;
        if index.is_unique() || added.contains(&index) || !(is_pending || state.is_write_only()) {
            continue;
        }
        let violations = store.index_context(index).layout().uniqueness_violations();
        store.context().clear_range(&violations.begin, &violations.end);
        if is_pending {
            index_state::mark_readable(store, index, false).await?;
        }
    }
    Ok(())
}

/// How many records the new indexes would have to be built from; a great number if nobody knows.
async fn count_for_rebuild(store: &RecordStore, added: &[&Arc<Index>], recounts: bool) -> Result<i64> {
    if let Some(count) = known_count(store, added, recounts).await? {
        return Ok(count);
    }
    let single = single_type_with_prefix(store, added);
    let any = ScanOptions {
        range: single.map_or(TupleRange::ALL, |single| range_of_types(&[single])),
        limit: Some(1),
        snapshot: true,
        ..ScanOptions::default()
    };
    let first = scan::RecordCursor::new(store.clone(), any)?.next().await?;
    Ok(if first.is_some() { i64::MAX } else { 0 })
}

/// How many records lie where those of some indexes lie, if the store counts them elsewhere.
pub(super) async fn known_count(store: &RecordStore, added: &[&Arc<Index>], recounts: bool) -> Result<Option<i64>> {
    if let Some(single) = single_type_with_prefix(store, added)
        && let Some(count) = count::of_type(store, single, added).await?
    {
        return Ok(Some(count));
    }
    if recounts {
        return Ok(None);
    }
    let (key, all) = (empty(), Tuple::new());
    if store.format_version().is_at_least(FormatVersion::RecordCountAdded)
        && let Some(count) = count::by_record_count_key(store, &key, &all).await?
    {
        return Ok(Some(count));
    }
    count::by_index(store, &key, &all, added).await
}

/// The only type of which the indexes are, if its primary key begins with the key of the type.
fn single_type_with_prefix<'a>(store: &'a RecordStore, indexes: &[&Arc<Index>]) -> Option<&'a RecordType> {
    let mut single: Option<&RecordType> = None;
    for index in indexes {
        let mut types = store.metadata().record_types_for_index(index);
        let (only, None) = (types.next()?, types.next()) else {
            return None;
        };
        if single.is_some_and(|single| single.name() != only.name()) {
            return None;
        }
        single = Some(only);
    }
    single.filter(|single| single.primary_key_has_record_type_prefix())
}

/// Where the records of these types are, from the first to the last; everything unless all their keys begin with the key of
/// the type.
pub(super) fn range_of_types(types: &[&RecordType]) -> TupleRange {
    if types.is_empty()
        || !types
            .iter()
            .all(|record_type| record_type.primary_key_has_record_type_prefix())
    {
        return TupleRange::ALL;
    }
    let keys = || {
        types
            .iter()
            .map(|record_type| Tuple::from((record_type.record_type_key(),)))
    };
    TupleRange::between_inclusive(keys().min(), keys().max())
}

/// Up to how many records an index is built when the store is opened. Java: `MAX_RECORDS_FOR_REBUILD`.
const RECORDS_REBUILT_MAX: i64 = 200;
