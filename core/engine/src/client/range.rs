//! Range reads over the merged view: selectors at both ends, limits, where a batch ends.
//!
//! Both directions are one walk. A selector offset at the end where the walk starts makes it skip rows or start further
//! out; an offset at the other end makes it go on behind the key or give back rows before it.

use bytes::Bytes;
use record_store_kv::{Error, KeyValue, RangeBatch, RangeRequest, Result, StreamingMode, fdb_code};

use super::batch::BatchLimits;
use super::merge::{Cursor, REPLY_BYTES, Step, View, Want};
use super::read::{Resolved, Selector, locate, resolve, settle};
use crate::key::key_after;

/// A range read with its selectors and limits worked out.
#[derive(Clone, Debug)]
pub(crate) struct RangeRead {
    /// The selector of the first key.
    pub(crate) begin: Selector,
    /// The selector of the key after the last.
    pub(crate) end: Selector,
    /// From the end downwards.
    pub(crate) reverse: bool,
    limits: BatchLimits,
}

/// What a range read found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RangeFound {
    /// The rows, in the direction asked for.
    pub(crate) rows: Vec<KeyValue>,
    /// Whether a limit ended the batch.
    pub(crate) more: bool,
    /// Whether a selector led before the first key.
    pub(crate) read_to_begin: bool,
    /// Whether a selector led behind the last key.
    pub(crate) read_through_end: bool,
}

impl From<RangeFound> for RangeBatch {
    fn from(found: RangeFound) -> Self {
        RangeBatch {
            rows: found.rows,
            more: found.more,
        }
    }
}

impl RangeRead {
    /// Works a request out. Errors: 2000, 2012, 2210 for limits that make no sense.
    pub(crate) fn new(request: &RangeRequest) -> Result<Self> {
        let invalid = |code| Err(Error::fdb(code));
        if request.limit < -1 || request.target_bytes < -1 {
            return invalid(fdb_code::RANGE_LIMITS_INVALID);
        }
        let rows = usize::try_from(request.limit).ok().filter(|rows| *rows > 0);
        let target = usize::try_from(request.target_bytes).ok().filter(|bytes| *bytes > 0);
        let mode_bytes = match request.mode {
            StreamingMode::WantAll | StreamingMode::Serial => BatchLimits::WANT_ALL.bytes,
            StreamingMode::Large => Some(4_096),
            StreamingMode::Medium => Some(1_000),
            StreamingMode::Small => Some(256),
            StreamingMode::Iterator if request.iteration < 1 => return invalid(fdb_code::CLIENT_INVALID_OPERATION),
            StreamingMode::Iterator => {
                let iteration = usize::try_from(request.iteration - 1).unwrap_or_default();
                ITERATOR_BYTES.get(iteration.min(ITERATOR_BYTES.len() - 1)).copied()
            }
            StreamingMode::Exact if rows.is_none() && target.is_none() => {
                return invalid(fdb_code::EXACT_MODE_WITHOUT_LIMITS);
            }
            StreamingMode::Exact => None,
        };
        let bytes = match (target, mode_bytes) {
            (Some(target), Some(mode)) => Some(target.min(mode)),
            (target, mode) => target.or(mode),
        };
        Ok(RangeRead {
            begin: Selector::new(&request.begin),
            end: Selector::new(&request.end),
            reverse: request.reverse,
            limits: BatchLimits {
                rows: rows.unwrap_or(usize::MAX),
                bytes,
            },
        })
    }

    /// Whether the selectors alone say that the range is empty.
    pub(crate) fn is_inverted(&self) -> bool {
        self.begin.offset >= self.end.offset && self.begin.key >= self.end.key
    }

