//! FoundationDB's judgement of errors, and how long to wait before the next attempt.

use std::time::Duration;

use record_store_kv::env::Env;
use record_store_kv::fdb_code;

/// How often a transaction was tried, and how long it waits next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retries {
    count: i64,
    backoff: Duration,
}

/// The first back-off (`DEFAULT_BACKOFF`), and the wait after an error that time alone cures (`FUTURE_VERSION_RETRY_DELAY`).
const FIRST_BACKOFF: Duration = Duration::from_millis(10);
/// The longest back-off when the cluster has no memory left (`RESOURCE_CONSTRAINED_MAX_BACKOFF`).
const MOST_BACKOFF_WITHOUT_MEMORY: Duration = Duration::from_secs(30);

impl Retries {
    /// No attempt failed yet.
    pub(crate) fn new() -> Self {
        Retries {
            count: 0,
            backoff: FIRST_BACKOFF,
        }
    }

    /// Counts an attempt that failed with `code`; the wait before the next, or the code with which there is none.
    pub(crate) fn next(&mut self, code: i32, limit: i64, max_delay_ms: i64, env: &Env) -> Result<Duration, i32> {
        let exhausted = limit != -1 && self.count >= limit;
        self.count = self.count.saturating_add(1);
        if exhausted {
            return Err(code);
        }
        let max_delay = Duration::from_millis(max_delay_ms.unsigned_abs());
        match code {
            fdb_code::NOT_COMMITTED
            | fdb_code::COMMIT_UNKNOWN_RESULT
            | fdb_code::DATABASE_LOCKED
            | fdb_code::PROCESS_BEHIND
            | fdb_code::BATCH_TRANSACTION_THROTTLED
            | fdb_code::TAG_THROTTLED
            | fdb_code::BLOB_GRANULE_REQUEST_FAILED
            | fdb_code::PROXY_TAG_THROTTLED => Ok(self.back_off(max_delay, env)),
            fdb_code::COMMIT_PROXY_MEMORY_LIMIT_EXCEEDED | fdb_code::GRV_PROXY_MEMORY_LIMIT_EXCEEDED => {
                Ok(self.back_off(MOST_BACKOFF_WITHOUT_MEMORY, env))
            }
            fdb_code::TRANSACTION_TOO_OLD | fdb_code::FUTURE_VERSION => Ok(FIRST_BACKOFF.min(max_delay)),
            fdb_code::SUCCESS => Err(fdb_code::CLIENT_INVALID_OPERATION),
            fdb_code::BROKEN_PROMISE => Err(fdb_code::TRANSACTION_CANCELLED),
            _ => Err(known(code)),
        }
    }

    fn back_off(&mut self, max_delay: Duration, env: &Env) -> Duration {
        let backoff = self.backoff.min(max_delay);
        self.backoff = (self.backoff * 2).min(max_delay);
        let microseconds = u64::try_from(backoff.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(env.random_below(microseconds))
    }
}

/// `code` itself, or the code for all those that FoundationDB does not know: its numbers lie between 0 and 30,000.
fn known(code: i32) -> i32 {
    if (0..30_000).contains(&code) {
        code
    } else {
        fdb_code::UNKNOWN_ERROR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_judged_as_foundationdb_judges_them() {
        let env = Env::system();
        let cases = [
            (1020, Ok(())),
            (1021, Ok(())),
            (1007, Ok(())),
            (1025, Err(1025)),
            (1031, Err(1031)),
            (1036, Err(1036)),
            (1039, Err(1039)),
            (2101, Err(2101)),
            (0, Err(2000)),
            (1100, Err(1025)),
            (-1, Err(4000)),
            (99_999, Err(4000)),
        ];
        for (code, expected) in cases {
            assert_eq!(Retries::new().next(code, -1, 1_000, &env).map(drop), expected, "{code}");
        }
    }

    #[test]
    fn the_limit_counts_every_call_and_the_delay_has_a_cap() {
        let env = Env::system();
        let mut retries = Retries::new();
        for _ in 0..3 {
            assert!(
                retries
                    .next(1020, 3, 5, &env)
                    .is_ok_and(|delay| delay < Duration::from_millis(5))
            );
        }
        assert_eq!(retries.next(1020, 3, 5, &env), Err(1020));
    }
}
