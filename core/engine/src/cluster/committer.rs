//! The commit pipeline: conflicts, atomic operations and versionstamps, then visibility, for one group after the other.

use std::sync::Arc;

use bytes::Bytes;
use record_store_kv::{Error, Result, fdb_code};

use super::change::Change;
use super::resolver::Resolver;
use super::shared::Shared;
use crate::atomic::{self, AtomicOp};
use crate::limits::VERSION_WINDOW;
use crate::mutation::{CommitOutcome, CommitRequest, Committed, KeyRange, Mutation};

/// Commits groups; one at a time.
pub(crate) struct Committer {
    shared: Arc<Shared>,
    resolver: Resolver,
}

/// A group on its way.
struct Group {
    version: i64,
    changes: Vec<Change>,
    /// How many of the changes the window has.
    in_window: usize,
}

impl Committer {
    /// A committer with nothing to remember: every older transaction must be too old.
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Committer {
            shared,
            resolver: Resolver::default(),
        }
    }

    /// Commits the transactions of a group at one version, in order; gives the outcome of each.
    pub(crate) fn commit(&mut self, requests: Vec<CommitRequest>) -> Vec<Result<CommitOutcome>> {
        if let Some(failure) = self.shared.failure() {
            return requests.iter().map(|_| Err(failure.repeat())).collect();
        }
        let mut group = Group {
            version: self.shared.sequencer.begin_group(),
            changes: Vec::new(),
            in_window: 0,
        };
        let outcomes = (0..)
            .zip(requests)
            .map(|(i, request)| self.resolve(&mut group, request, i))
            .collect();
        self.show(&mut group);
        self.shared.sequencer.publish_group(group.version);
        self.shared
            .watches
            .check(&group.changes, |key| self.shared.store.get(key, group.version));
        let changes = group.changes.len();
        self.shared.applier.push(group.version, group.changes);
        self.resolver.forget(group.version - VERSION_WINDOW, 2 * changes + 16);
        outcomes
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
        for range in request.write_conflicts.iter().chain(&stamped_keys) {
            self.resolver.write(range, version);
        }
        for mutation in request.mutations {
            self.change(group, mutation)?;
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
    fn change(&self, group: &mut Group, mutation: Mutation) -> Result<()> {
        let change = match mutation {
            Mutation::Set { key, value } => Change::Put { key, value },
            Mutation::ClearRange(range) if range.is_empty() => return Ok(()),
            Mutation::ClearRange(range) if range.is_single() => Change::Delete { key: range.begin },
            Mutation::ClearRange(range) => Change::ClearRange(range),
            Mutation::Atomic { op, key, operand } => {
                // The operation sees what came before it in the group.
                self.show(group);
                let existing = self.shared.store.get(&key, group.version)?;
                match atomic::apply(op, existing.as_deref(), &operand) {
                    Some(value) => Change::Put { key, value },
                    None => Change::Delete { key },
                }
            }
        };
        group.changes.push(change);
        Ok(())
    }

    /// Puts the changes of the group into the window, where nobody reads at its version yet.
    fn show(&self, group: &mut Group) {
        if let Some(new) = group.changes.get(group.in_window..).filter(|new| !new.is_empty()) {
            self.shared.store.change(group.version, new);
            self.shared.note_lock(new, group.version);
            group.in_window = group.changes.len();
        }
    }
}

/// Makes plain sets of versionstamped operations; gives the ranges of the keys that came out.
fn stamp(mutations: &mut [Mutation], version: i64, batch_index: u16) -> Result<Vec<KeyRange>> {
    let stamp = atomic::transaction_version(version, batch_index);
    let stamped = |template: &Bytes| {
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
            AtomicOp::SetVersionstampedKey => (stamped(key)?, operand.clone()),
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
