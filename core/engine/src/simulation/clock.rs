//! Time in a simulation: it passes when somebody waits for it, or for whom a fault delays.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use parking_lot::Mutex;
use record_store_kv::BoxFuture;
use record_store_kv::env::{Clock, Spawn};

/// A clock on which nobody waits long: a sleep moves it, lets others have a turn, and is over.
#[derive(Default)]
pub(crate) struct SimulatedClock {
    now: Arc<Mutex<Duration>>,
}

impl SimulatedClock {
    /// Lets time pass.
    pub(crate) fn advance(&self, by: Duration) {
        *self.now.lock() += by;
    }
}

impl Clock for SimulatedClock {
    fn monotonic(&self) -> Duration {
        *self.now.lock()
    }

    fn unix_time(&self) -> Duration {
        EPOCH + self.monotonic()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        let now = self.now.clone();
        Box::pin(async move {
            *now.lock() += duration;
            let_others(1).await;
        })
    }
}

/// Gives the turn to others, so many times.
pub(crate) async fn let_others(mut times: u64) {
    poll_fn(|cx| {
        if times == 0 {
            return Poll::Ready(());
        }
        times -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A simulation has one thread.
pub(crate) struct NoThreads;

impl Spawn for NoThreads {
    fn spawn(&self, name: &str, _: Box<dyn FnOnce() + Send>) -> std::io::Result<()> {
        Err(std::io::Error::other(format!("a simulation has no threads: {name}")))
    }
}

/// When simulations begin: 2020-01-01 UTC.
const EPOCH: Duration = Duration::from_secs(1_577_836_800);
