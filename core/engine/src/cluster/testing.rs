//! For tests of this crate: a clock that stands still until it is told otherwise; and, from the simulation, random numbers
//! from a seed and a [disk](SimulatedDisk) that loses its power.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use record_store_kv::BoxFuture;
use record_store_kv::env::{Clock, Env, Spawn};

pub(crate) use crate::simulation::{SimulatedDisk, SplitMix};

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

struct Threads;

impl Spawn for Threads {
    fn spawn(&self, name: &str, work: Box<dyn FnOnce() + Send>) -> std::io::Result<()> {
        Env::system().spawn().spawn(name, work)
    }
}
