//! [`Fate`]: what becomes of one attempt of a transaction, for the futures that wait for it.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::future::Shared;
use parking_lot::Mutex;
use record_store_kv::env::Env;
use record_store_kv::{BoxFuture, Error, Read, Result, fdb_code};

use crate::mutation::Committed;

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It committed something.
    Committed(Committed),
    /// It committed nothing, successfully.
    ReadOnly,
    /// Its commit failed with this code.
    Failed(i32),
    /// Its transaction was reset.
    Reset,
    /// Its transaction is gone.
    Destroyed,
}

/// One attempt of a transaction, from its creation or reset to the next.
#[derive(Default)]
pub(crate) struct Fate {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    end: Option<End>,
    /// Why pending calls fail: cancelled, timed out, used during the commit.
    interrupted: Option<i32>,
    /// When the transaction times out, on the monotonic clock.
    deadline: Option<Duration>,
    /// A commit on its way, which whoever waits for its end drives.
    commit: Option<Shared<BoxFuture<()>>>,
    wakers: Vec<Waker>,
}

impl Fate {
    /// Ends the attempt; an attempt ends only once. Gives whom to wake.
    pub(crate) fn end(&self, end: End) -> Vec<Waker> {
        self.change(|state| {
            state.end.get_or_insert(end);
        })
    }

    /// How the attempt ended.
    pub(crate) fn ended(&self) -> Option<End> {
        self.state.lock().end
    }

    /// Makes pending calls fail with `code`. Gives whom to wake.
    pub(crate) fn interrupt(&self, code: i32) -> Vec<Waker> {
        self.change(|state| {
            state.interrupted.get_or_insert(code);
        })
    }

    /// Makes pending calls fail when the monotonic clock reaches `deadline`. Gives whom to wake.
    pub(crate) fn set_deadline(&self, deadline: Option<Duration>) -> Vec<Waker> {
        self.change(|state| state.deadline = deadline)
    }

    /// Lets `commit` be driven by whoever waits for its end. Gives whom to wake.
    pub(crate) fn set_commit(&self, commit: Shared<BoxFuture<()>>) -> Vec<Waker> {
        self.change(|state| state.commit = Some(commit))
    }

    /// The code with which pending calls fail, if they do.
    pub(crate) fn interruption(&self) -> Option<i32> {
        let state = self.state.lock();
        state.interrupted.or(match state.end {
            Some(End::Reset | End::Destroyed) => Some(fdb_code::TRANSACTION_CANCELLED),
            _ => None,
        })
    }

    /// Wakes the task of `cx` when something changes, and drives a commit on its way.
    pub(crate) fn poll_change(&self, cx: &mut Context<'_>) {
        let commit = {
            let mut state = self.state.lock();
            if !state.wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
                state.wakers.push(cx.waker().clone());
            }
            state.commit.clone()
        };
        if let Some(commit) = commit {
            // Its end shows in `ended`.
            let _ = pin!(commit).poll(cx).is_ready();
        }
    }

    /// `work`, failing as soon as the attempt is interrupted or times out.
    pub(crate) fn guard<T: Unpin + Send + 'static>(
        self: &Arc<Self>,
        env: &Env,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Read<T> {
        let (fate, env) = (self.clone(), env.clone());
        Read::pending(async move {
            let mut work = pin!(work);
            let mut alarm: Option<(Duration, BoxFuture<()>)> = None;
            poll_fn(|cx| {
                fate.poll_change(cx);
                if let Some(code) = fate.interruption() {
                    return Poll::Ready(Err(Error::fdb(code)));
                }
                if let Poll::Ready(result) = work.as_mut().poll(cx) {
                    return Poll::Ready(result);
                }
                if fate.poll_deadline(&env, &mut alarm, cx) {
                    wake(fate.interrupt(fdb_code::TRANSACTION_TIMED_OUT));
                    return Poll::Ready(Err(Error::fdb(fdb_code::TRANSACTION_TIMED_OUT)));
                }
                Poll::Pending
            })
            .await
        })
    }

    /// Whether the deadline has passed; if not, wakes the task of `cx` when it does.
    pub(crate) fn poll_deadline(
        &self,
        env: &Env,
        alarm: &mut Option<(Duration, BoxFuture<()>)>,
        cx: &mut Context<'_>,
    ) -> bool {
        let Some(deadline) = self.state.lock().deadline else {
            return false;
        };
        let left = deadline.saturating_sub(env.clock().monotonic());
        if left.is_zero() {
            return true;
        }
        let sleep = match alarm {
            Some((set_for, sleep)) if *set_for == deadline => sleep,
            _ => &mut alarm.insert((deadline, env.clock().sleep(left))).1,
        };
        sleep.as_mut().poll(cx).is_ready()
    }

    fn change(&self, change: impl FnOnce(&mut State)) -> Vec<Waker> {
        let mut state = self.state.lock();
        change(&mut state);
        std::mem::take(&mut state.wakers)
    }
}

/// Wakes tasks. They may come back at once: no lock may be held.
pub(crate) fn wake(wakers: Vec<Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}
