//! [`IndexEntry`]: what a scan of an index returns, [`EntryRow`], the same before it is read, and [`IndexScanType`]: in which order and form.

use record_store_kv::tuple::Tuple;
use record_store_kv::{Bytes, KeyValue};

/// An entry of an index.
///
/// Java class: `IndexEntry`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IndexEntry {
    pub(super) key: Tuple,
    pub(super) value: Tuple,
    pub(super) primary_key: Tuple,
}

impl IndexEntry {
    /// The columns of the index, then those of the primary key that are not among them; the group in an index of groups.
    pub fn key(&self) -> &Tuple {
        &self.key
    }

    /// The covered columns, or the aggregate of a group.
    pub fn value(&self) -> &Tuple {
        &self.value
    }

    /// The primary key of the record; empty in an index of groups.
    pub fn primary_key(&self) -> &Tuple {
        &self.primary_key
    }
}

/// An entry as it lies in the database, of which nothing was read yet.
#[derive(Clone, Debug)]
pub(crate) struct EntryRow {
    pub(super) row: KeyValue,
    /// The length of the prefix of the index.
    pub(super) prefix: usize,
}

impl EntryRow {
    /// The packed key behind the prefix of the index.
    pub(crate) fn key(&self) -> &[u8] {
        self.row.key.get(self.prefix..).unwrap_or_default()
    }

    /// Bytes that are probably some last columns of the key, which then need no copy.
    pub(crate) fn part_of_key(&self, bytes: &[u8]) -> Bytes {
        match self.row.key.ends_with(bytes) {
            true => self.row.key.slice(self.row.key.len() - bytes.len()..),
            false => Bytes::copy_from_slice(bytes),
        }
    }

    /// The packed value.
    pub(crate) fn value(&self) -> &[u8] {
        &self.row.value
    }
}

/// In which order and form an index is scanned.
///
/// Java class: `IndexScanType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IndexScanType {
    /// Entries in the order of their values.
    ByValue,
    /// Groups with their aggregates.
    ByGroup,
    /// Entries by their place in the order.
    ByRank,
    /// Entries by their place within a window of time.
    ByTimeWindow,
    /// Entries of a word.
    ByTextToken,
    /// Entries by their distance.
    ByDistance,
}

impl IndexScanType {
    /// Java's name.
    pub fn name(self) -> &'static str {
        match self {
            IndexScanType::ByValue => "BY_VALUE",
            IndexScanType::ByGroup => "BY_GROUP",
            IndexScanType::ByRank => "BY_RANK",
            IndexScanType::ByTimeWindow => "BY_TIME_WINDOW",
            IndexScanType::ByTextToken => "BY_TEXT_TOKEN",
            IndexScanType::ByDistance => "BY_DISTANCE",
        }
    }
}
