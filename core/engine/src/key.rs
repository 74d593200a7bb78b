//! [`Key`]: a key as every ordered map of the engine keeps it, together with the key after it.
//!
//! A short key lies in the map's own nodes: a search compares it where it is, without following a pointer for each step,
//! and copying it allocates nothing and counts nothing.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;

use bytes::Bytes;

/// A key, stored with one zero byte behind it, so that the key after it (the end of its one-key range) costs nothing.
#[derive(Clone)]
pub(crate) struct Key(Stored);

#[derive(Clone)]
enum Stored {
    /// A short key. The bytes behind it are zero.
    Inline { length: u8, bytes: [u8; ROOM] },
    /// Any other, with the zero byte.
    Shared(Bytes),
}

/// Room for the key of most index entries, in 48 bytes with length and tag: six words, less than a cache line.
const ROOM: usize = 46;
const _: () = assert!(size_of::<Key>() == 48);

impl Key {
    /// Copies a key.
    pub(crate) fn new(key: &[u8]) -> Self {
        let mut bytes = [0; ROOM];
        Key(match (bytes.get_mut(..key.len()), u8::try_from(key.len())) {
            (Some(room), Ok(length)) if key.len() < ROOM => {
                room.copy_from_slice(key);
                Stored::Inline { length, bytes }
            }
            _ => {
                let mut bytes = Vec::with_capacity(key.len() + 1);
                bytes.extend_from_slice(key);
                bytes.push(0);
                Stored::Shared(bytes.into())
            }
        })
    }

    /// The key.
    pub(crate) fn as_slice(&self) -> &[u8] {
        match &self.0 {
            Stored::Inline { length, bytes } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Stored::Shared(bytes) => bytes.split_last().map_or(&[], |(_, key)| key),
        }
    }

    /// The key after it.
    pub(crate) fn after(&self) -> &[u8] {
        match &self.0 {
            Stored::Inline { length, bytes } => bytes.get(..=usize::from(*length)).unwrap_or_default(),
            Stored::Shared(bytes) => bytes,
        }
    }

    /// The key, sharing this one's memory if that can be shared.
    pub(crate) fn to_bytes(&self) -> Bytes {
        match &self.0 {
            Stored::Inline { .. } => Bytes::copy_from_slice(self.as_slice()),
            Stored::Shared(bytes) => bytes.slice(..bytes.len() - 1),
        }
    }
}

impl Deref for Key {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        self.as_slice()
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        let (Stored::Inline { length, bytes }, Stored::Inline { length: l, bytes: b }) = (&self.0, &other.0) else {
            return self.as_slice().cmp(other.as_slice());
        };
        // Word by word. Where one key ends the other is compared with zeros: it is the greater one if it goes on with
        // anything else, and if it goes on with zeros to its end, the lengths decide.
        for (own, other) in bytes.as_chunks().0.iter().zip(b.as_chunks().0) {
            if own != other {
                return u64::from_be_bytes(*own).cmp(&u64::from_be_bytes(*other));
            }
        }
        last_word(bytes).cmp(&last_word(b)).then(length.cmp(l))
    }
}

/// The last eight bytes, some of which the chunks before have too.
fn last_word(bytes: &[u8; ROOM]) -> u64 {
    u64::from_be_bytes(bytes.last_chunk().copied().unwrap_or_default())
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_slice().escape_ascii())
    }
}

/// Whether `end` is the key after `begin`.
pub(crate) fn is_key_after(begin: &[u8], end: &[u8]) -> bool {
    matches!(end.split_last(), Some((0, key)) if key == begin)
}

/// The key after `key`.
pub(crate) fn key_after(key: &[u8]) -> Bytes {
    let mut bytes = Vec::with_capacity(key.len() + 1);
    bytes.extend_from_slice(key);
    bytes.push(0);
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_wherever_its_bytes_lie() {
        for length in [0, 1, ROOM - 2, ROOM - 1, ROOM, ROOM + 1, 10_000] {
            let bytes = vec![b'k'; length];
            let key = Key::new(&bytes);
            assert_eq!(key.as_slice(), bytes);
            assert_eq!(key.to_bytes(), bytes);
            assert_eq!(key.after(), key_after(&bytes));
            assert!(is_key_after(&key, key.after()));
        }
    }

    #[test]
    fn keys_are_ordered_as_their_bytes_are() {
        let mut keys = Vec::new();
        for length in [0, 1, 7, 8, 9, 38, 39, 40, 41, ROOM - 1, ROOM, 100] {
            for last in [&b""[..], b"\0", b"\0\0", b"\0\x01", b"\x01", b"\xff"] {
                keys.push([&vec![b'k'; length], last].concat());
            }
        }
        for a in &keys {
            for b in &keys {
                assert_eq!(Key::new(a).cmp(&Key::new(b)), a.cmp(b), "{a:?} {b:?}");
                assert_eq!(Key::new(a) == Key::new(b), a == b, "{a:?} {b:?}");
            }
        }
    }
}
