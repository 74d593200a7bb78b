//! The rows that a range read gathers, and when it has enough of them.

use bytes::Bytes;
use record_store_kv::KeyValue;

use super::base::{Row, Value};

/// Where a range read stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScanLimits {
    /// After so many rows.
    pub(crate) rows: usize,
    /// After the row that brings the sum to so many bytes; a row counts 24 and its key and value.
    pub(crate) bytes: usize,
}

impl ScanLimits {
    /// No limit.
    #[cfg(test)]
    pub(crate) const NONE: ScanLimits = ScanLimits {
        rows: usize::MAX,
        bytes: usize::MAX,
    };

    /// Counts a row of so many bytes.
    pub(crate) fn take(&mut self, bytes: usize) {
        self.rows = self.rows.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(ROW_OVERHEAD + bytes);
    }
}

/// The rows found so far, and what is left of the limits.
///
/// What is copied gathers in one buffer, and the rows get their pieces of it when the read is at its end: an allocation for
/// the whole batch instead of one or two for each row.
pub(crate) struct Rows<'a> {
    out: &'a mut Vec<KeyValue>,
    left: ScanLimits,
    buffer: Vec<u8>,
    copied: Vec<Copied>,
}

/// A row that waits for its key, and perhaps its value, out of the buffer.
struct Copied {
    row: usize,
    key: usize,
    value: usize,
}

/// A place among [`Rows`] to come back to.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    rows: usize,
    left: ScanLimits,
}

impl<'a> Rows<'a> {
    /// Rows go to the end of `out`.
    pub(crate) fn new(out: &'a mut Vec<KeyValue>, limits: ScanLimits) -> Self {
        Rows {
            out,
            left: limits,
            buffer: Vec::new(),
            copied: Vec::new(),
        }
    }

    /// Makes room for `rows` more rows, if the limit allows for so many.
    pub(crate) fn expect(&mut self, rows: usize) {
        let rows = rows.min(self.left.rows);
        if rows == 0 {
            return;
        }
        self.out.reserve(rows);
        self.copied.reserve(rows);
        self.buffer.reserve(rows * USUAL_KEY);
    }

    /// Whether a limit is reached.
    pub(crate) fn is_full(&self) -> bool {
        self.left.rows == 0 || self.left.bytes == 0
    }

    /// Adds a row. Its key is copied, and its value unless it can be shared.
    pub(crate) fn push(&mut self, row: Row<'_>) {
        let (value, bytes, shared) = match row.value {
            Value::Shared(value) => (&[][..], value.len(), value.clone()),
            Value::Page(value) => (value, value.len(), Bytes::new()),
        };
        self.left.take(row.key.len() + bytes);
        self.buffer.extend_from_slice(row.key);
        self.buffer.extend_from_slice(value);
        self.copied.push(Copied {
            row: self.out.len(),
            key: row.key.len(),
            value: value.len(),
        });
        self.out.push(KeyValue {
            key: Bytes::new(),
            value: shared,
        });
    }

    /// Adds a row as it is.
    pub(crate) fn push_whole(&mut self, row: KeyValue) {
        self.left.take(row.key.len() + row.value.len());
        self.out.push(row);
    }

    /// The place behind the last row.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            rows: self.out.len(),
            left: self.left,
        }
    }

    /// Takes the rows back that were added since `mark`.
    pub(crate) fn take_back(&mut self, mark: Mark) -> Vec<KeyValue> {
        self.hand_out();
        self.left = mark.left;
        self.out.split_off(mark.rows.min(self.out.len()))
    }

    /// Completes the rows; tells whether a limit was reached.
    pub(crate) fn finish(mut self) -> bool {
        self.hand_out();
        self.is_full()
    }

    /// Gives the rows what was copied for them.
    fn hand_out(&mut self) {
        let mut buffer = Bytes::from(std::mem::take(&mut self.buffer));
        for copied in self.copied.drain(..) {
            if let Some(row) = self.out.get_mut(copied.row) {
                row.key = buffer.split_to(copied.key);
                if copied.value > 0 {
                    row.value = buffer.split_to(copied.value);
                }
            }
        }
    }
}

/// What FoundationDB adds to key and value when it counts the bytes of a batch (`sizeof(KeyValueRef)`).
const ROW_OVERHEAD: usize = 24;
/// The length for which keys are made room before they are seen.
const USUAL_KEY: usize = 24;
