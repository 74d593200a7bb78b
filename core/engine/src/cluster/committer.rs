//! Commits groups of transactions, one group after the other: conflicts, atomic operations and versionstamps, the log, then
//! visibility. The order is what durability rests on: nothing at a group's version can be seen before the log has the group.

use std::sync::Arc;

use record_store_kv::{Error, Result, fdb_code};

use super::change::Change;
use super::log::{Helper, Log};
use super::resolver::Resolver;
use super::sequencer::LEASE_LENGTH;
use super::shared::{Shared, touches_lock};
use super::time_keeper::TimeKeeper;
use super::watches::FiredWatches;
use crate::atomic::{self, AtomicOp};
use crate::key::Key;
use crate::limits::VERSION_WINDOW;
use crate::mutation::{CommitOutcome, CommitRequest, Committed, KeyRange, Mutation};

/// Commits groups; one at a time.
pub(crate) struct Committer {
    shared: Arc<Shared>,
    resolver: Resolver,
    time_keeper: TimeKeeper,
    /// None in memory.
    log: Option<Log>,
}

/// A group on its way.
struct Group {
    version: i64,
    changes: Vec<Change>,
    /// How many of the changes the window has.
    in_window: usize,
    /// Why the group cannot be committed.
    failure: Option<Error>,
}

impl Committer {
    /// A committer that appends to `log`. It knows of no earlier writes: every older transaction must be too old.
    pub(crate) fn new(shared: Arc<Shared>, log: Option<Log>) -> Self {
        Committer {
            shared,
            resolver: Resolver::default(),
            time_keeper: TimeKeeper::default(),
            log,
        }
    }

    /// Leaves work that no commit should wait for to `helper`.
    pub(crate) fn leave_to(&mut self, helper: Helper) {
        if let Some(log) = &mut self.log {
            log.leave_to(helper);
        }
    }

    /// Notes in the log that what it has is on disk: nothing else is about to come that would say so.
    pub(crate) fn rest(&mut self) {
        let marked = self.log.as_mut().map_or(Ok(()), Log::mark);
        if let Err(failure) = marked {
            self.shared.fail(failure.into());
        }
    }

    /// Closes the log.
    pub(crate) fn close(self) {
        if let Some(log) = self.log {
            log.close();
        }
    }

    /// Commits the transactions of a group at one version, in order; gives the outcome of each, and the watches to fire. A
    /// group of none renews the lease on versions.
    pub(crate) fn commit(&mut self, requests: Vec<CommitRequest>) -> (Vec<Result<CommitOutcome>>, FiredWatches) {
        if let Some(failure) = self.shared.failure() {
            return (
                requests.iter().map(|_| Err(failure.repeat())).collect(),
                FiredWatches::default(),
            );
        }
        let mut group = Group {
            version: self.shared.sequencer.begin_group(),
            changes: Vec::new(),
            in_window: 0,
            failure: None,
        };
        let outcomes: Vec<_> = (0..)
            .zip(requests)
            .map(|(i, request)| self.resolve(&mut group, request, i))
            .collect();
        self.keep_time(&mut group);
        self.show(&mut group);
        if let Err(failure) = self.write(&mut group) {
            // The group's version is never published, so nobody sees the changes that the window has.
            self.shared.fail(failure);
            return (
                outcomes.into_iter().map(unknown_if_committed).collect(),
                FiredWatches::default(),
            );
        }
        (outcomes, self.publish(group))
    }

    /// Adds what the time keeper writes to a group that changes something.
    fn keep_time(&mut self, group: &mut Group) {
        if group.changes.is_empty() {
            return;
        }
        let now = self.shared.env.clock().unix_time();
        for change in self.time_keeper.changes(group.version, now) {
            let written = match &change {
                Change::Put { key, .. } | Change::Delete { key } => KeyRange::single(key),
                Change::ClearRange(range) => range.clone(),
            };
            self.resolver.write(written, group.version);
            group.changes.push(change);
        }
    }

    /// Makes the group durable, and with it a lease on the versions to come.
    fn write(&mut self, group: &mut Group) -> Result<()> {
        if let Some(failure) = group.failure.take() {
            return Err(failure);
        }
        let Some(log) = &mut self.log else {
            return Ok(());
        };
        let sequencer = &self.shared.sequencer;
        if sequencer.lease_is_short(group.version) {
            let lease = group.version + LEASE_LENGTH;
            log.append_synced(group.version, lease, &group.changes)?;
            sequencer.extend_lease(lease);
        } else if !group.changes.is_empty() {
            log.append(group.version, &group.changes)?;
        }
        Ok(())
    }

    fn publish(&mut self, group: Group) -> FiredWatches {
        let Group { version, changes, .. } = group;
        let shared = &self.shared;
        shared.sequencer.publish_group(version);
        let fired = shared
            .watches
            .take_fired(&changes, |key| shared.store.get(key, version));
        self.resolver.forget(version - VERSION_WINDOW);
        shared.applier.push(version, version, changes);
        fired
    }

