//! [`RangeSet`]: the conflict ranges of a transaction, packed into one buffer so that a read allocates nothing for them.

use crate::mutation::KeyRange;

/// Ranges of keys, in any order until they are merged.
#[derive(Clone, Debug, Default)]
pub(crate) struct RangeSet {
    bytes: Vec<u8>,
    spans: Vec<Span>,
    /// How many spans the last merge left; the next one comes when they have doubled.
    merged: usize,
    /// From which span on those that were read have not been taken by [`RangeSet::take_read`], and how many they are.
    taken: usize,
    untaken: usize,
    /// Those that were read and not taken, as far as somebody has looked, in order; they do not overlap. And how far that is.
    order: Vec<usize>,
    ordered: usize,
}

/// Where the two ends of a range lie in the buffer. For a single key they share their bytes.
#[derive(Clone, Copy, Debug)]
struct Span {
    begin: (usize, usize),
    end: (usize, usize),
    /// Whether the whole range was read, and nothing else can be said of it.
    read: bool,
}

impl Span {
    /// Whether the range was added as a key.
    fn is_key(&self) -> bool {
        self.begin.0 == self.end.0
    }
}

/// How many ranges may gather before they are merged for the first time.
const MERGE_FROM: usize = 1024;

impl RangeSet {
    /// Adds the range of one key.
    pub(crate) fn push_key(&mut self, key: &[u8]) {
        self.add_key(key, false);
    }

    /// Adds the range of one key, which was read.
    pub(crate) fn push_read_key(&mut self, key: &[u8]) {
        self.add_key(key, true);
    }

    /// Adds `[begin, end)`, which was read; an empty range is left out.
    pub(crate) fn push_read(&mut self, begin: &[u8], end: &[u8]) {
        self.add_range(begin, end, true);
    }

    /// Adds `[begin, end)`; an empty range is left out.
    pub(crate) fn push(&mut self, begin: &[u8], end: &[u8]) {
        self.add_range(begin, end, false);
    }

    /// Shows the ranges that were read since the last time, in the order in which they were added, and whether each was
    /// added as a key.
    pub(crate) fn take_read(&mut self, mut show: impl FnMut(&[u8], &[u8], bool)) {
        for span in self.untaken() {
            show(self.slice(span.begin), self.slice(span.end), span.is_key());
        }
        self.note_taken();
    }

    /// How many ranges [`RangeSet::take_read`] would show. As long as there are some, the set does not merge what it has.
    pub(crate) fn untaken_count(&self) -> usize {
        self.untaken
    }

    /// Whether one of the ranges that [`RangeSet::take_read`] would show has a key of `[begin, end)`; `None` if they lie across one
    /// another, and have to be taken to be looked through.
    pub(crate) fn read_overlaps(&mut self, begin: &[u8], end: &[u8]) -> Option<bool> {
        for at in self.ordered..self.spans.len() {
            if !self.put_in_order(at) {
                return None;
            }
            self.ordered = at + 1;
        }
        let below_end = self.order.partition_point(|at| self.begin(*at) < end);
        let last = below_end.checked_sub(1).and_then(|last| self.order.get(last));
        Some(last.is_some_and(|at| begin < self.end(*at)))
    }

    /// Finds the place of a range among those in order; false if it lies across one of them.
    fn put_in_order(&mut self, at: usize) -> bool {
        if !self.spans.get(at).is_some_and(|span| span.read) {
            return true;
        }
        let (begin, end) = (self.begin(at), self.end(at));
        let place = self.order.partition_point(|other| self.begin(*other) <= begin);
        let before = place.checked_sub(1).and_then(|before| self.order.get(before));
        if let Some(before) = before.map(|other| self.end(*other)).filter(|before| *before > begin) {
            // What lies within another one says nothing more.
            return end <= before;
        }
        if self.order.get(place).is_some_and(|after| self.begin(*after) < end) {
            return false;
        }
        self.order.insert(place, at);
        true
    }

    fn begin(&self, at: usize) -> &[u8] {
        self.spans.get(at).map_or(&[], |span| self.slice(span.begin))
    }

    fn end(&self, at: usize) -> &[u8] {
        self.spans.get(at).map_or(&[], |span| self.slice(span.end))
    }

    /// Says that everything so far has been taken.
    fn note_taken(&mut self) {
        (self.taken, self.untaken) = (self.spans.len(), 0);
        self.order.clear();
        self.ordered = self.spans.len();
    }

    fn untaken(&self) -> impl Iterator<Item = &Span> {
        self.spans.iter().skip(self.taken).filter(|span| span.read)
    }

    fn add_key(&mut self, key: &[u8], read: bool) {
        let at = self.bytes.len();
        self.bytes.reserve(key.len() + 1);
        self.bytes.extend_from_slice(key);
        self.bytes.push(0);
        let until = self.bytes.len();
        self.add(Span {
            begin: (at, until - 1),
            end: (at, until),
            read,
        });
    }

    fn add_range(&mut self, begin: &[u8], end: &[u8], read: bool) {
        if begin >= end {
            return;
        }
        let at = self.bytes.len();
        self.bytes.extend_from_slice(begin);
        let middle = self.bytes.len();
        self.bytes.extend_from_slice(end);
        self.add(Span {
            begin: (at, middle),
            end: (middle, self.bytes.len()),
            read,
        });
    }

