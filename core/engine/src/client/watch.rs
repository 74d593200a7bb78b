//! Watches: from the read of the value, over the commit of the transaction, to the change by another one.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_util::future::{Either, select};
use parking_lot::Mutex;
use record_store_kv::{Error, Read, Result, fdb_code};

use super::fate::{End, Fate};
use super::snapshot::Snapshot;
use super::tenant::TenantSpace;
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
    /// it is not known which. Gives whom to wake.
    pub(crate) fn own_write(&mut self, begin: &[u8], end: &[u8], value: Option<Option<&[u8]>>) -> Vec<Waker> {
        let mut wakers = Vec::new();
        self.watches.retain(|watch| {
            let Some(watch) = watch.upgrade() else { return false };
            let touched = begin <= &watch.key[..] && &watch.key[..] < end;
            let differs = value.is_none_or(|value| value != watch.expected.as_deref());
            if touched && differs {
                wakers.extend(watch.enter(Phase::Fired));
            }
            !(touched && differs)
        });
        wakers
    }

    /// Whether there is no watch.
    pub(crate) fn is_empty(&self) -> bool {
        self.watches.is_empty()
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
            Phase::Set(waker) => waker,
            _ => None,
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
