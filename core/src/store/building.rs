//! What a builder of indexes may do with a store, beside what every program may.

use std::sync::Arc;

use record_store_kv::tuple::Tuple;
use record_store_kv::{Bytes, ConflictRangeType, KeyRange, MutationType, Subspace};

use super::{IndexRecordCursor, RecordCursor, RecordStore, StoredRecord, count, index_state, indexes, rebuild};
use crate::index::structure::RangeSet;
use crate::index::{IndexKeyspace, IndexState, is_maintained, scan_packed_keys};
use crate::metadata::{Index, RecordType};
use crate::{Result, split};

/// How far the build of an index has come.
///
/// Java class: `IndexBuildState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexBuildState {
    /// What may be done with the index.
    pub state: IndexState,
    /// How many records builders have seen; none unless the index is write-only.
    pub records_scanned: Option<i64>,
    /// How many records there are; none unless the index is write-only and the store counts its records.
    pub records_total: Option<i64>,
}

/// How far the build of an index has come.
pub(super) async fn build_state(store: &RecordStore, index: &Arc<Index>) -> Result<IndexBuildState> {
    let state = store.index_state(index.name());
    if !state.is_write_only() {
        return Ok(IndexBuildState {
            state,
            records_scanned: None,
            records_total: None,
        });
    }
    Ok(IndexBuildState {
        state,
        records_scanned: Some(store.records_scanned_by_builders(index).await?),
        records_total: store.count_records_to_index(&[index]).await?,
    })
}

impl RecordStore {
    /// The records whose packed primary keys lie in a range, of which the bounds may be any bytes; at most `limit`. The scan
    /// conflicts with nobody.
    pub(crate) fn scan_packed_keys(&self, range: &KeyRange, reverse: bool, limit: usize) -> RecordCursor {
        RecordCursor::of_packed_keys(self.clone(), range, reverse, limit)
    }

    /// The records to which the entries of an index lead whose packed keys lie in a range, of which the bounds may be any bytes;
    /// at most `limit`. The scan conflicts with nobody.
    ///
    /// Errors: `MetaData` for an index that its type cannot be.
    pub(crate) fn scan_packed_entries(
        &self,
        index: &Arc<Index>,
        range: &KeyRange,
        reverse: bool,
        limit: usize,
    ) -> Result<IndexRecordCursor> {
        let maintainer = self.maintainer(index)?;
        let entries = scan_packed_keys(maintainer, &self.index_context(index), range, reverse, limit);
        Ok(IndexRecordCursor::new(self, maintainer, entries, true))
    }

    /// Conflicts with whoever adds or removes an entry of an index whose packed key lies in a range.
    ///
    /// Errors: FoundationDB's.
    pub(crate) fn add_packed_entries_read_conflict(&self, index: &Index, range: &KeyRange) -> Result<()> {
        let entries = self.index_context(index).layout().subspace(IndexKeyspace::Entries);
        let at = |bound: &[u8]| [entries.prefix(), bound].concat();
        let transaction = self.context().transaction();
        Ok(transaction.add_conflict_range(&at(&range.begin), &at(&range.end), ConflictRangeType::Read)?)
    }

    /// Packed primary keys that divide the records into parts of about so many bytes.
    ///
    /// Errors: FoundationDB's.
    pub(crate) async fn packed_key_boundaries(&self, bytes: i64) -> Result<Vec<Bytes>> {
        let records = self.layout().records();
        let all = records.range();
        let points = self
            .context()
            .transaction()
            .range_split_points(&all.begin, &all.end, bytes);
        let prefix = records.prefix().len();
        // A point may lie between the rows of a record: the record is where it begins. What is no key divides nothing.
        let boundary = |point: &Bytes| {
            let (_, key_length) = split::split_key(point, prefix).ok()?;
            Some(point.slice(prefix..key_length))
        };
        Ok(points.await?.iter().filter_map(boundary).collect())
    }

    /// Conflicts with whoever saves or deletes a record whose packed primary key lies in a range.
    ///
    /// Errors: FoundationDB's.
    pub(crate) fn add_packed_keys_read_conflict(&self, range: &KeyRange) -> Result<()> {
        let at = |bound: &[u8]| [self.layout().records().prefix(), bound].concat();
        let transaction = self.context().transaction();
        Ok(transaction.add_conflict_range(&at(&range.begin), &at(&range.end), ConflictRangeType::Read)?)
    }

    /// Indexes one record in those of some indexes to which it belongs; says whether there is any. The caller sees to it that
    /// this happens once.
    ///
    /// Errors: `InvalidRecord`, `TooLarge`, `Unsupported`.
    pub(crate) async fn index_record(&self, indexes: &[&Arc<Index>], record: &StoredRecord) -> Result<bool> {
        let record_type = self.metadata().record_type(record.record_type())?;
        indexes::insert(self, indexes, record_type, record).await
    }

    /// Conflicts with whoever changes a record, as if it had been read.
    ///
    /// Errors: FoundationDB's.
    pub(crate) fn add_record_read_conflict(&self, primary_key: &Tuple) -> Result<()> {
        let range = KeyRange::starting_with(&self.layout().record_key(primary_key));
        let transaction = self.context().transaction();
        Ok(transaction.add_conflict_range(&range.begin, &range.end, ConflictRangeType::Read)?)
    }

    /// Which ranges of packed primary keys an index has.
    pub(crate) fn built_ranges(&self, index: &Index) -> RangeSet {
        index_state::built_ranges(self, index)
    }

    /// Where the records of some indexes lie, as packed primary keys; none if they may lie anywhere.
    pub(crate) fn packed_keys_to_index(&self, indexes: &[&Arc<Index>]) -> Result<Option<KeyRange>> {
        let metadata = self.metadata();
        let types: Vec<&RecordType> = indexes
            .iter()
            .flat_map(|index| metadata.record_types_for_index(index))
            .collect();
        let range = rebuild::range_of_types(&types);
        match range.low {
            None => Ok(None),
            Some(_) => Ok(Some(range.to_range(&Subspace::new(Vec::new()))?)),
        }
    }

    /// Whether this release can build an index.
    pub(crate) fn is_maintained(&self, index: &Index) -> bool {
        is_maintained(index.kind())
    }

    /// Whether indexing a record twice in each of some indexes is the same as once.
    ///
    /// Errors: `MetaData` for an index that its type cannot be.
    pub(crate) fn are_idempotent(&self, indexes: &[&Arc<Index>]) -> Result<bool> {
        for index in indexes {
            if !self.maintainer(index)?.capabilities().is_idempotent {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How many records there are where those of some indexes lie, if the store counts them.
    ///
    /// Errors: `Corrupt` for counts that are none.
    pub(crate) async fn count_records_to_index(&self, indexes: &[&Arc<Index>]) -> Result<Option<i64>> {
        rebuild::known_count(self, indexes, false).await
    }

    /// How many records the builders of an index have seen.
    ///
    /// Errors: `Corrupt` for a count that is none.
    pub(crate) async fn records_scanned_by_builders(&self, index: &Index) -> Result<i64> {
        let key = self.index_context(index).layout().scanned_records_key();
        match self.context().transaction().get(&key, true).await? {
            None => Ok(0),
            Some(bytes) => count::decode(&bytes).map_err(|error| error.with("index", index.name())),
        }
    }

    /// Adds to how many records the builders of an index have seen.
    pub(crate) fn add_records_scanned_by_builders(&self, index: &Index, records: i64) {
        let key = self.index_context(index).layout().scanned_records_key();
        let transaction = self.context().transaction();
        transaction.atomic_op(MutationType::Add, &key, &records.to_le_bytes());
    }
}
