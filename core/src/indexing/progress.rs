//! What a build tells while it goes on, and when it is done.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::index::IndexState;

/// How far a build is, told after each transaction that has indexed records.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexBuildProgress {
    /// The indexes that are being built together, by name.
    pub indexes: Vec<String>,
    /// How many records this build and those that it goes on with have seen.
    pub records_scanned: u64,
    /// How many records there were when it began, if the store counts them.
    pub records_total: Option<u64>,
    /// How many ranges of primary keys are left; up to a thousand are counted.
    pub ranges_left: usize,
    /// How many records the next transaction indexes at most.
    pub limit: usize,
}

/// What is called with the progress of a build; it says whether to go on.
pub(super) type OnProgress = Box<dyn Fn(&IndexBuildProgress) -> ControlFlow<()> + Send + Sync>;

/// What a build has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexBuildSummary {
    /// How many records it has seen.
    pub records_scanned: u64,
    /// In how many transactions.
    pub transactions: u64,
    /// The states of the indexes that it was to build, by their names, as they are now.
    pub states: BTreeMap<String, IndexState>,
}
