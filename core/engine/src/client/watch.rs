//! Watches: from the read of the value, over the commit of the transaction, to the change by another one.
//!
//! The read is on its way for a moment, as over a network: until then nothing of it shows, and what ends the transaction's other
//! reads ends the watch. A call that waits for the database, a commit or a millisecond lets it arrive.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use parking_lot::Mutex;
use record_store_kv::env::Env;
use record_store_kv::{Error, Read, Result, fdb_code};

use super::fate::{End, Fate};
use super::read::Got;
use super::round_trips::Flight;
use super::snapshot::Snapshot;
use super::tenant::TenantSpace;
use crate::cluster::Cluster;

/// The watches of one attempt that its commit is to activate.
#[derive(Default)]
pub(crate) struct Watches {
    watches: Vec<Weak<Watch>>,
    on_their_way: Vec<OnItsWay>,
}

/// The read of a watch's value that has not arrived.
pub(crate) struct OnItsWay {
    watch: Arc<Watch>,
    /// What it will come to.
    got: Got,
    flight: Flight,
}

struct Watch {
    key: Bytes,
    expected: Option<Bytes>,
    /// When the value arrives at the latest, on the monotonic clock.
    arrives: Duration,
    phase: Mutex<Phase>,
}

enum Phase {
    /// The value is on its way. Meanwhile the transaction itself may have given the key another one.
    Reading(Waiting, Option<Option<Bytes>>),
    /// The transaction has not committed yet.
    Set(Waiting),
    /// The cluster looks out for a change.
    Active(Read<()>),
    /// The transaction itself gave the key another value.
    Fired,
}

/// A watch that waits for its transaction's attempt.
struct Waiting {
    fate: Arc<Fate>,
    waker: Option<Waker>,
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
    /// Adds a watch on `key`; `flight` is that of the read of its value, which will come to `got`, unless it is here.
    pub(crate) fn add(
        &mut self,
        key: &[u8],
        got: Got,
        flight: Option<Flight>,
        env: &Env,
        (fate, slot): (Arc<Fate>, Slot),
    ) -> Read<()> {
        let env = env.clone();
        let waiting = Waiting { fate, waker: None };
        let watch = Arc::new(Watch {
            key: Bytes::copy_from_slice(key),
            expected: got.value.clone(),
            arrives: env.clock().monotonic() + LONGEST_WAY,
            phase: Mutex::new(match flight {
                Some(_) => Phase::Reading(waiting, None),
                None => Phase::Set(waiting),
            }),
        });
        self.watches.push(Arc::downgrade(&watch));
        self.on_their_way.extend(flight.map(|flight| OnItsWay {
            watch: watch.clone(),
            got,
            flight,
        }));
        Read::pending(async move {
            let _slot = slot;
            poll_fn(|cx| watch.poll(&env, cx)).await
        })
    }

    /// The reads that arrive: all of them, or those that had the time. Gives also whom to wake.
    pub(crate) fn arrive(&mut self, env: &Env, all: bool) -> (Vec<OnItsWay>, Vec<Waker>) {
        if self.on_their_way.is_empty() {
            return Default::default();
        }
        let now = env.clock().monotonic();
        let here = |read: &mut OnItsWay| all || now >= read.watch.arrives || read.flight.is_over();
        let arrived: Vec<OnItsWay> = self.on_their_way.extract_if(.., here).collect();
        let wakers = arrived.iter().filter_map(|read| read.watch.arrive()).collect();
        (arrived, wakers)
    }

    /// Fires the watches on keys from `begin` to before `end` that the transaction itself gives another value; `None` if
    /// it is not known which. Gives whom to wake.
    pub(crate) fn own_write(&mut self, begin: &[u8], end: &[u8], value: Option<Option<&[u8]>>) -> Vec<Waker> {
        let mut wakers = Vec::new();
        self.watches.retain(|watch| {
            let Some(watch) = watch.upgrade() else { return false };
            let touched = begin <= &watch.key[..] && &watch.key[..] < end;
            let differs = touched && value.is_none_or(|value| watch.differs(value));
            if differs {
                wakers.extend(watch.enter(Phase::Fired));
            }
            !differs
        });
        self.on_their_way.retain(|read| read.watch.is_reading());
        wakers
    }

    /// Whether there is no watch.
    pub(crate) fn is_empty(&self) -> bool {
        self.watches.is_empty()
    }

    /// Forgets those whose value has not arrived; they end with their attempt.
    pub(crate) fn forget_on_their_way(&mut self) {
        self.on_their_way.clear();
        self.watches
            .retain(|watch| watch.upgrade().is_some_and(|watch| !watch.is_reading()));
    }

    /// The watches for another attempt, which goes on with them.
    pub(crate) fn carry_over(&mut self, fate: &Arc<Fate>) {
        for watch in self.watches.iter().filter_map(Weak::upgrade) {
            watch.wait_for(fate);
        }
    }

    /// Lets the cluster look out for changes since `version`. Gives whom to wake.
    pub(crate) fn activate(&mut self, snapshot: &Snapshot, version: i64) -> Vec<Waker> {
        let mut wakers = Vec::new();
        for watch in self.watches.drain(..).filter_map(|watch| watch.upgrade()) {
            let (key, expected) = (&watch.key[..], watch.expected.clone());
            let active = match snapshot.tenant() {
                None => snapshot.cluster().watch(key, expected, version),
                Some(tenant) => watch_in_tenant(snapshot.cluster(), tenant, (key, expected), version),
            };
            wakers.extend(watch.enter(Phase::Active(active)));
        }
        wakers
    }

