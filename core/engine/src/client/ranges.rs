//! [`RangeSet`]: the conflict ranges of a transaction, packed into one buffer so that a read allocates nothing for them.

use crate::mutation::KeyRange;

/// Ranges of keys, in any order until they are merged.
#[derive(Clone, Debug, Default)]
pub(crate) struct RangeSet {
    bytes: Vec<u8>,
    spans: Vec<Span>,
    /// How many spans the last merge left; the next one comes when they have doubled.
    merged: usize,
}

/// Where the two ends of a range lie in the buffer. For a single key they share their bytes.
#[derive(Clone, Copy, Debug)]
struct Span {
    begin: (usize, usize),
    end: (usize, usize),
}

/// How many ranges may gather before they are merged for the first time.
const MERGE_FROM: usize = 1024;

impl RangeSet {
    /// Adds the range of one key.
    pub(crate) fn push_key(&mut self, key: &[u8]) {
        let at = self.bytes.len();
        self.bytes.reserve(key.len() + 1);
        self.bytes.extend_from_slice(key);
        self.bytes.push(0);
        let until = self.bytes.len();
        self.add(Span {
            begin: (at, until - 1),
            end: (at, until),
        });
    }

    /// Adds `[begin, end)`; an empty range is left out.
    pub(crate) fn push(&mut self, begin: &[u8], end: &[u8]) {
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
        self.spans.push(span);
        // A program that reads the same keys over and over must not grow without bound.
        if self.spans.len() >= MERGE_FROM.max(self.merged.saturating_mul(2)) {
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
            });
        }
        self.merged = self.spans.len();
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
    fn ranges_intersect_when_they_share_a_key() {
        let a = [range("a", "c"), range("m", "n")];
        assert!(!intersect(&a, &[range("c", "m"), range("n", "z")]));
        assert!(intersect(&a, &[range("c", "m\0")]));
        assert!(!intersect(&a, &[]));
    }
}
