//! A base in memory, for `memory:`.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::{RwLock, RwLockWriteGuard};
use record_store_kv::Result;

use super::{Base, Batch, Row, Settled, Snapshot, Value, Visit, VisitSample, sample_entry};
use crate::key::Key;

/// An ordered map that is changed in place.
#[derive(Default)]
pub(crate) struct MemoryBase {
    maps: Arc<RwLock<Maps>>,
}

#[derive(Default)]
struct Maps {
    rows: BTreeMap<Key, Bytes>,
    /// The rows in the sample, and how long their values are.
    sample: BTreeMap<Key, u32>,
}

struct MemorySnapshot(Arc<RwLock<Maps>>);

impl Base for MemoryBase {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>> {
        Ok(Arc::new(MemorySnapshot(self.maps.clone())))
    }

    fn apply(&self, batch: &Batch, _version: i64, _stop: &dyn Fn() -> bool) -> Result<Settled> {
        let mut maps = self.maps.write();
        for (begin, end) in batch.clears() {
            let bounds = (Bound::Included(&begin[..]), Bound::Excluded(&end[..]));
            loop {
                let some: Vec<Key> = maps
                    .rows
                    .range::<[u8], _>(bounds)
                    .take(CHUNK)
                    .map(|(key, _)| key.clone())
                    .collect();
                if some.is_empty() {
                    break;
                }
                some.iter().for_each(|key| maps.change(key, None));
                RwLockWriteGuard::bump(&mut maps);
            }
        }
        for (i, (key, value)) in batch.keys().enumerate() {
            maps.change(key, value);
            if i % CHUNK == CHUNK - 1 {
                RwLockWriteGuard::bump(&mut maps);
            }
        }
        Ok(Settled::Done)
    }
}

impl Maps {
    fn change(&mut self, key: &Key, value: Option<&Bytes>) {
        let before = match value {
            Some(value) => self.rows.insert(key.clone(), value.clone()),
            None => self.rows.remove(key),
        };
        if let Some(entry) = value.and_then(|value| sample_entry(key, value.len())) {
            self.sample.insert(key.clone(), entry);
        } else if before.is_some_and(|before| sample_entry(key, before.len()).is_some()) {
            self.sample.remove(key);
        }
    }
}

impl Snapshot for MemorySnapshot {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        Ok(self.0.read().rows.get(key).cloned())
    }

    fn scan(&self, begin: &[u8], end: &[u8], reverse: bool, visit: &mut Visit<'_>) -> Result<()> {
        if begin >= end {
            return Ok(());
        }
        let maps = self.0.read();
        // Keys are compared faster than slices.
        let (begin, end) = (Key::new(begin), Key::new(end));
        let mut range = maps
            .rows
            .range::<Key, _>((Bound::Included(&begin), Bound::Excluded(&end)));
        loop {
            let next = if reverse { range.next_back() } else { range.next() };
            let Some((key, value)) = next else {
                return Ok(());
            };
            if let ControlFlow::Break(()) = visit(Row {
                key,
                value: Value::Shared(value),
            }) {
                return Ok(());
            }
        }
    }

    fn scan_sample(&self, begin: &[u8], end: &[u8], reverse: bool, visit: &mut VisitSample<'_>) -> Result<()> {
        if begin >= end {
            return Ok(());
        }
        let maps = self.0.read();
        let mut range = maps
            .sample
            .range::<[u8], _>((Bound::Included(begin), Bound::Excluded(end)));
        loop {
            let next = if reverse { range.next_back() } else { range.next() };
            let Some((key, length)) = next else {
                return Ok(());
            };
            if let ControlFlow::Break(()) = visit(key, *length) {
                return Ok(());
            }
        }
    }
}

/// How many rows are changed before waiting readers get their turn.
const CHUNK: usize = 512;
