//! [`Trouble`]: single operations of a simulated disk that fail or take long, while those after them go well.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use super::clock::SimulatedClock;
use super::rng::SplitMix;

/// What is to go wrong with single operations.
#[derive(Default)]
pub(crate) struct Trouble {
    /// Which of the next operations fails, and which takes long; not positive: none.
    fails: AtomicI64,
    is_slow: AtomicI64,
    has_failed: AtomicBool,
    clock: Option<Arc<SimulatedClock>>,
}

/// How an operation that fails does so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nothing was done.
    Before,
    /// A part of a write was done; of anything else nothing.
    Halfway,
    /// It was done, and nobody learns of it.
    After,
}

impl Trouble {
    /// None yet. A slow operation moves `clock`.
    pub(super) fn on(clock: Arc<SimulatedClock>) -> Self {
        Trouble {
            clock: Some(clock),
            ..Trouble::default()
        }
    }

    /// None yet, with the same clock.
    pub(super) fn afresh(&self) -> Self {
        Trouble {
            clock: self.clock.clone(),
            ..Trouble::default()
        }
    }

    /// The `number`-th of the next operations, from 1, fails.
    pub(crate) fn fail(&self, number: i64) {
        self.fails.store(number, Ordering::Relaxed);
    }

    /// The `number`-th of the next operations, from 1, takes long.
    pub(super) fn delay(&self, number: i64) {
        self.is_slow.store(number, Ordering::Relaxed);
    }

    /// Whether an operation has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    /// Begins an operation: it may take long, or fail in the way given.
    pub(super) fn begin(&self, rng: &SplitMix) -> Option<Failure> {
        if is_turn(&self.is_slow)
            && let Some(clock) = &self.clock
        {
            clock.advance(Duration::from_micros(rng.below(LONGEST_DELAY_MICROS)));
        }
        if !is_turn(&self.fails) {
            return None;
        }
        self.has_failed.store(true, Ordering::Relaxed);
        let failures = [Failure::Before, Failure::Halfway, Failure::After];
        failures.get(rng.index(failures.len())).copied()
    }
}

/// Counts down, once; true when it arrives at 0.
fn is_turn(count: &AtomicI64) -> bool {
    count.load(Ordering::Relaxed) > 0 && count.fetch_sub(1, Ordering::Relaxed) == 1
}

/// The error of an operation that fails.
pub(super) fn error() -> io::Error {
    io::Error::other("the disk does not do this")
}

/// A disk may be so slow that transactions become too old meanwhile.
const LONGEST_DELAY_MICROS: u64 = 7_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_operation_fails_and_those_around_it_do_not() {
        let (trouble, rng) = (Trouble::default(), SplitMix::new(1));
        trouble.fail(2);
        let failed: Vec<bool> = (0..4).map(|_| trouble.begin(&rng).is_some()).collect();
        assert_eq!(failed, [false, true, false, false]);
        assert!(trouble.has_failed() && !trouble.afresh().has_failed());
    }

    #[test]
    fn a_slow_operation_takes_time() {
        use record_store_kv::env::Clock;
        let clock = Arc::new(SimulatedClock::default());
        let (trouble, rng) = (Trouble::on(clock.clone()), SplitMix::new(1));
        trouble.delay(2);
        assert_eq!(trouble.begin(&rng), None);
        assert_eq!(clock.monotonic(), Duration::ZERO);
        assert_eq!(trouble.begin(&rng), None);
        assert!(clock.monotonic() > Duration::ZERO);
    }
}
