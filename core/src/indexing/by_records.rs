//! One transaction of a build: the next records that the indexes do not have.
//!
//! The range that it has indexed is noted down in the same transaction, with conflicts with whoever asks whether a record in
//! it is indexed, and with other builders: so each record is indexed once, by its builder or by who saves it. Java class:
//! `IndexingMultiTargetByRecords`.

use std::sync::Arc;

use record_store_kv::KeyRange;

use super::IndexingOptions;
use super::heartbeat::Heartbeat;
use super::stamp::IndexingStamp;
use super::target::Target;
use super::throttle::Throttle;
use crate::index::IndexState;
use crate::index::structure::RangeSet;
use crate::metadata::Index;
use crate::{Error, ErrorKind, RecordStore, Result};

/// What a transaction has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// How many records it has seen.
    pub(super) records: usize,
    /// How many ranges are left.
    pub(super) ranges_left: usize,
}

/// How indexes are built, the same for all transactions.
pub(super) struct ByRecords<'a> {
    pub(super) targets: &'a [Target],
    pub(super) options: &'a IndexingOptions,
    pub(super) heartbeat: &'a Heartbeat,
    pub(super) throttle: &'a Throttle,
}

impl ByRecords<'_> {
    /// Notes down that the indexes have what lies outside of where their records are.
    pub(super) async fn leave_out_other_types(&self, store: &RecordStore) -> Result<()> {
        let indexes = self.indexes(store)?;
        let Some(range) = store.packed_keys_to_index(&indexes)? else {
            return Ok(());
        };
        let transaction = store.context().transaction();
        for index in indexes {
            let ranges = store.built_ranges(index);
            ranges
                .insert_if_empty(transaction, RangeSet::FIRST, &range.begin)
                .await?;
            ranges.insert_if_empty(transaction, &range.end, RangeSet::LAST).await?;
        }
        Ok(())
    }

    /// Indexes the next records.
    pub(super) async fn build_chunk(&self, store: &RecordStore) -> Result<Chunk> {
        let indexes = self.indexes(store)?;
        let is_state = |is: fn(IndexState) -> bool| indexes.iter().all(|index| is(store.index_state(index.name())));
        if is_state(IndexState::is_scannable) {
            // Another builder has done the rest.
            return Ok(Chunk {
                records: 0,
                ranges_left: 0,
            });
        }
        if !is_state(|state| state == IndexState::WriteOnly) {
            return Err(self.refuse(
                &indexes,
                "the states of the indexes changed while they were built: build them again",
            ));
        }
        let stamp = IndexingStamp::by_records(indexes.iter().map(|index| index.name()));
        for index in &indexes {
            stamp.check(store, index).await?;
            self.heartbeat.beat(store, index, stamp.method_name()).await?;
        }
        let transaction = store.context().transaction();
        let Some(first) = indexes.first() else {
            return Ok(Chunk {
                records: 0,
                ranges_left: 0,
            });
        };
        let missing = store
            .built_ranges(first)
            .missing(transaction, RANGES_COUNTED_MAX)
            .await?;
        let Some(range) = missing.first() else {
            return Ok(Chunk {
                records: 0,
                ranges_left: 0,
            });
        };
        let is_idempotent = store.are_idempotent(&indexes)?;
        let (records, done) = self.index_records(store, &indexes, range, is_idempotent).await?;
        if !is_idempotent {
            // Who saves a record in this range does not know yet that it is indexed. The scan has read further than this,
            // and conflicts with more than it must if it is not a snapshot.
            store.add_packed_keys_read_conflict(&done)?;
        }
        for index in &indexes {
            store.add_records_scanned_by_builders(index, i64::try_from(records).unwrap_or(i64::MAX));
            let ranges = store.built_ranges(index);
            if !ranges.insert_if_empty(transaction, &done.begin, &done.end).await? && done.begin < done.end {
                return Err(self.refuse(
                    &indexes,
                    "the indexes do not have the same records: build them one by one",
                ));
            }
        }
        let is_range_done = done == *range;
        Ok(Chunk {
            records,
            ranges_left: missing.len() - usize::from(is_range_done),
        })
    }

    /// Indexes records from one end of a range; says how many it saw and which part of the range is done.
    async fn index_records(
        &self,
        store: &RecordStore,
        indexes: &[&Arc<Index>],
        range: &KeyRange,
        is_idempotent: bool,
    ) -> Result<(usize, KeyRange)> {
        let limit = self.throttle.limit();
        let reverse = self.options.reverse;
        // Upwards, the record behind the last one is where the next transaction begins.
        let wanted = if reverse { limit } else { limit.saturating_add(1) };
        let mut cursor = store.scan_packed_keys(range, reverse, wanted);
        let mut records = 0;
        let mut is_full = false;
        while let Some(record) = cursor.next().await? {
            if !reverse && is_full {
                let end = record.packed_primary_key().clone();
                return Ok((
                    records,
                    KeyRange {
                        begin: range.begin.clone(),
                        end,
                    },
                ));
            }
            if store.index_record(indexes, &record).await? && is_idempotent {
                // Who saves a new record indexes it; who changes or deletes this one must see it indexed.
                store.add_record_read_conflict(record.primary_key())?;
            }
            records += 1;
            self.throttle.scanned(records);
            is_full = records == limit || self.is_transaction_full(store).await?;
            if reverse && is_full {
                let begin = record.packed_primary_key().clone();
                return Ok((
                    records,
                    KeyRange {
                        begin,
                        end: range.end.clone(),
                    },
                ));
            }
        }
        Ok((records, range.clone()))
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

    fn refuse(&self, indexes: &[&Arc<Index>], message: &'static str) -> Error {
        let names: Vec<_> = indexes.iter().map(|index| index.name()).collect();
        Error::new(ErrorKind::IndexBuild, message).with("indexes", names.join(", "))
    }
}

/// How many ranges that are left are counted.
const RANGES_COUNTED_MAX: usize = 1000;
