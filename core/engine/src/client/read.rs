//! Point reads, and what key selectors are.

use bytes::Bytes;
use record_store_kv::{Error, KeySelector, Result, fdb_code};

use super::known::Known;
use super::merge::View;
use super::write_map::SegmentKind;
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

/// Reads one key; with it, whether the database was needed and the read therefore conflicts.
///
/// Errors: 1036 for an unreadable key, unless `bypass_unreadable` asks for what is known of it.
pub(crate) fn get(
    view: View<'_>,
    known: &mut Known,
    key: &[u8],
    bypass_unreadable: bool,
) -> Result<(Option<Bytes>, bool)> {
    if view.writes.is_empty() {
        return Ok((get_stored(view, known, key)?, true));
    }
    let segment = view.writes.segment(key);
    if segment.unreadable && !bypass_unreadable {
        return Err(Error::fdb(fdb_code::ACCESSED_UNREADABLE));
    }
    let needs_database = segment.needs_database();
    let existing = if needs_database {
        get_stored(view, known, key)?
    } else {
        None
    };
    let value = match segment.kind {
        SegmentKind::Unmodified => existing,
        SegmentKind::Cleared => None,
        SegmentKind::Written(_, ops) => ops.value(existing),
    };
    Ok((value, needs_database))
}

/// What the database holds. A version that has become too old does not matter for what was read before.
fn get_stored(view: View<'_>, known: &mut Known, key: &[u8]) -> Result<Option<Bytes>> {
    match view.snapshot.get(key) {
        Ok(value) => {
            known.note_key(key, value.as_ref());
            Ok(value)
        }
        Err(error) => known.value(key).ok_or(error),
    }
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