    /// The rows of the range among `rows`, which are all there are.
    pub(crate) fn select(&self, mut rows: Vec<KeyValue>) -> RangeFound {
        let place = |selector: &Selector| {
            let at = rows.partition_point(|row| row.key < selector.key);
            let offset = isize::try_from(selector.offset - 1).unwrap_or(isize::MAX);
            at.saturating_add_signed(offset).min(rows.len())
        };
        let (from, to) = (place(&self.begin), place(&self.end));
        rows.truncate(to);
        rows.drain(..from.min(to));
        if self.reverse {
            rows.reverse();
        }
        let BatchLimits { rows: most, bytes } = self.limits;
        let mut bytes_left = bytes.unwrap_or(usize::MAX);
        let taken = rows.iter().take(most).take_while(|row| {
            let take = bytes_left > 0;
            bytes_left = bytes_left.saturating_sub(8 + row.key.len() + row.value.len());
            take
        });
        let taken = taken.count();
        let more = taken == most || bytes_left == 0;
        rows.truncate(taken);
        RangeFound {
            rows,
            more,
            ..RangeFound::default()
        }
    }

    /// Executes the read. Errors: 1036 on the way through an unreadable segment; those of the database.
    pub(crate) fn execute(&self, view: View<'_>) -> Result<RangeFound> {
        let plain = self.begin.offset == 1 && self.end.offset == 1;
        if plain && view.writes.is_untouched(&self.begin.key, &self.end.key) {
            return self.execute_plainly(view);
        }
        Walk::run(self, view)
    }

    /// Executes the read as the database itself does: both selectors first, then one batch between two keys.
    pub(crate) fn execute_natively(&self, view: View<'_>) -> Result<RangeFound> {
        let mut found = RangeFound::default();
        let mut bound = |selector: &Selector| {
            if selector.offset == 1 {
                return Ok(selector.key.clone());
            }
            let resolved = resolve(view, selector)?;
            found.mark(&resolved);
            Ok::<_, Error>(resolved.into_key(view.max_key))
        };
        let (begin, end) = (bound(&self.begin)?, bound(&self.end)?);
        if begin >= end {
            return Ok(RangeFound::default());
        }
        (found.rows, found.more) = self.limits.scan(view, &begin, &end, self.reverse)?;
        found.forget_far_end(self.reverse);
        Ok(found)
    }

    /// A range between two keys without own writes: the database's rows as they are.
    fn execute_plainly(&self, view: View<'_>) -> Result<RangeFound> {
        let end = view.max_key.min(&self.end.key);
        let (rows, more) = self.limits.read(view, &self.begin.key, end, self.reverse)?;
        Ok(RangeFound {
            rows,
            more,
            ..RangeFound::default()
        })
    }
}

/// The byte targets of [`StreamingMode::Iterator`] by iteration.
const ITERATOR_BYTES: [usize; 10] = [
    4_096, 6_144, 9_216, 13_824, 20_736, 31_104, 46_656, 69_984, 80_000, 120_000,
];

/// One execution of a [`RangeRead`], in terms of its direction.
struct Walk<'a> {
    view: View<'a>,
    reverse: bool,
    rows: usize,
    bytes: Option<usize>,
    /// The selector at which the walk starts, and how many rows to skip there; negative: to start further out.
    start: Selector,
    skip: i64,
    /// The selector at which it stops, and how many rows to go on behind its key; negative: to give back.
    stop: Selector,
    beyond: i64,
    /// Whether all rows are known before the walk begins.
    known: bool,
    /// By how many rows the start selector leads over the end of the key space.
    outside: usize,
    found: RangeFound,
}

impl<'a> Walk<'a> {
    fn run(read: &RangeRead, view: View<'a>) -> Result<RangeFound> {
        let (begin, end) = (settle(view, &read.begin), settle(view, &read.end));
        if begin.selector.key >= end.selector.key && begin.offset >= end.offset {
            return Ok(RangeFound::default());
        }
        let mut found = RangeFound::default();
        begin
            .outside
            .iter()
            .chain(&end.outside)
            .for_each(|outside| found.mark(outside));
        let (begin, end) = (begin.selector, end.selector);
        if (begin.offset == 1 && begin.key == view.max_key) || (end.offset == 1 && end.key.is_empty()) {
            return Ok(found);
        }
        let (reverse, BatchLimits { rows, bytes }) = (read.reverse, read.limits);
        let (start, stop) = if reverse { (end, begin) } else { (begin, end) };
        let inwards = if reverse { -1 } else { 1 };
        let (skip, beyond) = (inwards * (start.offset - 1), inwards * (stop.offset - 1));
        Walk {
            view,
            reverse,
            rows,
            bytes,
            start,
            skip,
            stop,
            beyond,
            known: false,
            outside: 0,
            found,
        }
        .walk()
    }

