//! [`Known`]: what a transaction has read of the database, as FoundationDB's client keeps it (`SnapshotCache`).
//!
//! A range read is answered from what is known and asks for the rest; where it would have to ask again it ends its batch.
//! So what was read before shows in the pages of later reads, in what they conflict with and in the size. The rows of a
//! read that saw the database alone are not kept, only where it read: they are fetched again in the rare case that a later
//! read runs into them.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use record_store_kv::{KeyValue, Result};
use smallvec::SmallVec;

use super::edge::Edge;
use super::legality::SYSTEM_KEYS_END;
use super::merge::REPLY_BYTES;
use super::ranges::RangeSet;
use super::snapshot::Snapshot;
use crate::cluster::ScanLimits;
use crate::key::{Key, key_after};

/// The pieces of the database that are known.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// By their first keys; they do not overlap.
    pieces: BTreeMap<Key, Piece>,
    /// The values of the keys that the set of read conflicts has been given since it was last asked, in that order.
    values: SmallVec<[Option<Bytes>; 2]>,
    /// What was read without a conflict since the pieces were last looked at.
    notes: Vec<Note>,
    /// How many pieces the last look at the notes left; the next comes when there are as many notes.
    noted: usize,
    /// About how many bytes of rows are kept.
    kept: usize,
}

#[derive(Debug)]
struct Piece {
    /// The key after the last.
    end: Key,
    /// All rows of the piece, or `None` if they are not kept.
    rows: Option<Arc<Vec<KeyValue>>>,
}

#[derive(Debug)]
enum Note {
    Key(Key, Option<Bytes>),
    Range(Key, Key),
}

/// How many bytes of rows are kept before all of them are let go.
const KEPT_MAX: usize = 8 << 20;
/// How many notes may gather before they become pieces although nobody looks at them.
const NOTES_MAX: usize = 1024;

/// A part of the key space in which everything is known or nothing is.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// Unknown keys between two pieces.
    Gap { begin: Key, end: Key },
    /// Part of a piece: the empty range before the row `at / 2`, or that row itself if `at` is odd.
    Piece {
        begin: Key,
        end: Key,
        rows: Arc<Vec<KeyValue>>,
        at: usize,
    },
    /// What lies behind all keys of the database: nothing.
    Beyond,
}

impl Known {
    /// Remembers the value of the key that was just given to the set of read conflicts.
    pub(crate) fn note_value(&mut self, value: Option<&Bytes>) {
        if self.values.len() == self.values.capacity() {
            // One key is usual, and after a few there are often many.
            self.values.reserve(4 * self.values.len());
        }
        self.values.push(value.cloned());
    }

    /// Takes over what the set of read conflicts was given because it was read.
    pub(crate) fn take_read(&mut self, conflicts: &mut RangeSet) {
        let mut values = std::mem::take(&mut self.values).into_iter();
        conflicts.take_read(|begin, end, is_key| {
            if is_key {
                self.insert_key(Key::new(begin), values.next().flatten());
            } else {
                self.insert(begin, end, None);
            }
        });
    }

    /// Remembers that `key` has this value.
    pub(crate) fn note_key(&mut self, key: &[u8], value: Option<&Bytes>) {
        self.notes.push(Note::Key(Key::new(key), value.cloned()));
        if self.notes.len() >= NOTES_MAX.max(self.noted) {
            self.take_notes();
        }
    }

    /// Remembers that the range from `begin` to `end` was read; its rows are not kept.
    pub(crate) fn note_range(&mut self, begin: &[u8], end: &[u8]) {
        if begin < end {
            self.notes.push(Note::Range(Key::new(begin), Key::new(end)));
        }
    }

    /// Whether something from `begin` to `end` is known.
    pub(crate) fn overlaps(&mut self, begin: &[u8], end: &[u8]) -> bool {
        self.take_notes();
        if self.pieces.is_empty() {
            return false;
        }
        let mut before = self.pieces.range::<[u8], _>((Bound::Unbounded, Bound::Excluded(end)));
        before.next_back().is_some_and(|(_, piece)| *piece.end > *begin)
    }

