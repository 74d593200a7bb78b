//! The network: in FoundationDB's client the thread that talks to the cluster, here the one on which callbacks run and pending
//! futures go on. The program gives it a thread by calling `fdb_run_network`.
//!
//! Nothing waits for this thread: who has work for it leaves it in the queue. So a callback may take as long as it likes.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Weak};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use record_store_kv::env::Env;

use crate::error::{Code, codes};
use crate::future::{Callback, Future};
use crate::{options, trace};

/// What the thread is to do.
pub(crate) enum Job {
    /// Let a pending future go on.
    Resume(Arc<Future>),
    /// Tell somebody that a future is ready.
    Call(Arc<Future>, Callback),
}

/// What is called on the thread after everything else.
pub(crate) type Hook = Box<dyn FnOnce() + Send>;

/// Where in its one life the network is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Unset,
    SetUp,
    Running,
    Ended,
}

struct State {
    phase: Phase,
    jobs: VecDeque<Job>,
    hooks: Vec<Hook>,
    /// The futures that are pending, by their addresses: when the network stops they fail.
    pending: LazyLock<HashMap<usize, Weak<Future>>>,
    /// Whether no future becomes pending any more.
    stopping: bool,
    /// How long the thread has run, and how long it had nothing to do.
    total: Duration,
    idle: Duration,
}

static STATE: Mutex<State> = Mutex::new(State {
    phase: Phase::Unset,
    jobs: VecDeque::new(),
    hooks: Vec::new(),
    pending: LazyLock::new(HashMap::new),
    stopping: false,
    total: Duration::ZERO,
    idle: Duration::ZERO,
});
static CHANGED: Condvar = Condvar::new();
static STOPPED: AtomicBool = AtomicBool::new(false);

thread_local! {
    static IS_NETWORK: Cell<bool> = const { Cell::new(false) };
}

/// Prepares the network.
///
/// **Errors**: 2009 when it was, 2025 when it has stopped, and those of the options.
pub(crate) fn set_up() -> Result<(), Code> {
    options::load_environment()?;
    let mut state = STATE.lock();
    if STOPPED.load(Ordering::Acquire) {
        return Err(codes::NETWORK_CANNOT_BE_RESTARTED);
    }
    if state.phase != Phase::Unset {
        return Err(codes::NETWORK_ALREADY_SETUP);
    }
    options::check_complete()?;
    state.phase = Phase::SetUp;
    trace::set_up();
    Ok(())
}

/// Whether [`set_up`] has been called.
pub(crate) fn is_set_up() -> bool {
    STATE.lock().phase != Phase::Unset
}

/// Fails unless the network is prepared.
///
/// **Errors**: 2008.
pub(crate) fn check_set_up() -> Result<(), Code> {
    if is_set_up() {
        Ok(())
    } else {
        Err(codes::NETWORK_NOT_SETUP)
    }
}

/// Makes this thread the network's until it stops.
///
/// **Errors**: 2008 before [`set_up`], 2025 when it has run before, 2009 while it runs.
pub(crate) fn run() -> Result<(), Code> {
    let mut state = STATE.lock();
    match state.phase {
        Phase::Unset => return Err(codes::NETWORK_NOT_SETUP),
        Phase::Running => return Err(codes::NETWORK_ALREADY_SETUP),
        Phase::Ended => return Err(codes::NETWORK_CANNOT_BE_RESTARTED),
        Phase::SetUp => state.phase = Phase::Running,
    }
    IS_NETWORK.set(true);
    let env = Env::system();
    let clock = env.clock();
    let started = clock.monotonic();
    loop {
        if let Some(job) = state.jobs.pop_front() {
            drop(state);
            match job {
                Job::Resume(future) => future.resume(),
                Job::Call(future, callback) => callback(&future),
            }
            state = STATE.lock();
        } else if STOPPED.load(Ordering::Acquire) {
            break;
        } else {
            let before = clock.monotonic();
            CHANGED.wait(&mut state);
            let now = clock.monotonic();
            state.idle += now.saturating_sub(before);
            state.total = now.saturating_sub(started);
        }
    }
    state.phase = Phase::Ended;
    let hooks = std::mem::take(&mut state.hooks);
    drop(state);
    for hook in hooks {
        hook();
    }
    IS_NETWORK.set(false);
    Ok(())
}

/// Stops the network. Pending futures fail with 1101, as all later ones do; their callbacks run, if the network does.
///
/// **Errors**: 2008 before [`set_up`].
pub(crate) fn stop() -> Result<(), Code> {
    let pending = {
        let mut state = STATE.lock();
        if state.phase == Phase::Unset {
            return Err(codes::NETWORK_NOT_SETUP);
        }
        // From here on no future becomes pending, so these are all.
        state.stopping = true;
        std::mem::take(&mut *state.pending)
    };
    for future in pending.into_values().filter_map(|future| future.upgrade()) {
        future.cancel();
    }
    // The thread ends with what it finds in the queue then, the callbacks of these futures among it.
    let state = STATE.lock();
    STOPPED.store(true, Ordering::Release);
    CHANGED.notify_all();
    drop(state);
    trace::end();
    Ok(())
}

/// Whether the network has been stopped.
pub(crate) fn is_stopped() -> bool {
    STOPPED.load(Ordering::Acquire)
}

/// Has `hook` called on the network's thread when it stops.
///
/// **Errors**: 2008 before [`set_up`].
pub(crate) fn add_hook(hook: Hook) -> Result<(), Code> {
    let mut state = STATE.lock();
    if state.phase == Phase::Unset {
        return Err(codes::NETWORK_NOT_SETUP);
    }
    state.hooks.push(hook);
    Ok(())
}

/// Whether this is the network's thread.
pub(crate) fn is_this_thread() -> bool {
    IS_NETWORK.get()
}

/// Leaves work for the network's thread.
pub(crate) fn queue(job: Job) {
    STATE.lock().jobs.push_back(job);
    CHANGED.notify_one();
}

/// Notes that a future is pending; false if it cannot be any more, because the network stops.
pub(crate) fn note_pending(future: &Arc<Future>) -> bool {
    let mut state = STATE.lock();
    if !state.stopping {
        state.pending.insert(Arc::as_ptr(future).addr(), Arc::downgrade(future));
    }
    !state.stopping
}

/// Forgets a future that was pending.
pub(crate) fn forget_pending(future: &Arc<Future>) {
    STATE.lock().pending.remove(&Arc::as_ptr(future).addr());
}

/// Which part of its time the thread is busy, from 0 to 1; 0 until it was idle once.
pub(crate) fn busyness() -> f64 {
    let state = STATE.lock();
    if state.total.is_zero() {
        return 0.0;
    }
    1.0 - state.idle.as_secs_f64() / state.total.as_secs_f64()
}
