//! What a commit does to the stored keys, once atomic operations and versionstamps have become plain values. The window,
//! the log and the base all take changes; none of them knows operations.

use bytes::Bytes;

use crate::key::Key;
use crate::mutation::KeyRange;

/// One change of stored keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The key has this value from now on.
    Put { key: Key, value: Bytes },
    /// The key has no value from now on.
    Delete { key: Key },
    /// No key of the range has a value from now on. Never empty, never a single key.
    ClearRange(KeyRange),
}

impl Change {
    /// What a change costs beside its bytes while it is in the window: map node, version list, reference counts, and what
    /// conflict detection remembers of it. Measured with 500 changes a commit and keys of 24 to 32 bytes; longer keys, which lie
    /// outside of the map, cost 190 more.
    pub(crate) const OVERHEAD: usize = 450;
    /// What a commit costs beside its changes until the base has it. Measured with one change a commit.
    pub(crate) const COMMIT_OVERHEAD: usize = 400;

    /// About how much memory the change takes while it is in the window.
    pub(crate) fn memory(&self) -> usize {
        Change::OVERHEAD
            + match self {
                Change::Put { key, value } => key.len() + value.len(),
                Change::Delete { key } => key.len(),
                Change::ClearRange(range) => range.begin.len() + range.end.len(),
            }
    }
}
