//! The schema of a `RecordSpace`, and the spaces below it.

use pyo3::prelude::*;

use super::{SpaceBase, open_at};
use crate::diff::SchemaDiff;
use crate::error::to_py;
use crate::schema::Schema;

#[pymethods]
impl SpaceBase {
    /// Opens the record space at `path` below this one; otherwise as `Database.space`.
    #[pyo3(signature = (path, schema=None, *, primary_key=None))]
    fn child<'py>(
        &self,
        py: Python<'py>,
        path: &str,
        schema: Option<&Bound<'py, PyAny>>,
        primary_key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        open_at(
            py,
            self.face,
            &self.family,
            self.core()?.child(path),
            schema,
            primary_key,
        )
    }

    /// The paths of the record spaces below this one, at any depth.
    fn children<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let space = self.core()?;
        self.face.simple(py, async move {
            let paths = space.children().await.map_err(to_py)?;
            Ok(paths.iter().map(ToString::to_string).collect::<Vec<_>>())
        })
    }

    /// What would change if the space got this schema: each change with its cost, or the rule that it breaks and the way out.
    /// It changes nothing.
    fn plan<'py>(&self, py: Python<'py>, schema: &Bound<'py, Schema>) -> PyResult<Bound<'py, PyAny>> {
        let (space, schema) = (self.core()?, schema.get().core().clone());
        self.face.simple(py, async move {
            let plan = space.plan(&schema).await.map_err(to_py)?;
            Ok(SchemaDiff::new(plan))
        })
    }

    /// The versions of the schemas that the space had, from the oldest to the current one.
    fn schema_versions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let space = self.core()?;
        self.face
            .simple(py, async move { space.schema_versions().await.map_err(to_py) })
    }
}
