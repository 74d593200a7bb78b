//! `RecordSpace`: the records of one schema under a path.

use std::sync::Arc;

use pyo3::prelude::*;
use record_store::{RecordSpaceBuilder, RecordStore, ScanOptions};

use crate::cursor::{Cursor, Source};
use crate::diff::SchemaDiff;
use crate::error::{Raised, to_py};
use crate::record::{Form, to_key, to_record, type_name};
use crate::runtime::{CLOSED, Family, Handle, wait};
use crate::schema::Schema;
use crate::transaction::Transaction;

/// The records of one schema under a path such as `prod/users`.
///
/// A record is a dict or an object of a protobuf message class; a key is the primary key's column, or a tuple of its columns.
/// Each method is a transaction of its own, tried again where that is right; with `tx=` it is part of that transaction.
///
/// >>> users = db.space("prod/users", User, primary_key="id")
/// >>> users.put(User(id=1, name="Ada"))
/// >>> users.get(1).name
/// 'Ada'
/// >>> users.get(2) is None
/// True
/// >>> [user.name for user in users.scan()]
/// ['Ada']
/// >>> users.delete(1), users.exists(1)
/// (True, False)
#[pyclass(frozen, generic, module = "record_store")]
pub(crate) struct RecordSpace {
    handle: Arc<Handle<record_store::RecordSpace>>,
    family: Arc<Family>,
    form: Arc<Form>,
    path: String,
}

impl RecordSpace {
    pub(crate) fn new(family: &Arc<Family>, space: record_store::RecordSpace, form: Arc<Form>) -> Self {
        RecordSpace {
            path: space.path().to_string(),
            handle: family.adopt(space),
            family: family.clone(),
            form,
        }
    }

    /// Opens a space with a schema, or with message classes and their primary key.
    pub(crate) fn open_at(
        py: Python<'_>,
        family: &Arc<Family>,
        opening: RecordSpaceBuilder,
        schema: Option<&Bound<'_, PyAny>>,
        primary_key: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let (schema, form) = Schema::from_argument(schema, primary_key)?;
        let opening = match &schema {
            Some(schema) => opening.schema(schema),
            None => opening,
        };
        let space = wait(py, || opening.open()).map_err(to_py)?;
        Ok(RecordSpace::new(family, space, form))
    }

    fn open(&self) -> PyResult<record_store::RecordSpace> {
        self.handle.get(CLOSED)
    }

    /// Runs `operation` in the transaction `tx`, or else in one of its own.
    fn run<T, F>(
        &self,
        py: Python<'_>,
        tx: Option<&Bound<'_, Transaction>>,
        operation: impl Fn(RecordStore) -> F + Send + Sync,
    ) -> PyResult<T>
    where
        T: Send,
        F: Future<Output = Result<T, Raised>>,
    {
        let (space, operation) = (&self.open()?, &operation);
        let attempt = |context| async move { operation(space.store(&context).await?).await };
        let result = match tx {
            None => wait(py, || space.database().run(attempt)),
            Some(tx) => {
                let used = tx.get().enter_for(&self.family)?;
                wait(py, || attempt(used.context.clone()))
            }
        };
        result.map_err(|Raised(exception)| exception)
    }

    /// Saves records, converted by the schema that the store has.
    fn save(
        &self,
        py: Python<'_>,
        records: Vec<Bound<'_, PyAny>>,
        record_type: Option<&Bound<'_, PyAny>>,
        tx: Option<&Bound<'_, Transaction>>,
    ) -> PyResult<()> {
        let records: Vec<Py<PyAny>> = records.into_iter().map(Bound::unbind).collect();
        let (records, record_type) = (&records, &record_type.map(|record_type| record_type.clone().unbind()));
        self.run(py, tx, |store| async move {
            let records = Python::attach(|py| {
                let record_type = record_type.as_ref().map(|record_type| record_type.bind(py));
                let convert = |record: &Py<PyAny>| to_record(record.bind(py), record_type, store.metadata());
                records.iter().map(convert).collect::<PyResult<Vec<_>>>()
            });
            store.save_records(&records.map_err(Raised)?).await?;
            Ok(())
        })
    }
}

#[pymethods]
impl RecordSpace {
    /// The path of the space.
    #[getter]
    fn path(&self) -> &str {
        &self.path
    }