    /// Forgets all of them.
    pub(crate) fn clear(&mut self) {
        self.watches.clear();
        self.on_their_way.clear();
    }
}

impl OnItsWay {
    /// The key, and what the read of it came to.
    pub(crate) fn result(&self) -> (&[u8], &Got) {
        (&self.watch.key, &self.got)
    }
}

/// Watches a key of a tenant. Errors: 2142 when the tenant is removed.
fn watch_in_tenant(
    cluster: &Arc<Cluster>,
    tenant: &TenantSpace,
    (key, expected): (&[u8], Option<Bytes>),
    version: i64,
) -> Read<()> {
    let (key, row) = match (tenant.key(key), tenant.row()) {
        (Ok(key), Ok(row)) => (key, row),
        (Err(error), _) | (_, Err(error)) => return Read::ready(Err(error)),
    };
    let removed = || Error::fdb(fdb_code::TENANT_REMOVED);
    let name = match cluster.get_latest(&row) {
        Ok(Some(name)) => name,
        Ok(None) => return Read::ready(Err(removed())),
        Err(error) => return Read::ready(Err(error)),
    };
    let changed = cluster.watch(&key, expected, version);
    let (renamed, weak) = (cluster.watch(&row, Some(name), version), Arc::downgrade(cluster));
    Read::pending(async move {
        let mut changed = changed;
        let mut renamed = renamed;
        loop {
            match select(changed, renamed).await {
                Either::Left((result, _)) => return result,
                Either::Right((Err(error), _)) => return Err(error),
                Either::Right((Ok(()), rest)) => {
                    let cluster = weak.upgrade().ok_or_else(removed)?;
                    let name = cluster.get_latest(&row)?.ok_or_else(removed)?;
                    (changed, renamed) = (rest, cluster.watch(&row, Some(name), version));
                }
            }
        }
    })
}

impl Watch {
    /// Goes on to another phase; gives whom to wake.
    fn enter(&self, phase: Phase) -> Option<Waker> {
        match std::mem::replace(&mut *self.phase.lock(), phase) {
            Phase::Reading(waiting, _) | Phase::Set(waiting) => waiting.waker,
            Phase::Active(_) | Phase::Fired => None,
        }
    }

    fn is_reading(&self) -> bool {
        matches!(*self.phase.lock(), Phase::Reading(..))
    }

    /// Whether `value` is another one. As long as there is nothing to compare it with, it is kept.
    fn differs(&self, value: Option<&[u8]>) -> bool {
        if let Phase::Reading(_, own) = &mut *self.phase.lock() {
            *own = Some(value.map(Bytes::copy_from_slice));
            return false;
        }
        value != self.expected.as_deref()
    }

    /// The value is here. Gives whom to wake.
    fn arrive(&self) -> Option<Waker> {
        let mut phase = self.phase.lock();
        let Phase::Reading(waiting, own) = &mut *phase else {
            return None;
        };
        let waiting = Waiting {
            fate: waiting.fate.clone(),
            waker: waiting.waker.take(),
        };
        if own.take().is_none_or(|own| own == self.expected) {
            *phase = Phase::Set(waiting);
            return None;
        }
        *phase = Phase::Fired;
        waiting.waker
    }

    /// Waits for another attempt from now on.
    fn wait_for(&self, other: &Arc<Fate>) {
        if let Phase::Reading(waiting, _) | Phase::Set(waiting) = &mut *self.phase.lock() {
            waiting.fate = other.clone();
        }
    }

    fn poll(&self, env: &Env, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let (fate, reading) = match &mut *self.phase.lock() {
            Phase::Fired => return Poll::Ready(Ok(())),
            Phase::Active(active) => return Pin::new(active).poll(cx),
            Phase::Reading(waiting, _) => (waiting.wait(cx), true),
            Phase::Set(waiting) => (waiting.wait(cx), false),
        };
        // It may drive a commit, which activates this watch.
        fate.poll_change(cx);
        match &mut *self.phase.lock() {
            Phase::Fired => return Poll::Ready(Ok(())),
            Phase::Active(active) => return Pin::new(active).poll(cx),
            Phase::Reading(..) | Phase::Set(_) => {}
        }
        match (fate.ended(), fate.interruption()) {
            (Some(End::Failed(code)), _) => Poll::Ready(Err(Error::fdb(code))),
            (Some(End::Reset | End::Destroyed), _) => Poll::Ready(Err(Error::fdb(fdb_code::TRANSACTION_CANCELLED))),
            (_, Some(code)) if reading => Poll::Ready(Err(Error::fdb(code))),
            // A commit activates its watches before it ends.
            (Some(End::Committed(_) | End::ReadOnly) | None, _) => {
                let arrived = reading && env.clock().monotonic() >= self.arrives;
                if arrived && self.arrive().is_some() {
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending
            }
        }
    }
}

impl Waiting {
    /// Has the task of `cx` woken when the phase changes; gives the attempt to look at.
    fn wait(&mut self, cx: &Context<'_>) -> Arc<Fate> {
        self.waker = Some(cx.waker().clone());
        self.fate.clone()
    }
}

/// How long the value of a watch is on its way at the most.
const LONGEST_WAY: Duration = Duration::from_millis(1);
