//! Watches: from the read of the value, over the commit of the transaction, to the change by another one.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use parking_lot::Mutex;
use record_store_kv::{Error, Read, Result, fdb_code};

use super::fate::{End, Fate};
use crate::cluster::Cluster;

/// The watches of one attempt that its commit is to activate.
#[derive(Default)]
pub(crate) struct Watches {
    watches: Vec<Weak<Watch>>,
}

struct Watch {
    key: Bytes,
    expected: Option<Bytes>,
    phase: Mutex<Phase>,
}

enum Phase {
    /// The transaction has not committed yet.
    Set(Option<Waker>),
    /// The cluster looks out for a change.
    Active(Read<()>),
    /// The transaction itself gave the key another value.
    Fired,
}

/// A place among the watches that a database handle allows.
pub(crate) struct Slot(Arc<AtomicI64>);

impl Slot {
    /// Takes a place. Errors: 1032 when there is none.
    pub(crate) fn take(pending: &Arc<AtomicI64>, most: i64) -> Result<Self> {
        let slot = Slot(pending.clone());
        if pending.fetch_add(1, Ordering::AcqRel) >= most {
            return Err(Error::fdb(fdb_code::TOO_MANY_WATCHES));
        }
        Ok(slot)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Watches {
    /// Adds a watch on `key`, whose value is `expected`.
    pub(crate) fn add(&mut self, key: &[u8], expected: Option<Bytes>, fate: Arc<Fate>, slot: Slot) -> Read<()> {
        let watch = Arc::new(Watch {
            key: Bytes::copy_from_slice(key),
            expected,
            phase: Mutex::new(Phase::Set(None)),
        });
        self.watches.push(Arc::downgrade(&watch));
        Read::pending(async move {
            let _slot = slot;
            poll_fn(|cx| watch.poll(&fate, cx)).await
        })
    }

    /// Fires the watches on keys from `begin` to before `end` that the transaction itself gives another value; `None` if
    /// it is not known which.
    pub(crate) fn own_write(&mut self, begin: &[u8], end: &[u8], value: Option<Option<&[u8]>>) {
        self.watches.retain(|watch| {
            let Some(watch) = watch.upgrade() else { return false };
            let touched = begin <= &watch.key[..] && &watch.key[..] < end;
            let differs = value.is_none_or(|value| value != watch.expected.as_deref());
            if touched && differs {
                watch.enter(Phase::Fired);
            }
            !(touched && differs)
        });
    }

    /// Whether there is no watch.
    pub(crate) fn is_empty(&self) -> bool {
        self.watches.is_empty()
    }

    /// Lets the cluster look out for changes since `version`.
    pub(crate) fn activate(&mut self, cluster: &Cluster, version: i64) {
        for watch in self.watches.drain(..).filter_map(|watch| watch.upgrade()) {
            let active = cluster.watch(&watch.key, watch.expected.clone(), version);
            watch.enter(Phase::Active(active));
        }
    }

    /// Forgets all of them.
    pub(crate) fn clear(&mut self) {
        self.watches.clear();
    }
}

impl Watch {
    fn enter(&self, phase: Phase) {
        let before = std::mem::replace(&mut *self.phase.lock(), phase);
        if let Phase::Set(Some(waker)) = before {
            waker.wake();
        }
    }

    fn poll(&self, fate: &Fate, cx: &mut Context<'_>) -> Poll<Result<()>> {
        fate.poll_change(cx);
        match &mut *self.phase.lock() {
            Phase::Fired => return Poll::Ready(Ok(())),
            Phase::Active(active) => return Pin::new(active).poll(cx),
            Phase::Set(waker) => *waker = Some(cx.waker().clone()),
        }
        match fate.ended() {
            Some(End::Failed(code)) => Poll::Ready(Err(Error::fdb(code))),
            Some(End::Reset | End::Destroyed) => Poll::Ready(Err(Error::fdb(fdb_code::TRANSACTION_CANCELLED))),
            // A commit activates its watches before it ends.
            Some(End::Committed(_) | End::ReadOnly) | None => Poll::Pending,
        }
    }
}
