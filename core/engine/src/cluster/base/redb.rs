//! The base on disk: a redb file.

use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use bytes::Bytes;
use record_store_kv::{Error, ErrorKind, Result, fdb_code};
use redb::{Builder, Database, Durability, ReadOnlyTable, ReadableDatabase, ReadableTable, Table, TableDefinition};

use super::{Base, Batch, Row, Settled, Snapshot, Value, Visit, VisitSample, sample_entry};
use crate::cluster::files::Files;

/// A redb file with a table for the rows, one for their sample, and one for what we remember with them.
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
    let (applied, complete) = {
        let rows = transaction.open_table(ROWS)?;
        let mut meta = transaction.open_table(META)?;
        let applied = meta.get(APPLIED)?.map(|applied| applied.value());
        let sampled = meta.get(SAMPLED)?.is_some();
        if !sampled {
            take_sample(&rows, &mut transaction.open_table(SAMPLE)?)?;
            meta.insert(SAMPLED, 1)?;
        }
        if applied.is_none() {
            meta.insert(APPLIED, 0)?;
        }
        (applied, applied.is_some() && sampled)
    };
    if complete {
        transaction.abort()?;
    } else {
        transaction.commit()?;
    }
    Ok(applied.unwrap_or(0))
}

/// Takes the sample of a base that was written before there was one.
fn take_sample(rows: &RowTable<'_>, sample: &mut SampleTable<'_>) -> Result<(), redb::Error> {
    for row in rows.iter()? {
        let (key, value) = row?;
        if let Some(entry) = sample_entry(key.value(), value.value().len()) {
            sample.insert(key.value(), entry)?;
        }
    }
    Ok(())
}

impl Base for RedbBase {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>> {
        let open = || -> Result<_, redb::Error> {
            let transaction = self.database.begin_read()?;
            Ok(RedbSnapshot {
                rows: transaction.open_table(ROWS)?,
                sample: transaction.open_table(SAMPLE)?,
            })
        };
        Ok(Arc::new(open().map_err(base_error)?))
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
        let mut sample = transaction.open_table(SAMPLE)?;
        for (begin, end) in batch.clears() {
            rows.retain_in::<&[u8], _>(&begin[..]..&end[..], |_, _| false)?;
            sample.retain_in::<&[u8], _>(&begin[..]..&end[..], |_, _| false)?;
        }
        for (i, (key, value)) in batch.keys().enumerate() {
            if i % CHANGES_BETWEEN_LOOKS == 0 && stop() {
                drop((rows, sample));
                transaction.abort()?;
                return Ok(Settled::Stopped);
            }
            let before = match value {
                Some(value) => rows.insert(&key[..], &value[..])?,
                None => rows.remove(&key[..])?,
            };
            if let Some(entry) = value.and_then(|value| sample_entry(key, value.len())) {
                sample.insert(&key[..], entry)?;
            } else if before.is_some_and(|before| sample_entry(key, before.value().len()).is_some()) {
                sample.remove(&key[..])?;
            }
        }
        transaction.open_table(META)?.insert(APPLIED, version)?;
    }
    transaction.commit()?;
    Ok(Settled::Done)
}

struct RedbSnapshot {
    rows: ReadOnlyTable<&'static [u8], &'static [u8]>,
    sample: ReadOnlyTable<&'static [u8], u32>,
}

impl Snapshot for RedbSnapshot {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        let value = self.rows.get(key).map_err(|error| base_error(error.into()))?;
        Ok(value.map(|value| Bytes::copy_from_slice(value.value())))
    }

    fn scan(&self, begin: &[u8], end: &[u8], reverse: bool, visit: &mut Visit<'_>) -> Result<()> {
        if begin >= end {
            return Ok(());
        }
        let bounds = (Bound::Included(begin), Bound::Excluded(end));
        let mut rows = self
            .rows
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

    fn scan_sample(&self, begin: &[u8], end: &[u8], reverse: bool, visit: &mut VisitSample<'_>) -> Result<()> {
        if begin >= end {
            return Ok(());
        }
        let bounds = (Bound::Included(begin), Bound::Excluded(end));
        let mut entries = self
            .sample
            .range::<&[u8]>(bounds)
            .map_err(|error| base_error(error.into()))?;
        loop {
            let next = if reverse { entries.next_back() } else { entries.next() };
            let Some(entry) = next else {
                return Ok(());
            };
            let (key, length) = entry.map_err(|error| base_error(error.into()))?;
            if let ControlFlow::Break(()) = visit(key.value(), length.value()) {
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
/// The rows in the sample, and how long their values are.
const SAMPLE: TableDefinition<'static, &'static [u8], u32> = TableDefinition::new("sample");
const META: TableDefinition<'static, &'static str, i64> = TableDefinition::new("meta");
/// The version up to which the base has everything.
const APPLIED: &str = "applied";
/// There if the sample is.
const SAMPLED: &str = "sampled";
type RowTable<'t> = Table<'t, &'static [u8], &'static [u8]>;
type SampleTable<'t> = Table<'t, &'static [u8], u32>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::change::Change;
    use crate::cluster::files::SystemFiles;
    use crate::key::Key;

    #[test]
    fn a_base_from_before_there_was_a_sample_gets_one() {
        let directory = tempfile::tempdir().unwrap();
        let open = || RedbBase::open(&SystemFiles::new(directory.path()), 1 << 20).unwrap();
        let sample = |base: &RedbBase| {
            let mut entries = Vec::new();
            let mut note = |key: &[u8], length| {
                entries.push((key.to_vec(), length));
                ControlFlow::Continue(())
            };
            base.snapshot()
                .unwrap()
                .scan_sample(b"", b"\xff", false, &mut note)
                .unwrap();
            entries
        };
        let mut batch = Batch::default();
        for length in [1, 40_000] {
            batch.add(&Change::Put {
                key: Key::new(&[b'k', u8::from(length > 1)]),
                value: vec![0; length].into(),
            });
        }
        let base = open();
        base.apply(&batch, 7, &|| false).unwrap();
        let expected = vec![(b"k\x01".to_vec(), 40_000)];
        assert_eq!(sample(&base), expected);
        let transaction = base.database.begin_write().unwrap();
        transaction.delete_table(SAMPLE).unwrap();
        transaction.open_table(META).unwrap().remove(SAMPLED).unwrap();
        transaction.commit().unwrap();
        drop(base);
        let base = open();
        assert_eq!((base.applied(), sample(&base)), (7, expected));
    }
}
