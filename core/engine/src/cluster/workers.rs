//! The cluster's threads: one that commits, one that moves old changes into the base, one that prepares files; and the
//! [keeper](super::keeper). Closing waits for all of them.

use std::collections::HashSet;
use std::sync::Arc;
use std::thread::{self, ThreadId};

use parking_lot::{Condvar, Mutex};
use record_store_kv::env::Env;
use record_store_kv::{Error, ErrorKind, Result};

/// The threads that run.
#[derive(Default)]
pub(crate) struct Workers {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    running: Mutex<Running>,
    one_ended: Condvar,
}

#[derive(Default)]
struct Running {
    count: usize,
    ids: HashSet<ThreadId>,
}

impl Workers {
    /// Runs `work` on a thread of its own; calls `alarm` if it panics.
    pub(crate) fn spawn(
        &self,
        env: &Env,
        name: &str,
        alarm: impl FnOnce(Error) + Send + 'static,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<()> {
        // Counted from now on, not from when the thread gets to run; ends even if the thread never starts.
        let guard = RunGuard::new(self.state.clone());
        let run = move || {
            // Declared first, so it goes last: when it is gone, so is everything that the work held.
            let guard = guard;
            guard.state.running.lock().ids.insert(thread::current().id());
            let _alarm = PanicAlarm(Some(alarm));
            work();
        };
        Ok(env.spawn().spawn(name, Box::new(run))?)
    }

    /// Waits until all have ended. On one of them it returns at once, since that one would wait for itself.
    pub(crate) fn wait(&self) {
        let mut running = self.state.running.lock();
        while running.count > 0 && !running.ids.contains(&thread::current().id()) {
            self.state.one_ended.wait(&mut running);
        }
    }
}

/// Tells the others when its thread panics.
struct PanicAlarm<A: FnOnce(Error)>(Option<A>);

impl<A: FnOnce(Error)> Drop for PanicAlarm<A> {
    fn drop(&mut self) {
        if let Some(alarm) = self.0.take().filter(|_| thread::panicking()) {
            alarm(Error::new(ErrorKind::Io, "a thread of the database panicked"));
        }
    }
}

struct RunGuard {
    state: Arc<State>,
}

impl RunGuard {
    fn new(state: Arc<State>) -> Self {
        state.running.lock().count += 1;
        RunGuard { state }
    }
}

impl Drop for RunGuard {
    fn drop(&mut self) {
        let mut running = self.state.running.lock();
        running.count -= 1;
        running.ids.remove(&thread::current().id());
        self.state.one_ended.notify_all();
    }
}
