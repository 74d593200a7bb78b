//! Records and their keys: from Python objects to the core's and back.

use std::borrow::Cow;
use std::collections::HashMap;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{IntoPyDict, PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple, PyType};
use record_store::kv::tuple::Element;
use record_store::{Record, RecordKey, RecordMetaData, StoredRecord, Tuple};

use crate::error::{argument, to_py};
use crate::value;
use crate::version::RecordVersion;

/// What the records of a space are when they come out.
pub(crate) enum Form {
    /// Dicts: `record_store.Record`.
    Dicts,
    /// Objects of protobuf's message classes: the classes' `FromString`, by the name of the record type.
    Messages(HashMap<String, Py<PyAny>>),
}

impl Form {
    /// The Python object for a stored record; a dict for a type without a class.
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

fn to_dict<'py>(py: Python<'py>, stored: &StoredRecord) -> PyResult<Bound<'py, PyAny>> {
    let record = dict_class(py)?.call1((PyString::intern(py, stored.record_type()),))?;
    let message = stored.to_dynamic().map_err(to_py)?;
    value::fill(record.cast::<PyDict>()?, &message)?;
    Ok(record)
}

/// The core's record for a message, or for a dict of type `record_type`.
///
/// **Errors**: `InvalidRecord` for what is neither, for a message of another schema and for fields that do not fit;
/// `InvalidArgument` for a dict whose type must be told.
pub(crate) fn to_record(
    record: &Bound<'_, PyAny>,
    record_type: Option<&Bound<'_, PyAny>>,
    metadata: &RecordMetaData,
) -> PyResult<Record> {
    let py = record.py();
    let is_dict = record.is_instance_of::<PyDict>();
    if !is_dict && let Ok(descriptor) = record.getattr(intern!(py, "DESCRIPTOR")) {
        let message_name: String = descriptor.getattr(intern!(py, "full_name"))?.extract()?;
        let of_message = metadata.record_type_of_message(&message_name).map_err(to_py)?;
        if let Some(told) = record_type
            && type_name(told)? != of_message.name()
        {
            return Err(argument("the record is of another type than it is said to be", told));
        }
        // Whether required fields are missing is for the core to say.
        let bytes = record.call_method0(intern!(py, "SerializePartialToString"))?;
        return Ok(Record::from_bytes(
            of_message.name(),
            bytes.cast::<PyBytes>()?.as_bytes().to_vec(),
        ));
    }
    let told = record_type.map(type_name).transpose()?;
    let own = match told {
        None if is_dict && record.is_instance(dict_class(py)?)? => record.getattr(intern!(py, "type")).ok(),
        _ => None,
    };
    let own = own.as_ref().map(|own| own.extract::<Cow<'_, str>>()).transpose()?;
    let record_type = match told.as_deref().or(own.as_deref()) {
        Some(name) => metadata.record_type(name),
        None => metadata.only_record_type(),
    };
    let descriptor = record_type.map_err(to_py)?.descriptor();
    Ok(Record::from_dynamic(&value::to_message(descriptor, record)?))
}

/// The name of a record type that is given as a str or as a message class.
pub(crate) fn type_name(record_type: &Bound<'_, PyAny>) -> PyResult<String> {
    if let Ok(name) = record_type.extract() {
        return Ok(name);
    }
    let named = record_type
        .getattr("DESCRIPTOR")
        .and_then(|descriptor| descriptor.getattr("name")?.extract());
    named.map_err(|_| argument("a record type is its name or its message class", record_type))
}

/// The key of a record or an entry: a column, a tuple or list of columns, or a whole primary key as it came from a space.
pub(crate) fn to_key(key: &Bound<'_, PyAny>, record_type: Option<&Bound<'_, PyAny>>) -> PyResult<RecordKey> {
    if key.is_instance(primary_key_class(key.py())?)? {
        let columns = key
            .try_iter()?
            .map(|column| element(&column?))
            .collect::<PyResult<Tuple>>()?;
        return Ok(RecordKey::primary_key(columns));
    }
    let columns = to_row(key)?;
    match record_type {
        None => Ok(RecordKey::from(columns)),
        Some(record_type) => Ok(RecordKey::of(type_name(record_type)?, columns)),
    }
}

/// Columns of a key: one, or a tuple or list of them.
pub(crate) fn to_row(columns: &Bound<'_, PyAny>) -> PyResult<Tuple> {
    if let Ok(tuple) = columns.cast::<PyTuple>() {
        return tuple.iter().map(|column| element(&column)).collect();
    }
    if let Ok(list) = columns.cast::<PyList>() {
        return list.iter().map(|column| element(&column)).collect();
    }
    Ok(Tuple::from(vec![element(columns)?]))
}

/// The first columns of a key, as [`to_key`] takes them; none of them without.
pub(crate) fn to_columns(
    py: Python<'_>,
    columns: Option<&Bound<'_, PyAny>>,
    record_type: Option<&Bound<'_, PyAny>>,
) -> PyResult<RecordKey> {
    match columns {
        Some(columns) => to_key(columns, record_type),
        None => to_key(PyTuple::empty(py).as_any(), record_type),
    }
}

pub(crate) fn element(column: &Bound<'_, PyAny>) -> PyResult<Element> {
    if column.is_none() {
        return Ok(Element::Null);
    }
    if let Ok(value) = column.extract::<bool>() {
        return Ok(Element::Bool(value));
    }
    if column.is_instance_of::<PyInt>() {
        let number = column
            .extract::<i64>()
            .map_err(|_| argument("a key's int has 64 bits", column))?;
        return Ok(Element::Int(number));
    }
    if let Ok(value) = column.extract::<String>() {
        return Ok(Element::String(value));
    }
    if let Ok(value) = column.cast::<PyBytes>() {
        return Ok(Element::Bytes(value.as_bytes().to_vec().into()));
    }
    if let Ok(value) = column.cast::<PyFloat>() {
        return Ok(Element::Double(value.value()));
    }
    if column.is_instance(uuid_class(column.py())?)? {
        let bytes: [u8; 16] = column.getattr("bytes")?.extract()?;
        return Ok(Element::Uuid(uuid::Uuid::from_bytes(bytes)));
    }
    if let Ok(version) = column.cast::<RecordVersion>() {
        return Ok(Element::Versionstamp(version.get().0.into()));
    }
    if let Ok(packed) = column.cast::<PyTuple>() {
        return to_row(packed).map(Element::Tuple);
    }
    Err(argument(
        "a column of a key is None, a bool, int, float, str, bytes, UUID, RecordVersion or a tuple of these",
        column,
    ))
}

/// A tuple of columns.
pub(crate) fn to_tuple<'py>(py: Python<'py>, tuple: &Tuple) -> PyResult<Bound<'py, PyTuple>> {
    let columns: Vec<_> = tuple
        .iter()
        .map(|column| from_element(py, column))
        .collect::<PyResult<_>>()?;
    PyTuple::new(py, columns)
}

