//! Keeping the indexes of a record as it changes, and scanning them.

use std::sync::Arc;

use record_store_kv::BoxFuture;
use record_store_kv::tuple::{Element, Tuple, TupleRange};

use super::scratch::EntryMemory;
use super::{RecordStore, ScanOptions, StoredRecord, index_range};
use crate::index::{
    self, BuildGate, BuildMethod, EntryRow, EntryScan, IndexContext, IndexCursor, IndexMaintainer, IndexScanType,
    IndexState, IndexUpdate, TypeIndex, UniquenessViolation, goes_by_index,
};
use crate::key_expression::{RecordView, Rows};
use crate::metadata::{Index, RecordType};
use crate::{Error, ErrorKind, Result};

/// A record with its type, as it was or will be.
#[derive(Clone, Copy)]
pub(super) struct Indexed<'a, 'r> {
    record_type: &'a RecordType,
    record: &'a RecordView<'r>,
}

impl<'a, 'r> Indexed<'a, 'r> {
    pub(super) fn new(record_type: &'a RecordType, record: &'a RecordView<'r>) -> Self {
        Indexed { record_type, record }
    }
}

/// A record in one index.
#[derive(Clone, Copy)]
struct InIndex<'a, 'r> {
    type_index: &'a TypeIndex,
    record: &'a RecordView<'r>,
}

impl<'a, 'r> InIndex<'a, 'r> {
    fn of(type_index: &'a TypeIndex, record: Option<Indexed<'a, 'r>>) -> Option<Self> {
        record.map(|Indexed { record, .. }| InIndex { type_index, record })
    }
}

/// What changes in one index: a record leaves it, comes into it, or both.
#[derive(Clone, Copy)]
struct Change<'a, 'o, 'n> {
    type_index: &'a TypeIndex,
    old: Option<InIndex<'a, 'o>>,
    new: Option<InIndex<'a, 'n>>,
    /// Whether entries that stay are written all the same.
    rewrites: bool,
}

/// Brings all indexes from the old record to the new one, which have this packed primary key; one of them may be missing.
pub(super) async fn update(
    store: &RecordStore,
    primary_key: &[u8],
    old: Option<Indexed<'_, '_>>,
    new: Option<Indexed<'_, '_>>,
    memory: &mut EntryMemory,
) -> Result<()> {
    let mut waiting = Vec::new();
    let mut gated = Vec::new();
    let mut rewritten = Vec::new();
    for change in changes(store, old, new)? {
        let index = change.type_index.index();
        let state = store.index_state(index.name());
        match state {
            IndexState::Disabled => continue,
            IndexState::WriteOnlyWithQueue => return Err(refuse_queue(index)),
            IndexState::WriteOnly if !change.type_index.maintainer().capabilities().is_idempotent => {
                gated.push((change, BuildGate::ask(&store.index_context(index), primary_key)?));
            }
            IndexState::WriteOnly if old.is_some() && new.is_some() => {
                rewritten.push((change, goes_by_index(&store.index_context(index))));
            }
            _ => waiting.extend(apply(store, change, state, primary_key, memory)?),
        }
    }
    for (mut change, goes_by_index) in rewritten {
        // An entry that stays may have yet to be built, and never is if the record moves in the index by which the build goes
        // to where that has been.
        change.rewrites = goes_by_index.await?;
        waiting.extend(apply(store, change, IndexState::WriteOnly, primary_key, memory)?);
    }
    for (mut change, gate) in gated {
        let (is_old_built, is_new_built) = match gate.answer().await? {
            BuildMethod::Records { is_built } => (is_built, is_built),
            BuildMethod::Index(source) => {
                let key = source.subspace_key();
                match (
                    source_entry(store, key, primary_key, old)?,
                    source_entry(store, key, primary_key, new)?,
                ) {
                    (Some(before), Some(after)) if before != after => {
                        (source.is_built(&before).await?, source.is_built(&after).await?)
                    }
                    (Some(entry), _) | (None, Some(entry)) => {
                        let is_built = source.is_built(&entry).await?;
                        (is_built, is_built)
                    }
                    (None, None) => (false, false),
                }
            }
        };
        change.old = change.old.filter(|_| is_old_built);
        change.new = change.new.filter(|_| is_new_built);
        waiting.extend(apply(store, change, IndexState::WriteOnly, primary_key, memory)?);
    }
    for rest in waiting {
        rest.await?;
    }
    Ok(())
}