    /// The value of `key`, if it was read by itself.
    pub(crate) fn value(&mut self, key: &[u8]) -> Option<Option<Bytes>> {
        self.take_notes();
        let (_, piece) = self.floor(key)?;
        let rows = piece.rows.as_ref().filter(|_| *piece.end > *key)?;
        let row = rows.binary_search_by(|row| (*row.key).cmp(key)).ok();
        Some(row.and_then(|at| rows.get(at)).map(|row| row.value.clone()))
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.values.clear();
        if !self.pieces.is_empty() || !self.notes.is_empty() {
            self.pieces.clear();
            self.notes.clear();
            (self.noted, self.kept) = (0, 0);
        }
    }

    /// Takes over what another one knows of the same version.
    pub(crate) fn absorb(&mut self, mut other: Known) {
        other.take_notes();
        for (begin, piece) in other.pieces {
            let rows = piece.rows.map(Arc::unwrap_or_clone);
            self.insert(begin.as_slice(), piece.end.as_slice(), rows);
        }
    }

    /// Lets the rows go if they have become too many. What is known stays known.
    pub(crate) fn let_go(&mut self) {
        if self.kept > KEPT_MAX {
            self.pieces.values_mut().for_each(|piece| piece.rows = None);
            self.kept = 0;
        }
    }

    /// Adds the range from `begin` to `end`, with all its rows if they are to be kept. What was known before stays as it is.
    pub(crate) fn insert(&mut self, begin: &[u8], end: &[u8], rows: Option<Vec<KeyValue>>) {
        if begin >= end {
            return;
        }
        let (mut from, mut to) = (Key::new(begin), Key::new(end));
        let before = self
            .pieces
            .range::<[u8], _>((Bound::Unbounded, Bound::Excluded(end)))
            .next_back();
        if before.is_none_or(|(_, piece)| piece.end <= from) {
            // Nothing of it is known: the usual case.
            self.put(from, to, rows);
            return;
        }
        if let Some((at, piece)) = self.floor(begin)
            && *piece.end > *begin
            && **at != *begin
        {
            from = piece.end.clone();
        }
        if let Some((at, piece)) = self.floor(end)
            && *piece.end > *end
        {
            to = at.clone();
        }
        if from >= to {
            return;
        }
        let covered: Vec<Key> = self
            .pieces
            .range(from.clone()..to.clone())
            .map(|(at, _)| at.clone())
            .collect();
        for at in covered {
            self.pieces.remove(&at);
        }
        let rows = rows.map(|mut rows| {
            rows.truncate(rows.partition_point(|row| *row.key < *to));
            rows.drain(..rows.partition_point(|row| *row.key < *from));
            rows
        });
        self.put(from, to, rows);
    }

    fn put(&mut self, begin: Key, end: Key, rows: Option<Vec<KeyValue>>) {
        self.kept += rows.iter().flatten().map(row_bytes).sum::<usize>();
        let rows = rows.map(Arc::new);
        self.pieces.insert(begin, Piece { end, rows });
    }

    /// Adds one key, unless it is known already.
    fn insert_key(&mut self, key: Key, value: Option<Bytes>) {
        if self.floor(&key).is_some_and(|(_, piece)| *piece.end > *key) {
            return;
        }
        let row = value.map(|value| KeyValue {
            key: key.to_bytes(),
            value,
        });
        let end = Key::new(key.after());
        self.put(key, end, Some(row.into_iter().collect()));
    }

    /// The place in which `key` lies. Errors: those of fetching its rows again.
    pub(crate) fn seek(&mut self, key: &[u8], snapshot: &Snapshot) -> Result<Place> {
        self.take_notes();
        if key >= SYSTEM_KEYS_END {
            return Ok(Place::Beyond);
        }
        match self.floor(key) {
            Some((at, piece)) if *piece.end > *key => {
                let (begin, end) = (at.clone(), piece.end.clone());
                let rows = self.rows(&begin, snapshot)?;
                let before = rows.partition_point(|row| *row.key < *key);
                let is_row = rows.get(before).is_some_and(|row| *row.key == *key);
                let at = 2 * before + usize::from(is_row);
                Ok(Place::Piece { begin, end, rows, at })
            }
            floor => {
                let begin = floor.map_or_else(|| Key::new(&[]), |(_, piece)| piece.end.clone());
                Ok(self.gap(begin, Bound::Excluded(key)))
            }
        }
    }

