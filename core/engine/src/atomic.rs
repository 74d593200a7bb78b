//! Atomic operations as pure functions, the same for the client's own view of its writes and for the commit.
//!
//! The semantics are those of API version 510 and later (`fdbclient/Atomic.h` of FoundationDB 7.3, where the newer
//! forms are called `doAndV2` and `doMinV2`). A missing value is not the same as an empty one.

use bytes::Bytes;
pub(crate) use record_store_kv::MutationType as AtomicOp;
use record_store_kv::TransactionVersion;

use crate::limits::VALUE_SIZE_MAX;

/// The value of a key after `op` with `operand` on `existing`; `None` if the key has no value then.
///
/// Versionstamped operations are resolved before they get here ([`stamp`]): a stamped value counts as a plain set, a
/// stamped key leaves the key that carries the placeholder alone.
pub(crate) fn apply(op: AtomicOp, existing: Option<&[u8]>, operand: &[u8]) -> Option<Bytes> {
    match op {
        AtomicOp::Add => Some(add(existing.unwrap_or_default(), operand)),
        AtomicOp::BitAnd => Some(match existing {
            Some(existing) => zip(existing, operand, |a, b| a & b),
            None => Bytes::copy_from_slice(operand),
        }),
        AtomicOp::BitOr => Some(zip(existing.unwrap_or_default(), operand, |a, b| a | b)),
        AtomicOp::BitXor => Some(zip(existing.unwrap_or_default(), operand, |a, b| a ^ b)),
        AtomicOp::AppendIfFits => Some(append_if_fits(existing.unwrap_or_default(), operand)),
        AtomicOp::Max => Some(match existing {
            Some(existing) if is_greater(existing, operand) => fit(existing, operand.len()),
            _ => Bytes::copy_from_slice(operand),
        }),
        AtomicOp::Min => Some(match existing {
            Some(existing) if !is_greater(existing, operand) => fit(existing, operand.len()),
            _ => Bytes::copy_from_slice(operand),
        }),
        AtomicOp::ByteMin => Some(Bytes::copy_from_slice(
            existing.map_or(operand, |existing| existing.min(operand)),
        )),
        AtomicOp::ByteMax => Some(Bytes::copy_from_slice(
            existing.map_or(operand, |existing| existing.max(operand)),
        )),
        AtomicOp::CompareAndClear => existing
            .filter(|existing| *existing != operand)
            .map(Bytes::copy_from_slice),
        AtomicOp::SetVersionstampedValue => Some(Bytes::copy_from_slice(operand)),
        AtomicOp::SetVersionstampedKey => existing.map(Bytes::copy_from_slice),
    }
}

/// The 10 bytes of a versionstamp: the commit version and the place in the group, both big-endian.
pub(crate) fn transaction_version(version: i64, batch_index: u16) -> TransactionVersion {
    let mut stamp = TransactionVersion::default();
    let (high, low) = stamp.split_at_mut(8);
    high.copy_from_slice(&version.to_be_bytes());
    low.copy_from_slice(&batch_index.to_be_bytes());
    stamp
}

/// Where the stamp goes: the last 4 bytes of a versionstamped key or operand, little-endian. `None` if it does not fit.
pub(crate) fn stamp_position(template: &[u8]) -> Option<usize> {
    let (body, suffix) = template.split_last_chunk::<4>()?;
    let position = usize::try_from(i32::from_le_bytes(*suffix)).ok()?;
    (position.checked_add(10)? <= body.len()).then_some(position)
}

/// A versionstamped key or operand with the stamp written in and the position removed. `None` if it does not fit.
pub(crate) fn stamp(template: &[u8], stamp: &TransactionVersion) -> Option<Bytes> {
    let position = stamp_position(template)?;
    let (body, _) = template.split_last_chunk::<4>()?;
    let mut stamped = body.to_vec();
    stamped.get_mut(position..position + 10)?.copy_from_slice(stamp);
    Some(stamped.into())
}

/// `value` cut, or extended with zeros, to `length` bytes: the same little-endian number, modulo 256^length.
fn fit(value: &[u8], length: usize) -> Bytes {
    let mut fitted = value.to_vec();
    fitted.resize(length, 0);
    fitted.into()
}

fn zip(existing: &[u8], operand: &[u8], combine: impl Fn(u8, u8) -> u8) -> Bytes {
    let padded = existing.iter().copied().chain(std::iter::repeat(0));
    operand.iter().zip(padded).map(|(b, a)| combine(a, *b)).collect()
}

fn add(existing: &[u8], operand: &[u8]) -> Bytes {
    let mut carry = false;
    let padded = existing.iter().copied().chain(std::iter::repeat(0));
    operand
        .iter()
        .zip(padded)
        .map(|(b, a)| {
            let (sum, overflow) = a.overflowing_add(*b);
            let (sum, overflow_of_carry) = sum.overflowing_add(u8::from(carry));
            carry = overflow || overflow_of_carry;
            sum
        })
        .collect()
}

fn append_if_fits(existing: &[u8], operand: &[u8]) -> Bytes {
    if existing.len() + operand.len() > VALUE_SIZE_MAX {
        Bytes::copy_from_slice(existing)
    } else {
        [existing, operand].concat().into()
    }
}

