//! The write map: a total partition of the key space by what the transaction did to it.
//!
//! Every key lies in one [`Segment`]: unmodified, cleared, or a single key with operations on it; each of them may be
//! unreadable and may carry a write conflict. The map keeps one entry for each place where that changes.

use std::collections::BTreeMap;
use std::collections::btree_map::Range;
use std::ops::Bound;

use super::fold::{Op, OpStack};
use crate::atomic::AtomicOp;
use crate::key::Key;

/// What a transaction wrote.
#[derive(Clone, Debug, Default)]
pub(crate) struct WriteMap {
    entries: BTreeMap<Key, Entry>,
    /// Whether there was ever more than operations on single keys: ranges cleared, unreadable or with a conflict. Without,
    /// a key need not look for the span in which it lies.
    has_spans: bool,
}

/// A piece of the key space in which everything is alike.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    /// The first key.
    pub(crate) begin: &'a [u8],
    /// The key after the last; `None` at the end of the key space.
    pub(crate) end: Option<&'a [u8]>,
    /// What reads find here.
    pub(crate) kind: SegmentKind<'a>,
    /// Whether reads fail with 1036.
    pub(crate) unreadable: bool,
    /// Whether the commit adds a write conflict here.
    pub(crate) conflict: bool,
}

/// What reads of a [`Segment`] find.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SegmentKind<'a> {
    /// What the database holds.
    Unmodified,
    /// Nothing.
    Cleared,
    /// One key with operations on it.
    Written(&'a Key, &'a OpStack),
}

impl Segment<'_> {
    /// Whether a read of this segment needs the database, and therefore takes part in conflicts.
    pub(crate) fn needs_database(&self) -> bool {
        match self.kind {
            SegmentKind::Unmodified => true,
            SegmentKind::Cleared => false,
            SegmentKind::Written(_, ops) => ops.is_dependent(),
        }
    }

    /// Whether the segment begins before `key`.
    pub(crate) fn begins_before(&self, key: &[u8]) -> bool {
        self.begin < key
    }
}

/// The state of the keys between two entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Span {
    cleared: bool,
    unreadable: bool,
    conflict: bool,
}

/// A key where something changes: operations on the key itself, and the state of the keys after it. Without operations
/// the key itself belongs to the span.
#[derive(Clone, Debug, Default)]
struct Entry {
    written: Option<Written>,
    after: Span,
}

#[derive(Clone, Debug)]
struct Written {
    ops: OpStack,
    unreadable: bool,
    conflict: bool,
}

impl WriteMap {
    /// A map without writes.
    pub(crate) const fn new() -> Self {
        WriteMap {
            entries: BTreeMap::new(),
            has_spans: false,
        }
    }

