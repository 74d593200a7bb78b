//! Point reads, and what key selectors are.

use bytes::Bytes;
use record_store_kv::{Error, KeySelector, Result, fdb_code};

use super::merge::View;
use super::write_map::SegmentKind;
use crate::buggify::Section;
use crate::key::key_after;

/// A key selector without `or_equal`: the key's `offset`-th neighbour upwards, the first being the first key that is
/// not less than `key`; downwards from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selector {
    /// The key to start from.
    pub(crate) key: Bytes,
    /// Which neighbour.
    pub(crate) offset: i64,
}

impl Selector {
    /// The first key that is not less than `key`.
    pub(crate) fn first_from(key: impl Into<Bytes>) -> Self {
        Selector {
            key: key.into(),
            offset: 1,
        }
    }

    /// Whether the selector is [`Selector::first_from`] `key`.
    pub(crate) fn is_first_from(&self, key: &[u8]) -> bool {
        self.offset == 1 && *self.key == *key
    }

    /// The same selector with `or_equal` turned into the key after. A key beyond every legal length is cut: the order
    /// among keys that can exist stays the same.
    pub(crate) fn new(selector: &KeySelector) -> Self {
        let key = super::legality::truncated(&selector.key);
        let key = match (selector.or_equal, key.len() == selector.key.len()) {
            (true, _) => key_after(key),
            (false, true) => selector.key.clone(),
            (false, false) => Bytes::copy_from_slice(key),
        };
        Selector {
            key,
            offset: i64::from(selector.offset),
        }
    }
}

/// Where a selector leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resolved {
    /// Before the first key, by so many.
    BeforeStart(usize),
    /// To this key.
    At(Bytes),
    /// Behind the last key, by so many.
    PastEnd(usize),
}

/// What was read of a key.
#[derive(Debug)]
pub(crate) struct Got {
    /// The value.
    pub(crate) value: Option<Bytes>,
    /// Whether it depends on the database, and the read therefore conflicts.
    pub(crate) needs_database: bool,
    /// Whether it is what the database has, without operations of the transaction.
    pub(crate) as_stored: bool,
}

impl Got {
    /// What the database has.
    pub(crate) fn stored(value: Option<Bytes>) -> Self {
        Got {
            value,
            needs_database: true,
            as_stored: true,
        }
    }
}

/// Reads one key. Errors: 1036 for an unreadable key, unless `bypass_unreadable` asks for what is known of it.
pub(crate) fn get(view: View<'_>, key: &[u8], bypass_unreadable: bool) -> Result<Got> {
    if view.writes.is_empty() {
        view.snapshot.check_buggify(Section::Get)?;
        return view.snapshot.get(key).map(Got::stored);
    }
    let segment = view.writes.segment(key);
    if segment.unreadable && !bypass_unreadable {
        return Err(Error::fdb(fdb_code::ACCESSED_UNREADABLE));
    }
    let needs_database = segment.needs_database();
    let existing = if needs_database {
        view.snapshot.check_buggify(Section::Get)?;
        view.snapshot.get(key)?
    } else {
        None
    };
    let (value, as_stored) = match segment.kind {
        SegmentKind::Unmodified => (existing, true),
        SegmentKind::Cleared => (None, false),
        SegmentKind::Written(_, ops) => (ops.value(existing), false),
    };
    Ok(Got {
        value,
        needs_database,
        as_stored,
    })
}

impl Resolved {
    /// The key itself, with the ends of the key space for what lies outside.
    pub(crate) fn into_key(self, max_key: &'static [u8]) -> Bytes {
        match self {
            Resolved::BeforeStart(_) => Bytes::new(),
            Resolved::At(key) => key,
            Resolved::PastEnd(_) => Bytes::from_static(max_key),
        }
    }
}
