//! [`Keywords`]: the keywords that several calls have in common, taken out of `**kwargs`.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The keywords of one call. Each is taken once; what is left over at the end is an error, as Python's own.
pub(crate) struct Keywords<'py> {
    call: &'static str,
    /// Python makes a dict of its own for each call.
    given: Option<Bound<'py, PyDict>>,
}

impl<'py> Keywords<'py> {
    pub(crate) fn of(call: &'static str, given: Option<&Bound<'py, PyDict>>) -> Self {
        Keywords {
            call,
            given: given.cloned(),
        }
    }

    /// The keyword's value as it is; none for `None` and for one that was not given.
    pub(crate) fn object(&self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(given) = &self.given else { return Ok(None) };
        let Some(value) = given.get_item(name)? else {
            return Ok(None);
        };
        given.del_item(name)?;
        Ok(Some(value).filter(|value| !value.is_none()))
    }

    /// The keyword's value; none for `None` and for one that was not given.
    ///
    /// **Errors**: `TypeError` for another type, naming the keyword.
    pub(crate) fn take<T: FromPyObjectOwned<'py>>(&self, name: &str) -> PyResult<Option<T>> {
        let Some(value) = self.object(name)? else {
            return Ok(None);
        };
        value.extract().map(Some).map_err(|error: T::Error| {
            let (py, error): (_, PyErr) = (value.py(), error.into());
            if error.is_instance_of::<PyTypeError>(py) {
                return PyTypeError::new_err(format!("argument '{name}': {}", error.value(py)));
            }
            error
        })
    }

    /// **Errors**: `TypeError` for a keyword that the call does not have.
    pub(crate) fn finish(self) -> PyResult<()> {
        match self.given.and_then(|given| given.keys().iter().next()) {
            None => Ok(()),
            Some(unknown) => Err(PyTypeError::new_err(format!(
                "{}() got an unexpected keyword argument {}",
                self.call,
                unknown.repr()?
            ))),
        }
    }
}
