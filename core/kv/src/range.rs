//! Ranges of keys: what is asked ([`RangeRequest`]) and what comes back ([`RangeBatch`]).

use bytes::Bytes;

use crate::{KeySelector, MappedRangeBatch};

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyValue {
    /// The key.
    pub key: Bytes,
    /// The value.
    pub value: Bytes,
}

/// How many bytes one batch of a range read may carry; FoundationDB's streaming modes with their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[repr(i32)]
pub enum StreamingMode {
    /// The caller wants the whole range: large batches (80,000 bytes).
    #[default]
    WantAll = -2,
    /// Batches that grow with each [iteration](RangeRequest::iteration).
    Iterator = -1,
    /// Exactly the rows asked for in one batch; needs a limit.
    Exact = 0,
    /// About 256 bytes a batch.
    Small = 1,
    /// About 1,000 bytes a batch.
    Medium = 2,
    /// About 4,096 bytes a batch.
    Large = 3,
    /// About 80,000 bytes a batch.
    Serial = 4,
}

/// One call of a range read. It is answered by one [`RangeBatch`]; [`RangeRequest::after`] makes the next call.
///
/// ```
/// use record_store_kv::{KeySelector, RangeRequest};
/// let request = RangeRequest::keys("a", "c").limit(10).reverse(true);
/// assert_eq!(request.begin, KeySelector::first_greater_or_equal("a"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeRequest {
    /// The first key of the range.
    pub begin: KeySelector,
    /// The key after the range.
    pub end: KeySelector,
    /// The most rows to return; 0 means no limit.
    pub limit: i32,
    /// The most bytes to return; 0 means no limit.
    pub target_bytes: i32,
    /// How large a batch may be.
    pub mode: StreamingMode,
    /// The number of this call, from 1; only [`StreamingMode::Iterator`] looks at it.
    pub iteration: i32,
    /// From the end of the range downwards.
    pub reverse: bool,
}

impl RangeRequest {
    /// The range between two selectors, forwards, without limit.
    pub fn new(begin: KeySelector, end: KeySelector) -> Self {
        RangeRequest {
            begin,
            end,
            limit: 0,
            target_bytes: 0,
            mode: StreamingMode::default(),
            iteration: 1,
            reverse: false,
        }
    }

    /// The keys from `begin` (inclusive) to `end` (exclusive).
    pub fn keys(begin: impl Into<Bytes>, end: impl Into<Bytes>) -> Self {
        RangeRequest::new(
            KeySelector::first_greater_or_equal(begin),
            KeySelector::first_greater_or_equal(end),
        )
    }

    /// As [`RangeRequest::keys`], for keys that must be copied.
    pub fn copy_keys(begin: &[u8], end: &[u8]) -> Self {
        RangeRequest::keys(Bytes::copy_from_slice(begin), Bytes::copy_from_slice(end))
    }

    /// At most `limit` rows; 0 means no limit.
    #[must_use]
    pub fn limit(mut self, limit: i32) -> Self {
        self.limit = limit;
        self
    }

    /// At most about `target_bytes` bytes; 0 means no limit.
    #[must_use]
    pub fn target_bytes(mut self, target_bytes: i32) -> Self {
        self.target_bytes = target_bytes;
        self
    }

    /// How large a batch may be.
    #[must_use]
    pub fn mode(mut self, mode: StreamingMode) -> Self {
        self.mode = mode;
        self
    }

    /// From the end of the range downwards.
    #[must_use]
    pub fn reverse(mut self, reverse: bool) -> Self {
        self.reverse = reverse;
        self
    }

    /// The call that goes on after `batch`, or `None` when there is nothing more to ask for.
    pub fn after(&self, batch: &RangeBatch) -> Option<Self> {
        let last = &batch.rows.last().filter(|_| batch.more)?.key;
        self.after_rows(batch.rows.len(), last)
    }

    /// As [`RangeRequest::after`], for a mapped range.
    pub fn after_mapped(&self, batch: &MappedRangeBatch) -> Option<Self> {
        let last = &batch.rows.last().filter(|_| batch.more)?.key;
        self.after_rows(batch.rows.len(), last)
    }

    /// The call that goes on after so many rows, of which `last` was the last.
    fn after_rows(&self, rows: usize, last: &Bytes) -> Option<Self> {
        let mut next = self.clone();
        if next.limit > 0 {
            next.limit -= i32::try_from(rows).unwrap_or(i32::MAX);
            if next.limit <= 0 {
                return None;
            }
        }
        next.iteration = next.iteration.saturating_add(1);
        if next.reverse {
            next.end = KeySelector::first_greater_or_equal(last.clone());
        } else {
            next.begin = KeySelector::first_greater_than(last.clone());
        }
        Some(next)
    }
}

/// One batch of rows, in the direction asked for.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RangeBatch {
    /// The rows.
    pub rows: Vec<KeyValue>,
    /// Whether rows may follow. It is true when a limit stopped the batch, even if nothing follows, as in FoundationDB.
    pub more: bool,
}