    /// The place in which the keys just below `key` lie. Errors: those of fetching its rows again.
    pub(crate) fn seek_below(&mut self, key: &[u8], snapshot: &Snapshot) -> Result<Place> {
        self.take_notes();
        let below = self
            .pieces
            .range::<[u8], _>((Bound::Unbounded, Bound::Excluded(key)))
            .next_back();
        match below {
            Some((at, piece)) if *piece.end >= *key => {
                let (begin, end) = (at.clone(), piece.end.clone());
                let rows = self.rows(&begin, snapshot)?;
                let before = rows.partition_point(|row| *row.key < *key);
                let last = before.checked_sub(1).and_then(|last| rows.get(last));
                let is_row = last.is_some_and(|row| crate::key::is_key_after(&row.key, key));
                let at = if is_row { 2 * before - 1 } else { 2 * before };
                Ok(Place::Piece { begin, end, rows, at })
            }
            below => {
                let begin = below.map_or_else(|| Key::new(&[]), |(_, piece)| piece.end.clone());
                Ok(self.gap(begin, Bound::Included(key)))
            }
        }
    }

    /// The place after `place`.
    pub(crate) fn next(&mut self, place: Place, snapshot: &Snapshot) -> Result<Place> {
        match place {
            Place::Gap { end, .. } => self.seek(&end, snapshot),
            Place::Piece {
                begin,
                end,
                rows,
                mut at,
            } => {
                while at < 2 * rows.len() {
                    at += 1;
                    if !is_degenerate(&begin, &end, &rows, at) {
                        return Ok(Place::Piece { begin, end, rows, at });
                    }
                }
                self.seek(&end, snapshot)
            }
            Place::Beyond => Ok(Place::Beyond),
        }
    }

    /// The place before `place`; the first one itself if there is none.
    pub(crate) fn previous(&mut self, place: Place, snapshot: &Snapshot) -> Result<Place> {
        match place {
            Place::Gap { begin, end } if begin.is_empty() => Ok(Place::Gap { begin, end }),
            Place::Gap { begin, .. } => self.seek_below(&begin, snapshot),
            Place::Piece {
                begin,
                end,
                rows,
                mut at,
            } => {
                while at > 0 {
                    at -= 1;
                    if !is_degenerate(&begin, &end, &rows, at) {
                        return Ok(Place::Piece { begin, end, rows, at });
                    }
                }
                if begin.is_empty() {
                    return Ok(Place::Piece { begin, end, rows, at });
                }
                self.seek_below(&begin, snapshot)
            }
            Place::Beyond => self.seek_below(SYSTEM_KEYS_END, snapshot),
        }
    }

    /// The rows of the piece that begins at `begin`.
    fn rows(&mut self, begin: &Key, snapshot: &Snapshot) -> Result<Arc<Vec<KeyValue>>> {
        let Some(piece) = self.pieces.get_mut(begin) else {
            return Ok(Arc::default());
        };
        if let Some(rows) = &piece.rows {
            return Ok(rows.clone());
        }
        let mut rows = Vec::new();
        let mut from = Bytes::copy_from_slice(begin);
        let limits = ScanLimits {
            rows: usize::MAX,
            bytes: REPLY_BYTES,
        };
        while snapshot.scan(&from, &piece.end, false, limits, &mut rows)? {
            let Some(last) = rows.last() else { break };
            from = key_after(&last.key);
        }
        self.kept += rows.iter().map(row_bytes).sum::<usize>();
        let rows = Arc::new(rows);
        piece.rows = Some(rows.clone());
        Ok(rows)
    }

