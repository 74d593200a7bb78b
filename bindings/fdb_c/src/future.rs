//! [`Future`]: what C knows as `FDBFuture`. A result, now or later; whoever waits for it; and memory that C may look at
//! until it gives it back.
//!
//! A result that the engine has at once makes a future that is ready from the beginning. A pending one goes on when
//! the engine wakes it, on the network's thread or on one that waits for it, never on the engine's: so callbacks cannot run inside
//! the engine. No lock is held while the engine or a callback runs.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use parking_lot::{Condvar, Mutex};
use record_store_kv::{BoxFuture, Read};

use crate::error::{self, Code, codes};
use crate::network::{self, Job};
use crate::value::Value;

/// What is told, once, that a future is ready.
pub(crate) type Callback = Box<dyn FnOnce(&Arc<Future>) + Send>;

/// What a future comes to.
type Outcome = Result<Value, Code>;

/// A result, now or later.
pub(crate) struct Future {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    phase: Phase,
    callbacks: Vec<Callback>,
    /// How many threads wait: one of them lets the future go on when it is woken.
    waiting: usize,
    /// How often C was given the value's memory and has not given it back.
    borrows: i32,
    /// Whether C can know that the future is ready.
    seen: bool,
}

enum Phase {
    /// `task` is absent while it runs; `woken` tells that it must run.
    Pending {
        task: Option<BoxFuture<Outcome>>,
        woken: bool,
    },
    Ready(Outcome),
}

impl Future {
    /// A future that is ready.
    pub(crate) fn ready(outcome: Outcome) -> Arc<Self> {
        // What is asked of a network that has stopped never comes.
        let outcome = if network::is_stopped() {
            Err(codes::OPERATION_CANCELLED)
        } else {
            outcome
        };
        Future::new(Phase::Ready(outcome))
    }

