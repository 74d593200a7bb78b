//! The stored keys: the window laid over the base, read at a version.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use parking_lot::{RwLock, RwLockWriteGuard};
use record_store_kv::{Error, KeyValue, Result, fdb_code};

use super::base::{Base, Batch, Snapshot};
use super::change::Change;
use super::merge::{Patches, Rows, ScanLimits};
use super::window::{KeyState, Window};

/// Window and base. Any number of threads read; one makes changes; one moves old changes into the base.
pub(crate) struct Store {
    base: Box<dyn Base>,
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
            base,
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
        let mut rest = (begin < end).then(|| (Bytes::copy_from_slice(begin), Bytes::copy_from_slice(end)));
        let mut rows = Rows::new(out, limits);
        let mut entries = FIRST_PIECE;
        while let Some((begin, end)) = rest.filter(|_| !rows.is_full()) {
            let layers = self.layers.read();
            let patches = Patches::take(
                &layers.window,
                (&begin, &end),
                reverse,
                version,
                entries,
                rows.rows_left(),
            );
            let base = layers.base.clone();
            drop(layers);
            rest = patches.rest(&begin, &end);
            patches.merge(&*base, &mut rows)?;
            entries = (entries * 4).min(LARGEST_PIECE);
        }
        self.check(version)?;
        Ok(rows.is_full())
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

    /// Moves the changes of `batch`, all those at or below `version` that the base does not have, into the base.
    pub(crate) fn settle(&self, batch: &Batch, version: i64) -> Result<()> {
        self.oldest.fetch_max(version, Ordering::SeqCst);
        self.base.apply(batch, version)?;
        let snapshot = self.base.snapshot()?;
        self.layers.write().base = snapshot;
        self.trim(batch, version);
        Ok(())
    }