    fn gap(&self, begin: Key, above: Bound<&[u8]>) -> Place {
        let next = self.pieces.range::<[u8], _>((above, Bound::Unbounded)).next();
        let end = next.map_or_else(|| Key::new(SYSTEM_KEYS_END), |(at, _)| at.clone());
        Place::Gap { begin, end }
    }

    fn floor(&self, key: &[u8]) -> Option<(&Key, &Piece)> {
        self.pieces
            .range::<[u8], _>((Bound::Unbounded, Bound::Included(key)))
            .next_back()
    }

    fn take_notes(&mut self) {
        if self.notes.is_empty() {
            return;
        }
        for note in std::mem::take(&mut self.notes) {
            match note {
                Note::Key(key, value) => self.insert_key(key, value),
                Note::Range(begin, end) => self.insert(&begin, &end, None),
            }
        }
        self.noted = self.pieces.len();
        self.let_go();
    }
}

/// What a row that is kept takes, about.
fn row_bytes(row: &KeyValue) -> usize {
    64 + row.key.len() + row.value.len()
}

impl Place {
    /// Where it begins.
    pub(crate) fn begin(&self) -> Edge<'_> {
        match self {
            Place::Gap { begin, .. } => Edge::before(begin),
            Place::Piece { begin, rows, at, .. } => begin_in(begin, rows, *at),
            Place::Beyond => Edge::before(SYSTEM_KEYS_END),
        }
    }

    /// Where it ends; `None` if it does not.
    pub(crate) fn end(&self) -> Option<Edge<'_>> {
        match self {
            Place::Gap { end, .. } => Some(Edge::before(end)),
            Place::Piece { end, rows, at, .. } => Some(end_in(end, rows, *at)),
            Place::Beyond => None,
        }
    }

    /// The row that is known here, if there is one.
    pub(crate) fn row(&self) -> Option<&KeyValue> {
        match self {
            Place::Piece { rows, at, .. } if at % 2 == 1 => rows.get(at / 2),
            _ => None,
        }
    }

    /// Whether nothing is known here.
    pub(crate) fn is_gap(&self) -> bool {
        matches!(self, Place::Gap { .. })
    }

    /// From a row on to the last one before `end` that is known without a gap: those rows in order; the place is then the last of them.
    pub(crate) fn run_up(&mut self, end: Edge<'_>) -> &[KeyValue] {
        let Place::Piece { rows, at, .. } = self else {
            return &[];
        };
        let first = *at / 2;
        let behind = rows.partition_point(|row| Edge::before(&row.key) < end).max(first + 1);
        *at = 2 * behind - 1;
        rows.get(first..behind).unwrap_or_default()
    }

    /// From a row down to the first one not before `begin`, as [`Place::run_up`]; the rows come in ascending order.
    pub(crate) fn run_down(&mut self, begin: Edge<'_>) -> &[KeyValue] {
        let Place::Piece { rows, at, .. } = self else {
            return &[];
        };
        let behind = *at / 2 + 1;
        let first = rows
            .partition_point(|row| Edge::before(&row.key) < begin)
            .min(behind - 1);
        *at = 2 * first + 1;
        rows.get(first..behind).unwrap_or_default()
    }
}

fn begin_in<'a>(begin: &'a Key, rows: &'a [KeyValue], at: usize) -> Edge<'a> {
    let row = |row: usize| rows.get(row).map_or(&[][..], |row| &row.key);
    match (at / 2, at % 2) {
        (of, 1) => Edge::before(row(of)),
        (0, _) => Edge::before(begin),
        (of, _) => Edge::behind(row(of - 1)),
    }
}

fn end_in<'a>(end: &'a Key, rows: &'a [KeyValue], at: usize) -> Edge<'a> {
    match (rows.get(at / 2), at % 2) {
        (Some(row), 1) => Edge::behind(&row.key),
        (Some(row), _) => Edge::before(&row.key),
        (None, _) => Edge::before(end),
    }
}

fn is_degenerate(begin: &Key, end: &Key, rows: &[KeyValue], at: usize) -> bool {
    begin_in(begin, rows, at) == end_in(end, rows, at)
}