    /// The future of what the engine reads or does.
    pub(crate) fn of<T: Into<Value> + Unpin + Send + 'static>(read: Read<T>) -> Arc<Self> {
        match read.try_ready() {
            Ok(result) => Future::ready(outcome(result)),
            Err(pending) => Future::pending(Box::pin(async { outcome(pending.await) })),
        }
    }

    /// A future that becomes ready only by being cancelled.
    pub(crate) fn never() -> Arc<Self> {
        Future::pending(Box::pin(std::future::pending()))
    }

    fn new(phase: Phase) -> Arc<Self> {
        Arc::new(Future {
            state: Mutex::new(State {
                phase,
                callbacks: Vec::new(),
                waiting: 0,
                borrows: 0,
                seen: false,
            }),
            changed: Condvar::new(),
        })
    }

    fn pending(task: BoxFuture<Outcome>) -> Arc<Self> {
        let future = Future::new(Phase::Pending {
            task: Some(task),
            woken: true,
        });
        if network::note_pending(&future) {
            // What the engine does for it begins now, and not when the network comes to it.
            future.resume();
        } else {
            future.complete(Err(codes::OPERATION_CANCELLED));
        }
        future
    }

    /// Lets a future go on that has been woken. Any number of threads may do so at once: one of them does.
    pub(crate) fn resume(self: &Arc<Self>) {
        let waker = Waker::from(self.clone());
        loop {
            let mut task = match &mut self.state.lock().phase {
                Phase::Pending { task, woken } if *woken => match task.take() {
                    Some(task) => {
                        *woken = false;
                        task
                    }
                    // It runs on another thread, which looks again afterwards.
                    None => return,
                },
                _ => return,
            };
            let run = || task.as_mut().poll(&mut Context::from_waker(&waker));
            match catch_unwind(AssertUnwindSafe(run)) {
                Ok(Poll::Pending) => {}
                Ok(Poll::Ready(outcome)) => return self.complete(outcome),
                Err(_) => return self.complete(Err(codes::INTERNAL_ERROR)),
            }
            if let Phase::Pending { task: place, .. } = &mut self.state.lock().phase {
                *place = Some(task);
            } else {
                // It was cancelled meanwhile. To drop the task runs the engine, so the lock is gone by now.
                return;
            }
        }
    }

    /// Gives a pending future its outcome and tells everybody; nothing happens to one that is ready.
    fn complete(self: &Arc<Self>, outcome: Outcome) {
        let (before, callbacks) = {
            let mut state = self.state.lock();
            if matches!(state.phase, Phase::Ready(_)) {
                return;
            }
            let before = std::mem::replace(&mut state.phase, Phase::Ready(outcome));
            state.seen = true;
            self.changed.notify_all();
            (before, std::mem::take(&mut state.callbacks))
        };
        network::forget_pending(self);
        for callback in callbacks {
            network::queue(Job::Call(self.clone(), callback));
        }
        drop(before);
    }

    /// Gives up what the future waits for: it fails with 1101, unless it is ready. One that was ready from the beginning, and
    /// that nobody has looked at, counts as under way, as it would be over a network.
    pub(crate) fn cancel(self: &Arc<Self>) {
        let mut state = self.state.lock();
        let (was_seen, cancelled) = (state.seen, Err(codes::OPERATION_CANCELLED));
        match &mut state.phase {
            Phase::Pending { .. } => {
                drop(state);
                self.complete(cancelled);
            }
            Phase::Ready(outcome) if !was_seen => {
                let unseen = std::mem::replace(outcome, cancelled);
                drop(state);
                drop(unseen);
            }
            Phase::Ready(_) => {}
        }
    }

    /// Has `callback` called once: now, if the future is ready, else later on the network's thread.
    pub(crate) fn set_callback(self: &Arc<Self>, callback: Callback) {
        /// Programs whose callbacks wait for the next future would otherwise use up the stack.
        const DEPTH_MAX: u32 = 16;
        thread_local! {
            static DEPTH: Cell<u32> = const { Cell::new(0) };
        }
        let mut state = self.state.lock();
        if let Phase::Pending { .. } = state.phase {
            state.callbacks.push(callback);
            return;
        }
        state.seen = true;
        drop(state);
        let depth = DEPTH.get();
        if depth >= DEPTH_MAX {
            return network::queue(Job::Call(self.clone(), callback));
        }
        DEPTH.set(depth + 1);
        callback(self);
        DEPTH.set(depth);
    }

    /// Whether there is an outcome.
    pub(crate) fn is_ready(&self) -> bool {
        let mut state = self.state.lock();
        state.seen = true;
        matches!(state.phase, Phase::Ready(_))
    }

    /// Waits for the outcome.
    ///
    /// **Errors**: 2026 on the network's thread, which would wait for itself.
    pub(crate) fn block_until_ready(self: &Arc<Self>) -> Result<(), Code> {
        let mut state = self.state.lock();
        state.seen = true;
        if matches!(state.phase, Phase::Ready(_)) {
            return Ok(());
        }
        if network::is_this_thread() {
            return Err(codes::BLOCKED_FROM_NETWORK_THREAD);
        }
        state.waiting += 1;
        loop {
            match &state.phase {
                Phase::Ready(_) => break,
                Phase::Pending {
                    task: Some(_),
                    woken: true,
                } => {
                    drop(state);
                    self.resume();
                    state = self.state.lock();
                }
                Phase::Pending { .. } => self.changed.wait(&mut state),
            }
        }
        state.waiting -= 1;
        Ok(())
    }

    /// Why the future failed.
    ///
    /// **Errors**: 2015 while it is pending, else its own.
    pub(crate) fn check(&self) -> Result<(), Code> {
        let mut state = self.state.lock();
        state.seen = true;
        match &state.phase {
            Phase::Pending { .. } => Err(codes::FUTURE_NOT_SET),
            Phase::Ready(outcome) => outcome.as_ref().map(|_| ()).map_err(|code| *code),
        }
    }

    /// Lets `look` take out of the value what C wants. What lies in the value's memory stays there until
    /// [`Future::release_memory`] was called as often, or the future is gone.
    ///
    /// **Errors**: 2015 while the future is pending, its own, and those of `look`.
    pub(crate) fn borrow<T>(&self, look: impl FnOnce(&Value) -> Result<T, Code>) -> Result<T, Code> {
        let mut state = self.state.lock();
        state.seen = true;
        let found = match &state.phase {
            Phase::Pending { .. } => return Err(codes::FUTURE_NOT_SET),
            Phase::Ready(Err(code)) => return Err(*code),
            Phase::Ready(Ok(value)) => look(value)?,
        };
        state.borrows += 1;
        Ok(found)
    }

    /// Takes back what [`Future::borrow`] gave; with the last of it the value is freed. Called before that, it counts all the
    /// same, and the value stays.
    pub(crate) fn release_memory(&self) {
        let mut state = self.state.lock();
        state.borrows -= 1;
        let was_last = state.borrows == 0;
        let freed = match &mut state.phase {
            Phase::Ready(outcome) if was_last && outcome.is_ok() => {
                std::mem::replace(outcome, Err(codes::FUTURE_RELEASED))
            }
            _ => return,
        };
        drop(state);
        drop(freed);
    }
}

impl Wake for Future {
    fn wake(self: Arc<Self>) {
        let mut state = self.state.lock();
        match &mut state.phase {
            Phase::Pending { woken, .. } if !*woken => *woken = true,
            _ => return,
        }
        if state.waiting > 0 {
            self.changed.notify_all();
        } else {
            drop(state);
            network::queue(Job::Resume(self));
        }
    }
}

fn outcome<T: Into<Value>>(result: record_store_kv::Result<T>) -> Outcome {
    result.map(Into::into).map_err(|error| error::code(&error))
}