/// Whether `existing`, fitted to the operand's length, is the greater little-endian number.
fn is_greater(existing: &[u8], operand: &[u8]) -> bool {
    let byte = |at: usize| existing.get(at).copied().unwrap_or(0);
    operand
        .iter()
        .enumerate()
        .rev()
        .map(|(at, b)| byte(at).cmp(b))
        .find(|order| order.is_ne())
        .is_some_and(|order| order.is_gt())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = (AtomicOp, Option<&'static [u8]>, &'static [u8], Option<&'static [u8]>);

    #[test]
    fn each_operation_on_missing_empty_shorter_and_longer_values() {
        use AtomicOp::*;
        let table: &[Row] = &[
            (Add, None, &[1, 2], Some(&[1, 2])),
            (Add, Some(&[]), &[1, 2], Some(&[1, 2])),
            (Add, Some(&[255]), &[1, 0], Some(&[0, 1])),
            (Add, Some(&[255, 255, 9]), &[1, 0], Some(&[0, 0])),
            (Add, Some(&[7]), &[], Some(&[])),
            (Add, None, &[], Some(&[])),
            (BitAnd, None, &[6], Some(&[6])),
            (BitAnd, Some(&[]), &[6, 6], Some(&[0, 0])),
            (BitAnd, Some(&[3]), &[6, 6], Some(&[2, 0])),
            (BitAnd, Some(&[3, 3, 3]), &[6], Some(&[2])),
            (BitOr, None, &[6], Some(&[6])),
            (BitOr, Some(&[1]), &[6, 6], Some(&[7, 6])),
            (BitOr, Some(&[1, 1]), &[6], Some(&[7])),
            (BitXor, None, &[6], Some(&[6])),
            (BitXor, Some(&[3]), &[6, 6], Some(&[5, 6])),
            (BitXor, Some(&[3, 3]), &[], Some(&[])),
            (AppendIfFits, None, b"b", Some(b"b")),
            (AppendIfFits, Some(b"a"), b"b", Some(b"ab")),
            (AppendIfFits, Some(b"a"), b"", Some(b"a")),
            (Max, None, &[5], Some(&[5])),
            (Max, Some(&[]), &[5], Some(&[5])),
            (Max, Some(&[9]), &[0, 1], Some(&[0, 1])),
            (Max, Some(&[0, 1]), &[9], Some(&[9])),
            (Max, Some(&[3, 2]), &[9, 1], Some(&[3, 2])),
            (Max, Some(&[9]), &[], Some(&[])),
            (Min, None, &[5], Some(&[5])),
            (Min, Some(&[]), &[5], Some(&[0])),
            (Min, Some(&[9]), &[0, 1], Some(&[9, 0])),
            (Min, Some(&[0, 1]), &[9], Some(&[0])),
            (Min, Some(&[3, 2]), &[9, 1], Some(&[9, 1])),
            (ByteMin, None, b"b", Some(b"b")),
            (ByteMin, Some(b""), b"b", Some(b"")),
            (ByteMin, Some(b"ab"), b"b", Some(b"ab")),
            (ByteMax, None, b"b", Some(b"b")),
            (ByteMax, Some(b"ba"), b"b", Some(b"ba")),
            (ByteMax, Some(b"a"), b"", Some(b"a")),
            (CompareAndClear, None, b"a", None),
            (CompareAndClear, Some(b"a"), b"a", None),
            (CompareAndClear, Some(b""), b"", None),
            (CompareAndClear, Some(b"a"), b"b", Some(b"a")),
        ];
        for (op, existing, operand, expected) in table {
            assert_eq!(
                apply(*op, *existing, operand).as_deref(),
                *expected,
                "{op:?} {existing:?} {operand:?}"
            );
        }
    }

    #[test]
    fn an_append_stops_at_the_longest_value() {
        let existing = vec![1; VALUE_SIZE_MAX - 1];
        assert_eq!(
            apply(AtomicOp::AppendIfFits, Some(&existing), &[2]).map(|v| v.len()),
            Some(VALUE_SIZE_MAX)
        );
        assert_eq!(
            apply(AtomicOp::AppendIfFits, Some(&existing), &[2, 2]).map(|v| v.len()),
            Some(VALUE_SIZE_MAX - 1)
        );
    }

    #[test]
    fn a_stamp_replaces_ten_bytes_and_takes_its_position_away() {
        let version = transaction_version(0x0102_0304_0506_0708, 0x090A);
        let mut template = b"ab0123456789c".to_vec();
        template.extend_from_slice(&2_i32.to_le_bytes());
        assert_eq!(
            stamp(&template, &version).as_deref(),
            Some(&b"ab\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0Ac"[..])
        );
    }

    #[test]
    fn a_stamp_that_does_not_fit_is_refused() {
        for (body, position) in [(&b"0123456789"[..], 1), (b"0123456789", -1), (b"", 0)] {
            let template = [body, &i32::to_le_bytes(position)].concat();
            assert_eq!(stamp_position(&template), None, "{position} in {} bytes", body.len());
        }
        assert_eq!(stamp_position(&[0, 0, 0]), None);
    }
}
