//! Records and their keys: from Python objects to the core's and back.

use std::collections::HashMap;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple, PyType};
use record_store::{Error, ErrorKind, Record, StoredRecord};

use crate::error::to_py;
use crate::value;

/// What records look like when they come out of a space.
pub(crate) enum Form {
    /// `record_store.Record`, a dict.
    Dicts,
    /// Objects of protobuf message classes, by the name of the record type: their `FromString`.
    Messages(HashMap<String, Py<PyAny>>),
}

impl Form {
    /// The Python object for a stored record.
    pub(crate) fn to_python<'py>(&self, py: Python<'py>, stored: &StoredRecord) -> PyResult<Bound<'py, PyAny>> {
        let from_string = match self {
            Form::Dicts => None,
            Form::Messages(classes) => classes.get(stored.record_type()),
        };
        match from_string {
            Some(from_string) => from_string.bind(py).call1((PyBytes::new(py, stored.bytes()),)),
            None => to_dict(py, stored),
        }
    }
}
