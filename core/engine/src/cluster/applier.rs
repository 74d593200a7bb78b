//! Moves changes that have left the window into the base, in the order in which they were committed.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use record_store_kv::Result;
use record_store_kv::env::Env;

use super::base::Batch;
use super::change::Change;
use super::pace::Pace;
use super::store::{Settled, Store};
use crate::limits::{VERSION_WINDOW, VERSIONS_PER_SECOND};

/// The changes that the base does not have yet.
pub(crate) struct Applier {
    window_bytes: usize,
    pace: Pace,
    groups: Mutex<VecDeque<Group>>,
    /// About the memory that the waiting changes take in the window.
    memory: AtomicUsize,
    /// The version of the oldest waiting group, and the version at which it began to wait; far away if none waits.
    oldest: AtomicI64,
    waits_since: AtomicI64,
}

/// The changes of one commit group.
struct Group {
    version: i64,
    waits_since: i64,
    memory: usize,
    changes: Vec<Change>,
}

impl Applier {
    /// Nothing waits; changes should take at most `window_bytes` of memory.
    pub(crate) fn new(window_bytes: usize) -> Self {
        Applier {
            window_bytes,
            pace: Pace::new(window_bytes),
            groups: Mutex::default(),
            memory: AtomicUsize::new(0),
            oldest: AtomicI64::new(i64::MAX),
            waits_since: AtomicI64::new(i64::MAX),
        }
    }

    /// Takes the changes of a group that was published at `version`. They begin to wait at version `now`, which is a later
    /// one if the group is from before a restart.
    pub(crate) fn push(&self, version: i64, now: i64, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        let memory = Change::COMMIT_OVERHEAD + changes.iter().map(Change::memory).sum::<usize>();
        self.memory.fetch_add(memory, Ordering::AcqRel);
        let mut groups = self.groups.lock();
        groups.push_back(Group {
            version,
            waits_since: now,
            memory,
            changes,
        });
        self.note_front(&groups);
    }

    /// About the memory that the waiting changes take.
    pub(crate) fn memory(&self) -> usize {
        self.memory.load(Ordering::Acquire)
    }

    /// Whether the changes take as much memory as they may.
    pub(crate) fn is_full(&self) -> bool {
        self.memory.load(Ordering::Acquire) >= self.window_bytes
    }

    /// Whether the changes take so much memory that commits wait for their turns.
    pub(crate) fn is_crowded(&self) -> bool {
        self.pace.is_crowded(self.memory.load(Ordering::Acquire))
    }

    /// How long a commit whose changes will take `bytes` has to wait for its turn: none while there is plenty of room.
    pub(crate) fn turn(&self, bytes: usize, env: &Env) -> Duration {
        let used = self.memory.load(Ordering::Acquire);
        self.pace.turn(bytes, used, env.clock().monotonic())
    }

    /// Whether everything at or below `version` is in the base.
    #[cfg(test)]
    pub(crate) fn is_empty_before(&self, version: i64) -> bool {
        self.oldest.load(Ordering::Acquire) > version
    }

    /// Whether changes at or below `horizon` are worth a batch: they are many, or wait for long, or room is needed.
    pub(crate) fn is_due(&self, horizon: i64) -> bool {
        let age = horizon.saturating_sub(self.oldest.load(Ordering::Acquire));
        if age < 0 {
            return false;
        }
        // Changes come at an even rate, more or less: this many of them are old enough.
        let memory = i128::try_from(self.memory.load(Ordering::Acquire)).unwrap_or(i128::MAX);
        let settling = memory * i128::from(age) / i128::from(age.saturating_add(VERSION_WINDOW));
        let waiting = horizon.saturating_sub(self.waits_since.load(Ordering::Acquire));
        let worth_it = i128::try_from(self.window_bytes / BATCH_SHARE).unwrap_or(i128::MAX);
        settling >= worth_it || waiting >= LONGEST_WAIT || self.is_full()
    }

    /// About the most memory of a batch for a base on disk.
    pub(crate) fn largest_batch(&self) -> usize {
        self.window_bytes / LARGEST_BATCH_SHARE
    }

    /// Moves waiting groups at or below `horizon` into the base of `store`, whole groups until `most` bytes of memory are
    /// reached. Gives the version up to which the base is complete, or nothing if there was nothing to do or `stop` told to
    /// leave off. One caller at a time.
    ///
    /// After an error or a stop the changes are still in the window and in the log, and the base stays as it was.
    pub(crate) fn step(
        &self,
        store: &Store,
        horizon: i64,
        most: usize,
        env: &Env,
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<i64>> {
        let started = env.clock().monotonic();
        let mut batch = Batch::default();
        let mut memory = 0;
        let mut version = None;
        while memory < most {
            let Some(group) = self.pop(horizon) else {
                break;
            };
            group.changes.iter().for_each(|change| batch.add(change));
            memory += group.memory;
            version = Some(group.version);
        }
        let Some(version) = version else {
            return Ok(None);
        };
        if store.settle(&batch, version, stop)? == Settled::Stopped {
            return Ok(None);
        }
        self.memory.fetch_sub(memory, Ordering::AcqRel);
        self.pace.note(memory, env.clock().monotonic().saturating_sub(started));
        Ok(Some(version))
    }

    fn pop(&self, horizon: i64) -> Option<Group> {
        let mut groups = self.groups.lock();
        let due = groups.front().is_some_and(|group| group.version <= horizon);
        let group = due.then(|| groups.pop_front()).flatten();
        self.note_front(&groups);
        group
    }

    fn note_front(&self, groups: &VecDeque<Group>) {
        let front = groups
            .front()
            .map_or((i64::MAX, i64::MAX), |group| (group.version, group.waits_since));
        self.oldest.store(front.0, Ordering::Release);
        self.waits_since.store(front.1, Ordering::Release);
    }
}

/// The share of the window's memory that makes a good batch. Small batches cost the base far more for each change, since each
/// writes whole pages.
const BATCH_SHARE: usize = 8;
/// The largest share of the window's memory in one batch: it is free again only after the batch.
const LARGEST_BATCH_SHARE: usize = 4;
/// How long changes wait for their batch to grow after they have left the window: it bounds what a start must read again.
const LONGEST_WAIT: i64 = 10 * VERSIONS_PER_SECOND;
