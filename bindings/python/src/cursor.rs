//! `Cursor`: the records of a scan.

use std::collections::VecDeque;
use std::sync::Arc;

use pyo3::prelude::*;
use record_store::{RecordCursor, Result, SpaceCursor, StoredRecord};

use crate::error::to_py;
use crate::record::Form;
use crate::runtime::{CLOSED, Family, Handle, refuse_after_fork};
use crate::transaction::Transaction;

/// How many records one call of the core fetches. The core has its own batches for reading them.
const BATCH_RECORDS: usize = 256;

/// The records of a scan, one after the other. Made by `RecordSpace.scan`.
#[pyclass(frozen, generic, module = "record_store")]
pub(crate) struct Cursor {
    handle: Arc<Handle<Scan>>,
    /// The transaction that the scan is part of.
    transaction: Option<Py<Transaction>>,
    form: Arc<Form>,
}

/// Where the records come from.
pub(crate) enum Source {
    Space(SpaceCursor),
    Transaction(RecordCursor),
}

struct Scan {
    source: Source,
    fetched: VecDeque<StoredRecord>,
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

    /// A record that is here already, if no other thread is fetching.
    fn fetched(&self) -> Option<StoredRecord> {
        self.handle.try_lock()?.as_mut()?.fetched.pop_front()
    }
}

#[pymethods]
impl Cursor {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        refuse_after_fork()?;
        if let Some(stored) = self.fetched() {
            return self.form.to_python(py, &stored).map(Some);
        }
        py.check_signals()?;
        let _used = self
            .transaction
            .as_ref()
            .map(|transaction| transaction.get().enter())
            .transpose()?;
        let next = self.handle.wait_with(py, CLOSED, async |scan| scan.next().await);
        next.map_err(to_py)?
            .map(|stored| self.form.to_python(py, &stored))
            .transpose()
    }
}

impl Scan {
    async fn next(&mut self) -> Result<Option<StoredRecord>> {
        if self.fetched.is_empty() && !self.exhausted {
            let batch = match &mut self.source {
                Source::Space(cursor) => cursor.next_batch(BATCH_RECORDS).await?,
                Source::Transaction(cursor) => cursor.next_batch(BATCH_RECORDS).await?,
            };
            self.exhausted = batch.len() < BATCH_RECORDS;
            self.fetched = batch.into();
        }
        Ok(self.fetched.pop_front())
    }
}
