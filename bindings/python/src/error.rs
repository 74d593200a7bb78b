//! The core's errors as Python exceptions: the class is that of the kind, in the generated module `record_store.errors`.

use std::time::Duration;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};
use record_store::{Error, ErrorKind, RunError};

use crate::value::shown;

/// The exception for `error`.
pub(crate) fn to_py(error: Error) -> PyErr {
    Python::attach(|py| exception(py, &error).unwrap_or_else(|failure| failure))
}

/// The exception for an argument of a type that the call does not take.
pub(crate) fn argument(message: &'static str, given: &Bound<'_, PyAny>) -> PyErr {
    to_py(Error::new(ErrorKind::InvalidArgument, message).with("given", shown(given)))
}

/// A time that is given in seconds.
///
/// **Errors**: `InvalidArgument` for what is no time.
pub(crate) fn seconds(seconds: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(seconds).map_err(|error| {
        to_py(
            Error::new(
                ErrorKind::InvalidArgument,
                "a time limit is a number of seconds, from 0",
            )
            .with("seconds", error),
        )
    })
}

fn exception(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let facts = PyDict::new(py);
    for (name, value) in error.context() {
        facts.set_item(name, value)?;
    }
    let attributes = PyDict::new(py);
    attributes.set_item("code", error.fdb_code())?;
    attributes.set_item("retryable", error.is_retryable())?;
    attributes.set_item("maybe_committed", error.is_maybe_committed())?;
    attributes.set_item("context", facts)?;
    let class = classes(py)?.as_any().get_item(error.kind().name())?;
    Ok(PyErr::from_value(class.call((text(error),), Some(&attributes))?))
}

/// What the error says, and in the end its root cause (the operating system's words) if it does not say that itself.
fn text(error: &Error) -> String {
    let text = error.to_string();
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    match causes.last().map(ToString::to_string) {
        Some(cause) if !text.contains(&cause) && !cause.contains(error.message()) => format!("{text} ({cause})"),
        _ => text,
    }
}

/// The dict from the name of a kind to its class.
fn classes(py: Python<'_>) -> PyResult<&Bound<'_, PyDict>> {
    static CLASSES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let classes = CLASSES.get_or_try_init(py, || {
        let module = py.import("record_store.errors")?;
        module
            .getattr("BY_KIND")?
            .cast_into::<PyDict>()
            .map_err(PyErr::from)
            .map(Bound::unbind)
    })?;
    Ok(classes.bind(py))
}

/// The names of all kinds of errors.
#[pyfunction]
pub(crate) fn error_kinds() -> Vec<&'static str> {
    ErrorKind::ALL.iter().map(|kind| kind.name()).collect()
}

/// What the body of `Database.run` raised: the core looks at the code alone and hands the exception back as it was.
pub(crate) struct Raised(pub(crate) PyErr);

impl From<Error> for Raised {
    fn from(error: Error) -> Self {
        Raised(to_py(error))
    }
}

impl RunError for Raised {
    fn fdb_code(&self) -> Option<i32> {
        Python::attach(|py| {
            let ours = py.import("record_store.errors").ok()?.getattr("Error").ok()?;
            if !self.0.matches(py, ours.cast::<PyType>().ok()?).ok()? {
                return None;
            }
            self.0.value(py).getattr("code").ok()?.extract().ok()?
        })
    }
}
