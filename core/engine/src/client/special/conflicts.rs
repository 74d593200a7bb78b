//! Conflict ranges as rows: `"1"` where a range begins, `"0"` where it ends.

use bytes::Bytes;
use record_store_kv::{KeyValue, Result};

use super::super::state::State;
use super::Module;
use crate::mutation::KeyRange;

/// The read ranges that conflicted, of the last commit that was asked to report them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConflictReport {
    read: Vec<KeyRange>,
    conflicting: Vec<KeyRange>,
}

impl ConflictReport {
    /// Remembers the read ranges of a commit on its way.
    pub(crate) fn prepare(&mut self, read: &[KeyRange]) {
        self.read = read.to_vec();
    }

    /// Remembers which of them conflicted.
    pub(crate) fn confirm(&mut self, places: &[usize]) {
        self.conflicting = places
            .iter()
            .filter_map(|place| self.read.get(*place).cloned())
            .collect();
    }
}

/// The rows of one of the modules of conflict ranges.
pub(super) fn rows(module: Module, prefix: &[u8], state: &mut State) -> Result<Vec<KeyValue>> {
    let ranges = match module {
        Module::ReadConflicts => {
            state.check_reads()?;
            state.note_watches(true);
            state.known.take_read(&mut state.read_conflicts);
            state.read_conflicts.merged()
        }
        Module::WriteConflicts => state.write_conflicts()?,
        _ => state.conflict_report.conflicting.clone(),
    };
    let row = |key: &[u8], value: &'static [u8]| KeyValue {
        key: [prefix, key].concat().into(),
        value: Bytes::from_static(value),
    };
    Ok(ranges
        .iter()
        .flat_map(|range| [row(&range.begin, b"1"), row(&range.end, b"0")])
        .collect())
}