    /// Whether nothing was written.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = WriteMap::new();
    }

    /// Whether some segment may be cleared.
    pub(crate) fn may_have_cleared(&self) -> bool {
        self.has_spans
    }

    /// Whether reads of `[begin, end)` find what the database holds.
    pub(crate) fn is_untouched(&self, begin: &[u8], end: &[u8]) -> bool {
        self.entries.is_empty()
            || self
                .segments(begin)
                .take_while(|segment| segment.begins_before(end))
                .all(|segment| matches!(segment.kind, SegmentKind::Unmodified) && !segment.unreadable)
    }

    /// As [`WriteMap::is_untouched`], in one search; false also where it would take more to find out.
    pub(crate) fn has_no_entry(&self, begin: &[u8], end: &[u8]) -> bool {
        if self.entries.is_empty() || self.has_spans {
            return self.entries.is_empty();
        }
        let begin = Key::new(begin);
        let mut above = self
            .entries
            .range::<Key, _>((Bound::Included(&begin), Bound::Unbounded));
        above.next().is_none_or(|(first, _)| first.as_slice() >= end)
    }

    /// The segment that holds `key`.
    pub(crate) fn segment(&self, key: &[u8]) -> Segment<'_> {
        self.segments(key).next().unwrap_or(WHOLE)
    }

    /// The segments from the one that holds `key`, upwards.
    pub(crate) fn segments(&self, key: &[u8]) -> Segments<'_> {
        let floor = self
            .entries
            .range::<[u8], _>((Bound::Unbounded, Bound::Included(key)))
            .next_back();
        let (mut entries, span) = match floor {
            Some((at, _)) if at.as_slice() == key => (self.range_from(Bound::Included(key)), None),
            Some((at, entry)) => (
                self.range_from(Bound::Excluded(key)),
                Some((entry.span_begin(at), entry.after)),
            ),
            None => (self.range_from(Bound::Unbounded), Some((&[][..], Span::default()))),
        };
        Segments {
            next: entries.next(),
            entries,
            span,
        }
    }

    /// The segments from the one that holds the keys just below `key`, downwards.
    pub(crate) fn segments_back(&self, key: &[u8]) -> SegmentsBack<'_> {
        let above = self.range_from(Bound::Included(key)).next();
        let mut back = SegmentsBack {
            entries: self.entries.range::<[u8], _>((Bound::Unbounded, Bound::Excluded(key))),
            end: above.map(|(at, _)| at.as_slice()),
            written: None,
            done: key.is_empty(),
        };
        if let Some((at, entry)) = back.entries.clone().next_back()
            && let Some(written) = &entry.written
            && at.after() == key
        {
            // The keys just below are this one key; the span after it begins at `key` and does not belong here.
            back.entries.next_back();
            back.end = Some(at.as_slice());
            back.written = Some((at, written));
        }
        back
    }

    /// Applies `op` to `key`.
    pub(crate) fn mutate(&mut self, key: Key, op: Op, conflict: bool) {
        if !self.has_spans {
            self.entries.entry(key).or_default().mutate(op, conflict);
            return;
        }
        let floor = self
            .entries
            .range_mut::<Key, _>((Bound::Unbounded, Bound::Included(&key)))
            .next_back();
        let after = match floor {
            Some((at, entry)) if *at == key => return entry.mutate(op, conflict),
            Some((_, entry)) => entry.after,
            None => Span::default(),
        };
        let mut entry = Entry { written: None, after };
        entry.mutate(op, conflict);
        self.entries.insert(key, entry);
    }

    /// Clears `[begin, end)`, which is not empty.
    pub(crate) fn clear_range(&mut self, begin: Key, end: Key, conflict: bool) {
        // A clear without a conflict of its own leaves the conflicts of earlier writes in place.
        let kept: Vec<(Key, Key)> = if conflict {
            Vec::new()
        } else {
            self.conflicts_within(begin.as_slice(), end.as_slice())
        };
        self.cover(
            begin,
            end,
            Span {
                cleared: true,
                unreadable: false,
                conflict,
            },
        );
        for (begin, end) in kept {
            self.add_conflict(begin, end);
        }
    }

    /// Makes `[begin, end)` unmodified and unreadable: a versionstamped key may come to lie anywhere in it.
    pub(crate) fn make_unreadable(&mut self, begin: Key, end: Key) {
        self.cover(
            begin,
            end,
            Span {
                cleared: false,
                unreadable: true,
                conflict: false,
            },
        );
    }

    /// Adds a write conflict on `[begin, end)`, which is not empty.
    pub(crate) fn add_conflict(&mut self, begin: Key, end: Key) {
        self.has_spans = true;
        let range = (Bound::Included(begin.clone()), Bound::Excluded(end.clone()));
        // Where there is a conflict already on both sides, no segment ends.
        let at_begin = self.has_conflict(Bound::Included(&*begin));
        if !self.has_conflict(Bound::Excluded(&*end)) {
            self.ensure_entry(end);
        }
        if !at_begin {
            self.ensure_entry(begin);
        }
        for (_, entry) in self.entries.range_mut(range) {
            entry.after.conflict = true;
            if let Some(written) = &mut entry.written {
                written.conflict = true;
            }
        }
    }

    /// Replaces everything in `[begin, end)` by `span`.
    fn cover(&mut self, begin: Key, end: Key, span: Span) {
        self.has_spans = true;
        let beyond = self.span_at(end.as_slice());
        let before = self
            .entries
            .range::<[u8], _>((Bound::Unbounded, Bound::Excluded(begin.as_slice())))
            .next_back();
        let before = before.map_or(Span::default(), |(_, entry)| entry.after);
        let covered: Vec<Key> = self
            .entries
            .range::<[u8], _>((Bound::Included(begin.as_slice()), Bound::Excluded(end.as_slice())))
            .map(|(at, _)| at.clone())
            .collect();
        for at in covered {
            self.entries.remove(&at);
        }
        // Neighbours that are alike stay one segment: two adjacent clears are one cleared range.
        match self.entries.get(&end) {
            None if beyond != span => {
                self.entries.insert(
                    end,
                    Entry {
                        written: None,
                        after: beyond,
                    },
                );
            }
            Some(entry) if entry.written.is_none() && entry.after == span => {
                self.entries.remove(&end);
            }
            _ => {}
        }
        if before != span {
            self.entries.insert(
                begin,
                Entry {
                    written: None,
                    after: span,
                },
            );
        }
    }

    /// The state of the span that goes on at `key`.
    fn span_at(&self, key: &[u8]) -> Span {
        let floor = self
            .entries
            .range::<[u8], _>((Bound::Unbounded, Bound::Included(key)))
            .next_back();
        floor.map_or(Span::default(), |(_, entry)| entry.after)
    }

    /// Whether the last entry up to a bound and the keys after it have a write conflict.
    fn has_conflict(&self, until: Bound<&[u8]>) -> bool {
        let floor = self.entries.range::<[u8], _>((Bound::Unbounded, until)).next_back();
        floor.is_some_and(|(_, entry)| {
            entry.after.conflict && entry.written.as_ref().is_none_or(|written| written.conflict)
        })
    }

    fn ensure_entry(&mut self, key: Key) {
        let after = self.span_at(key.as_slice());
        self.entries.entry(key).or_insert(Entry { written: None, after });
    }

    fn conflicts_within(&self, begin: &[u8], end: &[u8]) -> Vec<(Key, Key)> {
        self.segments(begin)
            .take_while(|segment| segment.begins_before(end))
            .filter(|segment| segment.conflict)
            .map(|segment| {
                let until = segment.end.map_or(end, |segment_end| segment_end.min(end));
                (Key::new(segment.begin.max(begin)), Key::new(until))
            })
            .collect()
    }

    fn range_from(&self, bound: Bound<&[u8]>) -> Range<'_, Key, Entry> {
        self.entries.range::<[u8], _>((bound, Bound::Unbounded))
    }
}

