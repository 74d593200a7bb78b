//! `Query`: which records are wanted, built step by step, and run by either face.

use std::sync::Arc;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use record_store::SpaceQuery;

use crate::error::to_py;
use crate::face::{Face, object};
use crate::filter::to_filter;
use crate::key_expression::to_columns;
use crate::runtime::{CLOSED, Family, Handle};
use crate::scan::ScanArguments;
use crate::space::SpaceBase;

/// Which records of a space are wanted, in which order. Made by `RecordSpace.query`; iterate over it, or `run` it.
///
/// Each method gives a new query. An index answers where one can; `explain` says how.
///
/// >>> saved = users.put_all([User(id=2, name="Grace"), User(id=3, name="Alan")])
/// >>> [user.name for user in users.query("name LIKE 'A%'").order_by("name")]
/// ['Ada', 'Alan']
/// >>> [user.name for user in users.query(record_store.field("id") > 1).order_by("id", reverse=True).limit(1)]
/// ['Alan']
/// >>> print(users.query("name = ?", "Ada").explain().splitlines()[0])
/// SCAN([IS Customer]) | QCFILTER name EQUALS Ada
#[pyclass(frozen, generic, extends = QueryBase, module = "record_store")]
pub(crate) struct Query;

/// Which records of a space are wanted, in which order, for asyncio: as `record_store.Query`, for `async for`.
#[pyclass(frozen, generic, extends = QueryBase, name = "Query", module = "record_store.aio")]
pub(crate) struct AsyncQuery;

/// What the faces have in common.
#[pyclass(frozen, subclass, name = "_Query", module = "record_store._native")]
pub(crate) struct QueryBase {
    face: Face,
    family: Arc<Family>,
    handle: Arc<Handle<SpaceQuery>>,
    space: Py<SpaceBase>,
}

impl QueryBase {
    /// A query of a face's class.
    pub(crate) fn object<'py>(
        py: Python<'py>,
        face: Face,
        family: &Arc<Family>,
        query: SpaceQuery,
        space: Py<SpaceBase>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let base = QueryBase {
            face,
            family: family.clone(),
            handle: family.adopt(query),
            space,
        };
        Ok(object!(face, py, base => Query | AsyncQuery))
    }

    fn core(&self) -> PyResult<SpaceQuery> {
        self.handle.get(CLOSED)
    }

    /// The query with a change.
    fn with<'py>(&self, py: Python<'py>, query: SpaceQuery) -> PyResult<Bound<'py, PyAny>> {
        QueryBase::object(py, self.face, &self.family, query, self.space.clone_ref(py))
    }

    fn cursor<'py>(&self, py: Python<'py>, keywords: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyAny>> {
        let (query, arguments) = (self.core()?, ScanArguments::of_query("run", keywords)?);
        let (limits, snapshot) = (arguments.options.limits, arguments.options.snapshot);
        let query = query
            .limits(limits)
            .snapshot(snapshot)
            .continuation(arguments.options.continuation.clone());
        self.space.get().cursor(py, arguments, |_, _| query.execute())
    }
}

#[pymethods]
impl QueryBase {
    /// Only records of which this is true too: a `Filter`, or text with the values of its `?` and `:name`.
    #[pyo3(signature = (filter, /, *values, **named))]
    fn r#where<'py>(
        &self,
        py: Python<'py>,
        filter: &Bound<'py, PyAny>,
        values: &Bound<'py, PyTuple>,
        named: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.with(py, self.core()?.filter(to_filter(filter, values, named)?))
    }

    /// In the order of these columns. An index that has it is scanned, or else the records are sorted in memory.
    #[pyo3(signature = (*columns, reverse=false))]
    fn order_by<'py>(
        &self,
        py: Python<'py>,
        columns: &Bound<'py, PyTuple>,
        reverse: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let query = self.core()?.order_by(to_columns(columns.as_any())?);
        self.with(py, if reverse { query.reverse() } else { query })
    }

    /// The most records to give.
    fn limit<'py>(&self, py: Python<'py>, records: usize) -> PyResult<Bound<'py, PyAny>> {
        self.with(py, self.core()?.limit(records))
    }

    /// How many records to leave out first.
    fn skip<'py>(&self, py: Python<'py>, records: usize) -> PyResult<Bound<'py, PyAny>> {
        self.with(py, self.core()?.skip(records))
    }

    /// Only these indexes may answer.
    #[pyo3(signature = (*indexes))]
    fn using<'py>(&self, py: Python<'py>, indexes: Vec<String>) -> PyResult<Bound<'py, PyAny>> {
        self.with(py, self.core()?.allowed_indexes(indexes))
    }

    /// How the records would be found: the plan, and what each of its steps reads.
    fn explain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let query = self.core()?;
        self.face
            .simple(py, async move { query.explain().await.map_err(to_py) })
    }

    /// The records. `after` is the `continuation` of another run of the same query, which this one goes on with; the other
    /// keywords are as in `RecordSpace.scan`.
    #[pyo3(
        signature = (**keywords),
        text_signature = "($self, *, after=None, max_rows=None, max_bytes=None, max_seconds=None, snapshot=False, tx=None)"
    )]
    fn run<'py>(&self, py: Python<'py>, keywords: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyAny>> {
        self.cursor(py, keywords)
    }

    /// The first records as a `Page`: `size` of them, or fewer at the end. With `after`, those behind another page; the other
    /// keywords are as in `run`.
    #[pyo3(
        signature = (size, **keywords),
        text_signature = "($self, size, *, after=None, max_rows=None, max_bytes=None, max_seconds=None, snapshot=False, tx=None)"
    )]
    fn page<'py>(
        &self,
        py: Python<'py>,
        size: usize,
        keywords: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.cursor(py, keywords)?.call_method1(intern!(py, "page"), (size,))
    }
}

#[pymethods]
impl Query {
    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.as_super().get().cursor(slf.py(), None)
    }
}

#[pymethods]
impl AsyncQuery {
    fn __aiter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.as_super().get().cursor(slf.py(), None)
    }
}