    fn walk(mut self) -> Result<RangeFound> {
        if self.beyond != 0 && self.is_behind(&self.start.key, &self.stop.key) {
            // The walk would start behind its own stop: find out first where that really is.
            let resolved = resolve(self.view, &self.stop)?;
            self.found.mark(&resolved);
            let nothing = match resolved {
                Resolved::BeforeStart(_) => !self.reverse,
                Resolved::PastEnd(_) => self.reverse,
                Resolved::At(_) => false,
            };
            let key = resolved.into_key(self.view.max_key);
            if self.skip >= 0 && (!self.is_behind(&key, &self.start.key) || self.stops_at_start()?) {
                return Ok(RangeFound::default());
            }
            if nothing {
                return Ok(self.found);
            }
            self.stop = Selector { key, offset: 1 };
            self.beyond = 0;
            // Everything up to there is known by now: no batch ends on the way.
            self.known = true;
        }
        let edge = if self.skip < 0 {
            self.start_further_out()?
        } else {
            self.start.key.clone()
        };
        if self.beyond <= 0 && !self.is_behind(&self.stop.key, &edge) {
            return Ok(self.found);
        }
        self.collect(&edge)?;
        self.found.forget_far_end(self.reverse);
        Ok(self.found)
    }

    /// Whether the stop selector leads no further than the start when what counts is the key before the one that it names,
    /// which may not exist.
    fn stops_at_start(&self) -> Result<bool> {
        if self.stop.offset <= 1 {
            return Ok(false);
        }
        let before = Selector {
            key: self.stop.key.clone(),
            offset: self.stop.offset - 1,
        };
        Ok(match locate(self.view, &before)? {
            Resolved::At(key) => !self.is_behind(&key_after(&key), &self.start.key),
            _ => false,
        })
    }

    /// Whether `key` comes after `other` on the walk.
    fn is_behind(&self, key: &[u8], other: &[u8]) -> bool {
        if self.reverse { key < other } else { key > other }
    }

    /// The edge of a walk whose selector leads outwards from its key.
    fn start_further_out(&mut self) -> Result<Bytes> {
        // The end selector names the key after the range: the range's last row is the one before.
        let offset = if self.reverse {
            self.start.offset - 1
        } else {
            self.start.offset
        };
        let selector = Selector {
            key: self.start.key.clone(),
            offset,
        };
        let resolved = locate(self.view, &selector)?;
        self.found.mark(&resolved);
        if let Resolved::BeforeStart(by) | Resolved::PastEnd(by) = resolved {
            self.outside = by;
        }
        Ok(match resolved {
            Resolved::At(key) if self.reverse => key_after(&key),
            other => other.into_key(self.view.max_key),
        })
    }

