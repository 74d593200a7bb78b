//! The keys of a record store: what lies behind each number that follows the store's prefix.
//!
//! Java class: `FDBRecordStoreKeyspace`. This file builds keys; what their values mean is known elsewhere.

use record_store_kv::tuple::{Element, Encoder, Tuple};
use record_store_kv::{KeyRange, Subspace};

/// The first element of every key of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i64)]
pub enum StoreKeyspace {
    /// The header, at exactly this key.
    StoreInfo = 0,
    /// The records, by primary key.
    Record = 1,
    /// Entries of indexes, by the subspace key of the index.
    Index = 2,
    /// What indexes keep beside their entries.
    IndexSecondary = 3,
    /// Counts of records, by count key; the count of all at exactly this key.
    RecordCount = 4,
    /// States of indexes, by name. Readable ones have none.
    IndexState = 5,
    /// Which ranges of an index are built.
    IndexRange = 6,
    /// Entries that break a unique index.
    IndexUniquenessViolations = 7,
    /// Versions of records, by primary key, in stores of old formats and those with bare keys.
    RecordVersion = 8,
    /// The state of index builds.
    IndexBuild = 9,
    /// What indexes over a sliding window have cut off.
    IndexSlidingWindow = 10,
}

impl StoreKeyspace {
    /// Every part of a store, in the order of the keys.
    pub const ALL: [StoreKeyspace; 11] = [
        StoreKeyspace::StoreInfo,
        StoreKeyspace::Record,
        StoreKeyspace::Index,
        StoreKeyspace::IndexSecondary,
        StoreKeyspace::RecordCount,
        StoreKeyspace::IndexState,
        StoreKeyspace::IndexRange,
        StoreKeyspace::IndexUniquenessViolations,
        StoreKeyspace::RecordVersion,
        StoreKeyspace::IndexBuild,
        StoreKeyspace::IndexSlidingWindow,
    ];

    /// The number that stands in the keys.
    pub fn number(self) -> i64 {
        self as i64
    }

    /// The part of a store with this number.
    pub fn from_number(number: i64) -> Option<Self> {
        StoreKeyspace::ALL
            .into_iter()
            .find(|keyspace| keyspace.number() == number)
    }
}

/// The keys of one store.
#[derive(Clone, Debug)]
pub(crate) struct StoreLayout {
    store: Subspace,
    records: Subspace,
    header_key: Vec<u8>,
    index_states: KeyRange,
}

impl StoreLayout {
    pub(crate) fn new(store: Subspace) -> Self {
        StoreLayout {
            records: store.sub(StoreKeyspace::Record.number()),
            header_key: key_of(&store, StoreKeyspace::StoreInfo),
            index_states: Subspace::new(key_of(&store, StoreKeyspace::IndexState)).range(),
            store,
        }
    }

    /// The subspace of the whole store.
    pub(crate) fn store(&self) -> &Subspace {
        &self.store
    }

    /// The subspace of the records.
    pub(crate) fn records(&self) -> &Subspace {
        &self.records
    }

    /// The key of the header.
    pub(crate) fn header_key(&self) -> &[u8] {
        &self.header_key
    }

    /// The key of a record, without suffix.
    pub(crate) fn record_key(&self, primary_key: &Tuple) -> Vec<u8> {
        self.records.pack(primary_key)
    }

    /// The key of a version in stores that keep versions apart from their records.
    pub(crate) fn separate_version_key(&self, primary_key: &Tuple) -> Vec<u8> {
        self.key_behind(StoreKeyspace::RecordVersion, primary_key)
    }

    /// The subspace of the versions that are kept apart from their records.
    pub(crate) fn versions(&self) -> Subspace {
        Subspace::new(self.key_of(StoreKeyspace::RecordVersion))
    }

    /// The key of the count of the records with this count key.
    pub(crate) fn record_count_key(&self, count_key: &Tuple) -> Vec<u8> {
        self.key_behind(StoreKeyspace::RecordCount, count_key)
    }

    /// The keys of one part that have more elements than its number; a value at exactly the number is left out, as in Java.
    pub(crate) fn strict_range(&self, keyspace: StoreKeyspace) -> KeyRange {
        Subspace::new(self.key_of(keyspace)).range()
    }

    /// All keys of one part, a value at exactly its number included.
    pub(crate) fn prefix_range(&self, keyspace: StoreKeyspace) -> KeyRange {
        KeyRange::starting_with(&self.key_of(keyspace))
    }

    /// The subspace of the states of indexes.
    pub(crate) fn index_states(&self) -> Subspace {
        Subspace::new(self.key_of(StoreKeyspace::IndexState))
    }

