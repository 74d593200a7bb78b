//! What a client hands to the cluster: mutations and the ranges that decide conflicts.

use bytes::Bytes;

use crate::atomic::AtomicOp;
use crate::cluster::Change;
use crate::key::Key;

/// A half-open range of keys, `begin` inclusive and `end` exclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyRange {
    /// The first key.
    pub(crate) begin: Key,
    /// The key after the last.
    pub(crate) end: Key,
}

impl KeyRange {
    /// The range from `begin` to `end`.
    pub(crate) fn new(begin: &[u8], end: &[u8]) -> Self {
        KeyRange {
            begin: Key::new(begin),
            end: Key::new(end),
        }
    }

    /// The range that holds `key` alone.
    pub(crate) fn single(key: &[u8]) -> Self {
        let begin = Key::new(key);
        KeyRange {
            end: Key::new(begin.after()),
            begin,
        }
    }

    /// Whether the range holds exactly one possible key.
    pub(crate) fn is_single(&self) -> bool {
        *self.end == *self.begin.after()
    }

    /// Whether the range holds no key.
    pub(crate) fn is_empty(&self) -> bool {
        self.begin >= self.end
    }
}

/// One change of a commit, in the order in which the cluster applies them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mutation {
    /// Sets a key.
    Set { key: Key, value: Bytes },
    /// Clears a range; a single key is the range up to `key\0`.
    ClearRange(KeyRange),
    /// Applies an atomic operation, versionstamped ones included. The latter carry the position of the stamp as a
    /// 4-byte little-endian suffix of the key or of the operand.
    Atomic { op: AtomicOp, key: Key, operand: Bytes },
}

/// A transaction, ready to be committed.
#[derive(Clone, Debug, Default)]
pub(crate) struct CommitRequest {
    /// The version at which the transaction read; `None` if it never asked for one.
    pub(crate) read_version: Option<i64>,
    /// It conflicts if another transaction wrote here after its read version.
    pub(crate) read_conflicts: Vec<KeyRange>,
    /// Others that read here before this commit conflict.
    pub(crate) write_conflicts: Vec<KeyRange>,
    /// The changes, in order.
    pub(crate) mutations: Vec<Mutation>,
    /// Whether a conflict reports the read ranges that conflicted.
    pub(crate) report_conflicting_keys: bool,
    /// Whether it may commit although the database is locked (`\xff/dbLocked`).
    pub(crate) lock_aware: bool,
}

impl CommitRequest {
    /// About how many bytes it carries.
    pub(crate) fn bytes(&self) -> usize {
        let range = |range: &KeyRange| range.begin.len() + range.end.len();
        let mutation = |mutation: &Mutation| match mutation {
            Mutation::Set { key, value } => key.len() + value.len(),
            Mutation::ClearRange(cleared) => range(cleared),
            Mutation::Atomic { key, operand, .. } => key.len() + operand.len(),
        };
        let conflicts = self.read_conflicts.iter().chain(&self.write_conflicts);
        conflicts.map(range).sum::<usize>() + self.mutations.iter().map(mutation).sum::<usize>()
    }

    /// About how much memory its changes will take until they are in the base.
    pub(crate) fn memory(&self) -> usize {
        self.bytes() + self.mutations.len() * Change::OVERHEAD + Change::COMMIT_OVERHEAD
    }
}

/// How a commit ended. That it could not be tried, or that its end is unknown, is an error instead (1007, 1021, 1510).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CommitOutcome {
    /// It is in the database and on the disk.
    Committed(Committed),
    /// Another transaction wrote what this one read (1020). Carries the places in
    /// [`CommitRequest::read_conflicts`] of the ranges concerned, if it asked for them; else nothing.
    Conflict(Vec<usize>),
}

/// What a successful commit got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Committed {
    /// The commit version.
    pub(crate) version: i64,
    /// The transaction's place in its group, which makes its versionstamp unique.
    pub(crate) batch_index: u16,
}