    fn collect(&mut self, edge: &[u8]) -> Result<()> {
        let end_of_space: &[u8] = if self.reverse { &[] } else { self.view.max_key };
        let stop = self.stop.key.clone();
        let outward = usize::try_from(-self.skip).unwrap_or_default();
        let mut skip = usize::try_from(self.skip).unwrap_or_default();
        let mut beyond = usize::try_from(self.beyond).unwrap_or_default();
        let give_back = usize::try_from(-self.beyond).unwrap_or_default();
        let (mut rows_left, mut bytes_left) = (self.rows, self.bytes.unwrap_or(usize::MAX));
        let (mut passed, mut not_taken, mut rows_before_fetch) = (0, 0, 0);
        let mut is_beyond = false;
        let mut cursor = Cursor::new(self.view, edge, self.reverse);
        loop {
            let full = rows_left == 0 || bytes_left == 0;
            if full && not_taken >= give_back {
                self.found.more = true;
                return Ok(());
            }
            if is_beyond && beyond == 0 {
                break;
            }
            match cursor.step(if is_beyond { end_of_space } else { &stop })? {
                Step::Nothing(_) => {
                    beyond -= usize::from(is_beyond);
                    skip = skip.saturating_sub(1);
                    passed += 1;
                }
                Step::Row(row) => {
                    beyond -= usize::from(is_beyond);
                    passed += 1;
                    if skip > 0 {
                        skip -= 1;
                    } else if full {
                        not_taken += 1;
                    } else {
                        rows_left -= 1;
                        bytes_left = bytes_left.saturating_sub(8 + row.key.len() + row.value.len());
                        self.found.rows.push(row);
                    }
                }
                Step::Unknown => {
                    let ends = self.bytes.is_some() && !self.known && !self.found.rows.is_empty();
                    if ends && not_taken >= give_back {
                        self.found.more = true;
                        return Ok(());
                    }
                    rows_before_fetch = self.found.rows.len();
                    let more_rows = skip.saturating_add(give_back);
                    let want = Want {
                        rows: rows_left.max(1).saturating_add(more_rows),
                        bytes: self.bytes.map_or(REPLY_BYTES, |_| bytes_left),
                        min_rows: (1 + more_rows).max(1 + outward),
                        beyond,
                    };
                    cursor.fetch(if is_beyond { end_of_space } else { &stop }, want)?;
                }
                Step::End if beyond > 0 && !is_beyond => is_beyond = true,
                Step::End => {
                    if is_beyond && skip > 0 && skip >= beyond {
                        // Both selectors lead over the end of the key space, the one of the start no less far.
                        self.found = RangeFound::default();
                    } else if is_beyond || (skip > 0 && stop == end_of_space) {
                        let outside = if self.reverse {
                            Resolved::BeforeStart(0)
                        } else {
                            Resolved::PastEnd(0)
                        };
                        self.found.mark(&outside);
                    }
                    break;
                }
            }
        }
        self.found.more = rows_left == 0 || bytes_left == 0;
        if passed < give_back && rows_before_fetch == 0 {
            // What was fetched last already shows that the range ends before it begins.
            if self.outside > 0 && self.outside <= give_back - passed {
                self.found = RangeFound::default();
            }
            self.found.rows.clear();
            self.found.more = false;
        } else if give_back > 0 && !self.found.rows.is_empty() {
            let within_walk = passed >= give_back;
            self.give_back(within_walk)?;
        }
        Ok(())
    }

    /// Drops the rows between the key that the stop selector leads to and the key that it names.
    fn give_back(&mut self, within_walk: bool) -> Result<()> {
        let follow = if within_walk { locate } else { resolve };
        let resolved = follow(self.view, &self.stop)?;
        self.found.mark(&resolved);
        let stop = resolved.into_key(self.view.max_key);
        let reverse = self.reverse;
        let keep = self
            .found
            .rows
            .partition_point(|row| if reverse { row.key >= stop } else { row.key < stop });
        if keep < self.found.rows.len() {
            self.found.rows.truncate(keep);
            self.found.more = false;
        }
        Ok(())
    }
}

impl RangeFound {
    /// What is known of the far end of the range holds only if the batch got there.
    fn forget_far_end(&mut self, reverse: bool) {
        match (self.more, reverse) {
            (true, true) => self.read_to_begin = false,
            (true, false) => self.read_through_end = false,
            (false, _) => {}
        }
    }

    fn mark(&mut self, resolved: &Resolved) {
        match resolved {
            Resolved::BeforeStart(_) => self.read_to_begin = true,
            Resolved::PastEnd(_) => self.read_through_end = true,
            Resolved::At(_) => {}
        }
    }
}
