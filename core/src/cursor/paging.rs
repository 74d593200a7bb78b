//! [`Paging`]: what the cursors of one transaction keep count of: limits, results to leave out, the last key, and why they stopped.

use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use record_store_kv::{Bytes, KeyValue};

use super::{Continuation, KeyValueCursor, LimitManager, NoNextReason, Position, ScanLimits, ScanProgress, Scanned};
use crate::Result;

/// How far a cursor has come and how far it may go.
///
/// A cursor asks [`may_go_on`](Paging::may_go_on) before each result, reads [each row](Paging::poll_row) through it, and tells of
/// each result that it [found](Paging::found).
#[derive(Debug)]
pub(crate) struct Paging {
    limits: LimitManager,
    /// How many results are still to be left out.
    skip: usize,
    /// How many results may still be returned.
    remaining: Option<usize>,
    /// The last key of the last result.
    last_key: Option<Bytes>,
    /// Where the scan began.
    began_at: Option<Continuation>,
    /// Whether the row that is under way was counted.
    is_reading: bool,
    stopped: Option<NoNextReason>,
}

impl Paging {
    /// Of a scan that begins at a continuation, or at the beginning of its range.
    pub(crate) fn new(limit: Option<usize>, skip: usize, limits: ScanLimits, began_at: Option<Continuation>) -> Self {
        Paging {
            limits: LimitManager::new(limits),
            skip,
            remaining: limit,
            last_key: None,
            began_at,
            is_reading: false,
            stopped: None,
        }
    }

    /// Whether another result may be looked for.
    pub(crate) fn may_go_on(&mut self) -> bool {
        if self.stopped.is_none() && self.remaining == Some(0) {
            self.stopped = Some(NoNextReason::ReturnLimitReached);
        }
        self.stopped.is_none()
    }

    /// Asks to read one more row; a refusal is the end. `age` tells how old the transaction is.
    fn try_row(&mut self, age: impl FnOnce() -> Duration) -> bool {
        self.limits.try_row(age);
        self.stop_at_limit()
    }

    /// Reads one more row; none at the end, and if a limit stops the scan. `age` tells how old the transaction is.
    pub(crate) fn poll_row(
        &mut self,
        rows: &mut KeyValueCursor,
        task: &mut Context<'_>,
        age: impl FnOnce() -> Duration,
    ) -> Poll<Result<Option<KeyValue>>> {
        if !self.is_reading && !self.try_row(age) {
            return Poll::Ready(Ok(None));
        }
        self.is_reading = true;
        let row = ready!(rows.poll_next(task));
        self.is_reading = false;
        let row = row?;
        match &row {
            Some(row) => self.count(row),
            None => self.exhausted(),
        }
        Poll::Ready(Ok(row))
    }

    /// Reports a row that had to be read to finish a result; whether another result may begin tells
    /// [`stop_at_limit`](Paging::stop_at_limit).
    pub(crate) fn must_row(&mut self, age: impl FnOnce() -> Duration) {
        self.limits.try_row(age);
    }

    /// Whether no limit was reached; one that was is the end.
    pub(crate) fn stop_at_limit(&mut self) -> bool {
        self.stopped = self.limits.stopped();
        self.stopped.is_none()
    }

    /// Reports a row that was read.
    pub(crate) fn count(&mut self, row: &KeyValue) {
        self.count_bytes(row.key.len() + row.value.len());
    }

    /// Reports what was read because of the results.
    pub(crate) fn count_bytes(&mut self, bytes: usize) {
        self.limits.count_bytes(bytes);
    }

    /// There is no further row.
    pub(crate) fn exhausted(&mut self) {
        self.stopped = Some(NoNextReason::SourceExhausted);
    }

    /// Takes note of how far the cursor has read.
    pub(crate) fn passed(&mut self, key: Bytes) {
        self.last_key = Some(key);
    }

    /// Counts a result; says whether it is to be returned, or left out.
    pub(crate) fn found(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if let Some(remaining) = &mut self.remaining {
            *remaining -= 1;
        }
        true
    }

    /// Why there is no next result; none while there may be one.
    pub(crate) fn stopped(&self) -> Option<NoNextReason> {
        self.stopped
    }

    /// By which key a continuation names the last result.
    pub(crate) fn last_key(&self, rows: &KeyValueCursor) -> Option<Bytes> {
        self.last_key.as_ref().map(|key| rows.continuation_key(key))
    }

    /// Where the cursor stands.
    pub(crate) fn position(&self, rows: &KeyValueCursor) -> Position {
        if self.stopped.is_some_and(NoNextReason::is_source_exhausted) {
            return Position::End;
        }
        match self.last_key(rows) {
            Some(key) => Position::Key(key),
            None => Position::from_continuation(self.began_at.as_ref()),
        }
    }

    /// Where another scan goes on.
    pub(crate) fn continuation(&self, rows: &KeyValueCursor) -> Option<Continuation> {
        self.position(rows).to_continuation()
    }

    /// Counts what is read together with other scans.
    pub(crate) fn share_limits(&mut self, limits: ScanLimits, scanned: &Arc<Scanned>) {
        self.limits = LimitManager::sharing(limits, Arc::clone(scanned));
    }

    /// How far the scan has come.
    pub(crate) fn progress(&self, rows: &KeyValueCursor) -> ScanProgress {
        let (scanned_rows, scanned_bytes) = self.limits.scanned();
        ScanProgress {
            no_next_reason: self.stopped,
            continuation: self.continuation(rows),
            scanned_rows,
            scanned_bytes,
            skip: self.skip,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of ten results are returned, and why the cursor stops.
    fn returned(limit: Option<usize>, skip: usize, rows_max: Option<u64>) -> (Vec<usize>, Option<NoNextReason>) {
        let limits = ScanLimits {
            scanned_rows_max: rows_max,
            ..ScanLimits::default()
        };
        let mut paging = Paging::new(limit, skip, limits, None);
        let mut returned = Vec::new();
        let mut rows = 0..10;
        while paging.may_go_on() && paging.try_row(|| Duration::ZERO) {
            match rows.next() {
                None => paging.exhausted(),
                Some(row) if paging.found() => returned.push(row),
                Some(_) => {}
            }
        }
        (returned, paging.stopped())
    }

    #[test]
    fn what_is_left_out_counts_for_rows_and_not_for_results() {
        use NoNextReason::{ReturnLimitReached, ScanLimitReached, SourceExhausted};
        for (limit, skip, rows, expected, reason) in [
            (None, 0, None, 0..10, SourceExhausted),
            (None, 12, None, 0..0, SourceExhausted),
            (Some(3), 0, None, 0..3, ReturnLimitReached),
            (Some(3), 4, None, 4..7, ReturnLimitReached),
            (Some(0), 4, None, 0..0, ReturnLimitReached),
            (Some(10), 0, None, 0..10, ReturnLimitReached),
            (Some(3), 4, Some(5), 4..5, ScanLimitReached),
            (None, 0, Some(0), 0..1, ScanLimitReached),
        ] {
            let expected: Vec<usize> = expected.collect();
            assert_eq!(
                returned(limit, skip, rows),
                (expected, Some(reason)),
                "{limit:?} {skip} {rows:?}"
            );
        }
    }
}