impl Entry {
    fn mutate(&mut self, op: Op, conflict: bool) {
        let Some(written) = &mut self.written else {
            let unreadable = self.after.unreadable || op.is_stamped();
            let ops = if self.after.cleared && op.is_dependent() {
                let mut ops = OpStack::new(Op::Clear);
                ops.fold(op);
                ops
            } else {
                OpStack::new(op)
            };
            let conflict = conflict || self.after.conflict;
            self.written = Some(Written {
                ops,
                unreadable,
                conflict,
            });
            return;
        };
        let was_unreadable = written.unreadable;
        written.conflict |= conflict;
        written.unreadable |= op.is_stamped();
        if !was_unreadable && matches!(op, Op::Set(_) | Op::Atomic(AtomicOp::SetVersionstampedValue, _)) {
            written.ops = OpStack::new(op);
        } else if written.unreadable {
            written.ops.push(op);
        } else {
            written.ops.fold(op);
        }
    }

    /// Where the span after this entry begins, given the entry's own key.
    fn span_begin<'a>(&self, at: &'a Key) -> &'a [u8] {
        if self.written.is_some() {
            at.after()
        } else {
            at.as_slice()
        }
    }
}

impl Written {
    fn segment<'a>(&'a self, at: &'a Key) -> Segment<'a> {
        Segment {
            begin: at.as_slice(),
            end: Some(at.after()),
            kind: SegmentKind::Written(at, &self.ops),
            unreadable: self.unreadable,
            conflict: self.conflict,
        }
    }
}

impl Span {
    fn segment<'a>(self, begin: &'a [u8], end: Option<&'a [u8]>) -> Segment<'a> {
        Segment {
            begin,
            end,
            kind: if self.cleared {
                SegmentKind::Cleared
            } else {
                SegmentKind::Unmodified
            },
            unreadable: self.unreadable,
            conflict: self.conflict,
        }
    }
}

/// The key space of a transaction that wrote nothing.
const WHOLE: Segment<'static> = Segment {
    begin: &[],
    end: None,
    kind: SegmentKind::Unmodified,
    unreadable: false,
    conflict: false,
};

/// Segments upwards.
#[derive(Clone, Debug)]
pub(crate) struct Segments<'a> {
    /// The entries after `next`, and the entry that comes next.
    entries: Range<'a, Key, Entry>,
    next: Option<(&'a Key, &'a Entry)>,
    /// The span that comes next, with its begin.
    span: Option<(&'a [u8], Span)>,
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        loop {
            if let Some((begin, span)) = self.span.take() {
                let end = self.next.map(|(at, _)| at.as_slice());
                if end != Some(begin) {
                    return Some(span.segment(begin, end));
                }
            }
            let (at, entry) = std::mem::replace(&mut self.next, self.entries.next())?;
            self.span = Some((entry.span_begin(at), entry.after));
            if let Some(written) = &entry.written {
                return Some(written.segment(at));
            }
        }
    }
}

/// Segments downwards.
#[derive(Clone, Debug)]
pub(crate) struct SegmentsBack<'a> {
    entries: Range<'a, Key, Entry>,
    /// The end of the segment that comes next.
    end: Option<&'a [u8]>,
    /// The written key that comes next, below the span that came last.
    written: Option<(&'a Key, &'a Written)>,
    done: bool,
}

impl<'a> Iterator for SegmentsBack<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        loop {
            if let Some((at, written)) = self.written.take() {
                return Some(written.segment(at));
            }
            if self.done {
                return None;
            }
            let end = self.end;
            let Some((at, entry)) = self.entries.next_back() else {
                self.done = true;
                return (end != Some(&[][..])).then(|| Span::default().segment(&[], end));
            };
            self.end = Some(at.as_slice());
            self.written = entry.written.as_ref().map(|written| (at, written));
            let begin = entry.span_begin(at);
            if end != Some(begin) {
                return Some(entry.after.segment(begin, end));
            }
        }
    }
}

#[cfg(test)]
mod tests;
