//! The states of a store's indexes: read with the header, changed by who builds, disables or repairs an index.
//!
//! Java methods: `FDBRecordStore.markIndexReadable`, `markIndexWriteOnly`, `markIndexDisabled`, …

use std::collections::BTreeMap;
use std::sync::Arc;

use record_store_kv::tuple::{Element, Tuple};
use record_store_kv::{KeyRange, KeyValue};

use super::layout::StoreLayout;
use super::{FormatVersion, RecordStore, STATES_ARE_READ, maintain, rebuild};
use crate::index::structure::RangeSet;
use crate::index::{EntryScan, IndexContext, IndexKeyspace, IndexState, scan_uniqueness_violations};
use crate::metadata::Index;
use crate::{Error, ErrorKind, RecordContext, Result};

/// The states that are stored, by the names of their indexes; all others are readable.
pub(super) type IndexStates = BTreeMap<String, IndexState>;

/// Reads all states; the read is under way when this returns. It conflicts with whoever changes one.
pub(super) fn load(
    context: &RecordContext,
    layout: &Arc<StoreLayout>,
) -> impl Future<Output = Result<IndexStates>> + use<> {
    let range = layout.index_states_range();
    let first = context.transaction().get_range_between(&range.begin, &range.end, false);
    let (context, layout) = (context.clone(), layout.clone());
    async move {
        let mut states = IndexStates::new();
        let mut batch = first.await?;
        if batch.rows.is_empty() {
            return Ok(states);
        }
        let subspace = layout.index_states();
        let mut request = layout.index_states_range().request();
        loop {
            for row in &batch.rows {
                let (name, state) = read(&subspace.unpack(&row.key)?, row)?;
                states.insert(name, state);
            }
            let Some(next) = request.after(&batch) else {
                return Ok(states);
            };
            request = next;
            batch = context.transaction().get_range(&request, false).await?;
        }
    }
}

fn read(key: &Tuple, row: &KeyValue) -> Result<(String, IndexState)> {
    let Some(Element::String(name)) = key.first() else {
        return Err(Error::new(ErrorKind::Corrupt, "the state of an index has no name").with("key", key));
    };
    let state = IndexState::from_bytes(&row.value).map_err(|error| error.with("index", name))?;
    Ok((name.clone(), state))
}

/// Makes an index write-only; what it has stays. Says whether that changed anything.
pub(super) async fn mark_write_only(store: &RecordStore, index: &Arc<Index>) -> Result<bool> {
    mark_not_readable(store, index, IndexState::WriteOnly).await
}

/// Empties an index and makes it write-only. That changes something even if it was write-only before.
pub(super) async fn clear_and_mark_write_only(store: &RecordStore, index: &Arc<Index>) -> Result<bool> {
    mark_write_only(store, index).await?;
    clear_data(store, index);
    Ok(true)
}

/// Disables an index and deletes what it has. Says whether that changed anything.
pub(super) async fn mark_disabled(store: &RecordStore, index: &Arc<Index>) -> Result<bool> {
    let changed = mark_not_readable(store, index, IndexState::Disabled).await?;
    if changed {
        clear_data(store, index);
    }
    Ok(changed)
}

async fn mark_not_readable(store: &RecordStore, index: &Arc<Index>, state: IndexState) -> Result<bool> {
    let current = store.index_state(index.name());
    if current == state {
        return Ok(false);
    }
    if current == IndexState::Readable {
        // A readable index has no built ranges noted down. One that stops to be readable has all records: say so.
        let ranges = built_ranges(store, index);
        let transaction = store.context().transaction();
        if ranges.is_empty(transaction).await? {
            ranges.insert(transaction, RangeSet::FIRST, RangeSet::LAST).await?;
        }
    }
    set(store, index, state);
    Ok(true)
}

