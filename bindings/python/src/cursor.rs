//! `Cursor`: the records of a scan, the entries of an index, or what breaks its uniqueness.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyList, PyType};
use record_store::{Continuation, NoNextReason, Result};

use crate::error::to_py;
use crate::face::{Face, object};
use crate::index;
use crate::record::{Form, primary_key};
use crate::runtime::{CLOSED, Family, Handle};
use crate::source::{Found, Scanned, Source};
use crate::transaction::{InUse, TransactionBase};

/// How many results one call of the core fetches. The core has its own batches for reading them.
const BATCH_RESULTS: usize = 256;

/// The results of a scan, one after the other. Made by the scans of a `RecordSpace`.
///
/// >>> saved = users.put_all(User(id=number, name=f"user {number}") for number in range(2, 6))
/// >>> page = users.scan().page(2)
/// >>> [user.id for user in page]
/// [1, 2]
/// >>> [user.id for user in users.scan(after=page.continuation)]
/// [3, 4, 5]
#[pyclass(frozen, generic, extends = CursorBase, module = "record_store")]
pub(crate) struct Cursor;

/// The results of a scan, one after the other, for `async for`. Made by the scans of a `RecordSpace`.
#[pyclass(frozen, generic, extends = CursorBase, name = "Cursor", module = "record_store.aio")]
pub(crate) struct AsyncCursor;

/// What the faces have in common.
#[pyclass(frozen, subclass, name = "_Cursor", module = "record_store._native")]
pub(crate) struct CursorBase {
    face: Face,
    handle: Arc<Handle<Arc<Scan>>>,
    /// The transaction that the scan is part of.
    transaction: Option<Py<TransactionBase>>,
    form: Arc<Form>,
    position: Arc<Mutex<Position>>,
}

struct Scan {
    source: tokio::sync::Mutex<Box<dyn Source>>,
    fetched: Mutex<VecDeque<Found>>,
}

/// How far the scan has come for who reads it.
#[derive(Clone)]
struct Position {
    continuation: Option<Continuation>,
    no_next_reason: Option<NoNextReason>,
}

impl CursorBase {
    /// A cursor of a face's class. `after` is where the scan begins.
    pub(crate) fn object<'py>(
        py: Python<'py>,
        face: Face,
        family: &Family,
        source: Box<dyn Source>,
        after: Option<Continuation>,
        transaction: Option<Py<TransactionBase>>,
        form: Arc<Form>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let scan = Scan {
            source: tokio::sync::Mutex::new(source),
            fetched: Mutex::default(),
        };
        let base = CursorBase {
            face,
            handle: family.adopt(Arc::new(scan)),
            transaction,
            form,
            position: Arc::new(Mutex::new(Position {
                continuation: after,
                no_next_reason: None,
            })),
        };
        Ok(object!(face, py, base => Cursor | AsyncCursor))
    }

    fn enter(&self) -> PyResult<Option<InUse>> {
        let transaction = self.transaction.as_ref();
        transaction.map(|transaction| transaction.get().enter()).transpose()
    }

    /// A result that is here already.
    fn fetched<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let found = self.handle.get(CLOSED)?.fetched.lock().pop_front();
        let Some((scanned, continuation)) = found else {
            return Ok(None);
        };
        self.position.lock().continuation = continuation;
        to_python(py, &self.form, &scanned).map(Some)
    }

    /// The next results, up to `size`, and what `convert` makes of them. At least `ahead` are fetched, if any.
    fn next<'py>(
        &self,
        py: Python<'py>,
        size: usize,
        ahead: usize,
        convert: impl for<'a> FnOnce(Python<'a>, Vec<Bound<'a, PyAny>>, Position) -> PyResult<Bound<'a, PyAny>>
        + Send
        + 'static,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (scan, used) = (self.handle.get(CLOSED)?, self.enter()?);
        let (position, form) = (self.position.clone(), self.form.clone());
        let taken = async move {
            let _used = used;
            scan.take(size, ahead).await.map_err(to_py)
        };
        self.face.call(py, taken, move |py, taken| {
            let (results, end) = taken.accept();
            let position = {
                let mut position = position.lock();
                if let Some((_, continuation)) = results.last() {
                    position.continuation.clone_from(continuation);
                }
                if let Some(end) = end {
                    *position = end;
                }
                position.clone()
            };
            let results = results.iter().map(|(scanned, _)| to_python(py, &form, scanned));
            convert(py, results.collect::<PyResult<_>>()?, position)
        })
    }
}

