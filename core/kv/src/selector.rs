//! [`KeySelector`]: a key described by its neighbours.

use bytes::Bytes;

/// Names a key of the database relative to another one, as FoundationDB does: start at the last key that is less than
/// `key` (or equal to it, with `or_equal`), then move `offset` keys forward.
///
/// ```
/// use record_store_kv::KeySelector;
/// let next = KeySelector::first_greater_than("a");
/// assert_eq!((next.or_equal, next.offset), (true, 1));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeySelector {
    /// The key to start from; it need not exist.
    pub key: Bytes,
    /// Whether `key` itself counts as the starting point.
    pub or_equal: bool,
    /// How many keys to move from there; may be negative.
    pub offset: i32,
}

impl KeySelector {
    /// A selector from its three parts.
    pub fn new(key: impl Into<Bytes>, or_equal: bool, offset: i32) -> Self {
        KeySelector {
            key: key.into(),
            or_equal,
            offset,
        }
    }

    /// The last key that is less than `key`.
    pub fn last_less_than(key: impl Into<Bytes>) -> Self {
        KeySelector::new(key, false, 0)
    }

    /// The last key that is less than or equal to `key`.
    pub fn last_less_or_equal(key: impl Into<Bytes>) -> Self {
        KeySelector::new(key, true, 0)
    }

    /// The first key that is greater than `key`.
    pub fn first_greater_than(key: impl Into<Bytes>) -> Self {
        KeySelector::new(key, true, 1)
    }

    /// The first key that is greater than or equal to `key`.
    pub fn first_greater_or_equal(key: impl Into<Bytes>) -> Self {
        KeySelector::new(key, false, 1)
    }
}