/// Makes an index readable that has all records and breaks no uniqueness. With `or_unique_pending` one that does break it
/// becomes readable too, until it is resolved. Says whether that changed anything.
///
/// Errors: `IndexNotReadable` for an index that is not built; `UniquenessViolation`.
pub(super) async fn mark_readable(store: &RecordStore, index: &Arc<Index>, or_unique_pending: bool) -> Result<bool> {
    let current = store.index_state(index.name());
    if current == IndexState::Readable {
        return Ok(false);
    }
    if let Some(missing) = first_unbuilt_range(store, index).await? {
        return Err(Error::new(
            ErrorKind::IndexNotReadable,
            "the index does not have all records: build it before it is marked readable",
        )
        .with("index", index.name())
        .with("unbuilt_begin", missing.begin.escape_ascii())
        .with("unbuilt_end", missing.end.escape_ascii()));
    }
    if index.is_unique()
        && let Some(violation) = first_violation(store, index).await?
    {
        if !or_unique_pending {
            return Err(violation);
        }
        if current == IndexState::ReadableUniquePending {
            return Ok(false);
        }
        maintain::require(
            store,
            FormatVersion::ReadableUniquePending,
            "readable indexes that are not yet unique",
        )?;
        set(store, index, IndexState::ReadableUniquePending);
        rebuild::disable_replaced(store).await?;
        return Ok(true);
    }
    set(store, index, IndexState::Readable);
    for range in store.index_context(index).layout().build_leftovers() {
        store.context().clear_range(&range.begin, &range.end);
    }
    rebuild::disable_replaced(store).await?;
    Ok(true)
}

/// Makes an index readable without asking whether it is built. Says whether that changed anything.
pub(super) async fn mark_readable_unchecked(store: &RecordStore, index: &Arc<Index>) -> Result<bool> {
    if store.index_state(index.name()) == IndexState::Readable {
        return Ok(false);
    }
    set(store, index, IndexState::Readable);
    rebuild::disable_replaced(store).await?;
    Ok(true)
}

/// The first range of primary keys whose records an index does not have.
pub(super) async fn first_unbuilt_range(store: &RecordStore, index: &Arc<Index>) -> Result<Option<KeyRange>> {
    built_ranges(store, index)
        .first_missing(store.context().transaction())
        .await
}

/// Notes down that an index has all records.
pub(super) async fn mark_built(store: &RecordStore, index: &Arc<Index>) -> Result<()> {
    let transaction = store.context().transaction();
    built_ranges(store, index)
        .insert_if_empty(transaction, RangeSet::FIRST, RangeSet::LAST)
        .await?;
    Ok(())
}

async fn first_violation(store: &RecordStore, index: &Arc<Index>) -> Result<Option<Error>> {
    let one = EntryScan {
        limit: Some(1),
        ..EntryScan::default()
    };
    let mut violations = scan_uniqueness_violations(store.maintainer(index)?, &store.index_context(index), one)?;
    Ok(violations.next().await?.map(|violation| {
        let error = Error::new(
            ErrorKind::UniquenessViolation,
            "records have the same value in an index that is to be unique: change or delete one of them",
        )
        .with("index", index.name())
        .with("value", violation.value())
        .with("primary_key", violation.primary_key());
        match violation.existing_primary_key() {
            Some(other) => error.with("existing_primary_key", other),
            None => error,
        }
    }))
}

/// Deletes what an index has, but for the lock of a builder.
pub(super) fn clear_data(store: &RecordStore, index: &Index) {
    for range in store.index_context(index).layout().all_data() {
        store.context().clear_range(&range.begin, &range.end);
    }
}

pub(super) fn built_ranges(store: &RecordStore, index: &Index) -> RangeSet {
    RangeSet::new(store.index_context(index).layout().subspace(IndexKeyspace::BuiltRanges))
}

fn set(store: &RecordStore, index: &Index, state: IndexState) {
    let key = store.layout().index_state_key(index.name());
    if state == IndexState::Readable {
        store.context().clear(&key);
    } else {
        store.context().transaction().set(&key, &state.to_bytes());
    }
    if store.header().is_cacheable() {
        // Whoever caches the state of the store caches these with it.
        maintain::bump_metadata_version_stamp(store.context());
    }
    store.change_index_states(|states| match state {
        IndexState::Readable => states.remove(index.name()),
        _ => states.insert(index.name().to_owned(), state),
    });
}

impl RecordStore {
    /// The states that are stored: those of the indexes that are not readable.
    pub(crate) fn stored_index_states(&self) -> BTreeMap<String, IndexState> {
        self.inner.index_states.read().clone().expect(STATES_ARE_READ)
    }

    /// Whether these states are stored, and no others.
    pub(crate) fn has_index_states(&self, states: &BTreeMap<String, IndexState>) -> bool {
        self.inner.index_states.read().as_ref().expect(STATES_ARE_READ) == states
    }

    /// Where a maintainer works.
    pub(crate) fn index_context<'a>(&'a self, index: &'a Index) -> IndexContext<'a> {
        IndexContext::new(self.context(), self.subspace(), index, self.index_state(index.name()))
    }
}
