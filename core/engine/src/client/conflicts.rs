//! Which keys a read depends on: the conflict ranges of key selectors and range reads, FoundationDB's formulas.

use std::cmp;

use bytes::Bytes;

use super::range::{RangeFound, RangeRead};
use super::read::Selector;
use crate::key::key_after;

/// What a selector that led to `result` depends on.
pub(crate) fn of_selector(selector: &Selector, result: &[u8]) -> (Bytes, Bytes) {
    if selector.offset <= 0 {
        (Bytes::copy_from_slice(result), selector.key.clone())
    } else {
        (selector.key.clone(), key_after(result))
    }
}

/// What a range read depends on that sees the transaction's own writes.
pub(crate) fn of_range(read: &RangeRead, found: &RangeFound, max_key: &'static [u8]) -> (Bytes, Bytes) {
    let (begin, end) = (&read.begin, &read.end);
    let (mut low, mut high) = if begin.key >= end.key {
        (end.key.clone(), begin.key.clone())
    } else if read.reverse {
        let low = if begin.offset <= 1 && found.more {
            &end.key
        } else {
            &begin.key
        };
        (low.clone(), end.key.clone())
    } else {
        let high = if end.offset > 0 && found.more {
            &begin.key
        } else {
            &end.key
        };
        (begin.key.clone(), high.clone())
    };
    if found.read_to_begin && begin.offset <= 0 {
        low = Bytes::new();
    }
    if found.read_through_end && end.offset > 0 {
        high = Bytes::from_static(max_key);
    }
    if let Some((smallest, largest)) = extremes(read, found) {
        if read.reverse || begin.offset <= 0 {
            low = cmp::min(low, smallest);
        }
        if (!read.reverse || end.offset > 0) && high <= largest {
            high = key_after(&largest);
        }
    }
    (low, high)
}

/// What a range read depends on that sees the database only (read-your-writes disabled).
pub(crate) fn of_native_range(read: &RangeRead, found: &RangeFound, past_end: &'static [u8]) -> (Bytes, Bytes) {
    let (begin, end) = (&read.begin, &read.end);
    let rows = extremes(read, found);
    // Where the selector's key does not bound the batch, its rows do.
    let from_rows = begin.offset <= 0 || (read.reverse && found.more && begin.offset <= 1);
    let mut low = match &rows {
        _ if found.read_to_begin => Bytes::new(),
        Some((smallest, _)) if from_rows => smallest.clone(),
        _ => begin.key.clone(),
    };
    if end.offset > begin.offset && end.key < low {
        low = end.key.clone();
    }
    let from_rows = end.offset > 1 || (!read.reverse && found.more && end.offset > 0);
    let mut high = match &rows {
        _ if found.read_through_end => Bytes::from_static(past_end),
        Some((_, largest)) if from_rows => key_after(largest),
        _ => end.key.clone(),
    };
    if begin.offset < end.offset && begin.key > high {
        high = begin.key.clone();
    }
    (low, high)
}

/// The smallest and the largest key found.
fn extremes(read: &RangeRead, found: &RangeFound) -> Option<(Bytes, Bytes)> {
    let (first, last) = (&found.rows.first()?.key, &found.rows.last()?.key);
    Some(if read.reverse {
        (last.clone(), first.clone())
    } else {
        (first.clone(), last.clone())
    })
}
