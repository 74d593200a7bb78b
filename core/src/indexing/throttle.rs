//! [`Throttle`]: how many records a transaction indexes, and how long a build rests between two of them.
//!
//! What conflicts or takes too long is tried again with less; after a while of success there is more again. Java class:
//! `IndexingThrottle`.

use std::time::Duration;

use parking_lot::Mutex;
use record_store_kv::env::Env;
use record_store_kv::fdb_code;

use super::IndexingOptions;
use crate::Error;

/// How fast a build goes.
pub(super) struct Throttle {
    env: Env,
    limit_max: usize,
    records_per_second: Option<u32>,
    pace: Mutex<Pace>,
}

struct Pace {
    limit: usize,
    /// How many records the last attempt saw.
    last_scanned: usize,
    successes: u32,
    /// Since when the records below are counted.
    counted_since: Duration,
    records: u64,
}

impl Throttle {
    pub(super) fn new(env: &Env, options: &IndexingOptions) -> Self {
        Throttle {
            env: env.clone(),
            limit_max: options.limit,
            records_per_second: options.records_per_second,
            pace: Mutex::new(Pace {
                limit: options.limit,
                last_scanned: 0,
                successes: 0,
                counted_since: env.clock().monotonic(),
                records: 0,
            }),
        }
    }

    /// How many records the next transaction indexes at most.
    pub(super) fn limit(&self) -> usize {
        self.pace.lock().limit
    }

    /// Takes note of how many records an attempt has seen so far.
    pub(super) fn scanned(&self, records: usize) {
        self.pace.lock().last_scanned = records;
    }

    /// Makes the next attempt smaller than the one that failed.
    pub(super) fn failed(&self) {
        let mut pace = self.pace.lock();
        let tried = match pace.last_scanned {
            0 => pace.limit,
            scanned => pace.limit.min(scanned),
        };
        pace.limit = (tried / 2).max(1);
        pace.successes = 0;
    }

    /// Makes the next attempts larger, if this was not the first that went well.
    pub(super) fn succeeded(&self, records: usize) {
        let mut pace = self.pace.lock();
        pace.records += records as u64;
        pace.successes += 1;
        if pace.successes >= SUCCESSES_BEFORE_MORE && pace.limit < self.limit_max {
            pace.limit = (pace.limit * 2).min(self.limit_max);
            pace.successes = 0;
        }
    }

    /// Whether less work may cure an error that trying again did not.
    pub(super) fn may_cure(&self, error: &Error) -> bool {
        self.limit() > 1 && error.fdb_code().is_some_and(|code| CURED_BY_LESS_WORK.contains(&code))
    }

    /// Rests, so that no more records a second are indexed than allowed.
    pub(super) async fn rest(&self) {
        let rest = self.rest_needed();
        if !rest.is_zero() {
            self.env.clock().sleep(rest).await;
        }
    }

    fn rest_needed(&self) -> Duration {
        let Some(records_per_second) = self.records_per_second else {
            return Duration::ZERO;
        };
        let mut pace = self.pace.lock();
        let now = self.env.clock().monotonic();
        let wanted = Duration::from_secs_f64(pace.records as f64 / f64::from(records_per_second));
        let rest = wanted
            .saturating_sub(now.saturating_sub(pace.counted_since))
            .min(REST_MAX);
        pace.counted_since = now + rest;
        pace.records = 0;
        rest
    }
}

/// FoundationDB's `timed_out`.
const TIMED_OUT: i32 = 1004;

/// What the database says of a transaction that does too much, or for too long. Java: `IndexingThrottle.lessenWorkCodes`.
const CURED_BY_LESS_WORK: [i32; 5] = [
    TIMED_OUT,
    fdb_code::TRANSACTION_TOO_OLD,
    fdb_code::NOT_COMMITTED,
    fdb_code::TRANSACTION_TIMED_OUT,
    fdb_code::TRANSACTION_TOO_LARGE,
];

/// After how many transactions that went well there are more records in one.
const SUCCESSES_BEFORE_MORE: u32 = 10;

/// The longest rest. Signs of life must not become too old meanwhile. Java: 999 ms.
const REST_MAX: Duration = Duration::from_millis(999);

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use record_store_kv::BoxFuture;
    use record_store_kv::env::{Clock, Rng, Spawn};

    use super::*;
    use crate::kv;

    /// A clock that moves when somebody sleeps.
    struct Sleeping(AtomicU64);

    impl Clock for Sleeping {
        fn monotonic(&self) -> Duration {
            Duration::from_millis(self.0.load(Ordering::Relaxed))
        }
        fn unix_time(&self) -> Duration {
            self.monotonic()
        }
        fn sleep(&self, duration: Duration) -> BoxFuture<()> {
            let millis = u64::try_from(duration.as_millis()).expect("tests sleep shortly");
            self.0.fetch_add(millis, Ordering::Relaxed);
            Box::pin(async {})
        }
    }

    struct Nothing;

    impl Rng for Nothing {
        fn next_u64(&self) -> u64 {
            0
        }
    }

    impl Spawn for Nothing {
        fn spawn(&self, _: &str, _: Box<dyn FnOnce() + Send>) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn throttle(options: &IndexingOptions) -> (Throttle, Env) {
        let clock = Arc::new(Sleeping(AtomicU64::new(0)));
        let env = Env::new(clock, Arc::new(Nothing), Arc::new(Nothing));
        (Throttle::new(&env, options), env)
    }

    #[test]
    fn failures_halve_what_was_tried_and_successes_double_it() {
        let (throttle, _) = throttle(&IndexingOptions::default());
        let mut limits = vec![throttle.limit()];
        for scanned in [0, 30, 30, 7, 1, 1] {
            throttle.scanned(scanned);
            throttle.failed();
            limits.push(throttle.limit());
        }
        assert_eq!(limits, [100, 50, 15, 7, 3, 1, 1]);
        for _ in 0..30 {
            throttle.succeeded(1);
        }
        assert_eq!(throttle.limit(), 8);
        for _ in 0..100 {
            throttle.succeeded(1);
        }
        assert_eq!(throttle.limit(), 100);
    }

    #[test]
    fn less_work_cures_what_is_too_much_until_there_is_no_less() {
        let (throttle, _) = throttle(&IndexingOptions::default().limit(2));
        let error = |code| Error::from(kv::Error::fdb(code));
        for (code, may_cure) in [(2101, true), (1004, true), (1020, true), (2102, false), (1025, false)] {
            assert_eq!(throttle.may_cure(&error(code)), may_cure, "{code}");
        }
        throttle.failed();
        assert!(!throttle.may_cure(&error(2101)));
    }

    #[test]
    fn no_more_records_a_second_than_allowed() {
        let (throttle, env) = throttle(&IndexingOptions::default().records_per_second(200));
        for _ in 0..10 {
            throttle.succeeded(100);
            futures_executor::block_on(throttle.rest());
        }
        assert_eq!(env.clock().monotonic(), Duration::from_secs(5));
    }
}
