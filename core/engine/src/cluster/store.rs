//! The stored keys: the window laid over the base, read at a version.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::{Mutex, RwLock, RwLockWriteGuard};
use record_store_kv::env::Env;
use record_store_kv::{Error, KeyValue, Result, fdb_code};

pub(crate) use super::base::Settled;
use super::base::{Base, Batch, Snapshot, Visit, VisitSample};
use super::change::Change;
use super::merge::{Piece, rest_from};
use super::rows::{Rows, ScanLimits};
use super::sample::Sample;
use super::window::{Gone, KeyState, Window};
use crate::key::Key;

/// Window and base. Any number of threads read; one makes changes; one moves old changes into the base.
pub(crate) struct Store {
    /// None once it is closed.
    base: Mutex<Option<Box<dyn Base>>>,
    layers: RwLock<Layers>,
    /// Reads below this version fail. Raised before the base takes the changes up to it.
    oldest: AtomicI64,
}

struct Layers {
    window: Window,
    base: Arc<dyn Snapshot>,
}

impl Store {
    /// A store over `base`, which may be read from `oldest` on.
    pub(crate) fn new(base: Box<dyn Base>, oldest: i64) -> Result<Self> {
        let layers = Layers {
            window: Window::default(),
            base: base.snapshot()?,
        };
        Ok(Store {
            base: Mutex::new(Some(base)),
            layers: RwLock::new(layers),
            oldest: AtomicI64::new(oldest),
        })
    }

    /// The value of `key` at `version`. Errors: 1007.
    pub(crate) fn get(&self, key: &[u8], version: i64) -> Result<Option<Bytes>> {
        let layers = self.layers.read();
        let value = match layers.window.get(key, version) {
            KeyState::Value(value) => Some(value),
            KeyState::Absent => None,
            KeyState::Base => {
                let base = layers.base.clone();
                drop(layers);
                base.get(key)?
            }
        };
        self.check(version)?;
        Ok(value)
    }

    /// Appends the rows of `[begin, end)` at `version` to `out` until a limit is reached; tells whether one was. Errors: 1007.
    pub(crate) fn scan(
        &self,
        begin: &[u8],
        end: &[u8],
        reverse: bool,
        version: i64,
        limits: ScanLimits,
        out: &mut Vec<KeyValue>,
    ) -> Result<bool> {
        self.scan_over(false, (begin, end), reverse, version, limits, out)
    }

    /// As [`Store::scan`], but of the base only the rows in its [sample](super::sample) and only the lengths of their values.
    pub(crate) fn scan_sample(
        &self,
        range: (&[u8], &[u8]),
        version: i64,
        limits: ScanLimits,
        out: &mut Vec<KeyValue>,
    ) -> Result<bool> {
        self.scan_over(true, range, false, version, limits, out)
    }

    fn scan_over(
        &self,
        sample: bool,
        (begin, end): (&[u8], &[u8]),
        reverse: bool,
        version: i64,
        limits: ScanLimits,
        out: &mut Vec<KeyValue>,
    ) -> Result<bool> {
        let mut rows = Rows::new(out, limits);
        if limits.rows < usize::MAX {
            rows.expect(FIRST_PIECE);
        }
        let mut entries = FIRST_PIECE;
        let mut from: Option<Key> = None;
        while begin < end && !rows.is_full() {
            let (begin, end) = rest_from((begin, end), from.as_ref(), reverse);
            let layers = self.layers.read();
            let piece = Piece::take(&layers.window, (begin, end), reverse, version, entries, &mut rows);
            let base = layers.base.clone();
            drop(layers);
            let next = if sample {
                piece.merge(&Sample(&*base), (begin, end), &mut rows)?
            } else {
                piece.merge(&*base, (begin, end), &mut rows)?
            };
            if next.is_none() {
                break;
            }
            from = next;
            entries = (entries * 4).min(LARGEST_PIECE);
            rows.expect(entries);
        }
        self.check(version)?;
        Ok(rows.finish())
    }

    /// Makes the changes of `groups`, which a start has found in the log, before anybody reads.
    pub(crate) fn recover(&self, groups: &[(i64, Vec<Change>)]) {
        self.layers.write().window.load(groups);
    }

