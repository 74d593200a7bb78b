//! `Cursor`: the records of a scan, or the entries of an index.

use std::collections::VecDeque;
use std::sync::Arc;

use pyo3::prelude::*;
use record_store::{IndexCursor, IndexEntry, IndexRecordCursor, RecordCursor, Result, SpaceCursor, StoredRecord};

use crate::error::to_py;
use crate::index::to_entry;
use crate::record::Form;
use crate::runtime::{CLOSED, Family, Handle, refuse_after_fork};
use crate::transaction::Transaction;

/// How many results one call of the core fetches. The core has its own batches for reading them.
const BATCH_RESULTS: usize = 256;

/// The results of a scan, one after the other. Made by `RecordSpace.scan`, `scan_index` and `scan_by`.
#[pyclass(frozen, generic, module = "record_store")]
pub(crate) struct Cursor {
    handle: Arc<Handle<Scan>>,
    /// The transaction that the scan is part of.
    transaction: Option<Py<Transaction>>,
    form: Arc<Form>,
}

/// Where the results come from.
pub(crate) enum Source {
    Space(SpaceCursor),
    Transaction(RecordCursor),
    SpaceEntries(SpaceCursor<IndexEntry>),
    TransactionEntries(IndexCursor),
    TransactionByIndex(IndexRecordCursor),
}

/// A result of a scan.
enum Scanned {
    Record(StoredRecord),
    Entry(IndexEntry),
}

struct Scan {
    source: Source,
    fetched: VecDeque<Scanned>,
    exhausted: bool,
}

impl Cursor {
    pub(crate) fn new(family: &Family, source: Source, transaction: Option<Py<Transaction>>, form: Arc<Form>) -> Self {
        let (fetched, exhausted) = (VecDeque::new(), false);
        let handle = family.adopt(Scan {
            source,
            fetched,
            exhausted,
        });
        Cursor {
            handle,
            transaction,
            form,
        }
    }

    /// A result that is here already, if no other thread is fetching.
    fn fetched(&self) -> Option<Scanned> {
        self.handle.try_lock()?.as_mut()?.fetched.pop_front()
    }

    fn to_python<'py>(&self, py: Python<'py>, scanned: &Scanned) -> PyResult<Bound<'py, PyAny>> {
        match scanned {
            Scanned::Record(stored) => self.form.to_python(py, stored),
            Scanned::Entry(entry) => to_entry(py, entry),
        }
    }
}

#[pymethods]
impl Cursor {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        refuse_after_fork()?;
        if let Some(scanned) = self.fetched() {
            return self.to_python(py, &scanned).map(Some);
        }
        py.check_signals()?;
        let _used = self
            .transaction
            .as_ref()
            .map(|transaction| transaction.get().enter())
            .transpose()?;
        let next = self.handle.wait_with(py, CLOSED, async |scan| scan.next().await);
        next.map_err(to_py)?
            .map(|scanned| self.to_python(py, &scanned))
            .transpose()
    }
}

impl Scan {
    async fn next(&mut self) -> Result<Option<Scanned>> {
        if self.fetched.is_empty() && !self.exhausted {
            self.fetched = match &mut self.source {
                Source::Space(cursor) => records(cursor.next_batch(BATCH_RESULTS).await?),
                Source::Transaction(cursor) => records(cursor.next_batch(BATCH_RESULTS).await?),
                Source::TransactionByIndex(cursor) => records(cursor.next_batch(BATCH_RESULTS).await?),
                Source::SpaceEntries(cursor) => entries(cursor.next_batch(BATCH_RESULTS).await?),
                Source::TransactionEntries(cursor) => entries(cursor.next_batch(BATCH_RESULTS).await?),
            };
            self.exhausted = self.fetched.len() < BATCH_RESULTS;
        }
        Ok(self.fetched.pop_front())
    }
}

fn records(batch: Vec<StoredRecord>) -> VecDeque<Scanned> {
    batch.into_iter().map(Scanned::Record).collect()
}

fn entries(batch: Vec<IndexEntry>) -> VecDeque<Scanned> {
    batch.into_iter().map(Scanned::Entry).collect()
}
