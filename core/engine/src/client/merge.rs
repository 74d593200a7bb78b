//! [`Cursor`]: the rows that a transaction sees, its own writes over the database, one at a time in either direction.
//!
//! Some of them are known (own writes, rows fetched already), others need the database. The cursor says when it arrives
//! at an unknown piece and leaves it to its caller whether to fetch: a batch may have to end there.

use std::collections::VecDeque;

use bytes::Bytes;
use record_store_kv::{Error, KeyValue, Result, fdb_code};

use super::snapshot::Snapshot;
use super::write_map::{Segment, SegmentKind, Segments, SegmentsBack, WriteMap};
use crate::cluster::ScanLimits;
use crate::key::key_after;

/// What a read sees: the database, the transaction's own writes over it, and where its key space ends.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    /// The database.
    pub(crate) snapshot: &'a Snapshot,
    /// The own writes.
    pub(crate) writes: &'a WriteMap,
    /// The first key that may not be read.
    pub(crate) max_key: &'static [u8],
}

/// What [`Cursor::step`] came to.
#[derive(Debug)]
pub(crate) enum Step {
    /// The next row.
    Row(KeyValue),
    /// A key with operations of the transaction that come to no value. It is no row, but FoundationDB's client counts it
    /// when it follows the offset of a selector.
    Nothing(Bytes),
    /// A piece that only [`Cursor::fetch`] makes known.
    Unknown,
    /// The key at which the walk was to stop.
    End,
}

/// How much [`Cursor::fetch`] asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Want {
    /// The most rows.
    pub(crate) rows: usize,
    /// After how many bytes to stop, however many rows there are.
    pub(crate) bytes: usize,
    /// So many rows come whatever their bytes.
    pub(crate) min_rows: usize,
    /// How many rows to fetch behind the key at which the walk stops.
    pub(crate) beyond: usize,
}

/// A walk over the rows of a [`View`].
pub(crate) struct Cursor<'a> {
    view: View<'a>,
    reverse: bool,
    /// Where the walk starts: the first key upwards, the key after the last downwards.
    edge: &'a [u8],
    segment: Option<Segment<'a>>,
    rest: Rest<'a>,
    /// Rows of the database that were fetched and not passed yet.
    rows: VecDeque<KeyValue>,
    /// How far the database is known from the edge.
    known: Option<Bytes>,
    requests: u32,
}

#[derive(Clone)]
enum Rest<'a> {
    Up(Segments<'a>),
    Down(SegmentsBack<'a>),
}

impl<'a> Iterator for Rest<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        match self {
            Rest::Up(segments) => segments.next(),
            Rest::Down(segments) => segments.next(),
        }
    }
}

/// No reply of the database exceeds so many bytes (`REPLY_BYTE_LIMIT`), the last row included.
pub(crate) const REPLY_BYTES: usize = 80_000;
/// A request covers at most so many segments of the write map.
const SEGMENTS_AHEAD: usize = 100;

impl<'a> Cursor<'a> {
    /// A walk upwards from `edge`, or downwards from below it.
    pub(crate) fn new(view: View<'a>, edge: &'a [u8], reverse: bool) -> Self {
        let mut rest = if reverse {
            Rest::Down(view.writes.segments_back(edge))
        } else {
            Rest::Up(view.writes.segments(edge))
        };
        Cursor {
            view,
            reverse,
            edge,
            segment: rest.next(),
            rest,
            rows: VecDeque::new(),
            known: None,
            requests: 0,
        }
    }

    /// The next row before `stop`. Errors: 1036 on the way through an unreadable segment.
    pub(crate) fn step(&mut self, stop: &[u8]) -> Result<Step> {
        if self.reaches(self.edge, stop) {
            return Ok(Step::End);
        }
        while let Some(segment) = self.segment {
            if self.is_beyond(&segment, stop) {
                return Ok(Step::End);
            }
            if segment.unreadable {
                return Err(Error::fdb(fdb_code::ACCESSED_UNREADABLE));
            }
            match segment.kind {
                SegmentKind::Cleared => self.drop_rows(&segment),
                SegmentKind::Unmodified => {
                    if let Some(row) = self.rows.front().filter(|row| self.holds(&segment, &row.key)) {
                        if self.is_key_beyond(&row.key, stop) {
                            return Ok(Step::End);
                        }
                        return Ok(self.rows.pop_front().map_or(Step::End, Step::Row));
                    }
                    let far = self.far(&segment, stop);
                    if !self.known.as_deref().is_some_and(|known| self.reaches(known, far)) {
                        return Ok(Step::Unknown);
                    }
                    if far == stop {
                        return Ok(Step::End);
                    }
                }
                SegmentKind::Written(key, ops) => {
                    let far = self.far(&segment, stop);
                    let known = self.known.as_deref().is_some_and(|known| self.reaches(known, far));
                    if ops.is_dependent() && !known {
                        return Ok(Step::Unknown);
                    }
                    let existing = self.rows.front().is_some_and(|row| row.key == key.as_slice());
                    let existing = if existing {
                        self.rows.pop_front().map(|row| row.value)
                    } else {
                        None
                    };
                    self.segment = self.rest.next();
                    let key = key.to_bytes();
                    return Ok(match ops.value(existing) {
                        Some(value) => Step::Row(KeyValue { key, value }),
                        None => Step::Nothing(key),
                    });
                }
            }
            self.segment = self.rest.next();
        }
        Ok(Step::End)
    }

