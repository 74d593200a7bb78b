//! Point reads and key selectors over the merged view.

use bytes::Bytes;
use record_store_kv::{Error, KeySelector, Result, fdb_code};

use super::merge::{Cursor, REPLY_BYTES, Step, View, Want};
use super::write_map::{Segment, SegmentKind};
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

/// A selector as far as it can be followed through what the transaction itself wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    /// An equivalent selector whose key is where the database is needed, or an end of the key space.
    pub(crate) selector: Selector,
    /// What was left of the offset before it led over an end.
    pub(crate) offset: i64,
    /// The end that it led over.
    pub(crate) outside: Option<Resolved>,
}

/// Follows a selector through the own writes only.
pub(crate) fn settle(view: View<'_>, selector: &Selector) -> Settled {
    let (mut key, mut offset) = (&selector.key[..], selector.offset);
    let is_known = |segment: &Segment<'_>| !segment.unreadable && !segment.needs_database();
    let is_written = |segment: &Segment<'_>| matches!(segment.kind, SegmentKind::Written(..));
    let mut outside = None;
    if offset > 1 {
        for segment in view.writes.segments(key).take_while(is_known) {
            match segment.end.filter(|end| *end < view.max_key) {
                _ if offset == 1 => break,
                Some(end) => key = end,
                None => {
                    outside = Some(Resolved::PastEnd(0));
                    break;
                }
            }
            offset -= i64::from(is_written(&segment));
        }
    } else if offset < 1 && key.is_empty() {
        outside = is_known(&view.writes.segment(key)).then_some(Resolved::BeforeStart(0));
    } else if offset < 1 {
        for segment in view.writes.segments_back(key).take_while(is_known) {
            offset += i64::from(is_written(&segment));
            key = segment.begin;
            if offset == 1 {
                break;
            }
            if key.is_empty() {
                outside = Some(Resolved::BeforeStart(0));
                break;
            }
        }
    }
    let settled = |key: &[u8], offset| Selector {
        key: Bytes::copy_from_slice(key),
        offset,
    };
    let left = if selector.offset == 1 { 1 } else { offset };
    match outside {
        Some(Resolved::BeforeStart(_)) => Settled {
            selector: settled(&[], 1),
            offset: left,
            outside,
        },
        Some(_) => Settled {
            selector: settled(view.max_key, 1),
            offset: left,
            outside,
        },
        None if offset != 1 => Settled {
            selector: settled(key, offset),
            offset: left,
            outside,
        },
        None => {
            let empty = |segment: &Segment<'_>| !segment.unreadable && matches!(segment.kind, SegmentKind::Cleared);
            for segment in view.writes.segments(key).take_while(empty) {
                match segment.end.filter(|end| *end < view.max_key) {
                    Some(end) => key = end,
                    None => break,
                }
            }
            Settled {
                selector: settled(key, offset),
                offset: left,
                outside,
            }
        }
    }
}

/// Follows a selector through the merged view to a key that has a value.
pub(crate) fn resolve(view: View<'_>, selector: &Selector) -> Result<Resolved> {
    follow(view, selector, false)
}

/// Follows a selector through the merged view to a key that has a value, or that own operations leave without one: where
/// FoundationDB lets a range begin.
pub(crate) fn locate(view: View<'_>, selector: &Selector) -> Result<Resolved> {
    follow(view, selector, true)
}

fn follow(view: View<'_>, selector: &Selector, stop_at_nothing: bool) -> Result<Resolved> {
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
            Step::Nothing(key) if passed == 0 && stop_at_nothing => return Ok(Resolved::At(key)),
            Step::Nothing(_) if passed == 0 => {}
            Step::Row(_) | Step::Nothing(_) => passed -= 1,
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
            Step::End if reverse => return Ok(Resolved::BeforeStart(passed.saturating_add(1))),
            Step::End => return Ok(Resolved::PastEnd(passed.saturating_add(1))),
        }
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
