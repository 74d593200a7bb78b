//! `Filter`: what must be true of a record, and parameters of it.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use record_store::kv::tuple::Element;
use record_store::metadata::IndexPredicate;
use record_store::query::{ParameterName, Parameters, QueryComponent};

use crate::error::{argument, to_py};
use crate::record::{element, to_row};

/// What must be true of a record: comparisons of `record_store.field`, joined by `&`, `|` and `~`.
///
/// Comparisons bind less than these operators: put them in parentheses. What is compared with an absent value is neither true nor
/// false, as in SQL.
///
/// >>> from record_store import Filter, field
/// >>> str((field("age") >= 18) & (field("name") != "Ada"))
/// "age >= 18 AND name <> 'Ada'"
/// >>> Filter.parse("age >= 18 AND name <> 'Ada'") == (field("age") >= 18) & (field("name") != "Ada")
/// True
#[derive(Clone, PartialEq)]
#[pyclass(frozen, eq, module = "record_store")]
pub(crate) struct Filter(pub(crate) QueryComponent);

/// A value that is given when a query runs, from `record_store.parameter`.
#[pyclass(frozen, module = "record_store")]
pub(crate) struct Parameter(pub(crate) ParameterName);

/// The parameter `:name` of a filter.
#[pyfunction]
pub(crate) fn parameter(name: String) -> Parameter {
    Parameter(ParameterName::Named(name))
}

/// A filter that is given as one, or as text with the values of its parameters.
pub(crate) fn to_filter(
    filter: &Bound<'_, PyAny>,
    positional: &Bound<'_, PyTuple>,
    named: Option<&Bound<'_, PyDict>>,
) -> PyResult<QueryComponent> {
    let component = match filter.cast::<Filter>() {
        Ok(filter) => filter.get().0.clone(),
        Err(_) => {
            let text: String = filter.extract().map_err(|_| {
                argument(
                    "a filter is a record_store.Filter, or text such as \"age >= 18\"",
                    filter,
                )
            })?;
            QueryComponent::parse(&text).map_err(to_py)?
        }
    };
    let values = positional.iter().map(|value| parameter_value(&value));
    let mut parameters = Parameters::positional(values.collect::<PyResult<Vec<_>>>()?);
    for (name, value) in named.into_iter().flat_map(|named| named.iter()) {
        parameters = parameters.with(name.extract::<String>()?, parameter_value(&value)?);
    }
    component.bind(&parameters).map_err(to_py)
}

/// A value, or a list of values.
fn parameter_value(value: &Bound<'_, PyAny>) -> PyResult<Element> {
    match value.is_instance_of::<PyTuple>() || value.is_instance_of::<PyList>() {
        true => Ok(Element::Tuple(to_row(value)?)),
        false => element(value),
    }
}

/// The condition of an index, given as a filter.
pub(crate) fn to_condition(filter: &Bound<'_, PyAny>) -> PyResult<IndexPredicate> {
    let filter = to_filter(filter, &PyTuple::empty(filter.py()), None)?;
    IndexPredicate::try_from(&filter).map_err(to_py)
}

#[pymethods]
impl Filter {
    /// Reads a filter from text in the manner of SQL, with the values of its parameters `?` and `:name`.
    #[staticmethod]
    #[pyo3(signature = (text, /, *values, **named))]
    fn parse(
        text: &Bound<'_, PyAny>,
        values: &Bound<'_, PyTuple>,
        named: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        to_filter(text, values, named).map(Filter)
    }

    fn __and__(&self, other: &Bound<'_, Self>) -> Self {
        Filter(self.0.clone() & other.get().0.clone())
    }

    fn __or__(&self, other: &Bound<'_, Self>) -> Self {
        Filter(self.0.clone() | other.get().0.clone())
    }

    fn __invert__(&self) -> Self {
        Filter(!self.0.clone())
    }

    fn __bool__(&self) -> PyResult<bool> {
        Err(PyTypeError::new_err(
            "a filter is neither true nor false by itself: join filters with &, | and ~, and put comparisons in parentheses",
        ))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("Filter({:?})", self.0.to_string())
    }
}

#[pymethods]
impl Parameter {
    fn __repr__(&self) -> String {
        format!("parameter('{}')", self.0)
    }
}
