//! [`PendingVersions`]: versions whose bytes only the commit knows.
//!
//! They are kept out of the transaction until it commits, because a key written with a versionstamp cannot be read any more,
//! and reads of its record would fail with it.

use std::collections::BTreeMap;
use std::ops::Bound;

use record_store_kv::{MutationType, Transaction};
use smallvec::SmallVec;

use crate::{Error, ErrorKind, Result};

/// What waits for the versionstamp of the commit.
#[derive(Debug, Default)]
pub(super) struct PendingVersions {
    /// By key.
    settled: BTreeMap<Vec<u8>, PendingVersion>,
    /// Versions of records that were saved since anybody asked: a commit takes them as they are, in order.
    recent: RecordVersions,
}

/// What the commit writes at a key, with its versionstamp filled in.
#[derive(Debug)]
enum PendingVersion {
    /// A value.
    Value {
        /// The operand of SET_VERSIONSTAMPED_VALUE.
        operand: Operand,
        /// What a read in this transaction finds in place of the version, where somebody reads it.
        local: Option<u16>,
    },
    /// The key itself, into which the versionstamp goes.
    Key {
        /// Where in the key.
        place: u32,
        value: Vec<u8>,
    },
}

/// Keys and operands, one after the other in one piece of memory: many saves add, and few ever ask.
#[derive(Debug, Default)]
struct RecordVersions {
    bytes: Vec<u8>,
    /// Where each key ends, and its operand.
    ends: Vec<(usize, usize)>,
}

/// The version of a record needs no allocation of its own.
type Operand = SmallVec<[u8; 24]>;

impl PendingVersions {
    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.settled.is_empty() && self.recent.is_empty()
    }

    /// The version of a record: the operand ends with its two bytes and the place where the versionstamp goes.
    pub(super) fn set_record_version(&mut self, key: &[u8], operand: &[u8]) {
        self.recent.push(key, operand);
    }

    /// A value with the versionstamp `place` bytes behind its beginning; of several at one key the greatest.
    ///
    /// Errors: `TooLarge` for a place that no value has.
    pub(super) fn raise_value(&mut self, key: &[u8], value: &[u8], place: usize) -> Result<()> {
        let mut operand = Operand::from_slice(value);
        operand.extend_from_slice(&versionstamp_place(place)?.to_le_bytes());
        let settled = self.settled();
        if let Some(PendingVersion::Value { operand: other, .. }) = settled.get(key)
            && *other >= operand
        {
            return Ok(());
        }
        settled.insert(key.to_vec(), PendingVersion::Value { operand, local: None });
        Ok(())
    }

    /// A key with the versionstamp `place` bytes behind its beginning.
    ///
    /// Errors: `TooLarge` for a place that no key has.
    pub(super) fn set_key(&mut self, key: &[u8], place: usize, value: &[u8]) -> Result<()> {
        let version = PendingVersion::Key {
            place: versionstamp_place(place)?,
            value: value.to_vec(),
        };
        self.settled().insert(key.to_vec(), version);
        Ok(())
    }

    /// The local version that waits at `key`.
    pub(super) fn local_version(&mut self, key: &[u8]) -> Option<u16> {
        if self.is_empty() {
            return None;
        }
        match self.settled().get(key)? {
            PendingVersion::Value { local, .. } => *local,
            PendingVersion::Key { .. } => None,
        }
    }

    /// Takes back what waits at `key`.
    pub(super) fn forget(&mut self, key: &[u8]) {
        if !self.is_empty() {
            self.settled().remove(key);
        }
    }

    /// Takes back what waits from `begin` (inclusive) to `end` (exclusive).
    pub(super) fn forget_range(&mut self, begin: &[u8], end: &[u8]) {
        if begin >= end || self.is_empty() {
            return;
        }
        let settled = self.settled();
        let range = (Bound::Included(begin), Bound::Excluded(end));
        let waiting: Vec<Vec<u8>> = settled.range::<[u8], _>(range).map(|(key, _)| key.clone()).collect();
        for key in waiting {
            settled.remove(&key);
        }
    }

    /// Gives everything to the transaction, which is about to commit.
    pub(super) fn commit(&mut self, transaction: &Transaction) {
        if self.settled.is_empty() {
            for (key, operand) in self.recent.iter() {
                transaction.atomic_op(MutationType::SetVersionstampedValue, key, operand);
            }
            self.recent.clear();
            return;
        }
        for (mut key, version) in std::mem::take(self.settled()) {
            match version {
                PendingVersion::Value { operand, .. } => {
                    transaction.atomic_op(MutationType::SetVersionstampedValue, &key, &operand);
                }
                PendingVersion::Key { place, value } => {
                    key.extend_from_slice(&place.to_le_bytes());
                    transaction.atomic_op(MutationType::SetVersionstampedKey, &key, &value);
                }
            }
        }
    }

    /// Everything, by key.
    fn settled(&mut self) -> &mut BTreeMap<Vec<u8>, PendingVersion> {
        for (key, operand) in self.recent.iter() {
            let version = PendingVersion::Value {
                operand: operand.into(),
                local: local_version_of(operand),
            };
            self.settled.insert(key.to_vec(), version);
        }
        self.recent.clear();
        &mut self.settled
    }
}

impl RecordVersions {
    fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn push(&mut self, key: &[u8], operand: &[u8]) {
        self.bytes.extend_from_slice(key);
        let key_end = self.bytes.len();
        self.bytes.extend_from_slice(operand);
        self.ends.push((key_end, self.bytes.len()));
    }

    fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let begins = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        begins.zip(&self.ends).map(|(begin, &(key_end, end))| {
            let bytes = |from: usize, to: usize| self.bytes.get(from..to).unwrap_or_default();
            (bytes(begin, key_end), bytes(key_end, end))
        })
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

/// The local version in the operand of a record's version: two bytes before the place of the versionstamp.
fn local_version_of(operand: &[u8]) -> Option<u16> {
    let (version, _) = operand.split_last_chunk::<4>()?;
    Some(u16::from_be_bytes(*version.last_chunk()?))
}

/// Where a versionstamp goes, as FoundationDB wants to be told.
fn versionstamp_place(place: usize) -> Result<u32> {
    u32::try_from(place)
        .map_err(|_| Error::new(ErrorKind::TooLarge, "a versionstamp stands too far behind").with("place", place))
}
