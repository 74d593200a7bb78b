//! The keys of one index in a store: its entries, and what is kept beside them.
//!
//! This file knows the numbers of the parts and in which of them an index has keys; what the keys of a part look like is
//! its user's matter.

use record_store_kv::tuple::Encoder;
use record_store_kv::{KeyRange, Subspace};

/// The parts of a store in which an index has keys, behind the number of the part and the subspace key of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub(crate) enum IndexKeyspace {
    /// The entries.
    Entries = 2,
    /// What some types keep beside their entries.
    Secondary = 3,
    /// Which ranges are built.
    BuiltRanges = 6,
    /// Entries that break uniqueness.
    UniquenessViolations = 7,
    /// The state of builds.
    Build = 9,
    /// What windows have cut off.
    SlidingWindow = 10,
}

/// The keys of an index in a store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IndexLayout<'a> {
    store: &'a Subspace,
    /// Packed.
    subspace_key: &'a [u8],
}

impl<'a> IndexLayout<'a> {
    /// The keys of the index with this packed subspace key.
    pub(crate) fn new(store: &'a Subspace, subspace_key: &'a [u8]) -> Self {
        IndexLayout { store, subspace_key }
    }

    /// Makes `key` the prefix of one part.
    pub(crate) fn write_prefix(&self, keyspace: IndexKeyspace, key: &mut Vec<u8>) {
        key.clear();
        key.extend_from_slice(self.store.prefix());
        Encoder::new(key).int(keyspace as i64);
        key.extend_from_slice(self.subspace_key);
    }

    /// One part.
    pub(crate) fn subspace(&self, keyspace: IndexKeyspace) -> Subspace {
        let mut prefix = Vec::new();
        self.write_prefix(keyspace, &mut prefix);
        Subspace::new(prefix)
    }

    /// The key where the builds of the index count the records they saw.
    pub(crate) fn scanned_records_key(&self) -> Vec<u8> {
        self.build_key(BUILD_SCANNED_RECORDS)
    }

    /// The key where a build says how it goes about it.
    pub(crate) fn type_stamp_key(&self) -> Vec<u8> {
        self.build_key(BUILD_TYPE_STAMP)
    }

    /// What is noted down of records that break the uniqueness of the index.
    pub(crate) fn uniqueness_violations(&self) -> KeyRange {
        self.subspace(IndexKeyspace::UniquenessViolations).range()
    }

    /// All data of the index, but for the lock of a build, which may be that of who clears it. Keys at exactly the subspace
    /// key go with the entries only, as in Java.
    pub(crate) fn all_data(&self) -> Vec<KeyRange> {
        let mut ranges = vec![self.subspace(IndexKeyspace::Entries).prefix_range()];
        ranges.extend(
            [
                IndexKeyspace::Secondary,
                IndexKeyspace::SlidingWindow,
                IndexKeyspace::BuiltRanges,
                IndexKeyspace::UniquenessViolations,
            ]
            .map(|keyspace| self.subspace(keyspace).range()),
        );
        ranges.extend(self.build_state());
        ranges
    }

    /// The state of builds, but for their lock.
    pub(crate) fn build_state(&self) -> impl Iterator<Item = KeyRange> + use<'a, '_> {
        (BUILD_SCANNED_RECORDS..=BUILD_LAST).map(|part| KeyRange::starting_with(&self.build_key(part)))
    }

    /// The signs of life of builders.
    pub(crate) fn heartbeats(&self) -> Subspace {
        Subspace::new(self.build_key(BUILD_HEARTBEATS))
    }

    /// What a readable index has no use for: the built ranges and the signs of life of builders.
    pub(crate) fn build_leftovers(&self) -> [KeyRange; 2] {
        [
            self.subspace(IndexKeyspace::BuiltRanges).range(),
            KeyRange::starting_with(&self.build_key(BUILD_HEARTBEATS)),
        ]
    }

    fn build_key(&self, part: i64) -> Vec<u8> {
        let mut key = Vec::new();
        self.write_prefix(IndexKeyspace::Build, &mut key);
        Encoder::new(&mut key).int(part);
        key
    }
}

/// The parts of the build state. Java: `IndexingSubspaces`.
const BUILD_SCANNED_RECORDS: i64 = 1;
const BUILD_TYPE_STAMP: i64 = 2;
const BUILD_HEARTBEATS: i64 = 7;
const BUILD_LAST: i64 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_format() {
        let store = Subspace::new(&b"P"[..]);
        let name = b"\x02ix\0";
        let layout = IndexLayout::new(&store, name);
        assert_eq!(layout.subspace(IndexKeyspace::Entries).prefix(), b"P\x15\x02\x02ix\x00");
        assert_eq!(layout.scanned_records_key(), b"P\x15\x09\x02ix\x00\x15\x01");
        assert_eq!(layout.type_stamp_key(), b"P\x15\x09\x02ix\x00\x15\x02");
    }

    #[test]
    fn clearing_an_index_spares_the_lock_of_its_builder_and_other_indexes() {
        let store = Subspace::new(&b"P"[..]);
        let (name, other) = (b"\x02ix\0", b"\x02ix2\0");
        let cleared = |key: &[u8]| {
            let ranges = IndexLayout::new(&store, name).all_data();
            ranges.iter().any(|range| range.contains(key))
        };
        for (key, expected) in [
            (&b"P\x15\x02\x02ix\x00"[..], true),
            (b"P\x15\x02\x02ix\x00\x15\x01", true),
            (b"P\x15\x03\x02ix\x00", false),
            (b"P\x15\x03\x02ix\x00\x15\x01", true),
            (b"P\x15\x09\x02ix\x00\x14", false),
            (b"P\x15\x09\x02ix\x00\x15\x02", true),
            (b"P\x15\x05\x02ix\x00", false),
        ] {
            assert_eq!(cleared(key), expected, "{key:?}");
        }
        assert!(!cleared(
            IndexLayout::new(&store, other)
                .subspace(IndexKeyspace::Entries)
                .prefix()
        ));
    }
}