    /// The keys of the states of all indexes.
    pub(crate) fn index_states_range(&self) -> &KeyRange {
        &self.index_states
    }

    /// The key of the state of an index.
    pub(crate) fn index_state_key(&self, name: &str) -> Vec<u8> {
        self.key_behind(StoreKeyspace::IndexState, &Tuple::from((name,)))
    }

    /// What a former index may have left: all but keys at exactly its subspace key, and what its builds left.
    pub(crate) fn former_index_ranges(&self, subspace_key: &Element) -> impl Iterator<Item = KeyRange> {
        let key = Tuple::from((subspace_key,));
        [
            StoreKeyspace::Index,
            StoreKeyspace::IndexSecondary,
            StoreKeyspace::IndexSlidingWindow,
            StoreKeyspace::IndexRange,
            StoreKeyspace::IndexUniquenessViolations,
        ]
        .map(|keyspace| Subspace::new(self.key_behind(keyspace, &key)).range())
        .into_iter()
    }

    /// All keys of the store. A key equal to the prefix itself is left out, as in Java.
    pub(crate) fn whole(&self) -> KeyRange {
        self.store.range()
    }

    /// All keys but the header and the states of indexes: what deleting all records clears.
    pub(crate) fn all_but_header_and_index_states(&self) -> [KeyRange; 2] {
        let states = self.strict_range(StoreKeyspace::IndexState);
        [
            KeyRange {
                begin: self.key_of(StoreKeyspace::Record).into(),
                end: states.begin,
            },
            KeyRange {
                begin: states.end,
                end: self.whole().end,
            },
        ]
    }

    fn key_of(&self, keyspace: StoreKeyspace) -> Vec<u8> {
        key_of(&self.store, keyspace)
    }

    fn key_behind(&self, keyspace: StoreKeyspace, tuple: &Tuple) -> Vec<u8> {
        let mut key = self.key_of(keyspace);
        tuple.pack_into(&mut key);
        key
    }
}

fn key_of(store: &Subspace, keyspace: StoreKeyspace) -> Vec<u8> {
    let mut key = store.prefix().to_vec();
    Encoder::new(&mut key).int(keyspace.number());
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::IndexKeyspace;

    #[test]
    fn keys_are_those_of_the_format() {
        let layout = StoreLayout::new(Subspace::new(&b"P"[..]));
        let pk = Tuple::from((42,));
        assert_eq!(layout.header_key(), b"P\x14");
        assert_eq!(layout.record_key(&pk), b"P\x15\x01\x15\x2a");
        assert_eq!(layout.separate_version_key(&pk), b"P\x15\x08\x15\x2a");
        assert_eq!(layout.record_count_key(&Tuple::from(())), b"P\x15\x04");
        let range = layout.strict_range(StoreKeyspace::RecordVersion);
        assert_eq!(
            (&range.begin[..], &range.end[..]),
            (&b"P\x15\x08\x00"[..], &b"P\x15\x08\xff"[..])
        );
    }

    #[test]
    fn deleting_all_records_spares_the_header_and_the_states() {
        let layout = StoreLayout::new(Subspace::new(&b"P"[..]));
        let cleared = |key: &[u8]| {
            layout
                .all_but_header_and_index_states()
                .iter()
                .any(|range| range.contains(key))
        };
        for keyspace in StoreKeyspace::ALL {
            let key = layout.key_behind(keyspace, &Tuple::from((1,)));
            let spared = matches!(keyspace, StoreKeyspace::StoreInfo | StoreKeyspace::IndexState);
            assert_eq!(cleared(&key), !spared, "{keyspace:?}");
        }
        assert!(!cleared(layout.header_key()) && cleared(b"P\x15\x04"));
    }

    #[test]
    fn indexes_know_their_parts_by_the_same_numbers() {
        for (part, keyspace) in [
            (StoreKeyspace::Index, IndexKeyspace::Entries),
            (StoreKeyspace::IndexSecondary, IndexKeyspace::Secondary),
            (StoreKeyspace::IndexRange, IndexKeyspace::BuiltRanges),
            (
                StoreKeyspace::IndexUniquenessViolations,
                IndexKeyspace::UniquenessViolations,
            ),
            (StoreKeyspace::IndexBuild, IndexKeyspace::Build),
            (StoreKeyspace::IndexSlidingWindow, IndexKeyspace::SlidingWindow),
        ] {
            assert_eq!(part.number(), keyspace as i64);
        }
    }

    #[test]
    fn numbers_lead_back() {
        for keyspace in StoreKeyspace::ALL {
            assert_eq!(StoreKeyspace::from_number(keyspace.number()), Some(keyspace));
        }
        assert_eq!(StoreKeyspace::from_number(11), None);
    }
}
