//! [`Cursor`]: a walk over what a transaction sees, in parts in which everything is alike: its own writes laid over what it
//! knows of the database.
//!
//! Some parts are known, others need the database. The cursor leaves it to its user whether to ask for those: a batch of
//! a range read may have to end there.

use record_store_kv::{KeyValue, Result};

use super::edge::Edge;
use super::known::{Known, Place};
use super::snapshot::Snapshot;
use super::write_map::{Segment, SegmentKind, Segments, SegmentsBack, WriteMap};

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

/// No reply of the database exceeds so many bytes (`REPLY_BYTE_LIMIT`), the last row included.
pub(crate) const REPLY_BYTES: usize = 80_000;

/// What is known of a part of the key space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing.
    Unknown,
    /// That it has no keys.
    Empty,
    /// That it is one key, which the transaction or the database may have given a value.
    Row,
    /// That it must not be read.
    Unreadable,
}

/// A walk over a [`View`]; it stands at one part.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    writes: OwnWrites<'a>,
    known: Place,
}

impl<'a> Cursor<'a> {
    /// A walk that starts in the part that holds `key`.
    pub(crate) fn new(view: View<'a>, known: &mut Known, key: &[u8]) -> Result<Self> {
        Ok(Cursor {
            writes: OwnWrites {
                map: view.writes,
                segment: view.writes.segment(key),
                rest: None,
            },
            known: known.seek(key, view.snapshot)?,
        })
    }

