//! The operations that a transaction holds for one key, folded as FoundationDB's client folds them: what a read of the
//! own key shows and which operands reach the commit both depend on it.

use bytes::Bytes;
use smallvec::{SmallVec, smallvec};

use crate::atomic::{self, AtomicOp};

/// One operation on one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// Sets the value.
    Set(Bytes),
    /// Leaves the key without a value: what a compare-and-clear of an own value comes to.
    Clear,
    /// Applies an atomic operation, versionstamped ones included.
    Atomic(AtomicOp, Bytes),
}

impl Op {
    /// Whether the result hangs on the value before it.
    pub(crate) fn is_dependent(&self) -> bool {
        matches!(self, Op::Atomic(..)) && !self.is_stamped()
    }

    /// Whether the result is known only after the commit.
    pub(crate) fn is_stamped(&self) -> bool {
        matches!(
            self,
            Op::Atomic(AtomicOp::SetVersionstampedKey | AtomicOp::SetVersionstampedValue, _)
        )
    }

    /// The value after this operation on `existing`; a pending versionstamp shows its operand.
    fn apply(&self, existing: Option<Bytes>) -> Option<Bytes> {
        match self {
            Op::Set(value) => Some(value.clone()),
            Op::Clear => None,
            Op::Atomic(_, operand) if self.is_stamped() => Some(operand.clone()),
            Op::Atomic(op, operand) => atomic::apply(*op, existing.as_deref(), operand),
        }
    }
}

/// The operations on one key, oldest first; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpStack(SmallVec<[Op; 1]>);

impl OpStack {
    /// A stack of one operation.
    pub(crate) fn new(op: Op) -> Self {
        OpStack(smallvec![op])
    }

    /// The operations, oldest first.
    pub(crate) fn ops(&self) -> &[Op] {
        &self.0
    }

    /// Whether the key's value hangs on what the database holds.
    pub(crate) fn is_dependent(&self) -> bool {
        self.0.first().is_some_and(Op::is_dependent)
    }

    /// Adds an operation without folding.
    pub(crate) fn push(&mut self, op: Op) {
        self.0.push(op);
    }

    /// Adds an operation, merged with the one before it where FoundationDB merges them.
    pub(crate) fn fold(&mut self, op: Op) {
        let Some(top) = self.0.last_mut() else {
            self.0.push(op);
            return;
        };
        match (&*top, &op) {
            (Op::Atomic(below, existing), Op::Atomic(above, operand)) => {
                if below == above && merges(*above, existing, operand) {
                    if let Some(merged) = atomic::apply(*above, Some(existing), operand) {
                        *top = Op::Atomic(*above, merged);
                    }
                } else {
                    self.0.push(op);
                }
            }
            (Op::Set(_) | Op::Clear, Op::Atomic(..)) => {
                let existing = top.apply(None);
                *top = op.apply(existing).map_or(Op::Clear, Op::Set);
            }
            (_, Op::Set(_) | Op::Clear) => *top = op,
        }
    }

    /// The key's value over what the database holds.
    pub(crate) fn value(&self, existing: Option<Bytes>) -> Option<Bytes> {
        self.0.iter().fold(existing, |value, op| op.apply(value))
    }
}

/// Whether two operations of one kind come to the same as one with the operands combined.
fn merges(op: AtomicOp, existing: &[u8], operand: &[u8]) -> bool {
    match op {
        AtomicOp::BitAnd | AtomicOp::ByteMin | AtomicOp::ByteMax | AtomicOp::AppendIfFits => true,
        AtomicOp::Add | AtomicOp::BitOr | AtomicOp::BitXor | AtomicOp::Max | AtomicOp::Min => {
            existing.len() == operand.len()
        }
        AtomicOp::CompareAndClear | AtomicOp::SetVersionstampedKey | AtomicOp::SetVersionstampedValue => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atomic(op: AtomicOp, operand: &'static [u8]) -> Op {
        Op::Atomic(op, Bytes::from_static(operand))
    }

    fn folded(ops: &[Op]) -> Vec<Op> {
        let mut stack = OpStack::new(ops[0].clone());
        for op in &ops[1..] {
            stack.fold(op.clone());
        }
        stack.ops().to_vec()
    }

    #[test]
    fn atomic_operations_merge_as_foundationdb_merges_them() {
        use AtomicOp::*;
        let set = |value: &'static [u8]| Op::Set(Bytes::from_static(value));
        let cases: &[(&[Op], &[Op])] = &[
            (&[atomic(Add, b"\x01"), atomic(Add, b"\x02")], &[atomic(Add, b"\x03")]),
            (
                &[atomic(Add, b"\x01"), atomic(Add, b"\x02\0")],
                &[atomic(Add, b"\x01"), atomic(Add, b"\x02\0")],
            ),
            (
                &[atomic(BitAnd, b"\xff\x0f"), atomic(BitAnd, b"\x3c")],
                &[atomic(BitAnd, b"\x3c")],
            ),
            (
                &[atomic(AppendIfFits, b"a"), atomic(AppendIfFits, b"b")],
                &[atomic(AppendIfFits, b"ab")],
            ),
            (
                &[atomic(CompareAndClear, b"a"), atomic(CompareAndClear, b"a")],
                &[atomic(CompareAndClear, b"a"), atomic(CompareAndClear, b"a")],
            ),
            (&[set(b"\x01"), atomic(Add, b"\x01")], &[set(b"\x02")]),
            (&[set(b"a"), atomic(CompareAndClear, b"a")], &[Op::Clear]),
            (&[Op::Clear, atomic(Min, b"\x05")], &[set(b"\x05")]),
            (
                &[atomic(Add, b"\x01"), atomic(BitOr, b"\x02")],
                &[atomic(Add, b"\x01"), atomic(BitOr, b"\x02")],
            ),
        ];
        for (ops, expected) in cases {
            assert_eq!(&folded(ops), expected, "{ops:?}");
        }
    }

    #[test]
    fn a_value_is_computed_over_what_the_database_holds() {
        let mut stack = OpStack::new(atomic(AtomicOp::AppendIfFits, b"b"));
        assert!(stack.is_dependent());
        assert_eq!(
            stack.value(Some(Bytes::from_static(b"a"))),
            Some(Bytes::from_static(b"ab"))
        );
        stack.push(atomic(AtomicOp::CompareAndClear, b"ab"));
        assert_eq!(stack.value(Some(Bytes::from_static(b"a"))), None);
        assert_eq!(stack.value(None), Some(Bytes::from_static(b"b")));
    }
}
