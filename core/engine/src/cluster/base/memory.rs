//! A base in memory, for `memory:`.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::{RwLock, RwLockWriteGuard};
use record_store_kv::Result;

use super::{Base, Batch, Row, Settled, Snapshot, Value, Visit};
use crate::key::Key;

/// An ordered map that is changed in place.
#[derive(Default)]
pub(crate) struct MemoryBase {
    rows: Arc<MemoryRows>,
}

#[derive(Default)]
struct MemoryRows(RwLock<BTreeMap<Key, Bytes>>);

impl Base for MemoryBase {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>> {
        Ok(self.rows.clone())
    }

    fn apply(&self, batch: &Batch, _version: i64, _stop: &dyn Fn() -> bool) -> Result<Settled> {
        let mut rows = self.rows.0.write();
        for (begin, end) in batch.clears() {
            let bounds = (Bound::Included(&begin[..]), Bound::Excluded(&end[..]));
            loop {
                let some: Vec<Key> = rows
                    .range::<[u8], _>(bounds)
                    .take(CHUNK)
                    .map(|(key, _)| key.clone())
                    .collect();
                if some.is_empty() {
                    break;
                }
                some.iter().for_each(|key| drop(rows.remove(key)));
                RwLockWriteGuard::bump(&mut rows);
            }
        }
        for (i, (key, value)) in batch.keys().enumerate() {
            match value {
                Some(value) => drop(rows.insert(key.clone(), value.clone())),
                None => drop(rows.remove(key)),
            }
            if i % CHUNK == CHUNK - 1 {
                RwLockWriteGuard::bump(&mut rows);
            }
        }
        Ok(Settled::Done)
    }
}

impl Snapshot for MemoryRows {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        Ok(self.0.read().get(key).cloned())
    }

    fn scan(&self, begin: &[u8], end: &[u8], reverse: bool, visit: &mut Visit<'_>) -> Result<()> {
        if begin >= end {
            return Ok(());
        }
        let rows = self.0.read();
        // Keys are compared faster than slices.
        let (begin, end) = (Key::new(begin), Key::new(end));
        let mut range = rows.range::<Key, _>((Bound::Included(&begin), Bound::Excluded(&end)));
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
}

/// How many rows are changed before waiting readers get their turn.
const CHUNK: usize = 512;
