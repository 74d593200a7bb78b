//! The time keeper's rows: which version was the latest at which time, about every ten seconds while somebody commits. Clients look up
//! there at which version a point in time was.

use std::time::Duration;

use record_store_kv::tuple::Tuple;

use super::change::Change;
use crate::key::Key;
use crate::mutation::KeyRange;

/// Writes a row from time to time.
#[derive(Default)]
pub(crate) struct TimeKeeper {
    /// The time slot of the last row.
    last: Option<u64>,
}

impl TimeKeeper {
    /// What to change with a group that is committed at `version` and the time `now`: nothing, or a row more, now and then without the
    /// rows that have become too old.
    pub(crate) fn changes(&mut self, version: i64, now: Duration) -> Vec<Change> {
        let slot = now.as_secs() / EVERY.as_secs();
        if self.last.replace(slot) == Some(slot) {
            return Vec::new();
        }
        let mut changes = Vec::new();
        if slot.is_multiple_of(SLOTS_BETWEEN_CLEARS) {
            let oldest = now.saturating_sub(KEPT).as_secs();
            changes.push(Change::ClearRange(KeyRange::new(ROWS, &key(oldest))));
        }
        changes.push(Change::Put {
            key: Key::new(&key(now.as_secs())),
            value: Tuple::new().with(version).pack().into(),
        });
        changes
    }
}

fn key(seconds: u64) -> Vec<u8> {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    [ROWS, &Tuple::new().with(seconds).pack()].concat()
}

/// `timeKeeperPrefixRange` of `fdbclient/SystemData.cpp`.
const ROWS: &[u8] = b"\xff\x02/timeKeeper/map/";
/// `TIME_KEEPER_DELAY` of FoundationDB's servers.
const EVERY: Duration = Duration::from_secs(10);
/// How long rows are kept: `TIME_KEEPER_MAX_ENTRIES` of those that an always busy database writes.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Old rows are cleared every few hours.
const SLOTS_BETWEEN_CLEARS: u64 = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_written_every_ten_seconds_and_old_ones_are_cleared() {
        let mut keeper = TimeKeeper::default();
        let start = SLOTS_BETWEEN_CLEARS * 10 * 1_000;
        let cases = [
            (0, 2),
            (1, 0),
            (9, 0),
            (10, 1),
            (19, 0),
            (45, 1),
            (SLOTS_BETWEEN_CLEARS * 10, 2),
        ];
        for (seconds, expected) in cases {
            let changes = keeper.changes(7, Duration::from_secs(start + seconds));
            assert_eq!(changes.len(), expected, "after {seconds} s");
            if let Some(Change::ClearRange(range)) = changes.first() {
                assert!(*range.begin < *range.end, "after {seconds} s");
            }
        }
    }
}
