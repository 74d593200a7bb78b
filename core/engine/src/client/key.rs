//! [`Key`]: a key together with the key after it.

use std::borrow::Borrow;
use std::cmp::Ordering;

use bytes::Bytes;

/// A key, stored with one zero byte behind it, so that the key after it (the end of its one-key range) costs nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(Bytes);

impl Key {
    /// Copies a key.
    pub(crate) fn new(key: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(key.len() + 1);
        bytes.extend_from_slice(key);
        bytes.push(0);
        Key(bytes.into())
    }

    /// Copies a key and its value into one allocation.
    pub(crate) fn with_value(key: &[u8], value: &[u8]) -> (Self, Bytes) {
        let mut bytes = Vec::with_capacity(key.len() + 1 + value.len());
        bytes.extend_from_slice(key);
        bytes.push(0);
        bytes.extend_from_slice(value);
        let bytes = Bytes::from(bytes);
        (Key(bytes.slice(..=key.len())), bytes.slice(key.len() + 1..))
    }

    /// A key and the key after it, as two keys in one allocation.
    pub(crate) fn with_next(key: &[u8]) -> (Self, Self) {
        let mut bytes = Vec::with_capacity(key.len() + 2);
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(&[0, 0]);
        let bytes = Bytes::from(bytes);
        (Key(bytes.slice(..=key.len())), Key(bytes))
    }

    /// The key.
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.0.split_last().map_or(&[], |(_, key)| key)
    }

    /// The key after it.
    pub(crate) fn after(&self) -> &[u8] {
        &self.0
    }

    /// The key, sharing this one's memory.
    pub(crate) fn to_bytes(&self) -> Bytes {
        self.0.slice(..self.as_slice().len())
    }

    /// The key after it, sharing this one's memory.
    pub(crate) fn after_bytes(&self) -> Bytes {
        self.0.clone()
    }
}

impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        self.as_slice()
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

/// Whether `end` is the key after `begin`.
pub(crate) fn is_key_after(begin: &[u8], end: &[u8]) -> bool {
    matches!(end.split_last(), Some((0, key)) if key == begin)
}

/// The key after `key`.
pub(crate) fn key_after(key: &[u8]) -> Bytes {
    Key::new(key).0
}
