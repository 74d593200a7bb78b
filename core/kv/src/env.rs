//! Time, chance and threads as arguments: nothing else in the project reads a clock, draws a random number or starts a
//! thread. In production they are the machine's ([`Env::system`]); a simulation gives its own, driven by a seed.
//!
//! Measure with [`Clock::monotonic`], persist with [`Clock::unix_time`].

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::BoxFuture;

/// A clock.
pub trait Clock: Send + Sync {
    /// Time since some fixed moment; it never goes back. For measuring.
    fn monotonic(&self) -> Duration;
    /// Time since 1970-01-01 UTC; it may go back. For persisting.
    fn unix_time(&self) -> Duration;
    /// Completes after `duration`, on any executor.
    fn sleep(&self, duration: Duration) -> BoxFuture<()>;
}

/// A source of random numbers; not for cryptography.
pub trait Rng: Send + Sync {
    /// 64 random bits.
    fn next_u64(&self) -> u64;
}

/// Starts background work.
pub trait Spawn: Send + Sync {
    /// Runs `work` on a thread of its own, named `name`.
    fn spawn(&self, name: &str, work: Box<dyn FnOnce() + Send>) -> std::io::Result<()>;
}

/// A clock, a source of random numbers and a way to start threads. Clones share them.
#[derive(Clone)]
pub struct Env {
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    spawn: Arc<dyn Spawn>,
}

impl Env {
    /// An environment from its parts.
    pub fn new(clock: Arc<dyn Clock>, rng: Arc<dyn Rng>, spawn: Arc<dyn Spawn>) -> Self {
        Env { clock, rng, spawn }
    }

    /// The machine's own clock, randomness and threads.
    pub fn system() -> Self {
        static SYSTEM: OnceLock<Env> = OnceLock::new();
        SYSTEM.get_or_init(system::env).clone()
    }

    /// The same environment with another source of random numbers.
    #[must_use]
    pub fn with_rng(mut self, rng: Arc<dyn Rng>) -> Self {
        self.rng = rng;
        self
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The source of random numbers.
    pub fn rng(&self) -> &dyn Rng {
        &*self.rng
    }

    /// The way to start threads.
    pub fn spawn(&self) -> &dyn Spawn {
        &*self.spawn
    }

    /// A random number in `[0, below)`; 0 if `below` is 0.
    pub fn random_below(&self, below: u64) -> u64 {
        // The multiply-shift reduction: no division, and the bias is below 2^-32 for the small bounds that we use.
        let wide = u128::from(self.rng.next_u64()) * u128::from(below);
        u64::try_from(wide >> 64).unwrap_or(0)
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Env")
    }
}

mod system {
    #![allow(
        clippy::disallowed_methods,
        reason = "this is where the machine's clock, randomness and threads come in"
    )]

    use std::collections::hash_map::RandomState;
    use std::hash::{BuildHasher, Hasher};
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::{Instant, SystemTime};

    use super::*;

    pub(super) fn env() -> Env {
        let seed = RandomState::new().build_hasher().finish();
        Env::new(
            Arc::new(SystemClock { start: Instant::now() }),
            Arc::new(SplitMix {
                state: AtomicU64::new(seed),
            }),
            Arc::new(Threads),
        )
    }

    struct SystemClock {
        start: Instant,
    }

    impl Clock for SystemClock {
        fn monotonic(&self) -> Duration {
            self.start.elapsed()
        }

        fn unix_time(&self) -> Duration {
            SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default()
        }

        fn sleep(&self, duration: Duration) -> BoxFuture<()> {
            // The sleep belongs to the timer's runtime, so any executor may wait for it.
            let _guard = timer().enter();
            Box::pin(tokio::time::sleep(duration))
        }
    }

    /// One small runtime that only drives timers; started by the first sleep.
    fn timer() -> &'static tokio::runtime::Runtime {
        static TIMER: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
        TIMER.get_or_init(|| {
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .thread_name("record-store-timer")
                .enable_time()
                .build()
                .expect("the operating system can start a thread")
        })
    }

    /// SplitMix64: one atomic addition a number, so that threads may share it.
    struct SplitMix {
        state: AtomicU64,
    }

    impl Rng for SplitMix {
        fn next_u64(&self) -> u64 {
            let mut z = self
                .state
                .fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed)
                .wrapping_add(0x9E37_79B9_7F4A_7C15);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        }
    }

    struct Threads;

    impl Spawn for Threads {
        fn spawn(&self, name: &str, work: Box<dyn FnOnce() + Send>) -> std::io::Result<()> {
            std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_runs_on_any_executor_and_lasts() {
        let env = Env::system();
        let before = env.clock().monotonic();
        futures_executor::block_on(env.clock().sleep(Duration::from_millis(5)));
        assert!(env.clock().monotonic() - before >= Duration::from_millis(5));
    }

    #[test]
    fn random_numbers_stay_below_their_bound() {
        let env = Env::system();
        assert_eq!(env.random_below(0), 0);
        let seen: std::collections::BTreeSet<u64> = (0..1000).map(|_| env.random_below(7)).collect();
        assert_eq!(seen, (0..7).collect());
    }
}
