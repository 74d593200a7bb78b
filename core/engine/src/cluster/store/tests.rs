//! Window and base against a map for each version, and a read that is overtaken.

use std::collections::BTreeMap;

use super::*;
use crate::cluster::applier::Applier;
use parking_lot::Mutex;
use record_store_kv::env::Env;

use crate::cluster::base::{MemoryBase, RedbBase, Visit, VisitSample};
use crate::cluster::files::SystemFiles;
use crate::cluster::sample::sampled_size;
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
            key: Key::new(&key(rng)),
            // One in eight is so large that the sample may well have it.
            value: vec![b'v'; usize::try_from(rng.below(if rng.below(8) == 0 { 30_000 } else { 30 })).unwrap()].into(),
        },
        13..=18 => Change::Delete {
            key: Key::new(&key(rng)),
        },
        _ => loop {
            let range = KeyRange::new(&key(rng), &key(rng));
            if !range.is_empty() && !range.is_single() {
                return Change::ClearRange(range);
            }
        },
    }
}

fn model_change(rows: &mut Rows, change: &Change) {
    match change {
        Change::Put { key, value } => drop(rows.insert(key.to_bytes(), value.clone())),
        Change::Delete { key } => drop(rows.remove(&key[..])),
        Change::ClearRange(range) => rows.retain(|key, _| key[..] < *range.begin || key[..] >= *range.end),
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

#[test]
fn a_recovered_window_reads_as_one_that_grew() {
    for seed in 0..200 {
        let rng = SplitMix::new(seed);
        let mut groups: Vec<(i64, Vec<Change>)> = Vec::new();
        for version in 1..=i64::try_from(rng.below(20)).unwrap() {
            let changes = (0..rng.below(8)).map(|_| change(&rng));
            // Half of the logs have no range clears.
            let changes = changes.filter(|change| seed % 2 == 0 || !matches!(change, Change::ClearRange(_)));
            groups.push((version, changes.collect()));
        }
        let latest = groups.last().map_or(0, |(version, _)| *version);
        let applier = Applier::new(usize::MAX);
        let (recovered, grown) = (base_store(), base_store());
        recovered.recover(&groups);
        for (version, changes) in &groups {
            grown.change(*version, changes);
            applier.push(*version, *version, changes.clone());
        }
        assert_eq!(all(&recovered, latest), all(&grown, latest), "seed {seed}");
        applier
            .step(&recovered, latest, usize::MAX, &Env::system(), &|| false)
            .unwrap();
        assert_eq!(all(&recovered, latest), all(&grown, latest), "seed {seed}, in the base");
        let layers = recovered.layers.read();
        assert!(
            layers.window.entries(b"", b"\xff\xff\xff", latest).next().is_none(),
            "seed {seed}"
        );
    }
}

/// The keys of the sample with their sizes.
fn sample<'r>(rows: impl IntoIterator<Item = (&'r Bytes, &'r Bytes)>) -> Vec<(Bytes, i64)> {
    let entry = |(key, value): (&'r Bytes, &'r Bytes)| Some((key.clone(), sampled_size(key, value.len())?));
    rows.into_iter().filter_map(entry).collect()
}

/// A store that was never written to.
fn base_store() -> Store {
    Store::new(Box::new(MemoryBase::default()), 0).unwrap()
}

fn all(store: &Store, version: i64) -> Vec<KeyValue> {
    let mut rows = Vec::new();
    store
        .scan(b"", b"\xff\xff\xff", false, version, ScanLimits::NONE, &mut rows)
        .unwrap();
    rows
}

fn run(seed: u64, base: Box<dyn Base>) {
    let rng = SplitMix::new(seed);
    let store = Store::new(base, 0).unwrap();
    let applier = Applier::new(usize::MAX);
    let env = Env::system();
    let settle = |horizon, most| applier.step(&store, horizon, most, &env, &|| false).unwrap();
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
            let most = usize::try_from(rng.below(20)).unwrap() * Change::OVERHEAD;
            oldest = settle(horizon, most).unwrap_or(oldest);
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
        let mut found = Vec::new();
        store
            .scan_sample((&begin, &end), version, ScanLimits::NONE, &mut found)
            .unwrap();
        assert_eq!(
            sample(found.iter().map(|row| (&row.key, &row.value))),
            sample(rows.iter().filter(|(key, _)| **key >= begin && **key < end)),
            "{context}: the sample of [{begin:?}, {end:?}) at {version}"
        );
    }
    assert!(
        oldest == 0 || store.get(b"", oldest - 1).is_err(),
        "seed {seed}: an old version is refused"
    );
    settle(latest, usize::MAX);
    assert!(
        store
            .layers
            .read()
            .window
            .entries(b"", b"\xff\xff\xff", latest)
            .next()
            .is_none(),
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

/// A base in memory whose reads are interrupted, once, by what is in `interruption`.
struct InterruptedBase {
    base: MemoryBase,
    interruption: Interruption,
}

struct InterruptedSnapshot {
    snapshot: Arc<dyn Snapshot>,
    interruption: Interruption,
}

type Interruption = Arc<Mutex<Option<Box<dyn FnOnce() + Send>>>>;

impl Base for InterruptedBase {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>> {
        let snapshot = self.base.snapshot()?;
        let interruption = self.interruption.clone();
        Ok(Arc::new(InterruptedSnapshot { snapshot, interruption }))
    }

    fn apply(&self, batch: &Batch, version: i64, stop: &dyn Fn() -> bool) -> Result<Settled> {
        self.base.apply(batch, version, stop)
    }
}

impl InterruptedSnapshot {
    fn interrupt(&self) {
        let interruption = self.interruption.lock().take();
        if let Some(interruption) = interruption {
            interruption();
        }
    }
}

impl Snapshot for InterruptedSnapshot {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        self.interrupt();
        self.snapshot.get(key)
    }

    fn scan(&self, begin: &[u8], end: &[u8], reverse: bool, visit: &mut Visit<'_>) -> Result<()> {
        self.interrupt();
        self.snapshot.scan(begin, end, reverse, visit)
    }

    fn scan_sample(&self, begin: &[u8], end: &[u8], reverse: bool, visit: &mut VisitSample<'_>) -> Result<()> {
        self.interrupt();
        self.snapshot.scan_sample(begin, end, reverse, visit)
    }
}

#[test]
fn a_read_that_is_overtaken_by_the_base_fails_instead_of_seeing_the_future() {
    let interruption = Interruption::default();
    let base = InterruptedBase {
        base: MemoryBase::default(),
        interruption: interruption.clone(),
    };
    let store = Arc::new(Store::new(Box::new(base), 0).unwrap());
    let put = |value: &'static str| Change::Put {
        key: Key::new(b"k"),
        value: value.into(),
    };
    let mut version = 0;
    let mut overtake = |read: &dyn Fn(i64) -> Result<()>| {
        // The window has the next value; the base gets it while the read is under way.
        version += 2;
        let change = put("later");
        store.change(version, std::slice::from_ref(&change));
        let (store, later) = (store.clone(), version);
        *interruption.lock() = Some(Box::new(move || {
            let mut batch = Batch::default();
            batch.add(&change);
            store.settle(&batch, later, &|| false).unwrap();
        }));
        let error = read(version - 1).unwrap_err();
        assert_eq!(error.fdb_code(), Some(fdb_code::TRANSACTION_TOO_OLD));
    };
    overtake(&|version| store.get(b"k", version).map(drop));
    overtake(&|version| {
        store
            .scan(b"", b"z", false, version, ScanLimits::NONE, &mut Vec::new())
            .map(drop)
    });
}
