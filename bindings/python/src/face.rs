//! The two faces of one set of calls: the blocking one, and that of asyncio.
//!
//! Each class of the package that waits for the core has a base here that knows its [`Face`], and two subclasses without methods of
//! their own but those that Python spells differently (`__enter__` and `__aenter__`). A verb makes one future; the face drives it.

use std::future::Future;

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;

use crate::asyncio;
use crate::runtime::wait;

/// How a call waits for the core.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    /// It returns when the work is done; other threads of Python run meanwhile.
    Blocking,
    /// It returns a coroutine that does the work when it is awaited, and gives it up when it is cancelled.
    Asyncio,
}

impl Face {
    /// Does `work` and gives what `convert` makes of its result: at once, or to who awaits it.
    pub(crate) fn call<'py, T: Send + 'static>(
        self,
        py: Python<'py>,
        work: impl Future<Output = PyResult<T>> + Send + 'static,
        convert: impl for<'a> FnOnce(Python<'a>, T) -> PyResult<Bound<'a, PyAny>> + Send + 'static,
    ) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Face::Blocking => convert(py, wait(py, || work)?),
            Face::Asyncio => asyncio::coroutine(py, work, convert),
        }
    }

    /// As [`call`](Face::call), for a result that converts by itself.
    pub(crate) fn simple<'py, T>(
        self,
        py: Python<'py>,
        work: impl Future<Output = PyResult<T>> + Send + 'static,
    ) -> PyResult<Bound<'py, PyAny>>
    where
        T: for<'a> IntoPyObject<'a> + Send + 'static,
    {
        self.call(py, work, |py, value| value.into_bound_py_any(py))
    }

    /// As [`call`](Face::call), for work without a result.
    pub(crate) fn done<'py>(
        self,
        py: Python<'py>,
        work: impl Future<Output = PyResult<()>> + Send + 'static,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.call(py, work, |py, ()| Ok(py.None().into_bound(py)))
    }

    /// A result that is there already.
    pub(crate) fn ready<'py>(self, value: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Face::Blocking => Ok(value),
            Face::Asyncio => asyncio::ready(value),
        }
    }
}

/// An object of the class of a face, over their common base. (The bound that a function would need is pyo3's own affair.)
macro_rules! object {
    ($face:expr, $py:expr, $base:expr => $blocking:ident | $asyncio:ident) => {
        match $face {
            $crate::face::Face::Blocking => Bound::new($py, ($blocking, $base))?.into_any(),
            $crate::face::Face::Asyncio => Bound::new($py, ($asyncio, $base))?.into_any(),
        }
    };
}

pub(crate) use object;
