//! What the write map hands to the commit, in FoundationDB's order: the cleared ranges first, then the operations of each
//! key in the order of the keys.

use super::fold::Op;
use super::ranges::RangeSet;
use super::size::MUTATION_BYTES;
use super::write_map::{Segment, SegmentKind, WriteMap};
use crate::key::Key;
use crate::mutation::{KeyRange, Mutation};

/// The mutations and write conflicts on their way to the commit, with their size as FoundationDB counts it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outgoing {
    /// The changes, in order.
    pub(crate) mutations: Vec<Mutation>,
    /// The write conflicts.
    pub(crate) conflicts: RangeSet,
    /// The bytes of the mutations.
    pub(crate) bytes: i64,
}

impl Outgoing {
    /// Adds what `writes` holds between `begin` and `end`.
    pub(crate) fn add(&mut self, writes: &WriteMap, begin: &[u8], end: &[u8]) {
        let within = || writes.segments(begin).take_while(|segment| segment.begins_before(end));
        // Clears come first because a key may be both cleared and set to a new value.
        if writes.may_have_cleared() {
            self.clears(within(), begin, end);
        }
        for segment in within() {
            if let SegmentKind::Written(key, ops) = segment.kind {
                if segment.conflict {
                    self.conflicts.push_key(key);
                }
                for op in ops.ops() {
                    self.op(key, op);
                }
            } else if segment.conflict {
                let to = segment.end.map_or(end, |to| to.min(end));
                self.conflicts.push(segment.begin.max(begin), to);
            }
        }
    }

    /// Adds the cleared ranges among `segments`, those that touch as one.
    fn clears<'a>(&mut self, segments: impl Iterator<Item = Segment<'a>>, begin: &'a [u8], end: &'a [u8]) {
        let mut clear: Option<(&[u8], &[u8])> = None;
        for segment in segments {
            let from = segment.begin.max(begin);
            let to = segment.end.map_or(end, |to| to.min(end));
            match (segment.kind, clear) {
                (SegmentKind::Cleared, Some((first, last))) if last == from => clear = Some((first, to)),
                (SegmentKind::Cleared, _) => {
                    self.clear(clear.replace((from, to)));
                }
                _ => {}
            }
        }
        self.clear(clear);
    }

    /// Adds one operation on `key`.
    pub(crate) fn op(&mut self, key: &Key, op: &Op) {
        let length = key.as_slice().len();
        let (mutation, bytes) = match op {
            Op::Set(value) => {
                let bytes = length + value.len();
                (
                    Mutation::Set {
                        key: key.clone(),
                        value: value.clone(),
                    },
                    bytes,
                )
            }
            Op::Atomic(op, operand) => {
                let bytes = length + operand.len();
                (
                    Mutation::Atomic {
                        op: *op,
                        key: key.clone(),
                        operand: operand.clone(),
                    },
                    bytes,
                )
            }
            Op::Clear => (Mutation::ClearRange(KeyRange::single(key)), 2 * length + 1),
        };
        self.push(mutation, bytes);
    }

    /// Adds a cleared range.
    pub(crate) fn clear_range(&mut self, range: KeyRange) {
        let bytes = range.begin.len() + range.end.len();
        self.push(Mutation::ClearRange(range), bytes);
    }

    /// Forgets everything.
    pub(crate) fn reset(&mut self) {
        self.mutations.clear();
        self.conflicts.clear();
        self.bytes = 0;
    }

    fn clear(&mut self, range: Option<(&[u8], &[u8])>) {
        if let Some((begin, end)) = range {
            self.clear_range(KeyRange::new(begin, end));
        }
    }

    fn push(&mut self, mutation: Mutation, bytes: usize) {
        self.mutations.push(mutation);
        self.bytes += MUTATION_BYTES + i64::try_from(bytes).unwrap_or(i64::MAX);
    }
}
