//! `Cursor`: the records of a scan, the entries of an index, or what breaks its uniqueness.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyList, PyType};
use record_store::kv::BoxFuture;
use record_store::{Continuation, NoNextReason, Result};

use crate::error::to_py;
use crate::face::{Face, object};
use crate::index;
use crate::record::Form;
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
    handle: Arc<Handle<Arc<tokio::sync::Mutex<Scan>>>>,
    /// The transaction that the scan is part of.
    transaction: Option<Py<TransactionBase>>,
    form: Arc<Form>,
    position: Arc<Mutex<Position>>,
}

/// A scan that is going to be opened.
pub(crate) type Opening = BoxFuture<Result<Box<dyn Source>>>;

struct Scan {
    source: Opened,
    fetched: VecDeque<Found>,
    /// Whether the source has nothing more.
    exhausted: bool,
}

enum Opened {
    NotYet(Opening),
    Source(Box<dyn Source>),
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
        opening: Opening,
        after: Option<Continuation>,
        transaction: Option<Py<TransactionBase>>,
        form: Arc<Form>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let scan = Scan {
            source: Opened::NotYet(opening),
            fetched: VecDeque::new(),
            exhausted: false,
        };
        let base = CursorBase {
            face,
            handle: family.adopt(Arc::new(tokio::sync::Mutex::new(scan))),
            transaction,
            form,
            position: Arc::new(Mutex::new(Position {
                continuation: after,
                no_next_reason: None,
            })),
        };
        Ok(object!(face, py, base => Cursor | AsyncCursor))
    }

    fn scan(&self) -> PyResult<Arc<tokio::sync::Mutex<Scan>>> {
        self.handle.get(CLOSED)
    }

    fn enter(&self) -> PyResult<Option<InUse>> {
        let transaction = self.transaction.as_ref();
        transaction.map(|transaction| transaction.get().enter()).transpose()
    }

    /// A result that is here already, if nobody is fetching.
    fn fetched<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let scan = self.scan()?;
        let found = scan.try_lock().ok().and_then(|mut scan| scan.fetched.pop_front());
        let Some((scanned, continuation)) = found else {
            return Ok(None);
        };
        self.position.lock().continuation = continuation;
        to_python(py, &self.form, &scanned).map(Some)
    }

    /// The next result, or `end` when there is none.
    fn next<'py>(&self, py: Python<'py>, end: fn() -> PyResult<Py<PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let (scan, used, position, form) = (self.scan()?, self.enter()?, self.position.clone(), self.form.clone());
        let next = async move {
            let _used = used;
            scan.lock().await.next(&position).await.map_err(to_py)
        };
        self.face.call(py, next, move |py, scanned| match scanned {
            Some(scanned) => to_python(py, &form, &scanned),
            None => end().map(|end| end.into_bound(py)),
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
        let (scan, used, position, form) = (self.scan()?, self.enter()?, self.position.clone(), self.form.clone());
        let page = async move {
            let _used = used;
            let results = scan.lock().await.page(size, &position).await.map_err(to_py)?;
            let position = position.lock().clone();
            Ok((results, position))
        };
        self.face.call(py, page, move |py, (results, position)| {
            let results = results.iter().map(|result| to_python(py, &form, result));
            let results = PyList::new(py, results.collect::<PyResult<Vec<_>>>()?)?;
            let continuation = position
                .continuation
                .map(|continuation| PyBytes::new(py, continuation.as_bytes()));
            let reason = position.no_next_reason.map(NoNextReason::name);
            let class = CLASS.import(py, "record_store._page", "Page")?;
            class.call1((results, continuation, reason))
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
        match cursor.next(py, || Err(pyo3::exceptions::PyStopIteration::new_err(()))) {
            Err(end) if end.is_instance_of::<pyo3::exceptions::PyStopIteration>(py) => Ok(None),
            next => next.map(Some),
        }
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
            None => cursor.next(py, || Err(PyStopAsyncIteration::new_err(()))),
        }
    }
}

impl Scan {
    /// The next result, and notes down where it stands.
    async fn next(&mut self, position: &Mutex<Position>) -> Result<Option<Scanned>> {
        if self.fetched.is_empty() {
            self.fetch(BATCH_RESULTS).await?;
        }
        let Some((scanned, continuation)) = self.fetched.pop_front() else {
            *position.lock() = self.end();
            return Ok(None);
        };
        position.lock().continuation = continuation;
        Ok(Some(scanned))
    }

    /// The next results, and notes down where the last one stands.
    async fn page(&mut self, size: usize, position: &Mutex<Position>) -> Result<Vec<Scanned>> {
        let missing = size.saturating_sub(self.fetched.len());
        self.fetch(missing).await?;
        let mut page = Vec::new();
        while page.len() < size {
            let Some((scanned, continuation)) = self.fetched.pop_front() else {
                *position.lock() = self.end();
                break;
            };
            position.lock().continuation = continuation;
            page.push(scanned);
        }
        Ok(page)
    }

    /// Fetches up to `count` results, unless there are no more.
    async fn fetch(&mut self, count: usize) -> Result<()> {
        if self.exhausted || count == 0 {
            return Ok(());
        }
        if let Opened::NotYet(opening) = &mut self.source {
            match opening.await {
                Ok(source) => self.source = Opened::Source(source),
                Err(error) => {
                    self.exhausted = true;
                    return Err(error);
                }
            }
        }
        let Opened::Source(source) = &mut self.source else {
            return Ok(());
        };
        let wanted = self.fetched.len() + count;
        source.fetch(count, &mut self.fetched).await?;
        self.exhausted = self.fetched.len() < wanted;
        Ok(())
    }

    /// The position behind everything.
    fn end(&self) -> Position {
        match &self.source {
            Opened::Source(source) => Position {
                continuation: source.continuation(),
                no_next_reason: source.no_next_reason(),
            },
            Opened::NotYet(_) => Position {
                continuation: None,
                no_next_reason: None,
            },
        }
    }
}

fn to_python<'py>(py: Python<'py>, form: &Form, scanned: &Scanned) -> PyResult<Bound<'py, PyAny>> {
    match scanned {
        Scanned::Record(stored) => form.to_python(py, stored),
        Scanned::Entry(entry) => index::to_entry(py, entry),
        Scanned::Violation(violation) => index::to_violation(py, violation),
    }
}
