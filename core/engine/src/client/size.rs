//! How FoundationDB counts the size of a transaction while it grows (`get_approximate_size`) and when it commits.

use crate::mutation::KeyRange;

/// What a mutation counts beside its bytes (`sizeof(MutationRef)`).
pub(crate) const MUTATION_BYTES: i64 = 44;
/// What a conflict range counts beside its bytes (`sizeof(KeyRangeRef)`).
const RANGE_BYTES: i64 = 24;

/// A set or an atomic operation.
pub(crate) fn of_write(key: &[u8], value: &[u8], conflict: bool) -> i64 {
    length(key) + length(value) + MUTATION_BYTES + if conflict { of_key(key) } else { 0 }
}

/// A cleared range.
pub(crate) fn of_clear_range(begin: &[u8], end: &[u8], conflict: bool) -> i64 {
    length(begin) + length(end) + MUTATION_BYTES + if conflict { of_range(begin, end) } else { 0 }
}

/// A cleared key.
pub(crate) fn of_clear(key: &[u8], conflict: bool) -> i64 {
    of_key(key) + if conflict { of_key(key) } else { 0 }
}

/// The conflict range of one key.
pub(crate) fn of_key(key: &[u8]) -> i64 {
    RANGE_BYTES + 2 * length(key) + 1
}

/// A conflict range.
pub(crate) fn of_range(begin: &[u8], end: &[u8]) -> i64 {
    RANGE_BYTES + length(begin) + length(end)
}

/// Conflict ranges at the commit.
pub(crate) fn of_ranges(ranges: &[KeyRange]) -> i64 {
    ranges.iter().map(|range| of_range(&range.begin, &range.end)).sum()
}

fn length(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}
