//! A part of a database as a database of its own: the keys with a prefix, without it.
//!
//! Tests that write at fixed keys, or count all there are, run on it beside others. It is exact for whatever stays inside: a selector
//! that steps over the ends gives the ends, as in a whole database.

use std::sync::Arc;

use record_store_kv::env::Env;
use record_store_kv::{
    Bytes, ConflictRangeType, Database, DatabaseBackend, DatabaseOption, KeySelector, KeyValue, MappedRangeBatch,
    MutationType, RangeBatch, RangeRequest, Read, Result, Transaction, TransactionBackend, TransactionOption,
    TransactionVersion, fdb_code, strinc,
};

/// The end of the keys of users.
const END: &[u8] = b"\xff";

/// The keys of `whole` with the prefix, and what is to be done when the last handle is dropped.
pub(super) fn of(whole: Database, prefix: Bytes, at_end: impl FnOnce(&Database) + Send + Sync + 'static) -> Database {
    let end = strinc(&prefix)
        .expect("the prefix of a directory has a key after it")
        .into();
    let ends = Arc::new(Ends { prefix, end });
    Database::from_backend(Arc::new(Part {
        whole,
        ends,
        at_end: Some(Box::new(at_end)),
    }))
}

type AtEnd = Box<dyn FnOnce(&Database) + Send + Sync>;

struct Part {
    whole: Database,
    ends: Arc<Ends>,
    at_end: Option<AtEnd>,
}

struct Ends {
    prefix: Bytes,
    end: Bytes,
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(at_end) = self.at_end.take() {
            at_end(&self.whole);
        }
    }
}

impl DatabaseBackend for Part {
    fn create_transaction(&self) -> Arc<dyn TransactionBackend> {
        Arc::new(PartTransaction {
            whole: self.whole.transaction(),
            ends: self.ends.clone(),
        })
    }

    fn set_option(&self, code: i32, value: Option<&[u8]>) -> Result<()> {
        self.whole
            .set_option(&DatabaseOption::Other(code, value.map(Bytes::copy_from_slice)))
    }

    fn env(&self) -> &Env {
        self.whole.env()
    }

    fn name(&self) -> String {
        self.whole.name()
    }
}

struct PartTransaction {
    whole: Transaction,
    ends: Arc<Ends>,
}

impl Ends {
    /// A key of the part as one of the whole; those of the system stay what they are, and their beginning is the end of the part.
    fn outside(&self, key: &[u8]) -> Bytes {
        match key {
            END => self.end.clone(),
            _ if key.starts_with(END) => Bytes::copy_from_slice(key),
            _ => [&self.prefix, key].concat().into(),
        }
    }

    /// A key of the whole as one of the part: the ends for what lies before and behind.
    fn inside(&self, key: &Bytes) -> Bytes {
        if key.starts_with(&self.prefix) {
            key.slice(self.prefix.len()..)
        } else if *key < self.prefix {
            Bytes::new()
        } else {
            Bytes::from_static(END)
        }
    }

    fn selector(&self, selector: &KeySelector) -> KeySelector {
        KeySelector::new(self.outside(&selector.key), selector.or_equal, selector.offset)
    }

    fn rows(&self, batch: RangeBatch) -> RangeBatch {
        let inside = |row: &KeyValue| row.key.starts_with(&self.prefix);
        let strip = |row: KeyValue| KeyValue {
            key: row.key.slice(self.prefix.len()..),
            value: row.value,
        };
        RangeBatch {
            more: batch.more,
            rows: batch.rows.into_iter().filter(inside).map(strip).collect(),
        }
    }
}

/// A read with its result changed: at once if it is there.
fn map<T: Unpin + Send + 'static, U: Send + 'static>(
    read: Read<T>,
    change: impl FnOnce(T) -> U + Send + 'static,
) -> Read<U> {
    match read.try_ready() {
        Ok(result) => Read::ready(result.map(change)),
        Err(pending) => Read::pending(async move { pending.await.map(change) }),
    }
}

impl TransactionBackend for PartTransaction {
    fn get(&self, key: &[u8], snapshot: bool) -> Read<Option<Bytes>> {
        self.whole.get(&self.ends.outside(key), snapshot)
    }

