//! One transaction of a build: the next records that the indexes do not have.
//!
//! The range that it has indexed is noted down in the same transaction, with conflicts with whoever asks whether a record in
//! it is indexed, and with other builders: so each record is indexed once, by its builder or by who saves it. Where the
//! records come from is the way of the build: `by_records`, `by_index`; which range is next is `mutual`'s where several
//! builders share the work.

use std::sync::Arc;

use record_store_kv::{Bytes, KeyRange};

use super::by_index::Source;
use super::heartbeat::Heartbeat;
use super::mutual::Fragments;
use super::stamp::IndexingStamp;
use super::target::Target;
use super::throttle::Throttle;
use super::{IndexingMethod, IndexingOptions, by_records};
use crate::index::IndexState;
use crate::index::structure::RangeSet;
use crate::metadata::Index;
use crate::store::{IndexRecordCursor, RecordCursor, StoredRecord};
use crate::{Error, ErrorKind, RecordStore, Result};

/// What a transaction has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Chunk {
    /// How many records it has seen.
    pub(super) records: usize,
    /// How many ranges are left.
    pub(super) ranges_left: usize,
}

/// How indexes are built, the same for all transactions.
pub(super) struct Chunks<'a> {
    pub(super) targets: &'a [Target],
    pub(super) options: &'a IndexingOptions,
    pub(super) heartbeat: &'a Heartbeat,
    pub(super) throttle: &'a Throttle,
    /// How several builders share the work, if they do.
    pub(super) fragments: Option<&'a Fragments>,
}

