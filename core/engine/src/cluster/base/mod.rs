//! The base: an ordered store of one version, which takes old changes in large sorted batches.

mod file;
mod memory;
mod redb;
mod syncer;

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use bytes::Bytes;
use record_store_kv::Result;

pub(crate) use self::file::BaseFile;
pub(crate) use self::memory::MemoryBase;
pub(crate) use self::redb::RedbBase;
use super::change::Change;
use super::sample::sampled_size;
use crate::key::Key;
use crate::mutation::KeyRange;

/// An ordered store. One thread at a time applies batches; any number read.
pub(crate) trait Base: Send + Sync {
    /// The store as it is now.
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>>;
    /// Takes all of `batch` or, on an error or when `stop` tells to leave off, nothing of it; remembers `version` with it. When it
    /// is done, the disk has it.
    fn apply(&self, batch: &Batch, version: i64, stop: &dyn Fn() -> bool) -> Result<Settled>;
}

/// How taking a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// The base has it.
    Done,
    /// The base has nothing of it, because it was told to leave off.
    Stopped,
}

/// A view of the base.
///
/// The memory base changes under its views, which is allowed because of an order that the cluster keeps: a batch changes
/// only keys that the window shadows at every version that may still be read.
pub(crate) trait Snapshot: Send + Sync {
    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>>;
    /// Shows the rows of `[begin, end)` in order, or in reverse order, until `visit` breaks.
    fn scan(&self, begin: &[u8], end: &[u8], reverse: bool, visit: &mut Visit<'_>) -> Result<()>;
    /// Shows the rows of `[begin, end)` that are in the [sample](super::sample): their keys, and how long their values are.
    fn scan_sample(&self, begin: &[u8], end: &[u8], reverse: bool, visit: &mut VisitSample<'_>) -> Result<()>;
}

/// What a scan does with each row.
pub(crate) type Visit<'a> = dyn FnMut(Row<'_>) -> ControlFlow<()> + 'a;

/// What a scan of the sample does with each entry.
pub(crate) type VisitSample<'a> = dyn FnMut(&[u8], u32) -> ControlFlow<()> + 'a;

/// A row of the base, not copied yet.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    /// The key.
    pub(crate) key: &'a [u8],
    /// The value.
    pub(crate) value: Value<'a>,
}

/// Where the value of a row lives.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    /// In memory that can be had without a copy.
    Shared(&'a Bytes),
    /// In a page.
    Page(&'a [u8]),
}

/// Changes of many commits folded into one: ranges to clear first, then the last word on each key, in order.
#[derive(Default)]
pub(crate) struct Batch {
    /// Begin -> end of ranges, apart from each other.
    clears: BTreeMap<Key, Key>,
    keys: BTreeMap<Key, Option<Bytes>>,
}

impl Batch {
    /// Adds a change that comes after all earlier ones.
    pub(crate) fn add(&mut self, change: &Change) {
        match change {
            Change::Put { key, value } => drop(self.keys.insert(key.clone(), Some(value.clone()))),
            Change::Delete { key } => drop(self.keys.insert(key.clone(), None)),
            Change::ClearRange(range) => {
                let bounds = (Bound::Included(&range.begin[..]), Bound::Excluded(&range.end[..]));
                let covered: Vec<Key> = self.keys.range::<[u8], _>(bounds).map(|(key, _)| key.clone()).collect();
                for key in covered {
                    self.keys.remove(&key);
                }
                self.add_clear(range.clone());
            }
        }
    }

    /// The ranges to clear, in order, apart from each other.
    pub(crate) fn clears(&self) -> impl Iterator<Item = (&Key, &Key)> {
        self.clears.iter()
    }

    /// The keys to put (with a value) or to delete, in order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&Key, Option<&Bytes>)> {
        self.keys.iter().map(|(key, value)| (key, value.as_ref()))
    }

    fn add_clear(&mut self, mut range: KeyRange) {
        // Ranges that touch the new one are the last ones that begin at or before its end.
        while let Some((begin, end)) = self
            .clears
            .range::<[u8], _>((Bound::Unbounded, Bound::Included(&range.end[..])))
            .next_back()
            .filter(|(_, end)| **end >= range.begin)
            .map(|(begin, end)| (begin.clone(), end.clone()))
        {
            self.clears.remove(&begin);
            range.begin = range.begin.min(begin);
            range.end = range.end.max(end);
        }
        self.clears.insert(range.begin, range.end);
    }
}

/// The length that a row's entry in the sample has, if it is in the sample.
fn sample_entry(key: &[u8], value_length: usize) -> Option<u32> {
    sampled_size(key, value_length).map(|_| u32::try_from(value_length).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: &'static str) -> Change {
        Change::Put {
            key: Key::new(key.as_bytes()),
            value: "v".into(),
        }
    }

    fn clear(begin: &'static str, end: &'static str) -> Change {
        Change::ClearRange(KeyRange::new(begin.as_bytes(), end.as_bytes()))
    }

    #[test]
    fn clears_that_touch_become_one_and_take_earlier_keys_with_them() {
        let mut batch = Batch::default();
        for change in [
            put("b"),
            put("k"),
            clear("a", "c"),
            clear("e", "g"),
            put("f"),
            clear("c", "e"),
            put("b"),
        ] {
            batch.add(&change);
        }
        let clears: Vec<_> = batch
            .clears()
            .map(|(begin, end)| (begin.clone(), end.clone()))
            .collect();
        assert_eq!(clears, [(Key::new(b"a"), Key::new(b"g"))]);
        assert_eq!(
            batch.keys().map(|(key, _)| key.clone()).collect::<Vec<_>>(),
            ["b", "f", "k"].map(|key: &str| Key::new(key.as_bytes()))
        );
    }
}
