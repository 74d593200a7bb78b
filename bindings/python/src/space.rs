//! `RecordSpace`: the records of one schema under a path.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use record_store::{RecordSpaceBuilder, RecordStore, SaveOptions, ScanOptions};

use crate::cursor::{Cursor, Source};
use crate::diff::SchemaDiff;
use crate::error::{Raised, to_py};
use crate::index;
use crate::record::{Form, to_key, to_record, to_tuple, type_name};
use crate::runtime::{CLOSED, Family, Handle, wait};
use crate::schema::Schema;
use crate::transaction::Transaction;
use crate::version::{RecordVersion, StoredRecord};

/// The records of one schema under a path such as `prod/users`.
///
/// A record is a dict or an object of a protobuf message class; a key is the primary key's column, or a tuple of its columns.
/// Each method is a transaction of its own, tried again where that is right; with `tx=` it is part of that transaction.
///
/// >>> users = db.space("prod/users", User, primary_key="id")
/// >>> saved = users.put(User(id=1, name="Ada"))
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
        options: SaveOptions,
        tx: Option<&Bound<'_, Transaction>>,
    ) -> PyResult<Vec<StoredRecord>> {
        let records: Vec<Py<PyAny>> = records.into_iter().map(Bound::unbind).collect();
        let (records, record_type) = (&records, &record_type.map(|record_type| record_type.clone().unbind()));
        let (mut saved, context) = self.run(py, tx, |store| async move {
            let records = Python::attach(|py| {
                let record_type = record_type.as_ref().map(|record_type| record_type.bind(py));
                let convert = |record: &Py<PyAny>| to_record(record.bind(py), record_type, store.metadata());
                records.iter().map(convert).collect::<PyResult<Vec<_>>>()
            });
            let saved = store.save_records_with(&records.map_err(Raised)?, &options).await?;
            Ok((saved, store.context().clone()))
        })?;
        if let Some(versionstamp) = context.committed_versionstamp() {
            for record in &mut saved {
                record.complete_version(versionstamp).map_err(to_py)?;
            }
        }
        Ok(saved.into_iter().map(StoredRecord).collect())
    }

    /// A cursor over what `in_space` or, in the transaction `tx`, `in_store` gives.
    fn cursor(
        &self,
        py: Python<'_>,
        tx: Option<Py<Transaction>>,
        in_space: impl FnOnce(&record_store::RecordSpace) -> Source,
        in_store: impl FnOnce(&RecordStore) -> record_store::Result<Source> + Send,
    ) -> PyResult<Cursor> {
        let space = self.open()?;
        let source = match &tx {
            None => in_space(&space),
            Some(tx) => {
                let used = tx.get().enter_for(&self.family)?;
                let opened = wait(py, || async { in_store(&space.store(&used.context).await?) });
                opened.map_err(to_py)?
            }
        };
        Ok(Cursor::new(&self.family, source, tx, self.form.clone()))
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
    /// A dict in a space of several record types needs its `type`, unless it came out of a space. With `version` the record is
    /// saved as of that time, otherwise as of the commit.
    #[pyo3(signature = (record, *, r#type=None, version=None, tx=None))]
    fn put(
        &self,
        py: Python<'_>,
        record: &Bound<'_, PyAny>,
        r#type: Option<&Bound<'_, PyAny>>,
        version: Option<&Bound<'_, RecordVersion>>,
        tx: Option<&Bound<'_, Transaction>>,
    ) -> PyResult<Option<StoredRecord>> {
        let options = SaveOptions {
            version: version.map(|version| version.get().0),
            ..SaveOptions::default()
        };
        Ok(self.save(py, vec![record.clone()], r#type, options, tx)?.pop())
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
    ) -> PyResult<Vec<StoredRecord>> {
        let records = records.try_iter()?.collect::<PyResult<_>>()?;
        self.save(py, records, r#type, SaveOptions::default(), tx)
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
        self.cursor(
            py,
            tx,
            |space| Source::Space(space.scan(options.clone())),
            |store| store.scan_records(options.clone()).map(Source::Transaction),
        )
    }

    /// The entries of an index in its order, to iterate over: each an `IndexEntry`.
    ///
    /// `prefix`, or `start` (which belongs to the range) and `end` (which does not), are the first columns of the index: a value,
    /// or a tuple of values. Without `tx`, the scan may take any time: it reads in batches, each of one moment.
    #[pyo3(signature = (name, *, prefix=None, start=None, end=None, reverse=false, limit=None, tx=None))]
    #[allow(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn scan_index(
        &self,
        py: Python<'_>,
        name: &str,
        prefix: Option<&Bound<'_, PyAny>>,
        start: Option<&Bound<'_, PyAny>>,
        end: Option<&Bound<'_, PyAny>>,
        reverse: bool,
        limit: Option<usize>,
        tx: Option<Py<Transaction>>,
    ) -> PyResult<Cursor> {
        let options = index::scan_options(prefix, start, end, reverse, limit)?;
        self.cursor(
            py,
            tx,
            |space| Source::SpaceEntries(space.scan_index(name, None, options.clone())),
            |store| {
                store
                    .scan_index(name, None, options.clone())
                    .map(Source::TransactionEntries)
            },
        )
    }

    /// The records in the order of an index, to iterate over. Bounds are those of `scan_index`.
    ///
    /// A record comes as often as it has entries in the range.
    #[pyo3(signature = (name, *, prefix=None, start=None, end=None, reverse=false, limit=None, tx=None))]
    #[allow(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn scan_by(
        &self,
        py: Python<'_>,
        name: &str,
        prefix: Option<&Bound<'_, PyAny>>,
        start: Option<&Bound<'_, PyAny>>,
        end: Option<&Bound<'_, PyAny>>,
        reverse: bool,
        limit: Option<usize>,
        tx: Option<Py<Transaction>>,
    ) -> PyResult<Cursor> {
        let options = index::scan_options(prefix, start, end, reverse, limit)?;
        self.cursor(
            py,
            tx,
            |space| Source::Space(space.scan_index_records(name, options.clone())),
            |store| {
                store
                    .scan_index_records(name, options.clone())
                    .map(Source::TransactionByIndex)
            },
        )
    }

    /// The count, sum, or least or greatest value that an index keeps for the groups whose first columns are `group`, as a tuple;
    /// of all groups without. `None` if there is nothing to have a least or greatest value.
    #[pyo3(
        signature = (name, group=None, *, tx=None),
        text_signature = "($self, name, group=(), *, tx=None)"
    )]
    fn aggregate<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        group: Option<&Bound<'py, PyAny>>,
        tx: Option<&Bound<'py, Transaction>>,
    ) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let group = &match group {
            Some(group) => to_key(group, None)?,
            None => ().into(),
        };
        let value = self.run(py, tx, |store| async move {
            Ok(store.aggregate_index_group(name, group).await?)
        })?;
        value.map(|value| to_tuple(py, &value)).transpose()
    }

    /// How many records there are, by the count indexes of the schema, or by its record count key.
    ///
    /// It does not conflict with those who save.
    #[pyo3(signature = (*, tx=None))]
    fn count(&self, py: Python<'_>, tx: Option<&Bound<'_, Transaction>>) -> PyResult<i64> {
        self.run(py, tx, |store| async move {
            Ok(store.snapshot_record_count_of_all().await?)
        })
    }

    /// The version of the record with this key; `None` if there is no such record, or it has none.
    #[pyo3(signature = (key, *, r#type=None, tx=None))]
    fn version(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        r#type: Option<&Bound<'_, PyAny>>,
        tx: Option<&Bound<'_, Transaction>>,
    ) -> PyResult<Option<RecordVersion>> {
        let key = &to_key(key, r#type)?;
        let version = self.run(py, tx, |store| async move {
            Ok(store.load_record_version(&key.resolve(store.metadata())?).await?)
        })?;
        Ok(version.map(RecordVersion))
    }

    /// The states of all indexes by their names: `READABLE`, `WRITE_ONLY`, `DISABLED`, `READABLE_UNIQUE_PENDING`.
    #[pyo3(signature = (*, tx=None))]
    fn index_states<'py>(&self, py: Python<'py>, tx: Option<&Bound<'py, Transaction>>) -> PyResult<Bound<'py, PyDict>> {
        let states = self.run(py, tx, |store| async move { Ok(store.index_states()) })?;
        index::to_states(py, &states)
    }

    /// Builds all indexes that are not readable, or those that are named, in many transactions, while others use the space. A
    /// build that was stopped goes on.
    ///
    /// `progress` is called with an `IndexBuildProgress` after each transaction; what it raises stops the build and comes out as
    /// it is. `limit` is the most records of one transaction, `time_max` the most seconds of the build, `lease` the seconds for
    /// which the sign of life of another builder counts.
    #[pyo3(
        signature = (*names, progress=None, records_per_second=None, limit=None, time_max=None, lease=None)
    )]
    #[allow(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn build_indexes<'py>(
        &self,
        py: Python<'py>,
        names: Vec<String>,
        progress: Option<Py<PyAny>>,
        records_per_second: Option<u32>,
        limit: Option<usize>,
        time_max: Option<f64>,
        lease: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let options = index::indexing_options(limit, records_per_second, time_max, lease)?;
        let indexer = self.open()?.indexer().options(options);
        index::build(
            py,
            names.into_iter().fold(indexer, |indexer, name| indexer.index(name)),
            progress,
        )
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