/// A whole primary key as `record_store.PrimaryKey`.
pub(crate) fn primary_key<'py>(py: Python<'py>, tuple: &Tuple) -> PyResult<Bound<'py, PyAny>> {
    primary_key_class(py)?.call1((to_tuple(py, tuple)?,))
}

fn from_element<'py>(py: Python<'py>, element: &Element) -> PyResult<Bound<'py, PyAny>> {
    Ok(match element {
        Element::Null => py.None().into_bound(py),
        Element::Bytes(value) => PyBytes::new(py, value).into_any(),
        Element::String(value) => PyString::new(py, value).into_any(),
        Element::Tuple(value) => to_tuple(py, value)?.into_any(),
        Element::Int(value) => value.into_pyobject(py)?.into_any(),
        Element::BigInt(value) => {
            let magnitude = PyBytes::new(py, value.magnitude());
            let int = py.get_type::<PyInt>().call_method1("from_bytes", (magnitude, "big"))?;
            if value.is_negative() { int.neg()? } else { int }
        }
        Element::Float(value) => PyFloat::new(py, (*value).into()).into_any(),
        Element::Double(value) => PyFloat::new(py, *value).into_any(),
        Element::Bool(value) => PyBool::new(py, *value).to_owned().into_any(),
        Element::Uuid(value) => uuid_class(py)?.call(
            (),
            Some(&[("bytes", PyBytes::new(py, value.as_bytes()))].into_py_dict(py)?),
        )?,
        Element::Versionstamp(stamp) => Bound::new(py, RecordVersion((*stamp).into()))?.into_any(),
    })
}

fn primary_key_class(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, "record_store._record", "PrimaryKey")
}

fn dict_class(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, "record_store._record", "Record")
}

fn uuid_class(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, "uuid", "UUID")
}