    /// Where the part begins.
    pub(crate) fn begin(&self) -> Edge<'_> {
        Edge::before(self.writes.segment.begin).max(self.known.begin())
    }

    /// Where the part ends; `None` at the end of all keys.
    pub(crate) fn end(&self) -> Option<Edge<'_>> {
        match (self.writes.segment.end.map(Edge::before), self.known.end()) {
            (Some(own), Some(known)) => Some(own.min(known)),
            (own, known) => own.or(known),
        }
    }

    /// Whether the part ends before `key`.
    pub(crate) fn ends_before(&self, key: &[u8]) -> bool {
        self.end().is_some_and(|end| end < Edge::before(key))
    }

    /// Whether both stand at the same part.
    pub(crate) fn is_at(&self, other: &Self) -> bool {
        self.begin() == other.begin()
    }

    /// Whether the part is the first of all.
    pub(crate) fn is_first(&self) -> bool {
        self.starts_at(b"")
    }

    /// Whether the part begins with `key`.
    pub(crate) fn starts_at(&self, key: &[u8]) -> bool {
        self.begin() == Edge::before(key)
    }

    /// Whether the part begins after `key`.
    pub(crate) fn starts_behind(&self, key: &[u8]) -> bool {
        self.begin() > Edge::before(key)
    }

    /// Whether only the key `begin` lies between it and the end of the part.
    pub(crate) fn is_single_key_from(&self, begin: &[u8]) -> bool {
        self.end().is_some_and(|end| end.is_key_after(Edge::before(begin)))
    }

    /// Whether only one key lies between the begin of the part and `end`.
    pub(crate) fn is_single_key_to(&self, end: Option<&[u8]>) -> bool {
        end.is_some_and(|end| Edge::before(end).is_key_after(self.begin()))
    }

    /// What is known of the part.
    pub(crate) fn kind(&self) -> Kind {
        let segment = &self.writes.segment;
        match segment.kind {
            _ if segment.unreadable => Kind::Unreadable,
            SegmentKind::Cleared => Kind::Empty,
            SegmentKind::Written(_, ops) if ops.is_dependent() && self.known.is_gap() => Kind::Unknown,
            SegmentKind::Written(..) => Kind::Row,
            SegmentKind::Unmodified if self.known.is_gap() => Kind::Unknown,
            SegmentKind::Unmodified if self.known.row().is_some() => Kind::Row,
            SegmentKind::Unmodified => Kind::Empty,
        }
    }

    /// Whether it is known what the part holds.
    pub(crate) fn is_known(&self) -> bool {
        matches!(self.kind(), Kind::Empty | Kind::Row)
    }

    /// The value of the part's own key, unless operations leave it without one; `None` also if the rows come from the
    /// database as they are: [`Cursor::run_up`] and [`Cursor::run_down`] give those.
    fn own_row(&self) -> Option<KeyValue> {
        let SegmentKind::Written(key, ops) = self.writes.segment.kind else {
            return None;
        };
        let existing = self.known.row().filter(|_| ops.is_dependent());
        ops.value(existing.map(|row| row.value.clone())).map(|value| KeyValue {
            key: key.to_bytes(),
            value,
        })
    }

    fn is_unmodified(&self) -> bool {
        matches!(self.writes.segment.kind, SegmentKind::Unmodified)
    }

    /// At a row: shows it and those that follow without a gap before `end`, and stands at the last of them.
    pub(crate) fn run_up(&mut self, end: &[u8], mut show: impl FnMut(&KeyValue)) {
        if self.is_unmodified() {
            let end = self.writes.segment.end.map_or(end, |own| own.min(end));
            self.known.run_up(Edge::before(end)).iter().for_each(show);
        } else if let Some(row) = self.own_row() {
            show(&row);
        }
    }

    /// As [`Cursor::run_up`], downwards to `begin`.
    pub(crate) fn run_down(&mut self, begin: &[u8], mut show: impl FnMut(&KeyValue)) {
        if self.is_unmodified() {
            let begin = self.writes.segment.begin.max(begin);
            self.known.run_down(Edge::before(begin)).iter().rev().for_each(show);
        } else if let Some(row) = self.own_row() {
            show(&row);
        }
    }

    /// Goes to the next part.
    pub(crate) fn next(&mut self, view: View<'a>, known: &mut Known) -> Result<()> {
        let (own, database) = match (self.writes.segment.end.map(Edge::before), self.known.end()) {
            (Some(own), Some(known)) => (own <= known, known <= own),
            (own, known) => (own.is_some(), known.is_some()),
        };
        if own {
            self.writes.next();
        }
        if database {
            let place = std::mem::replace(&mut self.known, Place::Beyond);
            self.known = known.next(place, view.snapshot)?;
        }
        Ok(())
    }

    /// Goes to the part before; stays at the first.
    pub(crate) fn previous(&mut self, view: View<'a>, known: &mut Known) -> Result<()> {
        let (own, database) = (Edge::before(self.writes.segment.begin), self.known.begin());
        let (own, database) = (own >= database, database >= own);
        if own {
            self.writes.previous();
        }
        if database {
            let place = std::mem::replace(&mut self.known, Place::Beyond);
            self.known = known.previous(place, view.snapshot)?;
        }
        Ok(())
    }
}

/// A walk over the write map alone, in both directions.
#[derive(Clone)]
struct OwnWrites<'a> {
    map: &'a WriteMap,
    segment: Segment<'a>,
    /// The segments ahead, as long as the direction stays the same.
    rest: Option<Rest<'a>>,
}

#[derive(Clone)]
enum Rest<'a> {
    Up(Segments<'a>),
    Down(SegmentsBack<'a>),
}

impl OwnWrites<'_> {
    fn next(&mut self) {
        let Some(end) = self.segment.end else { return };
        if !matches!(self.rest, Some(Rest::Up(_))) {
            self.rest = Some(Rest::Up(self.map.segments(end)));
        }
        if let Some(Rest::Up(rest)) = &mut self.rest
            && let Some(segment) = rest.next()
        {
            self.segment = segment;
        }
    }

    fn previous(&mut self) {
        if !matches!(self.rest, Some(Rest::Down(_))) {
            self.rest = Some(Rest::Down(self.map.segments_back(self.segment.begin)));
        }
        if let Some(Rest::Down(rest)) = &mut self.rest
            && let Some(segment) = rest.next()
        {
            self.segment = segment;
        }
    }
}
