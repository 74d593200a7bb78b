//! The special key space: what a transaction reads about itself under `\xff\xff/transaction/`.
//!
//! Conflict ranges appear as rows: `"1"` where a range begins, `"0"` where it ends.

use bytes::Bytes;
use record_store_kv::{Error, KeyValue, Result, fdb_code};

use super::range::{RangeFound, RangeRead};
use super::state::State;
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

/// Writes a special key. Errors: 2017; 2114 without the option that allows it, 2115 since no module here takes writes.
pub(crate) fn write(state: &mut State) -> Result<(), i32> {
    state.check_not_committing()?;
    Err(if state.options.special_key_writes {
        fdb_code::SPECIAL_KEYS_NO_WRITE_MODULE_FOUND
    } else {
        fdb_code::SPECIAL_KEYS_WRITE_DISABLED
    })
}

#[derive(Clone, Copy)]
enum Module {
    ReadConflicts,
    WriteConflicts,
    ConflictingKeys,
}

const MODULES: [(&[u8], Module); 3] = [
    (b"\xff\xff/transaction/conflicting_keys/", Module::ConflictingKeys),
    (b"\xff\xff/transaction/read_conflict_range/", Module::ReadConflicts),
    (b"\xff\xff/transaction/write_conflict_range/", Module::WriteConflicts),
];

/// Reads one special key. Errors: 2113 for a key of no module.
pub(crate) fn get(state: &mut State, key: &[u8]) -> Result<Option<Bytes>> {
    if key == super::legality::SYSTEM_KEYS_END {
        return Ok(None);
    }
    let Some((prefix, module)) = MODULES.into_iter().find(|(prefix, _)| key.starts_with(prefix)) else {
        if state.options.special_keys_relaxed {
            return Ok(None);
        }
        return Err(Error::fdb(fdb_code::SPECIAL_KEYS_NO_MODULE_FOUND));
    };
    let rows = module.rows(prefix, state)?;
    Ok(rows.into_iter().find(|row| row.key == key).map(|row| row.value))
}

/// Reads a range of special keys. Errors: 2112 across modules.
pub(crate) fn get_range(state: &mut State, read: &RangeRead) -> Result<RangeFound> {
    let (begin, end) = (&read.begin.key[..], &read.end.key[..]);
    let touched = |prefix: &[u8]| begin < prefix_end(prefix).as_slice() && prefix < end;
    let modules: Vec<_> = MODULES.into_iter().filter(|(prefix, _)| touched(prefix)).collect();
    let inside = modules
        .iter()
        .any(|(prefix, _)| *prefix <= begin && end <= prefix_end(prefix).as_slice());
    if !inside && !state.options.special_keys_relaxed && begin < end {
        return Err(Error::fdb(if modules.is_empty() {
            fdb_code::SPECIAL_KEYS_NO_MODULE_FOUND
        } else {
            fdb_code::SPECIAL_KEYS_CROSS_MODULE_READ
        }));
    }
    let mut rows = Vec::new();
    for (prefix, module) in modules {
        rows.extend(module.rows(prefix, state)?);
    }
    Ok(read.select(rows))
}

impl Module {
    fn rows(self, prefix: &[u8], state: &mut State) -> Result<Vec<KeyValue>> {
        let ranges = match self {
            Module::ReadConflicts => {
                state.check_reads()?;
                state.read_conflicts.merged()
            }
            Module::WriteConflicts => state.write_conflicts()?,
            Module::ConflictingKeys => state.conflict_report.conflicting.clone(),
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
}

/// The end of the keys that begin with `prefix`, which is `/` at its end.
fn prefix_end(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end
}
