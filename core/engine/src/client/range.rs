//! Range reads: what a request asks for, and the ways to execute it. What the transaction has written or read before
//! matters to it as it does to FoundationDB's client ([`Reader`]).

use bytes::Bytes;
use record_store_kv::{Error, KeyValue, RangeBatch, RangeRequest, Result, StreamingMode, fdb_code};

use super::batch::BatchLimits;
use super::known::Known;
use super::merge::View;
use super::read::{Resolved, Selector};
use super::reader::Reader;
use super::request::{self, Limits};

/// A range read with its selectors and limits worked out.
#[derive(Clone, Debug)]
pub(crate) struct RangeRead {
    /// The selector of the first key.
    pub(crate) begin: Selector,
    /// The selector of the key after the last.
    pub(crate) end: Selector,
    /// From the end downwards.
    pub(crate) reverse: bool,
    /// Where a batch ends.
    pub(crate) limits: BatchLimits,
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
    pub(crate) fn execute(&self, view: View<'_>, known: &mut Known) -> Result<RangeFound> {
        let BatchLimits { rows, bytes } = self.limits;
        let limits = Limits::new(rows, bytes);
        Reader::new(view, known).range((&self.begin, &self.end), limits, self.reverse)
    }

    /// Executes the read as the database itself does: both selectors first, then one batch between two keys.
    pub(crate) fn execute_natively(&self, view: View<'_>) -> Result<RangeFound> {
        let mut found = RangeFound::default();
        let (begin, end) = self.ends(view, &mut found)?;
        if begin >= end {
            return Ok(RangeFound::default());
        }
        (found.rows, found.more) = self.limits.scan(view, &begin, &end, self.reverse)?;
        found.forget_far_end(self.reverse);
        Ok(found)
    }

    /// The keys to which the selectors lead in the database itself; `found` learns of those that lead out of it.
    pub(crate) fn ends(&self, view: View<'_>, found: &mut RangeFound) -> Result<(Bytes, Bytes)> {
        let mut end = |selector: &Selector| {
            if selector.offset == 1 {
                return Ok(selector.key.clone());
            }
            let resolved = request::find(view.snapshot, selector, view.max_key)?;
            // A cluster has keys behind those of its users: the first of them is a key that a range may end with.
            if resolved != Resolved::PastEnd(1) {
                found.mark(&resolved);
            }
            Ok::<_, Error>(resolved.into_key(view.max_key))
        };
        Ok((end(&self.begin)?, end(&self.end)?))
    }
}

/// The byte targets of [`StreamingMode::Iterator`] by iteration.
const ITERATOR_BYTES: [usize; 10] = [
    4_096, 6_144, 9_216, 13_824, 20_736, 31_104, 46_656, 69_984, 80_000, 120_000,
];

impl RangeFound {
    /// What is known of the far end of the range holds only if the batch got there.
    pub(crate) fn forget_far_end(&mut self, reverse: bool) {
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
