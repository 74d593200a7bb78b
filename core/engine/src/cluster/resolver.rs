//! Conflict detection: which keys were written at which version during the last five seconds.
//!
//! Single keys, by far the most writes, live in a map of their own; ranges live in a map of boundaries. What has become
//! too old to matter is forgotten in the order in which it was written, a few entries for each new one, so that no commit
//! pays for a sweep. Nothing here survives a restart: versions jump ahead then, and older transactions are too old.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use crate::key::Key;
use crate::mutation::KeyRange;

/// The writes of the last five seconds.
#[derive(Default)]
pub(crate) struct Resolver {
    /// Key -> version of its latest single write.
    keys: BTreeMap<Key, i64>,
    /// Boundary -> version of the latest range write on the keys from it to the next boundary. Before the first
    /// boundary: never.
    ranges: BTreeMap<Key, i64>,
    /// Every write in order, to forget it again.
    written: VecDeque<(i64, Written)>,
    /// How much was written since something was forgotten.
    unpaid: usize,
    /// The version of the latest write.
    latest: i64,
}

/// What was written. There are hundreds of thousands of them, and a range takes twice the room of a key.
enum Written {
    Key(Key),
    Range(Box<KeyRange>),
}

impl Resolver {
    /// Whether anything in `range` was written after `version`.
    pub(crate) fn conflicts(&self, range: &KeyRange, version: i64) -> bool {
        if self.latest <= version || range.is_empty() {
            return false;
        }
        self.key_was_written(range, version) || self.range_was_written(range, version)
    }

    /// Notes that `range` is written at `version`, which is at least that of every earlier call.
    pub(crate) fn write(&mut self, range: KeyRange, version: i64) {
        debug_assert!(version >= self.latest, "groups come in order of their versions");
        if range.is_empty() {
            return;
        }
        self.latest = version;
        self.unpaid += 1;
        let written = if range.is_single() {
            self.keys.insert(range.begin.clone(), version);
            Written::Key(range.begin)
        } else {
            self.write_range(&range, version);
            Written::Range(Box::new(range))
        };
        self.written.push_back((version, written));
    }

    /// Forgets writes at or below `oldest`: no transaction with an older read version can commit any more. Each call does a
    /// bounded piece of the work, more than what was written since the last one.
    pub(crate) fn forget(&mut self, oldest: i64) {
        let most = 2 * std::mem::take(&mut self.unpaid) + 16;
        for _ in 0..most {
            if self.written.front().is_none_or(|(version, _)| *version > oldest) {
                return;
            }
            let Some((version, written)) = self.written.pop_front() else {
                return;
            };
            match written {
                Written::Range(range) => self.forget_range(&range, version),
                Written::Key(key) => {
                    // A later write of the key has its own place in line.
                    if let Entry::Occupied(latest) = self.keys.entry(key)
                        && *latest.get() == version
                    {
                        latest.remove();
                    }
                }
            }
        }
    }

    fn key_was_written(&self, range: &KeyRange, version: i64) -> bool {
        if range.is_single() {
            return self.keys.get(&range.begin).is_some_and(|written| *written > version);
        }
        // Two ways to the same answer: the keys of the range, or all writes since the version. A short transaction has
        // seen few of the latter, however many keys its range holds.
        let recent = self.written.iter().rev().take(RECENT_WRITES_CHECKED + 1);
        let since = recent.take_while(|(written, _)| *written > version);
        let mut count = 0;
        for (_, written) in since {
            if let Written::Key(key) = written
                && range.begin <= *key
                && *key < range.end
            {
                return true;
            }
            count += 1;
        }
        count > RECENT_WRITES_CHECKED
            && self
                .keys
                .range::<[u8], _>((Bound::Included(&range.begin[..]), Bound::Excluded(&range.end[..])))
                .any(|(_, written)| *written > version)
    }

    fn range_was_written(&self, range: &KeyRange, version: i64) -> bool {
        self.version_at(&range.begin) > version
            || self
                .ranges
                .range::<[u8], _>((Bound::Excluded(&range.begin[..]), Bound::Excluded(&range.end[..])))
                .any(|(_, written)| *written > version)
    }