    /// Adds all ranges of `other`.
    pub(crate) fn append(&mut self, other: &RangeSet) {
        for span in &other.spans {
            self.push(other.slice(span.begin), other.slice(span.end));
        }
    }

    /// Whether there is no range.
    pub(crate) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Forgets all ranges and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.spans.clear();
        self.merged = 0;
        self.note_taken();
    }

    /// The ranges in order, those that touch made one.
    pub(crate) fn merged(&mut self) -> Vec<KeyRange> {
        self.merge();
        self.spans
            .iter()
            .map(|span| KeyRange::new(self.slice(span.begin), self.slice(span.end)))
            .collect()
    }

    fn add(&mut self, span: Span) {
        self.untaken += usize::from(span.read);
        self.spans.push(span);
        // A program that reads the same keys over and over must not grow without bound.
        if self.untaken == 0 && self.spans.len() >= MERGE_FROM.max(self.merged.saturating_mul(2)) {
            self.merge();
            self.compact();
        }
    }

    fn merge(&mut self) {
        let mut spans = std::mem::take(&mut self.spans);
        spans.sort_unstable_by(|a, b| self.slice(a.begin).cmp(self.slice(b.begin)));
        spans.dedup_by(|next, kept| {
            if self.slice(next.begin) > self.slice(kept.end) {
                return false;
            }
            if self.slice(next.end) > self.slice(kept.end) {
                kept.end = next.end;
            }
            true
        });
        self.spans = spans;
        self.merged = self.spans.len();
        self.note_taken();
    }

    /// Drops the bytes that no range needs any more.
    fn compact(&mut self) {
        let old = std::mem::take(self);
        self.bytes.reserve(
            old.spans
                .iter()
                .map(|span| span.begin.1 - span.begin.0 + span.end.1 - span.end.0)
                .sum(),
        );
        for span in &old.spans {
            let at = self.bytes.len();
            self.bytes.extend_from_slice(old.slice(span.begin));
            let middle = self.bytes.len();
            self.bytes.extend_from_slice(old.slice(span.end));
            self.spans.push(Span {
                begin: (at, middle),
                end: (middle, self.bytes.len()),
                read: false,
            });
        }
        self.merged = self.spans.len();
        self.note_taken();
    }

    fn slice(&self, (from, to): (usize, usize)) -> &[u8] {
        self.bytes.get(from..to).unwrap_or_default()
    }
}

/// Whether two sets of ranges, both in order and merged, have a key in common.
pub(crate) fn intersect(a: &[KeyRange], b: &[KeyRange]) -> bool {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        if x.end <= y.begin {
            a.next();
        } else if y.end <= x.begin {
            b.next();
        } else {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(begin: &'static str, end: &'static str) -> KeyRange {
        KeyRange::new(begin.as_bytes(), end.as_bytes())
    }

    #[test]
    fn ranges_that_touch_become_one() {
        let mut set = RangeSet::default();
        for (begin, end) in [("c", "d"), ("a", "b"), ("x", "z"), ("b", "c"), ("y", "y"), ("y", "yy")] {
            set.push(begin.as_bytes(), end.as_bytes());
        }
        set.push_key(b"d");
        assert_eq!(set.merged(), [range("a", "d\0"), range("x", "z")]);
    }

    #[test]
    fn a_key_read_many_times_takes_the_room_of_one() {
        let mut set = RangeSet::default();
        for _ in 0..100_000 {
            set.push_key(b"the same key");
        }
        assert!(set.bytes.len() < 2 * MERGE_FROM * 13, "{}", set.bytes.len());
        assert_eq!(set.merged(), [range("the same key", "the same key\0")]);
    }

    #[test]
    fn reads_in_order_overlap_as_reads_that_are_looked_through_one_by_one() {
        use crate::cluster::testing::SplitMix;
        for seed in 0..300 {
            let rng = SplitMix::new(seed);
            let key = || format!("{:02}", rng.below(60)).into_bytes();
            let mut set = RangeSet::default();
            for _ in 0..40 {
                let (a, b) = (key(), key());
                match rng.below(8) {
                    0 => set.push_key(&a),
                    1 => set.take_read(|_, _, _| {}),
                    2 => set.push_read(&a, &b),
                    _ => set.push_read_key(&a),
                }
                let (begin, end) = (key(), key());
                let expected = set
                    .untaken()
                    .any(|span| set.slice(span.begin) < &end[..] && &begin[..] < set.slice(span.end));
                let found = if begin < end {
                    set.read_overlaps(&begin, &end)
                } else {
                    None
                };
                assert!(
                    found.is_none_or(|found| found == expected),
                    "seed {seed}: {begin:?} to {end:?}"
                );
            }
        }
    }

    #[test]
    fn ranges_intersect_when_they_share_a_key() {
        let a = [range("a", "c"), range("m", "n")];
        assert!(!intersect(&a, &[range("c", "m"), range("n", "z")]));
        assert!(intersect(&a, &[range("c", "m\0")]));
        assert!(!intersect(&a, &[]));
    }
}