    /// Makes changes at `version`. Nobody sees them before the version is published.
    pub(crate) fn change(&self, version: i64, changes: &[Change]) {
        let mut layers = self.layers.write();
        for (i, change) in changes.iter().enumerate() {
            layers.window.apply(change, version);
            if i % CHUNK == CHUNK - 1 {
                RwLockWriteGuard::bump(&mut layers);
            }
        }
    }

    /// Moves the changes of `batch`, all those at or below `version` that the base does not have, into the base, unless `stop`
    /// tells to leave off.
    pub(crate) fn settle(&self, batch: &Batch, version: i64, stop: &dyn Fn() -> bool) -> Result<Settled> {
        self.oldest.fetch_max(version, Ordering::SeqCst);
        let snapshot = match &*self.base.lock() {
            Some(base) if base.apply(batch, version, stop)? == Settled::Done => base.snapshot()?,
            _ => return Ok(Settled::Stopped),
        };
        let before = std::mem::replace(&mut self.layers.write().base, snapshot);
        // Letting go of a version of the base is work, and nobody has to wait for it.
        drop(before);
        self.trim(batch, version);
        Ok(Settled::Done)
    }

    /// Closes the base, once the reads that are under way are done; from then on all reads fail with 1007.
    pub(crate) fn close(&self, env: &Env) {
        self.oldest.store(i64::MAX, Ordering::SeqCst);
        let (window, base) = {
            let mut layers = self.layers.write();
            let base = std::mem::replace(&mut layers.base, Arc::new(Closed));
            (std::mem::take(&mut layers.window), base)
        };
        while Arc::strong_count(&base) > 1 {
            pollster::block_on(env.clock().sleep(READERS_LEAVE));
        }
        drop(base);
        drop(self.base.lock().take());
        drop(window);
    }

    /// Takes the entries of `batch` out of the window, from left to right, a piece at a time.
    fn trim(&self, batch: &Batch, version: i64) {
        let keys = batch.keys().map(|(key, _)| (&**key, &**key));
        let clears = batch.clears().map(|(begin, end)| (&**begin, &**end));
        let mut spots: Vec<(&[u8], &[u8])> = keys.chain(clears).collect();
        spots.sort_unstable();
        let mut spots = spots.into_iter().map(|(begin, end)| (Key::new(begin), end));
        let mut next = spots.next();
        while next.is_some() {
            let mut gone = Gone::default();
            let mut layers = self.layers.write();
            for _ in 0..TRIM_CHUNK {
                let Some((from, end)) = next.take() else {
                    break;
                };
                if let Some(rest) = layers.window.trim_range(&from, end, version, TRIM_CHUNK, &mut gone) {
                    next = Some((rest, end));
                    break;
                }
                next = spots.next();
            }
            RwLockWriteGuard::unlock_fair(layers);
            // Freeing the memory is as much work again, for which nobody has to wait.
            drop(gone);
        }
    }

    /// Fails a read whose version has become too old, before or while it ran.
    fn check(&self, version: i64) -> Result<()> {
        if version < self.oldest.load(Ordering::SeqCst) {
            return Err(Error::fdb(fdb_code::TRANSACTION_TOO_OLD));
        }
        Ok(())
    }
}

/// The base once it is closed.
struct Closed;

impl Snapshot for Closed {
    fn get(&self, _key: &[u8]) -> Result<Option<Bytes>> {
        Err(Error::fdb(fdb_code::TRANSACTION_TOO_OLD))
    }

    fn scan(&self, _begin: &[u8], _end: &[u8], _reverse: bool, _visit: &mut Visit<'_>) -> Result<()> {
        Err(Error::fdb(fdb_code::TRANSACTION_TOO_OLD))
    }

    fn scan_sample(&self, _begin: &[u8], _end: &[u8], _reverse: bool, _visit: &mut VisitSample<'_>) -> Result<()> {
        Err(Error::fdb(fdb_code::TRANSACTION_TOO_OLD))
    }
}

/// How often it is seen whether the last reads have left the base.
const READERS_LEAVE: Duration = Duration::from_micros(100);
/// How many entries are changed before waiting readers get their turn.
const CHUNK: usize = 256;
/// How many are taken out before others get theirs: there are hundreds of thousands of them after a batch, and commits go on.
const TRIM_CHUNK: usize = 64;
/// How many entries of the window the first and the largest piece of a range read take down at once.
const FIRST_PIECE: usize = 16;
const LARGEST_PIECE: usize = 1024;

#[cfg(test)]
mod tests;