    /// Takes the entries of `batch` out of the window, from left to right, a piece at a time.
    fn trim(&self, batch: &Batch, version: i64) {
        let keys = batch.keys().map(|(key, _)| (key, key));
        let mut spots: Vec<(&Bytes, &Bytes)> = keys.chain(batch.clears()).collect();
        spots.sort_unstable();
        let mut layers = self.layers.write();
        for (i, (begin, end)) in spots.into_iter().enumerate() {
            let mut next = Some(begin.clone());
            while let Some(from) = next {
                next = layers.window.trim_range(&from, end, version, CHUNK);
                if next.is_some() || i % CHUNK == CHUNK - 1 {
                    RwLockWriteGuard::bump(&mut layers);
                }
            }
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

/// How many entries are touched before waiting readers get their turn.
const CHUNK: usize = 256;
/// How many entries of the window the first and the largest piece of a range read take down at once.
const FIRST_PIECE: usize = 64;
const LARGEST_PIECE: usize = 1024;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::cluster::applier::Applier;
    use crate::cluster::base::{MemoryBase, RedbBase};
    use crate::cluster::files::SystemFiles;
    use crate::cluster::testing::SplitMix;
    use crate::mutation::KeyRange;

    type Rows = BTreeMap<Bytes, Bytes>;

    /// A key of at most three letters out of five: few enough that changes meet, enough for several pieces of a scan.
    fn key(rng: &SplitMix) -> Bytes {
        let length = rng.below(4);
        (0..length)
            .map(|_| b"\0bcd\xff"[usize::try_from(rng.below(5)).unwrap()])
            .collect()
    }

    fn change(rng: &SplitMix) -> Change {
        match rng.below(20) {
            0..=12 => Change::Put {
                key: key(rng),
                value: vec![b'v'; usize::try_from(rng.below(30)).unwrap()].into(),
            },
            13..=18 => Change::Delete { key: key(rng) },
            _ => loop {
                let range = KeyRange {
                    begin: key(rng),
                    end: key(rng),
                };
                if !range.is_empty() && !range.is_single() {
                    return Change::ClearRange(range);
                }
            },
        }
    }

    fn model_change(rows: &mut Rows, change: &Change) {
        match change {
            Change::Put { key, value } => drop(rows.insert(key.clone(), value.clone())),
            Change::Delete { key } => drop(rows.remove(key)),
            Change::ClearRange(range) => rows.retain(|key, _| *key < range.begin || *key >= range.end),
        }
    }

    fn model_scan(rows: &Rows, begin: &Bytes, end: &Bytes, reverse: bool, limits: ScanLimits) -> (Vec<KeyValue>, bool) {
        let range = rows.iter().filter(|(key, _)| *key >= begin && *key < end);
        let mut all: Vec<KeyValue> = range
            .map(|(key, value)| KeyValue {
                key: key.clone(),
                value: value.clone(),
            })
            .collect();
        if reverse {
            all.reverse();
        }
        let mut bytes = 0;
        for at in 0..all.len() {
            bytes += 24 + all[at].key.len() + all[at].value.len();
            if at + 1 == limits.rows || bytes >= limits.bytes {
                all.truncate(at + 1);
                return (all, true);
            }
        }
        (all, false)
    }

    fn run(seed: u64, base: Box<dyn Base>) {
        let rng = SplitMix::new(seed);
        let store = Store::new(base, 0).unwrap();
        let applier = Applier::new(usize::MAX);
        let mut versions = BTreeMap::from([(0, Rows::new())]);
        let (mut latest, mut oldest) = (0, 0);
        for step in 0..150 {
            let context = format!("seed {seed}, step {step}");
            latest += 1 + i64::try_from(rng.below(3)).unwrap();
            let mut rows = versions.last_key_value().unwrap().1.clone();
            let changes: Vec<Change> = (0..rng.below(10)).map(|_| change(&rng)).collect();
            changes.iter().for_each(|change| model_change(&mut rows, change));
            store.change(latest, &changes);
            applier.push(latest, latest, changes);
            versions.insert(latest, rows);
            if rng.below(6) == 0 {
                let horizon = oldest + i64::try_from(rng.below(u64::try_from(latest - oldest).unwrap() + 1)).unwrap();
                let most = usize::try_from(rng.below(20)).unwrap();
                oldest = applier.step(&store, horizon, most).unwrap().unwrap_or(oldest);
            }
            let version = oldest + i64::try_from(rng.below(u64::try_from(latest - oldest).unwrap() + 1)).unwrap();
            let (_, rows) = versions.range(..=version).next_back().unwrap();
            let wanted = key(&rng);
            assert_eq!(
                store.get(&wanted, version).unwrap(),
                rows.get(&wanted).cloned(),
                "{context}: {wanted:?}"
            );
            let (begin, end, reverse) = (key(&rng), key(&rng), rng.below(2) == 0);
            let limits = ScanLimits {
                rows: if rng.below(2) == 0 {
                    usize::MAX
                } else {
                    1 + usize::try_from(rng.below(5)).unwrap()
                },
                bytes: if rng.below(2) == 0 {
                    usize::MAX
                } else {
                    1 + usize::try_from(rng.below(200)).unwrap()
                },
            };
            let mut found = Vec::new();
            let more = store.scan(&begin, &end, reverse, version, limits, &mut found).unwrap();
            let expected = model_scan(rows, &begin, &end, reverse, limits);
            assert_eq!(
                (found, more),
                expected,
                "{context}: [{begin:?}, {end:?}) reverse {reverse} at {version}"
            );
        }
        assert!(
            oldest == 0 || store.get(b"", oldest - 1).is_err(),
            "seed {seed}: an old version is refused"
        );
        applier.step(&store, latest, usize::MAX).unwrap();
        assert!(
            store.layers.read().window.is_empty(),
            "seed {seed}: a trimmed window is empty"
        );
        let mut found = Vec::new();
        store
            .scan(b"", b"\xff\xff\xff", false, latest, ScanLimits::NONE, &mut found)
            .unwrap();
        assert_eq!(
            found,
            model_scan(
                &versions[&latest],
                &Bytes::new(),
                &Bytes::from_static(b"\xff\xff\xff"),
                false,
                ScanLimits::NONE
            )
            .0
        );
    }

    #[test]
    fn window_over_base_reads_as_a_map_for_each_version() {
        for seed in 0..150 {
            run(seed, Box::new(MemoryBase::default()));
        }
    }

    #[test]
    fn window_over_redb_reads_as_a_map_for_each_version() {
        for seed in 0..10 {
            let directory = tempfile::tempdir().unwrap();
            run(
                seed,
                Box::new(RedbBase::open(&SystemFiles::new(directory.path()), 1 << 20).unwrap()),
            );
        }
    }
}
