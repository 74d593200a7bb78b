//! What the database itself answers to a range read: one request of FoundationDB's client to its servers.
//!
//! A cluster has keys of its own behind those of its users, and selectors may lead there. Where the transaction may not see
//! them, they are taken to be as many as it takes.

use bytes::Bytes;
use record_store_kv::{KeyValue, Result};

use super::merge::REPLY_BYTES;
use super::read::{Resolved, Selector};
use super::snapshot::Snapshot;
use crate::buggify::Section;
use crate::cluster::ScanLimits;
use crate::key::key_after;

/// How much a range read gives (`GetRangeLimits`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// So many rows at most; `usize::MAX`: any number.
    pub(crate) rows: usize,
    /// About so many bytes at most; `None`: any number.
    pub(crate) bytes: Option<usize>,
    /// So many rows at least, whatever their bytes.
    pub(crate) min_rows: usize,
}

impl Limits {
    /// Limits of rows and bytes, for at least one row.
    pub(crate) fn new(rows: usize, bytes: Option<usize>) -> Self {
        Limits {
            rows,
            bytes,
            min_rows: 1,
        }
    }

    /// Counts a row.
    pub(crate) fn take(&mut self, row: &KeyValue) {
        self.take_bytes(row.key.len() + row.value.len());
    }

    /// Counts a row whose key and value have so many bytes.
    pub(crate) fn take_bytes(&mut self, bytes: usize) {
        self.min_rows = self.min_rows.saturating_sub(1);
        if self.rows != usize::MAX {
            self.rows = self.rows.saturating_sub(1);
        }
        self.bytes = self.bytes.map(|left| left.saturating_sub(8 + bytes));
    }

    /// Whether no more rows are wanted.
    pub(crate) fn is_reached(&self) -> bool {
        self.rows == 0 || (self.bytes == Some(0) && self.min_rows == 0)
    }

    /// Whether the read may end where that is convenient.
    pub(crate) fn may_end(&self) -> bool {
        self.bytes.is_some() && self.min_rows == 0
    }

    /// What to ask the database for (`setRequestLimits`): with `additional` rows that will not be given, `offset` rows to
    /// get to where a selector leads, after `requests` requests.
    pub(crate) fn for_request(&self, additional: usize, offset: usize, requests: u32) -> Limits {
        let rows = |wanted: usize| wanted.max(1).saturating_add(additional).max(offset);
        let mut limits = *self;
        limits.min_rows = additional.saturating_add(1).max(offset);
        if self.rows != usize::MAX {
            limits.rows = rows(self.rows);
        }
        match self.bytes {
            Some(0) => {
                limits.bytes = None;
                if self.rows == usize::MAX {
                    limits.rows = rows(0);
                }
            }
            Some(bytes) => {
                let more = bytes.checked_shl(requests.min(20)).unwrap_or(usize::MAX);
                limits.bytes = Some(more.min(REPLY_BYTES));
            }
            None => {}
        }
        limits
    }

    /// The limits of the next reply.
    pub(crate) fn of_reply(&self) -> ScanLimits {
        match self.bytes {
            Some(0) => ScanLimits {
                rows: self.min_rows,
                bytes: REPLY_BYTES,
            },
            bytes => ScanLimits {
                rows: self.rows.min(REPLY_BYTES),
                bytes: bytes.unwrap_or(REPLY_BYTES).min(REPLY_BYTES),
            },
        }
    }
}

/// The answer to one request.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// The rows, in the direction asked for.
    pub(crate) rows: Vec<KeyValue>,
    /// Whether a limit was reached.
    pub(crate) more: bool,
    /// Whether a selector led before the first key.
    pub(crate) read_to_begin: bool,
    /// Whether a selector led behind the last key.
    pub(crate) read_through_end: bool,
}

/// Asks the database for a range.
pub(crate) fn ask(
    snapshot: &Snapshot,
    (begin, end): (&Selector, &Selector),
    mut limits: Limits,
    reverse: bool,
    max_key: &'static [u8],
) -> Result<Reply> {
    let mut reply = Reply::default();
    let mut before_start = false;
    let from = if begin.offset == 1 {
        begin.key.clone()
    } else if begin.offset < 1 && begin.key.is_empty() {
        reply.read_to_begin = true;
        Bytes::new()
    } else {
        let found = find(snapshot, begin, max_key)?;
        before_start = matches!(found, Resolved::BeforeStart(_));
        found.into_key(max_key)
    };
    let mut behind_end = 0;
    let to = if end.offset == 1 && *end.key <= *max_key {
        end.key.clone()
    } else {
        let found = find(snapshot, end, max_key)?;
        if let Resolved::PastEnd(by) = found {
            behind_end = by - 1;
        }
        found.into_key(max_key)
    };
    if from >= to {
        // Behind the last key that may be read there is nothing to ask for again.
        reply.read_through_end = behind_end > 0;
        return Ok(reply);
    }
    if reverse && behind_end > 0 && snapshot.tenant().is_none() {
        // The rows behind the last key that may be read come first.
        limits.rows = match limits.rows {
            usize::MAX => usize::MAX,
            rows => rows.saturating_sub(behind_end).max(1),
        };
        limits.min_rows = limits.min_rows.saturating_sub(behind_end);
    }
    reply.more = read(snapshot, (from, to), &mut limits, reverse, &mut reply.rows)?;
    reply.read_to_begin |= before_start && !(reverse && reply.more);
    reply.read_through_end = behind_end > 0 && (reverse || !reply.more);
    Ok(reply)
}

/// The rows between two keys, in as many replies as it takes; true if a limit ended it.
fn read(
    snapshot: &Snapshot,
    (mut from, mut to): (Bytes, Bytes),
    limits: &mut Limits,
    reverse: bool,
    rows: &mut Vec<KeyValue>,
) -> Result<bool> {
    loop {
        let before = rows.len();
        snapshot.check_buggify(Section::GetRange)?;
        let more = snapshot.scan(&from, &to, reverse, limits.of_reply(), rows)?;
        let new = rows.get(before..).unwrap_or_default();
        new.iter().for_each(|row| limits.take(row));
        let Some(last) = new.last().filter(|_| more) else {
            return Ok(limits.is_reached());
        };
        if limits.is_reached() || limits.may_end() {
            return Ok(true);
        }
        if reverse {
            to = last.key.clone();
        } else {
            from = key_after(&last.key);
        }
    }
}

/// Where a selector leads in the database.
pub(crate) fn find(snapshot: &Snapshot, selector: &Selector, max_key: &'static [u8]) -> Result<Resolved> {
    let reverse = selector.offset <= 0;
    let distance = if reverse { 1 - selector.offset } else { selector.offset };
    let mut left = usize::try_from(distance).unwrap_or(usize::MAX);
    let (mut from, mut to) = if reverse {
        (Bytes::new(), selector.key.clone().min(Bytes::from_static(max_key)))
    } else {
        (selector.key.clone(), Bytes::from_static(max_key))
    };
    let mut rows = Vec::new();
    while from < to {
        rows.clear();
        let limits = ScanLimits {
            rows: left,
            bytes: REPLY_BYTES,
        };
        let more = snapshot.scan(&from, &to, reverse, limits, &mut rows)?;
        left -= rows.len();
        match rows.last() {
            Some(last) if left == 0 => return Ok(Resolved::At(last.key.clone())),
            Some(last) if more && reverse => to = last.key.clone(),
            Some(last) if more => from = key_after(&last.key),
            _ => break,
        }
    }
    Ok(if reverse {
        Resolved::BeforeStart(left)
    } else {
        Resolved::PastEnd(left)
    })
}