    /// Decides on one transaction and, if it may commit, adds its changes to the group.
    fn resolve(&mut self, group: &mut Group, mut request: CommitRequest, batch_index: u16) -> Result<CommitOutcome> {
        let version = group.version;
        if self.shared.is_locked() && !request.lock_aware {
            return Ok(CommitOutcome::Conflict(Vec::new()));
        }
        let read_version = request.read_version.unwrap_or(version - 1);
        if read_version < version - VERSION_WINDOW && !request.read_conflicts.is_empty() {
            return Err(Error::fdb(fdb_code::TRANSACTION_TOO_OLD));
        }
        if let Some(conflict) = self.conflict(&request, read_version) {
            return Ok(conflict);
        }
        let stamped_keys = stamp(&mut request.mutations, version, batch_index)?;
        for range in request.write_conflicts.into_iter().chain(stamped_keys) {
            self.resolver.write(range, version);
        }
        let first = group.changes.len();
        for mutation in request.mutations {
            self.change(group, mutation);
        }
        if group
            .changes
            .get(first..)
            .is_some_and(|own| own.iter().any(touches_lock))
        {
            // The next transaction of the group must know.
            self.show(group);
        }
        Ok(CommitOutcome::Committed(Committed { version, batch_index }))
    }

    fn conflict(&self, request: &CommitRequest, read_version: i64) -> Option<CommitOutcome> {
        let mut ranges = (0..).zip(&request.read_conflicts);
        let mut conflicting = ranges
            .by_ref()
            .filter(|(_, range)| self.resolver.conflicts(range, read_version))
            .map(|(i, _): (usize, _)| i);
        let first = conflicting.next()?;
        Some(CommitOutcome::Conflict(if request.report_conflicting_keys {
            std::iter::once(first).chain(conflicting).collect()
        } else {
            Vec::new()
        }))
    }

    /// Adds what `mutation` does to the group.
    fn change(&self, group: &mut Group, mutation: Mutation) {
        let change = match mutation {
            Mutation::Set { key, value } => Change::Put { key, value },
            Mutation::ClearRange(range) if range.is_empty() => return,
            Mutation::ClearRange(range) if range.is_single() => Change::Delete { key: range.begin },
            Mutation::ClearRange(range) => Change::ClearRange(range),
            Mutation::Atomic { op, key, operand } => {
                // The operation sees what came before it in the group.
                self.show(group);
                let existing = self.shared.store.get(&key, group.version).unwrap_or_else(|error| {
                    group.failure.get_or_insert(error);
                    None
                });
                match atomic::apply(op, existing.as_deref(), &operand) {
                    Some(value) => Change::Put { key, value },
                    None => Change::Delete { key },
                }
            }
        };
        group.changes.push(change);
    }

    /// Puts the changes of the group into the window, where nobody reads at its version yet.
    fn show(&self, group: &mut Group) {
        if let Some(new) = group.changes.get(group.in_window..).filter(|new| !new.is_empty()) {
            self.shared.store.change(group.version, new);
            if let Err(error) = self.shared.note_lock(new, group.version) {
                group.failure.get_or_insert(error);
            }
            group.in_window = group.changes.len();
        }
    }
}

/// Nobody can tell whether the log has a group whose write failed.
fn unknown_if_committed(outcome: Result<CommitOutcome>) -> Result<CommitOutcome> {
    match outcome {
        Ok(CommitOutcome::Committed(_)) => Err(Error::fdb(fdb_code::COMMIT_UNKNOWN_RESULT)),
        decided => decided,
    }
}

/// Makes plain sets of versionstamped operations; gives the ranges of the keys that came out.
fn stamp(mutations: &mut [Mutation], version: i64, batch_index: u16) -> Result<Vec<KeyRange>> {
    let stamp = atomic::transaction_version(version, batch_index);
    let stamped = |template: &[u8]| {
        atomic::stamp(template, &stamp).ok_or_else(|| {
            Error::fdb(fdb_code::CLIENT_INVALID_OPERATION)
                .with("versionstamp", "its position is outside the bytes given")
        })
    };
    let mut keys = Vec::new();
    for mutation in mutations {
        let Mutation::Atomic { op, key, operand } = mutation else {
            continue;
        };
        let (key, value) = match op {
            AtomicOp::SetVersionstampedKey => (Key::new(&stamped(key)?), operand.clone()),
            AtomicOp::SetVersionstampedValue => (key.clone(), stamped(operand)?),
            _ => continue,
        };
        if *op == AtomicOp::SetVersionstampedKey {
            keys.push(KeyRange::single(&key));
        }
        *mutation = Mutation::Set { key, value };
    }
    Ok(keys)
}
