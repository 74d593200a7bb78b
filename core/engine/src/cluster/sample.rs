//! The byte sample: the rows by which sizes of ranges are estimated, chosen as FoundationDB's storage servers choose theirs
//! (`isKeyValueInSample`).
//!
//! Whether a row is in the sample depends on its key and its size alone, so whoever changes a row knows what becomes of its entry. The
//! base keeps the entries beside the rows; the window keeps none, since all its rows can be looked at.

use bytes::Bytes;
use record_store_kv::Result;

use super::base::{Row, Snapshot, Value, Visit, VisitSample};
use crate::limits::VALUE_SIZE_MAX;

/// The bytes for which a row stands; none if it is not in the sample.
///
/// A row of `n` bytes is in it with the probability `n / unit` and then stands for a unit, which is longer for longer keys; larger
/// rows always are and stand for themselves.
pub(crate) fn sampled_size(key: &[u8], value_length: usize) -> Option<i64> {
    let size = u64::try_from(key.len() + value_length).unwrap_or(u64::MAX);
    let unit = (u64::try_from(key.len()).unwrap_or(u64::MAX) + OVERHEAD) * FACTOR;
    let chosen = u128::from(hash(key)) * u128::from(unit) < u128::from(size) << 32;
    chosen.then(|| i64::try_from(size.max(unit)).unwrap_or(i64::MAX))
}

/// What the base has in its sample, as rows whose values are as long as the true ones.
pub(crate) struct Sample<'a>(pub(crate) &'a dyn Snapshot);

impl Snapshot for Sample<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        self.0.get(key)
    }

    fn scan(&self, begin: &[u8], end: &[u8], reverse: bool, visit: &mut Visit<'_>) -> Result<()> {
        self.0.scan_sample(begin, end, reverse, &mut |key, length| {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let value = Bytes::from_static(BLANK.get(..length).unwrap_or(&BLANK));
            visit(Row {
                key,
                value: Value::Shared(&value),
            })
        })
    }

    fn scan_sample(&self, begin: &[u8], end: &[u8], reverse: bool, visit: &mut VisitSample<'_>) -> Result<()> {
        self.0.scan_sample(begin, end, reverse, visit)
    }
}

/// Bob Jenkins' `hashlittle` (lookup3, 2006) with the initial value 0.
fn hash(key: &[u8]) -> u32 {
    let seed = u32::try_from(key.len()).unwrap_or(u32::MAX).wrapping_add(0xdead_beef);
    let [mut a, mut b, mut c] = [seed; 3];
    let mut rest = key;
    while let Some((block, after)) = rest.split_first_chunk::<12>().filter(|(_, after)| !after.is_empty()) {
        add(block, [&mut a, &mut b, &mut c]);
        mix(&mut a, &mut b, &mut c);
        rest = after;
    }
    if rest.is_empty() {
        return c;
    }
    let mut last = [0; 12];
    if let Some(room) = last.get_mut(..rest.len()) {
        room.copy_from_slice(rest);
    }
    add(&last, [&mut a, &mut b, &mut c]);
    finish(a, b, c)
}

/// Adds twelve bytes to three words.
fn add(block: &[u8; 12], words: [&mut u32; 3]) {
    for (word, bytes) in words.into_iter().zip(block.as_chunks::<4>().0) {
        *word = word.wrapping_add(u32::from_le_bytes(*bytes));
    }
}

fn mix(a: &mut u32, b: &mut u32, c: &mut u32) {
    for (first, second, third) in [(4, 6, 8), (16, 19, 4)] {
        *a = a.wrapping_sub(*c) ^ c.rotate_left(first);
        *c = c.wrapping_add(*b);
        *b = b.wrapping_sub(*a) ^ a.rotate_left(second);
        *a = a.wrapping_add(*c);
        *c = c.wrapping_sub(*b) ^ b.rotate_left(third);
        *b = b.wrapping_add(*a);
    }
}

fn finish(mut a: u32, mut b: u32, mut c: u32) -> u32 {
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    (c ^ b).wrapping_sub(b.rotate_left(24))
}

/// `BYTE_SAMPLING_FACTOR` and `BYTE_SAMPLING_OVERHEAD` of FoundationDB's servers.
const FACTOR: u64 = 250;
const OVERHEAD: u64 = 100;
/// Stands for values, of which only the length matters.
static BLANK: [u8; VALUE_SIZE_MAX] = [0; VALUE_SIZE_MAX];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_lookup3() {
        let cases: [(&[u8], u32); 2] = [(b"", 0xdead_beef), (b"Four score and seven years ago", 0x1777_0551)];
        for (key, expected) in cases {
            assert_eq!(hash(key), expected, "{key:?}");
        }
    }

    #[test]
    fn rows_stand_for_as_many_bytes_as_there_are() {
        for (keys, value_length) in [(400_000_u32, 10), (40_000, 1_000), (4_000, 30_000)] {
            let rows = (0..keys).map(|number| number.to_be_bytes());
            let (mut sum, mut estimate) = (0, 0);
            for key in rows {
                sum += key.len() + value_length;
                estimate += sampled_size(&key, value_length).unwrap_or(0);
            }
            let sum = i64::try_from(sum).unwrap();
            let error = (estimate - sum).abs();
            assert!(
                error * 5 < sum,
                "{keys} rows of {sum} bytes are estimated as {estimate}"
            );
        }
    }

    #[test]
    fn a_large_row_stands_for_itself() {
        assert_eq!(sampled_size(b"k", 30_000), Some(30_001));
        assert_eq!(sampled_size(b"", 0), None);
    }
}