/// Indexes one record in those of some indexes to which it belongs, for who builds them; the caller has seen to it that this
/// happens once. Says whether there is any.
pub(super) async fn insert(
    store: &RecordStore,
    indexes: &[&Arc<Index>],
    record_type: &RecordType,
    record: &StoredRecord,
) -> Result<bool> {
    let view = store.schema().access(record_type)?.view(&record.bytes, record.version);
    let primary_key = record.packed_primary_key();
    let mut memory = EntryMemory::default();
    let mut waiting = Vec::new();
    let mut belongs = false;
    for type_index in store.schema().indexes(record_type)? {
        if indexes.iter().all(|index| index.name() != type_index.index().name()) {
            continue;
        }
        belongs = true;
        let change = Change {
            type_index,
            old: None,
            new: Some(InIndex {
                type_index,
                record: &view,
            }),
            rewrites: false,
        };
        let state = store.index_state(type_index.index().name());
        waiting.extend(apply(store, change, state, primary_key, &mut memory)?);
    }
    for rest in waiting {
        rest.await?;
    }
    Ok(belongs)
}

/// The changes in the indexes of both records' types, each index once.
fn changes<'a, 'o, 'n>(
    store: &'a RecordStore,
    old: Option<Indexed<'a, 'o>>,
    new: Option<Indexed<'a, 'n>>,
) -> Result<impl Iterator<Item = Change<'a, 'o, 'n>>> {
    let indexes = |record: Option<Indexed<'a, '_>>| match record {
        Some(Indexed { record_type, .. }) => store.schema().indexes(record_type),
        None => Ok(&[][..]),
    };
    let (of_old, of_new) = (indexes(old)?, indexes(new)?);
    let is_same_type = std::ptr::eq(of_old, of_new);
    let same_index = move |indexes: &'a [TypeIndex], wanted: &'a TypeIndex| {
        if is_same_type {
            return Some(wanted);
        }
        let name = wanted.index().name();
        indexes.iter().find(|index| index.index().name() == name)
    };
    let in_new = of_new.iter().map(move |type_index| Change {
        type_index,
        old: same_index(of_old, type_index).and_then(|before| InIndex::of(before, old)),
        new: InIndex::of(type_index, new),
        rewrites: false,
    });
    let gone = of_old.iter().filter(move |index| same_index(of_new, index).is_none());
    Ok(in_new.chain(gone.map(move |type_index| Change {
        type_index,
        old: InIndex::of(type_index, old),
        new: None,
        rewrites: false,
    })))
}

/// Starts the update of one index; what it returns must be awaited.
fn apply(
    store: &RecordStore,
    change: Change<'_, '_, '_>,
    state: IndexState,
    primary_key: &[u8],
    memory: &mut EntryMemory,
) -> Result<Option<BoxFuture<Result<()>>>> {
    let maintainer = change.type_index.maintainer();
    let index = maintainer.index();
    let context = IndexContext::new(store.context(), store.subspace(), index, state);
    let of_index = |error: Error| match error.fact("index") {
        Some(_) => error,
        None => error.with("index", index.name()),
    };
    if let (None, Some(InIndex { type_index, record })) = (change.old, change.new)
        && type_index
            .insert(&context, record, primary_key, &mut memory.key)
            .map_err(of_index)?
    {
        return Ok(None);
    }
    let evaluate = |side: Option<InIndex<'_, '_>>, rows: &mut Rows| match side {
        Some(side) => side.type_index.evaluate(side.record, rows),
        None => {
            rows.clear();
            Ok(())
        }
    };
    evaluate(change.old, &mut memory.old)?;
    evaluate(change.new, &mut memory.new)?;
    let keeps_common_entries = maintainer.keeps_common_entries() && !change.rewrites;
    let update = IndexUpdate::new(primary_key, &memory.old, &memory.new, keeps_common_entries);
    maintainer.update(&context, &update, &mut memory.key).map_err(of_index)
}

/// The key of a record's only entry in the index by which another one is built; none if the record is not in it.
fn source_entry(
    store: &RecordStore,
    subspace_key: &Element,
    primary_key: &[u8],
    record: Option<Indexed<'_, '_>>,
) -> Result<Option<Vec<u8>>> {
    let Some(Indexed { record_type, record }) = record else {
        return Ok(None);
    };
    let of_type = store.schema().indexes(record_type)?;
    let Some(source) = of_type
        .iter()
        .find(|index| index.index().subspace_key() == subspace_key)
    else {
        return Err(Error::new(
            ErrorKind::IndexBuild,
            "an index is being built by another one that the record is not in, so the record cannot change: rebuild the index",
        )
        .with("source_index", subspace_key)
        .with("record_type", record_type.name()));
    };
    let mut rows = Rows::default();
    source.evaluate(record, &mut rows)?;
    match (rows.get(0), rows.len()) {
        (None, _) => Ok(None),
        (Some(row), 1) => source.entry_key(&row, primary_key).map(Some),
        (_, entries) => Err(Error::new(
            ErrorKind::IndexBuild,
            "an index is being built by another one in which the record has several entries: rebuild the index",
        )
        .with("source_index", source.index().name())
        .with("entries", entries)),
    }
}

