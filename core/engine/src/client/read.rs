//! Point reads and key selectors over the merged view.

use bytes::Bytes;
use record_store_kv::{Error, KeySelector, Result, fdb_code};

use super::key::key_after;
use super::merge::{Cursor, REPLY_BYTES, Step, View, Want};
use super::write_map::SegmentKind;

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
    /// Before the first key.
    BeforeStart,
    /// To this key.
    At(Bytes),
    /// Behind the last key.
    PastEnd,
}

/// Reads one key; with it, whether the database was needed and the read therefore conflicts.
///
/// Errors: 1036 for an unreadable key, unless `bypass_unreadable` asks for what is known of it.
pub(crate) fn get(view: View<'_>, key: &[u8], bypass_unreadable: bool) -> Result<(Option<Bytes>, bool)> {
    if view.writes.is_empty() {
        return Ok((view.snapshot.get(key)?, true));
    }
    let segment = view.writes.segment(key);
    if segment.unreadable && !bypass_unreadable {
        return Err(Error::fdb(fdb_code::ACCESSED_UNREADABLE));
    }
    let needs_database = segment.needs_database();
    let existing = if needs_database { view.snapshot.get(key)? } else { None };
    let value = match segment.kind {
        SegmentKind::Unmodified => existing,
        SegmentKind::Cleared => None,
        SegmentKind::Written(_, ops) => ops.value(existing),
    };
    Ok((value, needs_database))
}

/// Follows a selector through the merged view.
pub(crate) fn resolve(view: View<'_>, selector: &Selector) -> Result<Resolved> {
    let reverse = selector.offset <= 0;
    let stop = if reverse { &[] } else { view.max_key };
    let mut cursor = Cursor::new(view, &selector.key, reverse);
    let passed = if reverse {
        selector.offset.unsigned_abs()
    } else {
        selector.offset.unsigned_abs() - 1
    };
    let mut passed = usize::try_from(passed).unwrap_or(usize::MAX);
    loop {
        match cursor.step(stop)? {
            Step::Row(row) if passed == 0 => return Ok(Resolved::At(row.key)),
            Step::Row(_) => passed -= 1,
            Step::Unknown => {
                let rows = passed.saturating_add(1);
                cursor.fetch(
                    stop,
                    Want {
                        rows,
                        bytes: REPLY_BYTES,
                        min_rows: 0,
                        beyond: 0,
                    },
                )?;
            }
            Step::End if reverse => return Ok(Resolved::BeforeStart),
            Step::End => return Ok(Resolved::PastEnd),
        }
    }
}

impl Resolved {
    /// The key itself, with the ends of the key space for what lies outside.
    pub(crate) fn into_key(self, max_key: &'static [u8]) -> Bytes {
        match self {
            Resolved::BeforeStart => Bytes::new(),
            Resolved::At(key) => key,
            Resolved::PastEnd => Bytes::from_static(max_key),
        }
    }
}
