//! `KeyExpression`, and the functions of `record_store.keys` that make one.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyString, PyTuple};
use record_store::key_expression::{self, Literal};
use record_store::metadata::Columns;

use crate::error::{argument, to_py};
use crate::field::Field;

/// Which columns of a record make a key: what `record_store.field` and the functions of `record_store.keys` give.
///
/// >>> from record_store import field, keys
/// >>> keys.concat(field("address").nest("city"), field("tags").fan_out())
/// KeyExpression([Field { 'address' None}/Field { 'city' None}, Field { 'tags' FanOut}])
#[pyclass(frozen, module = "record_store")]
pub(crate) struct KeyExpression(pub(crate) key_expression::KeyExpression);

/// One column as the name of a field (a dot leads into a message), a `Field` or a `KeyExpression`.
pub(crate) fn to_expression(column: &Bound<'_, PyAny>) -> PyResult<key_expression::KeyExpression> {
    if let Ok(field) = column.cast::<Field>() {
        return field.get().expression();
    }
    if let Ok(expression) = column.cast::<KeyExpression>() {
        return Ok(expression.get().0.clone());
    }
    match column.extract::<String>() {
        Ok(name) => Field::named(&name).expression(),
        Err(_) => Err(argument(
            "a column is the name of a field, record_store.field(name) or a KeyExpression",
            column,
        )),
    }
}

/// All columns of a tuple of them.
pub(crate) fn to_expressions(columns: &Bound<'_, PyTuple>) -> PyResult<Vec<key_expression::KeyExpression>> {
    columns.iter().map(|column| to_expression(&column)).collect()
}

/// A key: the name of a column or several names, or with a `Field` or `KeyExpression` among them a whole expression.
pub(crate) fn to_columns(key: &Bound<'_, PyAny>) -> PyResult<Columns> {
    if let Ok(name) = key.extract::<String>() {
        return Ok(Columns::from(name));
    }
    if let Ok(names) = key.extract::<Vec<String>>() {
        return Ok(Columns::from(names));
    }
    if key.cast::<Field>().is_ok() || key.cast::<KeyExpression>().is_ok() {
        return Ok(to_expression(key)?.into());
    }
    let columns = key.try_iter().map_err(|_| {
        argument(
            "a key is the name of a column, a Field or KeyExpression, or a sequence of them",
            key,
        )
    })?;
    let columns = columns.map(|column| to_expression(&column?));
    Ok(key_expression::concat(columns.collect::<PyResult<Vec<_>>>()?).into())
}

#[pymethods]
impl KeyExpression {
    /// How many columns it has.
    #[getter]
    fn column_count(&self) -> usize {
        self.0.column_count()
    }

    /// The columns of this expression, grouped by others: what an index of sums keeps for each group.
    #[pyo3(signature = (*columns))]
    fn group_by(&self, columns: &Bound<'_, PyTuple>) -> PyResult<Self> {
        Ok(KeyExpression(self.0.clone().group_by(to_expressions(columns)?)))
    }

    /// The columns of this expression, as one group.
    fn ungrouped(&self) -> Self {
        KeyExpression(self.0.clone().ungrouped())
    }

    /// The rows of this one-column expression, dealt into rows of `size` columns.
    fn split(&self, size: usize) -> Self {
        KeyExpression(self.0.clone().split(size))
    }

    fn __repr__(&self) -> String {
        format!("KeyExpression({})", self.0)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().0 == self.0)
    }

    fn __hash__(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        self.0.to_string().hash(&mut hasher);
        hasher.finish()
    }
}

/// The columns of all of these, one after the other.
#[pyfunction]
#[pyo3(signature = (*columns))]
pub(crate) fn concat(columns: &Bound<'_, PyTuple>) -> PyResult<KeyExpression> {
    Ok(KeyExpression(key_expression::concat(to_expressions(columns)?)))
}

/// Each of these packed into one column, a tuple.
#[pyfunction]
#[pyo3(signature = (*columns))]
pub(crate) fn packed(columns: &Bound<'_, PyTuple>) -> PyResult<KeyExpression> {
    Ok(KeyExpression(key_expression::list(to_expressions(columns)?)))
}

/// No columns: what a count index counts, before it is grouped.
#[pyfunction]
pub(crate) fn empty() -> KeyExpression {
    KeyExpression(key_expression::empty())
}

/// The version of the record.
#[pyfunction]
pub(crate) fn version() -> KeyExpression {
    KeyExpression(key_expression::version())
}

/// The key of the record's type, which keeps the records of a type, or their entries, together.
#[pyfunction]
pub(crate) fn record_type() -> KeyExpression {
    KeyExpression(key_expression::record_type())
}

/// A constant.
#[pyfunction]
pub(crate) fn literal(value: &Bound<'_, PyAny>) -> PyResult<KeyExpression> {
    let literal = if value.is_none() {
        Literal::Null
    } else if let Ok(value) = value.cast::<PyBool>() {
        Literal::Bool(value.is_true())
    } else if let Ok(value) = value.cast::<PyString>() {
        Literal::String(value.extract()?)
    } else if let Ok(value) = value.cast::<PyBytes>() {
        Literal::from(value.as_bytes().to_vec())
    } else if let Ok(value) = value.cast::<PyFloat>() {
        Literal::Double(value.value())
    } else if let Ok(value) = value.extract::<i64>() {
        Literal::Long(value)
    } else {
        return Err(argument(
            "a constant is None, a bool, an int of 64 bits, a float, str or bytes",
            value,
        ));
    };
    Ok(KeyExpression(key_expression::literal(literal)))
}

/// The function `name` of these columns.
#[pyfunction]
#[pyo3(signature = (name, *columns))]
pub(crate) fn function(name: &str, columns: &Bound<'_, PyTuple>) -> PyResult<KeyExpression> {
    let arguments = key_expression::concat(to_expressions(columns)?);
    key_expression::function(name, arguments)
        .map(KeyExpression)
        .map_err(to_py)
}

/// The columns of `key` as the key of each entry and those of `value` as its value, from which they can be read without the
/// record.
#[pyfunction]
pub(crate) fn with_value(key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<KeyExpression> {
    Ok(KeyExpression(key_expression::with_value(whole(key)?, whole(value)?)))
}

/// A column, or a tuple or list of them, as one expression.
pub(crate) fn whole(columns: &Bound<'_, PyAny>) -> PyResult<key_expression::KeyExpression> {
    if columns.is_instance_of::<PyString>() || columns.try_iter().is_err() {
        return to_expression(columns);
    }
    let columns = columns.try_iter()?.map(|column| to_expression(&column?));
    Ok(key_expression::concat(columns.collect::<PyResult<Vec<_>>>()?))
}

/// These columns, of which `dimensions` after the first `prefix` are dimensions of space.
#[pyfunction]
pub(crate) fn dimensions(columns: &Bound<'_, PyAny>, prefix: usize, dimensions: usize) -> PyResult<KeyExpression> {
    let columns = whole(columns)?;
    Ok(KeyExpression(key_expression::dimensions(columns, prefix, dimensions)))
}
