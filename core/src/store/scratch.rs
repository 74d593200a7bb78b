//! [`Scratch`]: memory that one save after the other uses again, so that a save allocates little beside what it gives back.

use super::RecordStore;
use crate::key_expression::Rows;

/// What finishing a save needs room for.
#[derive(Default)]
pub(super) struct Scratch {
    /// The stored form of the record.
    pub(super) stored: Vec<u8>,
    pub(super) entries: EntryMemory,
}

/// What bringing an index up to date needs room for.
#[derive(Default)]
pub(super) struct EntryMemory {
    /// The entries of the old record.
    pub(super) old: Rows,
    /// Those of the new one.
    pub(super) new: Rows,
    /// The key of an entry.
    pub(super) key: Vec<u8>,
}

impl RecordStore {
    /// The memory of the last save; of several saves at one time only one gets it, the others begin with none.
    pub(super) fn take_scratch(&self) -> Scratch {
        std::mem::take(&mut *self.inner.scratch.lock())
    }

    /// Keeps memory for the next save.
    pub(super) fn put_scratch(&self, scratch: Scratch) {
        *self.inner.scratch.lock() = scratch;
    }
}
