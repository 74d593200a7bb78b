//! The base on disk: a redb file.

use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use bytes::Bytes;
use record_store_kv::{Error, ErrorKind, Result, fdb_code};
use redb::{Builder, Database, Durability, ReadOnlyTable, ReadableDatabase, ReadableTable, TableDefinition};

use super::{Base, Batch, Row, Settled, Snapshot, Value, Visit};
use crate::cluster::files::Files;

/// A redb file with one table for the rows and one for what we remember with them.
pub(crate) struct RedbBase {
    database: Database,
    applied: i64,
}

impl RedbBase {
    /// Opens the base among `files`, or makes it; its cache takes at most `cache_bytes`.
    ///
    /// Errors: `Corrupt`, `Io`.
    pub(crate) fn open(files: &dyn Files, cache_bytes: usize) -> Result<Self> {
        let mut builder = Builder::new();
        builder.set_cache_size(cache_bytes);
        let named = |error| base_error(error).with("file", files.path(FILE).display());
        let database = files.open_base(FILE, &builder).map_err(|error| named(error.into()))?;
        let applied = prepare(&database).map_err(named)?;
        Ok(RedbBase { database, applied })
    }

    /// The version up to which it had everything when it was opened.
    pub(crate) fn applied(&self) -> i64 {
        self.applied
    }
}

/// Makes the tables that are missing; gives the version up to which the base has everything.
fn prepare(database: &Database) -> Result<i64, redb::Error> {
    let transaction = database.begin_write()?;
    let applied = {
        transaction.open_table(ROWS)?;
        let mut meta = transaction.open_table(META)?;
        let applied = meta.get(APPLIED)?.map(|applied| applied.value());
        if applied.is_none() {
            meta.insert(APPLIED, 0)?;
        }
        applied
    };
    match applied {
        Some(applied) => {
            transaction.abort()?;
            Ok(applied)
        }
        None => {
            transaction.commit()?;
            Ok(0)
        }
    }
}

impl Base for RedbBase {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>> {
        let open = || -> Result<_, redb::Error> { Ok(self.database.begin_read()?.open_table(ROWS)?) };
        Ok(Arc::new(RedbSnapshot(open().map_err(base_error)?)))
    }

    fn apply(&self, batch: &Batch, version: i64, stop: &dyn Fn() -> bool) -> Result<Settled> {
        apply(&self.database, batch, version, stop).map_err(base_error)
    }
}

fn apply(database: &Database, batch: &Batch, version: i64, stop: &dyn Fn() -> bool) -> Result<Settled, redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    // Batches are large and rare, so the price of an instant start after a crash is small.
    transaction.set_quick_repair(true);
    {
        let mut rows = transaction.open_table(ROWS)?;
        for (begin, end) in batch.clears() {
            rows.retain_in::<&[u8], _>(&begin[..]..&end[..], |_, _| false)?;
        }
        for (i, (key, value)) in batch.keys().enumerate() {
            if i % CHANGES_BETWEEN_LOOKS == 0 && stop() {
                drop(rows);
                transaction.abort()?;
                return Ok(Settled::Stopped);
            }
            match value {
                Some(value) => drop(rows.insert(&key[..], &value[..])?),
                None => drop(rows.remove(&key[..])?),
            }
        }
        transaction.open_table(META)?.insert(APPLIED, version)?;
    }
    transaction.commit()?;
    Ok(Settled::Done)
}

struct RedbSnapshot(ReadOnlyTable<&'static [u8], &'static [u8]>);

impl Snapshot for RedbSnapshot {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        let value = self.0.get(key).map_err(|error| base_error(error.into()))?;
        Ok(value.map(|value| Bytes::copy_from_slice(value.value())))
    }

    fn scan(&self, begin: &[u8], end: &[u8], reverse: bool, visit: &mut Visit<'_>) -> Result<()> {
        if begin >= end {
            return Ok(());
        }
        let bounds = (Bound::Included(begin), Bound::Excluded(end));
        let mut rows = self
            .0
            .range::<&[u8]>(bounds)
            .map_err(|error| base_error(error.into()))?;
        loop {
            let next = if reverse { rows.next_back() } else { rows.next() };
            let Some(row) = next else {
                return Ok(());
            };
            let (key, value) = row.map_err(|error| base_error(error.into()))?;
            let row = Row {
                key: key.value(),
                value: Value::Page(value.value()),
            };
            if let ControlFlow::Break(()) = visit(row) {
                return Ok(());
            }
        }
    }
}

/// redb's errors are damage or failures of the operating system; none is the caller's.
fn base_error(error: redb::Error) -> Error {
    let (kind, message, code) = match &error {
        redb::Error::Corrupted(_) => (ErrorKind::Corrupt, "the base is damaged", fdb_code::FILE_CORRUPT),
        redb::Error::DatabaseAlreadyOpen => (
            ErrorKind::Locked,
            "another process has the base open",
            fdb_code::LOCK_FILE_FAILURE,
        ),
        _ => (
            ErrorKind::Io,
            "the base could not be read or written",
            fdb_code::IO_ERROR,
        ),
    };
    Error::new(kind, message).with_fdb_code(code).caused_by(error)
}

/// How many changes are made between two looks whether to leave off.
const CHANGES_BETWEEN_LOOKS: usize = 1_024;
const FILE: &str = "base.redb";
const ROWS: TableDefinition<'static, &'static [u8], &'static [u8]> = TableDefinition::new("rows");
const META: TableDefinition<'static, &'static str, i64> = TableDefinition::new("meta");
/// The version up to which the base has everything.
const APPLIED: &str = "applied";
