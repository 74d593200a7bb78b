//! The cluster's threads: one that commits, one that moves old changes into the base, one that prepares files. Closing waits for
//! all of them.

use std::collections::HashSet;
use std::sync::Arc;
use std::thread::{self, ThreadId};

use parking_lot::{Condvar, Mutex};
use record_store_kv::{Error, ErrorKind, Result};

use super::shared::Shared;

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
    /// Runs `work` on a thread of its own. If it panics, the database takes no commits any more.
    pub(crate) fn spawn(&self, shared: &Arc<Shared>, name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
        // Counted from now on, not from when the thread gets to run; ends even if the thread never starts.
        let guard = RunGuard::new(self.state.clone());
        let alarm = shared.clone();
        let run = move || {
            // Declared first, so it goes last: when it is gone, so is everything that the work held.
            let guard = guard;
            guard.state.running.lock().ids.insert(thread::current().id());
            let _alarm = PanicAlarm(alarm);
            work();
        };
        Ok(shared.env.spawn().spawn(name, Box::new(run))?)
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
struct PanicAlarm(Arc<Shared>);

impl Drop for PanicAlarm {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0
                .fail(Error::new(ErrorKind::Io, "a thread of the database panicked"));
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
