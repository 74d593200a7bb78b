//! Watches: wake whoever waits for a key to get another value.
//!
//! They live in the process and compare values, so a commit that sets the same value again wakes nobody.

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Bound;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use parking_lot::Mutex;
use record_store_kv::{Error, Result, fdb_code};
use tokio::sync::oneshot;

use super::change::Change;
use crate::key::Key;
use crate::mutation::KeyRange;

/// All pending watches.
#[derive(Default)]
pub(crate) struct Watches {
    table: Mutex<Table>,
    /// The number of pending watches, so that a commit without any pays nothing.
    pending: AtomicUsize,
}

#[derive(Default)]
struct Table {
    /// (key, number) -> watch.
    watches: BTreeMap<(Key, u64), Watch>,
    next: u64,
}

struct Watch {
    expected: Option<Bytes>,
    fire: oneshot::Sender<()>,
}

impl Watches {
    /// Waits for `key` to differ from `expected`. `current` reads its value now; it is called with the table locked, so that
    /// a commit is either seen by it or finds the watch.
    pub(crate) fn add(
        self: &Arc<Self>,
        key: &[u8],
        expected: Option<Bytes>,
        current: impl FnOnce() -> Result<Option<Bytes>>,
    ) -> Result<Option<PendingWatch>> {
        let mut table = self.table.lock();
        // Counted before the value is read: a commit that does not see the count has published before.
        self.pending.fetch_add(1, Ordering::SeqCst);
        match current() {
            Ok(value) if value == expected => {}
            other => {
                self.pending.fetch_sub(1, Ordering::SeqCst);
                return other.map(|_| None);
            }
        }
        let (fire, fired) = oneshot::channel();
        let id = (Key::new(key), table.next);
        table.next += 1;
        table.watches.insert(id.clone(), Watch { expected, fire });
        Ok(Some(PendingWatch {
            watches: self.clone(),
            id,
            fired,
        }))
    }

    /// Takes the watches on keys of `changes` whose value is not the expected one; call it after the commit is visible.
    /// `current` reads a value.
    pub(crate) fn take_fired(
        &self,
        changes: &[Change],
        current: impl Fn(&[u8]) -> Result<Option<Bytes>>,
    ) -> FiredWatches {
        let mut fired = FiredWatches::default();
        if self.pending.load(Ordering::SeqCst) == 0 {
            return fired;
        }
        let mut table = self.table.lock();
        for change in changes {
            for id in table.touched(change) {
                let differs = match (table.watches.get(&id), current(&id.0)) {
                    (Some(watch), Ok(value)) => value != watch.expected,
                    // It cannot be compared: whoever waits looks at the key and gets the error.
                    (Some(_), Err(_)) => true,
                    (None, _) => false,
                };
                if differs {
                    fired.0.extend(table.watches.remove(&id));
                }
            }
        }
        self.pending.fetch_sub(fired.0.len(), Ordering::SeqCst);
        fired
    }

    /// Takes all watches whose value is not the expected one: another process may have changed any key. `current` reads a value.
    pub(crate) fn take_differing(&self, current: impl Fn(&[u8]) -> Result<Option<Bytes>>) -> FiredWatches {
        self.take_fired(&[Change::ClearRange(KeyRange::new(b"", KEYS_END))], current)
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.pending.load(Ordering::SeqCst) == 0
    }

    fn forget(&self, id: &(Key, u64)) {
        if self.table.lock().watches.remove(id).is_some() {
            self.pending.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Ends all watches: the database is closed.
    pub(crate) fn close(&self) {
        let ended = std::mem::take(&mut self.table.lock().watches);
        self.pending.fetch_sub(ended.len(), Ordering::SeqCst);
    }
}

/// Watches to fire, once the caller holds no lock: whoever is woken may come back at once.
#[derive(Default)]
#[must_use = "watches that are not fired end with an error"]
pub(crate) struct FiredWatches(Vec<Watch>);

impl FiredWatches {
    /// Wakes whoever waits.
    pub(crate) fn fire(self) {
        for watch in self.0 {
            // Nobody may listen any more.
            let _ = watch.fire.send(());
        }
    }
}

impl Table {
    fn touched(&self, change: &Change) -> Vec<(Key, u64)> {
        let (begin, end) = match change {
            Change::Put { key, .. } | Change::Delete { key } => (
                Bound::Included((key.clone(), 0)),
                Bound::Included((key.clone(), u64::MAX)),
            ),
            Change::ClearRange(range) => (
                Bound::Included((range.begin.clone(), 0)),
                Bound::Excluded((range.end.clone(), 0)),
            ),
        };
        self.watches.range((begin, end)).map(|(id, _)| id.clone()).collect()
    }
}

/// A watch that has not fired; dropping it gives the watch up.
pub(crate) struct PendingWatch {
    watches: Arc<Watches>,
    id: (Key, u64),
    fired: oneshot::Receiver<()>,
}

impl Future for PendingWatch {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.fired)
            .poll(cx)
            .map_err(|_closed| Error::fdb(fdb_code::OPERATION_CANCELLED))
    }
}

impl Drop for PendingWatch {
    fn drop(&mut self) {
        self.watches.forget(&self.id);
    }
}

/// Behind all keys that have a value.
const KEYS_END: &[u8] = b"\xff\xff";

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn has_fired(watch: &mut PendingWatch) -> bool {
        Pin::new(watch).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    fn put(key: &'static str) -> Change {
        Change::Put {
            key: Key::new(key.as_bytes()),
            value: Bytes::new(),
        }
    }

    #[test]
    fn a_watch_fires_when_the_value_differs_and_not_before() {
        let watches = Arc::new(Watches::default());
        let old = Some(Bytes::from("old"));
        let mut watch = watches.add(b"k", old.clone(), || Ok(old.clone())).unwrap().unwrap();
        watches.take_fired(&[put("k")], |_| Ok(old.clone())).fire();
        watches.take_fired(&[put("j"), put("k\0")], |_| Ok(None)).fire();
        assert!(!has_fired(&mut watch));
        let clear = Change::ClearRange(KeyRange::new(b"a", b"z"));
        watches.take_fired(&[clear], |_| Ok(None)).fire();
        assert!(has_fired(&mut watch));
        assert_eq!(watches.pending.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn a_value_that_differs_already_needs_no_watch() {
        let watches = Arc::new(Watches::default());
        assert!(watches.add(b"k", None, || Ok(Some(Bytes::new()))).unwrap().is_none());
    }

    #[test]
    fn a_dropped_watch_leaves_nothing_behind() {
        let watches = Arc::new(Watches::default());
        drop(watches.add(b"k", None, || Ok(None)).unwrap());
        assert_eq!(watches.pending.load(Ordering::SeqCst), 0);
        assert!(watches.table.lock().watches.is_empty());
    }
}