    /// Saves a record over the one with its key, if there is one.
    ///
    /// A dict in a space of several record types needs its `type`, unless it came out of a space.
    #[pyo3(signature = (record, *, r#type=None, tx=None))]
    fn put(
        &self,
        py: Python<'_>,
        record: &Bound<'_, PyAny>,
        r#type: Option<&Bound<'_, PyAny>>,
        tx: Option<&Bound<'_, Transaction>>,
    ) -> PyResult<()> {
        self.save(py, vec![record.clone()], r#type, tx)
    }

    /// Saves records, all or none, in one transaction.
    ///
    /// A transaction takes 10 MB and five seconds: for more records, call several times.
    #[pyo3(signature = (records, *, r#type=None, tx=None))]
    fn put_all(
        &self,
        py: Python<'_>,
        records: &Bound<'_, PyAny>,
        r#type: Option<&Bound<'_, PyAny>>,
        tx: Option<&Bound<'_, Transaction>>,
    ) -> PyResult<()> {
        self.save(py, records.try_iter()?.collect::<PyResult<_>>()?, r#type, tx)
    }

    /// The record with this key, or `None`.
    ///
    /// In a space of several record types, `type` says which is meant.
    #[pyo3(signature = (key, *, r#type=None, tx=None))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        key: &Bound<'py, PyAny>,
        r#type: Option<&Bound<'py, PyAny>>,
        tx: Option<&Bound<'py, Transaction>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let key = &to_key(key, r#type)?;
        let found = self.run(py, tx, |store| async move {
            Ok(store.load_record(&key.resolve(store.metadata())?).await?)
        })?;
        found.map(|stored| self.form.to_python(py, &stored)).transpose()
    }

    /// Deletes the record with this key; says whether there was one.
    #[pyo3(signature = (key, *, r#type=None, tx=None))]
    fn delete(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        r#type: Option<&Bound<'_, PyAny>>,
        tx: Option<&Bound<'_, Transaction>>,
    ) -> PyResult<bool> {
        let key = &to_key(key, r#type)?;
        self.run(py, tx, |store| async move {
            Ok(store.delete_record(&key.resolve(store.metadata())?).await?)
        })
    }

    /// Whether there is a record with this key.
    #[pyo3(signature = (key, *, r#type=None, tx=None))]
    fn exists(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        r#type: Option<&Bound<'_, PyAny>>,
        tx: Option<&Bound<'_, Transaction>>,
    ) -> PyResult<bool> {
        let key = &to_key(key, r#type)?;
        self.run(py, tx, |store| async move {
            Ok(store.record_exists(&key.resolve(store.metadata())?).await?)
        })
    }

    /// The records in the order of their primary keys, to iterate over.
    ///
    /// Without `tx`, the scan may take any time: it reads in batches, each of one moment.
    #[pyo3(signature = (*, r#type=None, reverse=false, limit=None, tx=None))]
    fn scan(
        &self,
        py: Python<'_>,
        r#type: Option<&Bound<'_, PyAny>>,
        reverse: bool,
        limit: Option<usize>,
        tx: Option<Py<Transaction>>,
    ) -> PyResult<Cursor> {
        let space = self.open()?;
        let mut options = ScanOptions {
            reverse,
            limit,
            ..ScanOptions::default()
        };
        if let Some(record_type) = r#type {
            options.range = space
                .metadata()
                .record_type_range(&type_name(record_type)?)
                .map_err(to_py)?;
        }
        let source = match &tx {
            None => Source::Space(space.scan(options)),
            Some(tx) => {
                let used = tx.get().enter_for(&self.family)?;
                let cursor = wait(py, || async { space.store(&used.context).await?.scan_records(options) });
                Source::Transaction(cursor.map_err(to_py)?)
            }
        };
        Ok(Cursor::new(&self.family, source, tx, self.form.clone()))
    }

    /// Opens the record space at `path` below this one; otherwise as `Database.space`.
    ///
    /// >>> archive = users.child("archive", User, primary_key="id")
    /// >>> archive.path, users.children()
    /// ('docs/users/archive', ['docs/users/archive'])
    #[pyo3(signature = (path, schema=None, *, primary_key=None))]
    fn child(
        &self,
        py: Python<'_>,
        path: &str,
        schema: Option<&Bound<'_, PyAny>>,
        primary_key: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<RecordSpace> {
        RecordSpace::open_at(py, &self.family, self.open()?.child(path), schema, primary_key)
    }

    /// The paths of the record spaces below this one, at any depth.
    fn children(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        let space = self.open()?;
        let paths = wait(py, || space.children()).map_err(to_py)?;
        Ok(paths.iter().map(ToString::to_string).collect())
    }

    /// What would change if the space got this schema: each change with its cost, or the rule that it breaks and the way out.
    /// It changes nothing.
    fn plan(&self, py: Python<'_>, schema: &Bound<'_, Schema>) -> PyResult<SchemaDiff> {
        let (space, schema) = (self.open()?, schema.get().core());
        let plan = wait(py, || space.plan(schema)).map_err(to_py)?;
        Ok(SchemaDiff::new(plan))
    }

    /// The versions of the schemas that the space had, from the oldest to the current one.
    fn schema_versions(&self, py: Python<'_>) -> PyResult<Vec<i32>> {
        let space = self.open()?;
        wait(py, || space.schema_versions()).map_err(to_py)
    }

    fn __repr__(&self) -> String {
        format!("RecordSpace('{}')", self.path)
    }
}