    /// Makes the unknown piece known that [`Cursor::step`] arrived at, and what follows it up to `stop`, a cleared range
    /// or the limits.
    pub(crate) fn fetch(&mut self, stop: &[u8], want: Want) -> Result<()> {
        let Some(segment) = self.segment else { return Ok(()) };
        let (to, reaches_stop, hidden) = self.request_end(&segment, stop);
        let from = match (&self.known, self.reverse) {
            (known, false) => segment.begin.max(self.edge).max(known.as_deref().unwrap_or_default()),
            (known, true) => {
                let near = segment.end.map_or(self.edge, |end| end.min(self.edge));
                known.as_deref().map_or(near, |known| known.min(near))
            }
        };
        // Rows that own single-key clears hide are asked for in addition, more of them with every request.
        let hidden = if self.requests == 0 {
            0
        } else {
            hidden.min(1 << self.requests.min(20))
        };
        let mut rows_left = want.rows.saturating_add(hidden);
        let mut bytes_left = want
            .bytes
            .checked_shl(self.requests.min(20))
            .unwrap_or(usize::MAX)
            .min(REPLY_BYTES);
        self.requests += 1;
        let mut found = Vec::new();
        let mut limited = self.scan(from, to, &mut rows_left, &mut bytes_left, want.min_rows, &mut found)?;
        let mut known = Bytes::copy_from_slice(to);
        if reaches_stop && want.beyond > 0 && !limited {
            let end = if self.reverse { &[] } else { self.view.max_key };
            let mut rows = want.beyond.min(rows_left);
            let min_rows = want.min_rows.saturating_sub(found.len());
            limited = self.scan(stop, end, &mut rows, &mut bytes_left, min_rows, &mut found)?;
            known = Bytes::copy_from_slice(end);
        }
        if let (true, Some(last)) = (limited, found.last()) {
            known = if self.reverse {
                last.key.clone()
            } else {
                key_after(&last.key)
            };
        }
        self.known = Some(known);
        self.rows.extend(found);
        Ok(())
    }

    /// Scans from one key towards another, at least `min_rows` rows, then until a limit; true if one was reached.
    fn scan(
        &self,
        from: &[u8],
        to: &[u8],
        rows: &mut usize,
        bytes: &mut usize,
        min_rows: usize,
        found: &mut Vec<KeyValue>,
    ) -> Result<bool> {
        let mut from = Bytes::copy_from_slice(from);
        let mut whatever_the_bytes = min_rows > 1 || (min_rows == 1 && *bytes == 0);
        loop {
            if *rows == 0 || (*bytes == 0 && !whatever_the_bytes) {
                return Ok(true);
            }
            let (begin, end) = if self.reverse { (to, &*from) } else { (&*from, to) };
            if begin >= end {
                return Ok(false);
            }
            let limits = if whatever_the_bytes {
                ScanLimits {
                    rows: min_rows.min(*rows),
                    bytes: usize::MAX,
                }
            } else {
                ScanLimits {
                    rows: *rows,
                    bytes: *bytes,
                }
            };
            let before = found.len();
            let limited = self.view.snapshot.scan(begin, end, self.reverse, limits, found)?;
            let new = found.get(before..).unwrap_or_default();
            *rows = rows.saturating_sub(new.len());
            *bytes = bytes.saturating_sub(new.iter().map(|row| 24 + row.key.len() + row.value.len()).sum());
            match new.last() {
                Some(last) if limited && whatever_the_bytes => {
                    from = if self.reverse {
                        last.key.clone()
                    } else {
                        key_after(&last.key)
                    };
                    whatever_the_bytes = false;
                }
                _ => return Ok(limited),
            }
        }
    }

    /// Where one request that begins in `segment` ends, whether that is `stop`, and how many single-key clears it covers.
    fn request_end<'b>(&self, segment: &Segment<'b>, stop: &'b [u8]) -> (&'b [u8], bool, usize)
    where
        'a: 'b,
    {
        let mut end = self.far(segment, stop);
        let mut hidden = 0;
        for (ahead, segment) in self.rest.clone().enumerate() {
            if self.is_beyond(&segment, stop) {
                break;
            }
            let cleared = matches!(segment.kind, SegmentKind::Cleared);
            if ahead + 1 >= SEGMENTS_AHEAD || segment.unreadable || (cleared && !segment.is_single_key()) {
                return (end, false, hidden);
            }
            hidden += usize::from(cleared);
            if segment.needs_database() {
                end = self.far(&segment, stop);
            }
        }
        (stop, true, hidden)
    }

    fn drop_rows(&mut self, segment: &Segment<'_>) {
        while self.rows.front().is_some_and(|row| self.holds(segment, &row.key)) {
            self.rows.pop_front();
        }
    }

    /// Whether a row ahead of the walk lies in `segment`.
    fn holds(&self, segment: &Segment<'_>, key: &[u8]) -> bool {
        if self.reverse {
            key >= segment.begin
        } else {
            segment.ends_after(key)
        }
    }

    /// Whether the bound `at` lies at `bound` or behind it, seen in the direction of the walk.
    fn reaches(&self, at: &[u8], bound: &[u8]) -> bool {
        if self.reverse { at <= bound } else { at >= bound }
    }

    fn is_key_beyond(&self, key: &[u8], stop: &[u8]) -> bool {
        if self.reverse { key < stop } else { key >= stop }
    }

    fn is_beyond(&self, segment: &Segment<'_>, stop: &[u8]) -> bool {
        if self.reverse {
            !segment.ends_after(stop)
        } else {
            !segment.begins_before(stop)
        }
    }

    /// The far end of `segment`, at most `stop`.
    fn far<'b>(&self, segment: &Segment<'b>, stop: &'b [u8]) -> &'b [u8] {
        if self.reverse {
            segment.begin.max(stop)
        } else {
            segment.end.map_or(stop, |end| end.min(stop))
        }
    }
}
