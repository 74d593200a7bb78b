//! For tests of this crate: a clock that stands still until it is told otherwise, random numbers from a seed, and a
//! [disk](SimulatedDisk) that loses its power.

mod disk;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use record_store_kv::BoxFuture;
use record_store_kv::env::{Clock, Env, Rng, Spawn};

pub(crate) use self::disk::SimulatedDisk;

/// A clock moved by hand. A sleep moves it and is over at once.
#[derive(Default)]
pub(crate) struct ManualClock {
    now: Arc<Mutex<Duration>>,
}

impl ManualClock {
    /// An environment with such a clock, and the clock.
    pub(crate) fn env() -> (Env, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::default());
        let env = Env::new(clock.clone(), Arc::new(SplitMix::new(1)), Arc::new(Threads));
        (env, clock)
    }

    /// Moves the clock forward.
    pub(crate) fn advance(&self, by: Duration) {
        *self.now.lock() += by;
    }
}

impl Clock for ManualClock {
    fn monotonic(&self) -> Duration {
        *self.now.lock()
    }

    fn unix_time(&self) -> Duration {
        self.monotonic()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        let now = self.now.clone();
        Box::pin(async move { *now.lock() += duration })
    }
}

/// SplitMix64, from a seed that a failing test prints.
pub(crate) struct SplitMix(Mutex<u64>);

impl SplitMix {
    pub(crate) fn new(seed: u64) -> Self {
        SplitMix(Mutex::new(seed))
    }

    /// A number below `bound`.
    pub(crate) fn below(&self, bound: u64) -> u64 {
        self.next_u64() % bound
    }
}

impl Rng for SplitMix {
    fn next_u64(&self) -> u64 {
        let mut state = self.0.lock();
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

struct Threads;

impl Spawn for Threads {
    fn spawn(&self, name: &str, work: Box<dyn FnOnce() + Send>) -> std::io::Result<()> {
        Env::system().spawn().spawn(name, work)
    }
}
