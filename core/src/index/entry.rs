//! [`IndexEntry`]: what a scan of an index returns, and [`IndexScanType`]: in which order and form.

use record_store_kv::tuple::Tuple;

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