impl Chunks<'_> {
    /// Notes down that the indexes have what lies outside of where their records are.
    pub(super) async fn leave_out_other_types(&self, store: &RecordStore) -> Result<()> {
        let indexes = self.indexes(store)?;
        let is_by_index = matches!(self.options.method, IndexingMethod::ByIndex(_));
        // Another builder may have finished meanwhile.
        let are_write_only = indexes.iter().all(|index| is_write_only(store, index));
        if is_by_index || !are_write_only {
            return Ok(());
        }
        by_records::leave_out_other_types(store, &indexes).await
    }

    /// Indexes the next records.
    pub(super) async fn build_chunk(&self, store: &RecordStore) -> Result<Chunk> {
        let indexes = self.indexes(store)?;
        let is_scannable = |index: &&Arc<Index>| store.index_state(index.name()).is_scannable();
        let is_finished = match self.fragments {
            // Who shares the work marks the indexes one by one, when all have all records.
            Some(_) => indexes.iter().any(is_scannable),
            None => indexes.iter().all(is_scannable),
        };
        if is_finished {
            // Another builder has done the rest.
            return Ok(Chunk::default());
        }
        if !indexes.iter().all(|index| is_write_only(store, index)) {
            return Err(refuse(
                &indexes,
                "the states of the indexes changed while they were built: build them again",
            ));
        }
        let stamp = IndexingStamp::new(store, &self.options.method, indexes.iter().map(|index| index.name()))?;
        for index in &indexes {
            stamp.check(store, index).await?;
            self.heartbeat.beat(store, index, stamp.method_name()).await?;
        }
        let transaction = store.context().transaction();
        let Some(first) = indexes.first() else {
            return Ok(Chunk::default());
        };
        let ranges = store.built_ranges(first);
        let missing = ranges.missing(transaction, RANGES_COUNTED_MAX).await?;
        let next = match self.fragments {
            Some(fragments) => fragments.next(&missing),
            None => missing.first().cloned(),
        };
        let Some(range) = next else {
            return Ok(Chunk::default());
        };
        let (records, done) = self.index_range(store, &indexes, &range).await?;
        for index in &indexes {
            store.add_records_scanned_by_builders(index, i64::try_from(records).unwrap_or(i64::MAX));
            self.note_down(store, index, &done, &indexes).await?;
        }
        let ranges_gone = usize::from(missing.contains(&done));
        Ok(Chunk {
            records,
            ranges_left: missing.len() - ranges_gone,
        })
    }

    async fn note_down(
        &self,
        store: &RecordStore,
        index: &Index,
        done: &KeyRange,
        together: &[&Arc<Index>],
    ) -> Result<()> {
        let ranges: RangeSet = store.built_ranges(index);
        let transaction = store.context().transaction();
        if !ranges.insert_if_empty(transaction, &done.begin, &done.end).await? && done.begin < done.end {
            return Err(refuse(
                together,
                "the indexes do not have the same records: build them one by one",
            ));
        }
        Ok(())
    }

    /// Indexes records from one end of a range; says how many it saw and which part of the range is done.
    async fn index_range(
        &self,
        store: &RecordStore,
        indexes: &[&Arc<Index>],
        range: &KeyRange,
    ) -> Result<(usize, KeyRange)> {
        let is_idempotent = store.are_idempotent(indexes)?;
        let limit = self.throttle.limit();
        let reverse = self.options.reverse;
        // Upwards, the record behind the last one is where the next transaction begins.
        let wanted = if reverse { limit } else { limit.saturating_add(1) };
        let (mut records, source) = match &self.options.method {
            IndexingMethod::ByIndex(name) => {
                let source = Source::find(store, name, indexes)?;
                let entries = store.scan_packed_entries(source.index(), range, reverse, wanted)?;
                (Records::OfEntries(entries), Some(source))
            }
            IndexingMethod::ByRecords | IndexingMethod::Mutually { .. } => {
                (Records::OfKeys(store.scan_packed_keys(range, reverse, wanted)), None)
            }
        };
        let mut seen = 0;
        let mut is_full = false;
        let mut done = range.clone();
        while let Some((record, place)) = records.next(store, source.as_ref()).await? {
            if !reverse && is_full {
                done.end = place;
                break;
            }
            if store.index_record(indexes, &record).await? && (is_idempotent || source.is_some()) {
                // Who saves a new record indexes it; who changes or deletes this one must see it indexed.
                store.add_record_read_conflict(record.primary_key())?;
            }
            seen += 1;
            self.throttle.scanned(seen);
            is_full = seen == limit || self.is_transaction_full(store).await?;
            if reverse && is_full {
                done.begin = place;
                break;
            }
        }
        if !is_idempotent {
            // Who saves a record in this range does not know yet that it is indexed. The scan has read further than this,
            // and conflicts with more than it must if it is not a snapshot.
            match &source {
                Some(source) => store.add_packed_entries_read_conflict(source.index(), &done)?,
                None => store.add_packed_keys_read_conflict(&done)?,
            }
        }
        Ok((seen, done))
    }

    async fn is_transaction_full(&self, store: &RecordStore) -> Result<bool> {
        if store.context().age() > self.options.transaction_time_max {
            return Ok(true);
        }
        let size = store.context().transaction().approximate_size().await?;
        Ok(u64::try_from(size).unwrap_or(0) > self.options.write_size_max)
    }

    fn indexes<'s>(&self, store: &'s RecordStore) -> Result<Vec<&'s Arc<Index>>> {
        self.targets.iter().map(|target| target.find(store)).collect()
    }
}

/// The records of a range, with their places in it.
enum Records {
    /// In the order of their primary keys, which are the places.
    OfKeys(RecordCursor),
    /// In the order of the entries of another index, whose keys are the places.
    OfEntries(IndexRecordCursor),
}

impl Records {
    async fn next(&mut self, store: &RecordStore, source: Option<&Source>) -> Result<Option<(StoredRecord, Bytes)>> {
        match self {
            Records::OfKeys(records) => Ok(records.next().await?.map(|record| {
                let place = record.packed_primary_key().clone();
                (record, place)
            })),
            Records::OfEntries(entries) => {
                let Some(record) = entries.next().await? else {
                    return Ok(None);
                };
                let place = source.map(|source| source.place(store, entries)).unwrap_or_default();
                Ok(Some((record, place)))
            }
        }
    }
}

fn is_write_only(store: &RecordStore, index: &Index) -> bool {
    store.index_state(index.name()) == IndexState::WriteOnly
}

fn refuse(indexes: &[&Arc<Index>], message: &'static str) -> Error {
    let names: Vec<_> = indexes.iter().map(|index| index.name()).collect();
    Error::new(ErrorKind::IndexBuild, message).with("indexes", names.join(", "))
}

/// How many ranges that are left are counted.
const RANGES_COUNTED_MAX: usize = 1000;