    fn get_key(&self, selector: &KeySelector, snapshot: bool) -> Read<Bytes> {
        let ends = self.ends.clone();
        map(
            self.whole.get_key(&self.ends.selector(selector), snapshot),
            move |key| ends.inside(&key),
        )
    }

    fn get_range(&self, request: &RangeRequest, snapshot: bool) -> Read<RangeBatch> {
        let ends = self.ends.clone();
        let outside = RangeRequest {
            begin: ends.selector(&request.begin),
            end: ends.selector(&request.end),
            ..request.clone()
        };
        map(self.whole.get_range(&outside, snapshot), move |batch| ends.rows(batch))
    }

    /// What a mapper makes of keys lies outside: a part cannot have them.
    fn get_mapped_range(&self, _: &RangeRequest, _: &[u8], _: bool) -> Read<MappedRangeBatch> {
        Read::failed(fdb_code::UNSUPPORTED_OPERATION)
    }

    fn set(&self, key: &[u8], value: &[u8]) {
        self.whole.set(&self.ends.outside(key), value);
    }

    fn clear(&self, key: &[u8]) {
        self.whole.clear(&self.ends.outside(key));
    }

    fn clear_range(&self, begin: &[u8], end: &[u8]) {
        self.whole
            .clear_range(&self.ends.outside(begin), &self.ends.outside(end));
    }

    fn atomic_op(&self, mutation: i32, key: &[u8], operand: &[u8]) {
        let mut outside = self.ends.outside(key).to_vec();
        if mutation == MutationType::SetVersionstampedKey.code() {
            // The last four bytes say where the stamp goes.
            let at = outside.len().saturating_sub(4);
            if let Some(place) = outside.get(at..).and_then(|place| <[u8; 4]>::try_from(place).ok()) {
                let moved = u32::from_le_bytes(place).wrapping_add(self.ends.prefix.len() as u32);
                outside[at..].copy_from_slice(&moved.to_le_bytes());
            }
        }
        self.whole.atomic_op_code(mutation, &outside, operand);
    }

    fn add_conflict_range(&self, begin: &[u8], end: &[u8], kind: ConflictRangeType) -> Result<()> {
        self.whole
            .add_conflict_range(&self.ends.outside(begin), &self.ends.outside(end), kind)
    }

    fn set_option(&self, code: i32, value: Option<&[u8]>) -> Result<()> {
        self.whole
            .set_option(&TransactionOption::Other(code, value.map(Bytes::copy_from_slice)))
    }

    fn read_version(&self) -> Read<i64> {
        self.whole.read_version()
    }

    fn set_read_version(&self, version: i64) {
        self.whole.set_read_version(version);
    }

    fn commit(&self) -> Read<()> {
        self.whole.commit()
    }

    fn committed_version(&self) -> i64 {
        self.whole.committed_version()
    }

    fn versionstamp(&self) -> Read<TransactionVersion> {
        self.whole.versionstamp()
    }

    fn approximate_size(&self) -> Read<i64> {
        self.whole.approximate_size()
    }

    fn watch(&self, key: &[u8]) -> Read<()> {
        self.whole.watch(&self.ends.outside(key))
    }

    fn on_error(&self, code: i32) -> Read<()> {
        self.whole.on_error_code(code)
    }

    fn reset(&self) {
        self.whole.reset();
    }

    fn cancel(&self) {
        self.whole.cancel();
    }

    fn estimated_range_size_bytes(&self, begin: &[u8], end: &[u8]) -> Read<i64> {
        self.whole
            .estimated_range_size_bytes(&self.ends.outside(begin), &self.ends.outside(end))
    }

    fn range_split_points(&self, begin: &[u8], end: &[u8], chunk_size: i64) -> Read<Vec<Bytes>> {
        let ends = self.ends.clone();
        let points = self
            .whole
            .range_split_points(&ends.outside(begin), &ends.outside(end), chunk_size);
        map(points, move |points| {
            points.iter().map(|point| ends.inside(point)).collect()
        })
    }

    fn addresses_for_key(&self, key: &[u8]) -> Read<Vec<String>> {
        self.whole.addresses_for_key(&self.ends.outside(key))
    }
}