#[pymethods]
impl CursorBase {
    /// Where another scan of the same kind goes on behind the last result, in this process or in another one: opaque bytes, for
    /// its `after`. `None` before the first result, and when nothing follows.
    #[getter]
    fn continuation<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        let continuation = self.position.lock().continuation.clone();
        continuation.map(|continuation| PyBytes::new(py, continuation.as_bytes()))
    }

    /// Why there is no next result: `SOURCE_EXHAUSTED`, `RETURN_LIMIT_REACHED`, `SCAN_LIMIT_REACHED`, `BYTE_LIMIT_REACHED` or
    /// `TIME_LIMIT_REACHED`. `None` as long as there may be one.
    #[getter]
    fn no_next_reason(&self) -> Option<&'static str> {
        self.position.lock().no_next_reason.map(NoNextReason::name)
    }

    /// The next results as a `Page`: `size` of them, or fewer at the end of the scan or of a limit.
    fn page<'py>(&self, py: Python<'py>, size: usize) -> PyResult<Bound<'py, PyAny>> {
        static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        self.next(py, size, 0, |py, results, position| {
            let continuation = position
                .continuation
                .map(|continuation| PyBytes::new(py, continuation.as_bytes()));
            let reason = position.no_next_reason.map(NoNextReason::name);
            let class = CLASS.import(py, "record_store._page", "Page")?;
            class.call1((PyList::new(py, results)?, continuation, reason))
        })
    }
}

#[pymethods]
impl Cursor {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let (py, cursor) = (slf.py(), slf.as_super().get());
        if let Some(next) = cursor.fetched(py)? {
            return Ok(Some(next));
        }
        py.check_signals()?;
        let next = cursor.next(py, 1, BATCH_RESULTS, |py, results, _| {
            Ok(PyList::new(py, results)?.into_any())
        })?;
        next.try_iter()?.next().transpose()
    }
}

#[pymethods]
impl AsyncCursor {
    fn __aiter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __anext__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let (py, cursor) = (slf.py(), slf.as_super().get());
        match cursor.fetched(py)? {
            Some(next) => cursor.face.ready(next),
            None => cursor.next(py, 1, BATCH_RESULTS, |_, mut results, _| {
                results.pop().ok_or_else(|| PyStopAsyncIteration::new_err(()))
            }),
        }
    }
}

impl Scan {
    /// Up to `size` results; fewer only at the end.
    async fn take(self: &Arc<Self>, size: usize, ahead: usize) -> Result<Taken> {
        let source = &mut *self.source.lock().await;
        let mut taken = Taken {
            scan: self.clone(),
            results: Vec::new(),
            end: None,
        };
        loop {
            while taken.results.len() < size {
                let Some(found) = self.fetched.lock().pop_front() else {
                    break;
                };
                taken.results.push(found);
            }
            let missing = size - taken.results.len();
            if missing == 0 {
                return Ok(taken);
            }
            if let Some(reason) = source.no_next_reason() {
                taken.end = Some(Position {
                    continuation: source.continuation(),
                    no_next_reason: Some(reason),
                });
                return Ok(taken);
            }
            source.fetch(missing.max(ahead), &self.fetched).await?;
        }
    }
}

/// Results on their way to who has asked for them. If that call is given up, they go back to the scan.
struct Taken {
    scan: Arc<Scan>,
    results: Vec<Found>,
    /// The position behind everything, if there are fewer results than were asked for.
    end: Option<Position>,
}

impl Taken {
    fn accept(mut self) -> (Vec<Found>, Option<Position>) {
        (std::mem::take(&mut self.results), self.end.take())
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut fetched = self.scan.fetched.lock();
        for found in self.results.drain(..).rev() {
            fetched.push_front(found);
        }
    }
}

fn to_python<'py>(py: Python<'py>, form: &Form, scanned: &Scanned) -> PyResult<Bound<'py, PyAny>> {
    match scanned {
        Scanned::Record(stored) => form.to_python(py, stored),
        Scanned::Entry(entry) => index::to_entry(py, entry),
        Scanned::Violation(violation) => index::to_violation(py, violation),
        Scanned::Key(key) => primary_key(py, key),
    }
}