pub(super) fn refuse_queue(index: &Index) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "changes of the index are queued for a builder of Apple's layer, and this release does not queue: finish the build there",
    )
    .with("index", index.name())
    .with("state", IndexState::WriteOnlyWithQueue.name())
}

/// Scans the entries of an index. Errors: `IndexNotReadable`, and those of a scan.
pub(super) fn scan(
    store: &RecordStore,
    index: &Arc<Index>,
    scan_type: Option<IndexScanType>,
    mut options: ScanOptions,
) -> Result<IndexCursor> {
    let maintainer = readable_maintainer(store, index)?;
    let scan_type = scan_type.unwrap_or_else(|| own_scan_type(maintainer));
    let range = index_range::resolve(store.metadata(), index, scan_type, &mut options)?;
    let scan = entry_scan(range, options);
    index::scan(maintainer, &store.index_context(index), scan_type, scan)
}

/// As [`scan`], for entries as they lie in the database; with what maintains the index.
pub(super) fn scan_rows<'a>(
    store: &'a RecordStore,
    index: &Arc<Index>,
    scan_type: Option<IndexScanType>,
    mut options: ScanOptions,
) -> Result<(IndexCursor<EntryRow>, &'a Arc<dyn IndexMaintainer>)> {
    let maintainer = readable_maintainer(store, index)?;
    let scan_type = scan_type.unwrap_or_else(|| own_scan_type(maintainer));
    let range = index_range::resolve(store.metadata(), index, scan_type, &mut options)?;
    let scan = entry_scan(range, options);
    let rows = index::scan_rows(maintainer, &store.index_context(index), scan_type, scan)?;
    Ok((rows, maintainer))
}

/// The way in which the entries of an index are scanned first of all.
fn own_scan_type(maintainer: &Arc<dyn IndexMaintainer>) -> IndexScanType {
    let own = maintainer.capabilities().scan_types.first();
    own.copied().unwrap_or(IndexScanType::ByValue)
}

/// Scans what breaks the uniqueness of an index.
pub(super) fn scan_violations(
    store: &RecordStore,
    index: &Arc<Index>,
    mut options: ScanOptions,
) -> Result<IndexCursor<UniquenessViolation>> {
    let maintainer = store.maintainer(index)?;
    let range = index_range::resolve(store.metadata(), index, IndexScanType::ByValue, &mut options)?;
    let scan = entry_scan(range, options);
    index::scan_uniqueness_violations(maintainer, &store.index_context(index), scan)
}

/// Deletes all records with a value that breaks the uniqueness of an index, but for one, if one is to remain.
pub(super) async fn resolve_violation(
    store: &RecordStore,
    index: &Arc<Index>,
    value: &Tuple,
    remaining: Option<&Tuple>,
) -> Result<()> {
    let of_value = ScanOptions::default().range(TupleRange::all_of(value.clone()));
    let mut violations = scan_violations(store, index, of_value)?;
    let mut others = Vec::new();
    while let Some(violation) = violations.next().await? {
        if Some(violation.primary_key()) != remaining {
            others.push(violation.primary_key().clone());
        }
    }
    for primary_key in others {
        store.delete_record(&primary_key).await?;
    }
    Ok(())
}

/// What maintains an index that can be scanned. Errors: `IndexNotReadable`.
pub(super) fn readable_maintainer<'a>(
    store: &'a RecordStore,
    index: &Arc<Index>,
) -> Result<&'a Arc<dyn IndexMaintainer>> {
    let state = store.index_state(index.name());
    if !state.is_scannable() {
        return Err(Error::new(
            ErrorKind::IndexNotReadable,
            "the index does not have all records yet, or is disabled: build it first",
        )
        .with("index", index.name())
        .with("state", state.name()));
    }
    store.maintainer(index)
}

fn entry_scan(range: TupleRange, options: ScanOptions) -> EntryScan {
    EntryScan {
        range,
        reverse: options.reverse,
        snapshot: options.snapshot,
        limit: options.limit,
        skip: options.skip,
        limits: options.limits,
        continuation: options.continuation,
    }
}

impl RecordStore {
    /// The entries of an index in the order of their values, as they lie in the database, with what reads them.
    pub(crate) fn scan_entry_rows(
        &self,
        index: &str,
        options: ScanOptions,
    ) -> Result<(IndexCursor<EntryRow>, &Arc<dyn IndexMaintainer>)> {
        let index = self.metadata().index(index)?;
        scan_rows(self, index, Some(IndexScanType::ByValue), options)
    }
}