    /// The version of the latest range write over `key`.
    fn version_at(&self, key: &[u8]) -> i64 {
        self.ranges
            .range::<[u8], _>((Bound::Unbounded, Bound::Included(key)))
            .next_back()
            .map_or(NEVER, |(_, version)| *version)
    }

    fn write_range(&mut self, range: &KeyRange, version: i64) {
        let after = self.version_at(&range.end);
        self.ranges.insert(range.end.clone(), after);
        for boundary in self.boundaries(range) {
            self.ranges.remove(&boundary);
        }
        self.ranges.insert(range.begin.clone(), version);
    }

    /// Takes boundaries away between which nothing newer than `oldest` was written.
    fn forget_range(&mut self, range: &KeyRange, oldest: i64) {
        let mut before = self
            .ranges
            .range::<[u8], _>((Bound::Unbounded, Bound::Excluded(&range.begin[..])))
            .next_back()
            .map_or(NEVER, |(_, version)| *version);
        let mut boundaries = self.boundaries(range);
        boundaries.push(range.end.clone());
        for boundary in boundaries {
            let Some(version) = self.ranges.get(&boundary).copied() else {
                continue;
            };
            if before <= oldest && version <= oldest {
                self.ranges.remove(&boundary);
            }
            before = version;
        }
    }

    fn boundaries(&self, range: &KeyRange) -> Vec<Key> {
        self.ranges
            .range::<[u8], _>((Bound::Included(&range.begin[..]), Bound::Excluded(&range.end[..])))
            .map(|(boundary, _)| boundary.clone())
            .collect()
    }
}

/// Below every version.
const NEVER: i64 = i64::MIN;
/// How many of the latest writes a range is compared with before its own keys are looked at.
const RECENT_WRITES_CHECKED: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::testing::SplitMix;

    fn range(rng: &SplitMix) -> KeyRange {
        let key =
            |rng: &SplitMix| vec![b'a' + u8::try_from(rng.below(12)).unwrap(); 1 + usize::from(rng.below(2) == 0)];
        let begin = key(rng);
        if rng.below(2) == 0 {
            return KeyRange::single(&begin);
        }
        let end = key(rng);
        KeyRange::new(&begin, &end)
    }

    fn overlap(a: &KeyRange, b: &KeyRange) -> bool {
        !a.is_empty() && !b.is_empty() && a.begin < b.end && b.begin < a.end
    }

    #[test]
    fn it_agrees_with_a_list_of_all_writes() {
        for seed in 0..200 {
            let rng = SplitMix::new(seed);
            let mut resolver = Resolver::default();
            let mut list: Vec<(i64, KeyRange)> = Vec::new();
            let mut oldest = 0;
            for version in 1..200 {
                for _ in 0..rng.below(3) {
                    let write = range(&rng);
                    resolver.write(write.clone(), version);
                    list.push((version, write));
                }
                if rng.below(4) == 0 {
                    oldest = oldest.max(version - 1 - i64::try_from(rng.below(40)).unwrap());
                    resolver.forget(oldest);
                }
                let read = range(&rng);
                let snapshot = version - i64::try_from(rng.below(50)).unwrap();
                if snapshot >= oldest {
                    let expected = list
                        .iter()
                        .any(|(written, write)| *written > snapshot && overlap(write, &read));
                    assert_eq!(
                        resolver.conflicts(&read, snapshot),
                        expected,
                        "seed {seed}, version {version}"
                    );
                }
            }
            while !resolver.written.is_empty() {
                resolver.forget(i64::MAX);
            }
            assert_eq!(
                (resolver.written.len(), resolver.keys.len(), resolver.ranges.len()),
                (0, 0, 0),
                "seed {seed}"
            );
        }
    }

    #[test]
    fn a_read_at_the_version_of_a_write_has_seen_it() {
        let mut resolver = Resolver::default();
        resolver.write(KeyRange::single(b"k"), 10);
        assert!(!resolver.conflicts(&KeyRange::single(b"k"), 10));
        assert!(resolver.conflicts(&KeyRange::single(b"k"), 9));
        assert!(!resolver.conflicts(&KeyRange::single(b"k\0"), 9));
    }
}
