//! Moves changes that have left the window into the base, in the order in which they were committed.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use record_store_kv::Result;

use super::base::Batch;
use super::change::Change;
use super::store::Store;

/// The changes that the base does not have yet.
pub(crate) struct Applier {
    groups: Mutex<VecDeque<Group>>,
    /// About the memory that the waiting changes take in the window.
    memory: AtomicUsize,
}

/// The changes of one commit group.
struct Group {
    version: i64,
    memory: usize,
    changes: Vec<Change>,
}

impl Applier {
    /// Nothing waits.
    pub(crate) fn new() -> Self {
        Applier {
            groups: Mutex::new(VecDeque::new()),
            memory: AtomicUsize::new(0),
        }
    }

    /// Takes the changes of a published group.
    pub(crate) fn push(&self, version: i64, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        let memory = changes.iter().map(Change::memory).sum();
        self.memory.fetch_add(memory, Ordering::AcqRel);
        self.groups.lock().push_back(Group {
            version,
            memory,
            changes,
        });
    }

    /// About the memory that the waiting changes take in the window.
    pub(crate) fn memory(&self) -> usize {
        self.memory.load(Ordering::Acquire)
    }

    /// The version of the oldest waiting group.
    pub(crate) fn oldest(&self) -> Option<i64> {
        self.groups.lock().front().map(|group| group.version)
    }

    /// Moves waiting groups at or below `horizon` into the base of `store`, whole groups until `most` changes are reached.
    /// Gives the version up to which the base is complete, or nothing if there was nothing to do. One caller at a time.
    ///
    /// After an error the changes are still in the window and in the log, and the base stays as it was.
    pub(crate) fn step(&self, store: &Store, horizon: i64, most: usize) -> Result<Option<i64>> {
        let mut batch = Batch::default();
        let mut memory = 0;
        let mut count = 0;
        let mut version = None;
        while count < most {
            let Some(group) = self.pop(horizon) else {
                break;
            };
            group.changes.iter().for_each(|change| batch.add(change));
            count += group.changes.len();
            memory += group.memory;
            version = Some(group.version);
        }
        if let Some(version) = version {
            store.settle(&batch, version)?;
            self.memory.fetch_sub(memory, Ordering::AcqRel);
        }
        Ok(version)
    }

    fn pop(&self, horizon: i64) -> Option<Group> {
        let mut groups = self.groups.lock();
        let due = groups.front().is_some_and(|group| group.version <= horizon);
        due.then(|| groups.pop_front()).flatten()
    }
}
