//! [`VirtualClock`]: time that passes only while a program waits for it, and the executor that lets it pass. [`Time`] is either that
//! or the real one.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_util::future::{Either, select};
use record_store_kv::env::{Clock, Env, Rng, Spawn};
use record_store_kv::{BoxFuture, Error, Result, fdb_code};

/// The time in which a program is replayed.
#[derive(Clone)]
pub(crate) enum Time {
    /// It passes when nothing else happens.
    Virtual(VirtualClock),
    /// It passes, for a database that has a clock of its own.
    Real,
}

/// What no program of a real server waits for as long.
const FOR_EVER: Duration = Duration::from_secs(30);

impl Time {
    /// Waits for `future`. `None` if it waits for ever.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        match self {
            Time::Virtual(clock) => clock.wait(future),
            Time::Real => {
                let late = self.sleep(FOR_EVER);
                match futures_executor::block_on(select(pin!(future), late)) {
                    Either::Left((result, _)) => Some(result),
                    Either::Right(_) => None,
                }
            }
        }
    }

    /// The result of a call that cannot wait for ever.
    pub(crate) fn result<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        self.wait(future)
            .unwrap_or_else(|| Err(Error::fdb(fdb_code::INTERNAL_ERROR)))
    }

    /// Ends after so long.
    pub(crate) fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        match self {
            Time::Virtual(clock) => clock.sleep(duration),
            Time::Real => Env::system().clock().sleep(duration),
        }
    }
}

/// A clock that stands still until everybody waits.
#[derive(Clone, Default)]
pub(crate) struct VirtualClock(Arc<Mutex<Times>>);

#[derive(Default)]
struct Times {
    now: Duration,
    /// Who is to be woken when.
    sleepers: BTreeMap<(Duration, u64), Waker>,
    last: u64,
}

/// The machine's environment with this clock. Nothing may start threads: time would pass them by.
pub(crate) fn env(clock: &VirtualClock) -> Env {
    Env::new(Arc::new(clock.clone()), Arc::new(Random), Arc::new(NoThreads))
}

impl VirtualClock {
    /// Waits for `future`. When it waits for nothing but time, time passes. `None` if it waits for ever.
    fn wait<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let waker = Waker::from(woken.clone());
        let mut future = pin!(future);
        loop {
            if woken.0.swap(false, Ordering::AcqRel)
                && let Poll::Ready(result) = future.as_mut().poll(&mut Context::from_waker(&waker))
            {
                return Some(result);
            }
            if !woken.0.load(Ordering::Acquire) && !self.pass() {
                return None;
            }
        }
    }

    /// Goes on to the next time that somebody sleeps for; false if nobody does.
    fn pass(&self) -> bool {
        let mut times = self.times();
        let Some(((until, _), waker)) = times.sleepers.pop_first() else {
            return false;
        };
        times.now = times.now.max(until);
        drop(times);
        waker.wake();
        true
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for VirtualClock {
    fn monotonic(&self) -> Duration {
        self.times().now
    }

    fn unix_time(&self) -> Duration {
        // The first day of this century, for a start.
        Duration::from_secs(978_307_200) + self.times().now
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        let (clock, until) = (self.clone(), self.times().now + duration);
        Box::pin(std::future::poll_fn(move |cx| {
            let mut times = clock.times();
            if times.now >= until {
                return Poll::Ready(());
            }
            times.last += 1;
            let id = times.last;
            times.sleepers.insert((until, id), cx.waker().clone());
            Poll::Pending
        }))
    }
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

struct Random;

impl Rng for Random {
    fn next_u64(&self) -> u64 {
        Env::system().rng().next_u64()
    }
}

struct NoThreads;

impl Spawn for NoThreads {
    fn spawn(&self, _name: &str, _work: Box<dyn FnOnce() + Send>) -> std::io::Result<()> {
        Err(std::io::Error::other("recorded programs are replayed without threads"))
    }
}
