//! [`BatchLimits`]: one batch of the rows between two keys, as the database has them. Selectors and own writes are not known here.

use record_store_kv::{KeyValue, Result};

use super::merge::{REPLY_BYTES, View};
use crate::buggify::Section;
use crate::cluster::ScanLimits;
use crate::key::{is_key_after, key_after};

/// Where a batch of a range read ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchLimits {
    /// After so many rows.
    pub(crate) rows: usize,
    /// After so many bytes; `None`: only at the row limit or at the end of the range.
    pub(crate) bytes: Option<usize>,
}

impl BatchLimits {
    /// Those of a read that wants the whole range.
    pub(crate) const WANT_ALL: BatchLimits = BatchLimits {
        rows: usize::MAX,
        bytes: Some(80_000),
    };

    /// The batch of `[begin, end)`; with it, whether rows may follow.
    pub(crate) fn read(self, view: View<'_>, begin: &[u8], end: &[u8], reverse: bool) -> Result<(Vec<KeyValue>, bool)> {
        let (rows, limited) = self.scan(view, begin, end, reverse)?;
        let more = limited && (rows.len() >= self.rows || self.is_cut_short(&rows, begin, end, reverse));
        Ok((rows, more))
    }

    /// The rows of `[begin, end)` until a limit is reached; true if one was.
    pub(crate) fn scan(self, view: View<'_>, begin: &[u8], end: &[u8], reverse: bool) -> Result<(Vec<KeyValue>, bool)> {
        let mut rows = Vec::new();
        let mut limited = self.ask(view, (begin, end), reverse, &mut rows)?;
        // Without a limit of bytes there are as many replies as it takes.
        while limited && self.bytes.is_none() && rows.len() < self.rows {
            let Some(last) = rows.last().map(|row| row.key.clone()) else {
                break;
            };
            let rest: (&[u8], &[u8]) = if reverse {
                (begin, &last)
            } else {
                (&key_after(&last), end)
            };
            limited = self.ask(view, rest, reverse, &mut rows)?;
        }
        Ok((rows, limited))
    }

    /// Adds the rows of one reply.
    fn ask(
        self,
        view: View<'_>,
        (begin, end): (&[u8], &[u8]),
        reverse: bool,
        rows: &mut Vec<KeyValue>,
    ) -> Result<bool> {
        let limits = ScanLimits {
            rows: self.rows - rows.len(),
            bytes: self.bytes.unwrap_or(REPLY_BYTES).min(REPLY_BYTES),
        };
        view.snapshot.check_buggify(Section::GetRange)?;
        view.snapshot.scan(begin, end, reverse, limits, rows)
    }

    /// Whether a batch that ended by its bytes left something of `[begin, end)` unread.
    fn is_cut_short(self, rows: &[KeyValue], begin: &[u8], end: &[u8], reverse: bool) -> bool {
        let bytes: usize = rows.iter().map(|row| 8 + row.key.len() + row.value.len()).sum();
        let unread = match rows.last() {
            Some(last) if reverse => last.key > begin,
            Some(last) => !is_key_after(&last.key, end),
            None => false,
        };
        unread || self.bytes.is_some_and(|most| bytes >= most)
    }
}
