//! How far a scan may go, and why it stopped.
//!
//! Java classes: `ExecuteProperties`, `CursorLimitManager`, `RecordCursor.NoNextReason`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Why a cursor has no next result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoNextReason {
    /// There is nothing more.
    SourceExhausted,
    /// As many results as asked for were returned.
    ReturnLimitReached,
    /// The time given for the scan is over.
    TimeLimitReached,
    /// As many bytes as allowed were read.
    ByteLimitReached,
    /// As many key-value pairs as allowed were read.
    ScanLimitReached,
}

impl NoNextReason {
    /// Whether there is nothing more.
    pub fn is_source_exhausted(self) -> bool {
        self == NoNextReason::SourceExhausted
    }

    /// Whether the scan stopped for a reason that has nothing to do with what was asked.
    pub fn is_out_of_band(self) -> bool {
        !matches!(self, NoNextReason::SourceExhausted | NoNextReason::ReturnLimitReached)
    }

    /// Java's name.
    pub fn name(self) -> &'static str {
        match self {
            NoNextReason::SourceExhausted => "SOURCE_EXHAUSTED",
            NoNextReason::ReturnLimitReached => "RETURN_LIMIT_REACHED",
            NoNextReason::TimeLimitReached => "TIME_LIMIT_REACHED",
            NoNextReason::ByteLimitReached => "BYTE_LIMIT_REACHED",
            NoNextReason::ScanLimitReached => "SCAN_LIMIT_REACHED",
        }
    }
}

/// How much a scan may read before it stops. The first key-value pair is always free, so that every scan gets on.
///
/// The limits are checked between key-value pairs: a record under way is finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanLimits {
    /// The most key-value pairs to read.
    pub scanned_rows_max: Option<u64>,
    /// The most bytes of keys and values to read.
    pub scanned_bytes_max: Option<u64>,
    /// The most time since the transaction began. The clock is looked at every sixteen pairs.
    pub time_max: Option<Duration>,
}

/// Counts what a scan reads against its limits.
#[derive(Debug)]
pub(crate) struct LimitManager {
    limits: ScanLimits,
    scanned: Arc<Scanned>,
    /// How many rows this scan has asked for. The first is free.
    asked: u64,
    stopped: Option<NoNextReason>,
}

/// What the scans of one plan have read together.
#[derive(Debug, Default)]
pub(crate) struct Scanned {
    rows: AtomicU64,
    bytes: AtomicU64,
}

impl Scanned {
    /// How many key-value pairs were read, and how many bytes.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.rows.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }

    /// Reports what was read.
    pub(crate) fn count_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl LimitManager {
    pub(crate) fn new(limits: ScanLimits) -> Self {
        LimitManager::sharing(limits, Arc::default())
    }

    /// Limits of what several scans read together.
    pub(crate) fn sharing(limits: ScanLimits, scanned: Arc<Scanned>) -> Self {
        LimitManager {
            limits,
            scanned,
            asked: 0,
            stopped: None,
        }
    }

    /// Why the scan must stop, if it must.
    pub(crate) fn stopped(&self) -> Option<NoNextReason> {
        self.stopped
    }

    /// Asks to read one more key-value pair; `age` tells how old the transaction is.
    pub(crate) fn try_row(&mut self, age: impl FnOnce() -> Duration) -> bool {
        let rows = self.scanned.rows.fetch_add(1, Ordering::Relaxed) + 1;
        self.asked += 1;
        if self.asked == 1 {
            return true;
        }
        let bytes = self.scanned.bytes.load(Ordering::Relaxed);
        self.stopped = if self.limits.scanned_rows_max.is_some_and(|most| rows > most) {
            Some(NoNextReason::ScanLimitReached)
        } else if self.limits.scanned_bytes_max.is_some_and(|most| bytes >= most) {
            Some(NoNextReason::ByteLimitReached)
        } else if self.asked % CLOCK_PERIOD == 2 && self.limits.time_max.is_some_and(|most| age() >= most) {
            Some(NoNextReason::TimeLimitReached)
        } else {
            None
        };
        self.stopped.is_none()
    }

    /// How many key-value pairs were read, and how many bytes.
    pub(crate) fn scanned(&self) -> (u64, u64) {
        self.scanned.counts()
    }

    /// Reports what was read.
    pub(crate) fn count_bytes(&mut self, bytes: usize) {
        self.scanned.count_bytes(bytes);
    }
}

/// How many pairs are read between two looks at the clock, the first before the second pair: a look takes as long as reading one.
const CLOCK_PERIOD: u64 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn rows_until_stopped(limits: ScanLimits, bytes: usize) -> (u64, Option<NoNextReason>) {
        let mut manager = LimitManager::new(limits);
        let mut rows = 0;
        while rows < 100 && manager.try_row(|| Duration::from_millis(rows)) {
            rows += 1;
            manager.count_bytes(bytes);
        }
        (rows, manager.stopped())
    }

    #[test]
    fn each_limit_stops_and_the_first_row_is_free() {
        let rows = |most| ScanLimits {
            scanned_rows_max: Some(most),
            ..ScanLimits::default()
        };
        let bytes = |most| ScanLimits {
            scanned_bytes_max: Some(most),
            ..ScanLimits::default()
        };
        let time = |most| ScanLimits {
            time_max: Some(Duration::from_millis(most)),
            ..ScanLimits::default()
        };
        // (limits, rows read, reason)
        let table = [
            (ScanLimits::default(), 100, None),
            (rows(0), 1, Some(NoNextReason::ScanLimitReached)),
            (rows(3), 3, Some(NoNextReason::ScanLimitReached)),
            (bytes(0), 1, Some(NoNextReason::ByteLimitReached)),
            (bytes(25), 3, Some(NoNextReason::ByteLimitReached)),
            (time(0), 1, Some(NoNextReason::TimeLimitReached)),
            (time(7), 17, Some(NoNextReason::TimeLimitReached)),
        ];
        for (limits, expected, reason) in table {
            assert_eq!(rows_until_stopped(limits, 10), (expected, reason), "{limits:?}");
        }
    }
}
