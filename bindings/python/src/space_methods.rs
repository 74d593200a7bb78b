//! The methods of `RecordSpace`: arguments converted, one future made of the core's verb, its result converted.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use record_store::{RecordExistenceCheck, RecordKey, SaveOptions};

use crate::diff::SchemaDiff;
use crate::error::to_py;
use crate::filter::to_filter;
use crate::index;
use crate::query::QueryBase;
use crate::record::{to_columns, to_key, to_row, to_tuple, type_name};
use crate::scan::ScanArguments;
use crate::schema::Schema;
use crate::space::{SpaceBase, open_at};
use crate::transaction::TransactionBase;
use crate::version::RecordVersion;

type Tx<'py> = Bound<'py, TransactionBase>;

#[pymethods]
impl SpaceBase {
    /// The path of the space.
    #[getter]
    fn path(&self) -> &str {
        &self.path
    }

    /// Saves a record, over the one with its key if there is one.
    ///
    /// A dict in a space of several record types needs its `type`, unless it came out of a space. With `version` the record is
    /// saved as of that time, otherwise as of the commit.
    #[pyo3(signature = (record, *, r#type=None, version=None, tx=None))]
    fn put<'py>(
        &self,
        py: Python<'py>,
        record: &Bound<'py, PyAny>,
        r#type: Option<&Bound<'py, PyAny>>,
        version: Option<&Bound<'py, RecordVersion>>,
        tx: Option<&Tx<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let options = SaveOptions {
            version: version.map(|version| version.get().0),
            ..SaveOptions::default()
        };
        self.save_one(py, record, r#type, options, tx)
    }

    /// Saves a new record; otherwise as `put`. One with its key is a `RecordAlreadyExistsError`.
    #[pyo3(signature = (record, *, r#type=None, tx=None))]
    fn insert<'py>(
        &self,
        py: Python<'py>,
        record: &Bound<'py, PyAny>,
        r#type: Option<&Bound<'py, PyAny>>,
        tx: Option<&Tx<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let options = SaveOptions::default().existence(INSERT);
        self.save_one(py, record, r#type, options, tx)
    }

    /// Saves a record over the one of its key and type; otherwise as `put`. If there is none, it is a `RecordNotFoundError`.
    #[pyo3(signature = (record, *, r#type=None, tx=None))]
    fn update<'py>(
        &self,
        py: Python<'py>,
        record: &Bound<'py, PyAny>,
        r#type: Option<&Bound<'py, PyAny>>,
        tx: Option<&Tx<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let options = SaveOptions::default().existence(UPDATE);
        self.save_one(py, record, r#type, options, tx)
    }

    /// Saves records, all or none, in one transaction.
    ///
    /// A transaction takes 10 MB and five seconds: for more records, call several times.
    #[pyo3(signature = (records, *, r#type=None, tx=None))]
    fn put_all<'py>(
        &self,
        py: Python<'py>,
        records: &Bound<'py, PyAny>,
        r#type: Option<&Bound<'py, PyAny>>,
        tx: Option<&Tx<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.save_all(py, records, r#type, RecordExistenceCheck::None, tx)
    }

    /// Saves new records, all or none, as `put_all`. One of a key that is there is a `RecordAlreadyExistsError`.
    #[pyo3(signature = (records, *, r#type=None, tx=None))]
    fn insert_all<'py>(
        &self,
        py: Python<'py>,
        records: &Bound<'py, PyAny>,
        r#type: Option<&Bound<'py, PyAny>>,
        tx: Option<&Tx<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.save_all(py, records, r#type, INSERT, tx)
    }

    /// Saves records over those of their keys and types, all or none, as `put_all`. A missing one is a `RecordNotFoundError`.
    #[pyo3(signature = (records, *, r#type=None, tx=None))]
    fn update_all<'py>(
        &self,
        py: Python<'py>,
        records: &Bound<'py, PyAny>,
        r#type: Option<&Bound<'py, PyAny>>,
        tx: Option<&Tx<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.save_all(py, records, r#type, UPDATE, tx)
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
        tx: Option<&Tx<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (key, form) = (to_key(key, r#type)?, self.form.clone());
        let same = key.clone();
        let found = self.either(
            tx,
            |space| async move { space.get(key).await },
            |store| async move { store.load_record(&same.resolve(store.metadata())?).await },
        )?;
        self.face.call(py, found, move |py, found| match found {
            Some(stored) => form.to_python(py, &stored),
            None => Ok(py.None().into_bound(py)),
        })
    }

    /// Whether there is a record with this key.
    #[pyo3(signature = (key, *, r#type=None, tx=None))]
    fn exists<'py>(
        &self,
        py: Python<'py>,
        key: &Bound<'py, PyAny>,
        r#type: Option<&Bound<'py, PyAny>>,
        tx: Option<&Tx<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let key = to_key(key, r#type)?;
        let same = key.clone();
        let exists = self.either(
            tx,
            |space| async move { space.exists(key).await },
            |store| async move { store.record_exists(&same.resolve(store.metadata())?).await },
        )?;
        self.face.simple(py, exists)
    }

    /// The version of the record with this key; `None` if there is no such record, or it has none.
    #[pyo3(signature = (key, *, r#type=None, tx=None))]
    fn version<'py>(
        &self,
        py: Python<'py>,
        key: &Bound<'py, PyAny>,
        r#type: Option<&Bound<'py, PyAny>>,
        tx: Option<&Tx<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let key = to_key(key, r#type)?;
        let same = key.clone();
        let version = self.either(
            tx,
            |space| async move { space.load_version(key).await },
            |store| async move { store.load_record_version(&same.resolve(store.metadata())?).await },
        )?;
        self.face
            .simple(py, async move { Ok(version.await?.map(RecordVersion)) })
    }

    /// Deletes the record with this key; says whether there was one.
    #[pyo3(signature = (key, *, r#type=None, tx=None))]
    fn delete<'py>(
        &self,
        py: Python<'py>,
        key: &Bound<'py, PyAny>,
        r#type: Option<&Bound<'py, PyAny>>,
        tx: Option<&Tx<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let key = to_key(key, r#type)?;
        let same = key.clone();
        let deleted = self.either(
            tx,
            |space| async move { space.delete(key).await },
            |store| async move { store.delete_record(&same.resolve(store.metadata())?).await },
        )?;
        self.face.simple(py, deleted)
    }

    /// Deletes all records whose primary keys begin with these columns, or all of a `type`, without reading them.
    ///
    /// That is refused where the entries of these records do not stand together in each index: delete them one by one then.
    #[pyo3(
        signature = (prefix=None, *, r#type=None, tx=None),
        text_signature = "($self, prefix=(), *, type=None, tx=None)"
    )]
    fn delete_where<'py>(
        &self,
        py: Python<'py>,
        prefix: Option<&Bound<'py, PyAny>>,
        r#type: Option<&Bound<'py, PyAny>>,
        tx: Option<&Tx<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let within = to_columns(py, prefix, r#type)?;
        let deleted = self.in_store(tx, move |store| {
            let within = within.clone();
            async move { Ok(store.delete_records_where(within).await?) }
        })?;
        self.face.done(py, deleted)
    }

    /// Deletes all records. The schema stays.
    #[pyo3(signature = (*, tx=None))]
    fn delete_all<'py>(&self, py: Python<'py>, tx: Option<&Tx<'py>>) -> PyResult<Bound<'py, PyAny>> {
        let deleted = self.either(
            tx,
            |space| async move { space.delete_all().await },
            |store| async move { store.delete_all_records().await },
        )?;
        self.face.done(py, deleted)
    }

    /// How many records there are, by the count indexes of the schema, or by its record count key.
    ///
    /// It does not conflict with those who save.
    #[pyo3(signature = (*, tx=None))]
    fn count<'py>(&self, py: Python<'py>, tx: Option<&Tx<'py>>) -> PyResult<Bound<'py, PyAny>> {
        let count = self.either(
            tx,
            |space| async move { space.record_count().await },
            |store| async move { store.snapshot_record_count_of_all().await },
        )?;
        self.face.simple(py, count)
    }

    /// The records in the order of their primary keys, to iterate over.
    ///
    /// `prefix`, or `start` (which belongs to the range) and `end` (which does not), are the first columns of the primary key: a
    /// value, or a tuple of values. `limit` is the most records, `skip` how many are left out first.
    ///
    /// `after` is the `continuation` of another scan of the same range and order, which this one goes on with. `max_rows`,
    /// `max_bytes` and `max_seconds` stop the scan after so many key-value pairs, bytes or seconds; the cursor's `no_next_reason`
    /// tells. `snapshot` reads without conflicts with those who write.
    ///
    /// Without `tx`, the scan may take any time: it reads in batches, each of one moment.
    #[pyo3(
        signature = (**keywords),
        text_signature = "($self, *, type=None, prefix=None, start=None, end=None, reverse=False, limit=None, skip=0, after=None, max_rows=None, max_bytes=None, max_seconds=None, snapshot=False, tx=None)"
    )]
    fn scan<'py>(&self, py: Python<'py>, keywords: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyAny>> {
        self.cursor(
            py,
            ScanArguments::of_records("scan", keywords)?,
            |space, options| space.scan(options),
            |store, options| store.scan_records(options),
        )
    }

    /// The records in the order of an index, to iterate over. Bounds are the first columns of the index; the rest is as in `scan`.
    ///
    /// A record comes as often as it has entries in the range.
    #[pyo3(
        signature = (name, **keywords),
        text_signature = "($self, name, *, prefix=None, start=None, end=None, reverse=False, limit=None, skip=0, after=None, max_rows=None, max_bytes=None, max_seconds=None, snapshot=False, tx=None)"
    )]
    fn scan_by<'py>(
        &self,
        py: Python<'py>,
        name: String,
        keywords: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let same = name.clone();
        self.cursor(
            py,
            ScanArguments::of_index("scan_by", keywords)?,
            |space, options| space.scan_index_records(name, options),
            move |store, options| store.scan_index_records(&same, options),
        )
    }

    /// The entries of an index in its order, to iterate over: each an `IndexEntry`. The rest is as in `scan_by`.
    #[pyo3(
        signature = (name, **keywords),
        text_signature = "($self, name, *, prefix=None, start=None, end=None, reverse=False, limit=None, skip=0, after=None, max_rows=None, max_bytes=None, max_seconds=None, snapshot=False, tx=None)"
    )]
    fn scan_index<'py>(
        &self,
        py: Python<'py>,
        name: String,
        keywords: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let same = name.clone();
        self.cursor(
            py,
            ScanArguments::of_index("scan_index", keywords)?,
            |space, options| space.scan_index(name, None, options),
            move |store, options| store.scan_index(&same, None, options),
        )
    }

    /// What breaks the uniqueness of an index that is being built, or is not yet unique, to iterate over: each a
    /// `UniquenessViolation`, by value and primary key. The rest is as in `scan_by`.
    #[pyo3(
        signature = (name, **keywords),
        text_signature = "($self, name, *, prefix=None, start=None, end=None, reverse=False, limit=None, skip=0, after=None, max_rows=None, max_bytes=None, max_seconds=None, snapshot=False, tx=None)"
    )]
    fn uniqueness_violations<'py>(
        &self,
        py: Python<'py>,
        name: String,
        keywords: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let same = name.clone();
        self.cursor(
            py,
            ScanArguments::of_index("uniqueness_violations", keywords)?,
            |space, options| space.scan_uniqueness_violations(name, options),
            move |store, options| store.scan_uniqueness_violations(&same, options),
        )
    }

    /// Deletes the records that have this value in a unique index, but for the one whose key is `keep`, if any.
    #[pyo3(signature = (name, value, *, keep=None, tx=None))]
    fn resolve_uniqueness<'py>(
        &self,
        py: Python<'py>,
        name: String,
        value: &Bound<'py, PyAny>,
        keep: Option<&Bound<'py, PyAny>>,
        tx: Option<&Tx<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let value = to_row(value)?;
        let keep = keep.map(|keep| to_key(keep, None)).transpose()?;
        let resolved = self.in_store(tx, move |store| {
            let (name, value, keep) = (name.clone(), value.clone(), keep.clone());
            async move {
                let keep = keep.map(|keep| keep.resolve(store.metadata())).transpose()?;
                Ok(store.resolve_uniqueness_violation(&name, &value, keep.as_ref()).await?)
            }
        })?;
        self.face.done(py, resolved)
    }

    /// A query for records of this space: those of which `filter` is true, a `Filter` or text in the manner of SQL with the values of
    /// its `?` and `:name`. All records without; only those of a `type` with it.
    ///
    /// >>> [user.name for user in users.query("id BETWEEN ? AND :most", 1, most=5)]
    /// ['Ada']
    #[pyo3(
        signature = (filter=None, /, *values, r#type=None, **named),
        text_signature = "($self, filter=None, /, *values, type=None, **named)"
    )]
    fn query<'py>(
        slf: &Bound<'py, Self>,
        py: Python<'py>,
        filter: Option<&Bound<'py, PyAny>>,
        values: &Bound<'py, PyTuple>,
        r#type: Option<&Bound<'py, PyAny>>,
        named: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let space = slf.get();
        let mut query = space.core()?.query("");
        if let Some(filter) = filter {
            query = query.filter(to_filter(filter, values, named)?);
        }
        if let Some(record_type) = r#type {
            query = query.record_type(type_name(record_type)?);
        }
        QueryBase::object(py, space.face, &space.family, query, slf.clone().unbind())
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
        name: String,
        group: Option<&Bound<'py, PyAny>>,
        tx: Option<&Tx<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let group: RecordKey = to_columns(py, group, None)?;
        let (same_name, same_group) = (name.clone(), group.clone());
        let value = self.either(
            tx,
            |space| async move { space.aggregate(&name, group).await },
            |store| async move { store.aggregate_index_group(&same_name, same_group).await },
        )?;
        self.face.call(py, value, |py, value| match value {
            Some(value) => Ok(to_tuple(py, &value)?.into_any()),
            None => Ok(py.None().into_bound(py)),
        })
    }

    /// The states of all indexes by their names: `READABLE`, `WRITE_ONLY`, `DISABLED`, `READABLE_UNIQUE_PENDING`.
    #[pyo3(signature = (*, tx=None))]
    fn index_states<'py>(&self, py: Python<'py>, tx: Option<&Tx<'py>>) -> PyResult<Bound<'py, PyAny>> {
        let states = self.either(
            tx,
            |space| async move { space.index_states().await },
            |store| async move { Ok(store.index_states()) },
        )?;
        self.face.call(py, states, |py, states| index::to_states(py, &states))
    }

    /// Takes an index out of use and clears its entries: it is `DISABLED`, and costs nothing until it is built again.
    #[pyo3(signature = (name, *, tx=None))]
    fn disable_index<'py>(&self, py: Python<'py>, name: String, tx: Option<&Tx<'py>>) -> PyResult<Bound<'py, PyAny>> {
        let disabled = self.in_store(tx, move |store| {
            let name = name.clone();
            async move { Ok(store.mark_index_disabled(&name).await?) }
        })?;
        self.face.done(py, async move { disabled.await.map(drop) })
    }

    /// Builds all indexes that are not readable, or those that are named, in many transactions, while others use the space. A
    /// build that was stopped goes on.
    ///
    /// `progress` is called with an `IndexBuildProgress` after each transaction; what it raises stops the build and comes out as
    /// it is. `if_disabled`, `if_write_only` (a build was stopped) and `if_readable` say what becomes of an index that is found so:
    /// `rebuild` begins at the beginning, `continue` does what is left to do, `mark_readable` only makes it readable if it has all
    /// records, and `error` refuses.
    ///
    /// `limit`, `max_write_bytes` and `max_transaction_seconds` are the most records, bytes and seconds of one transaction,
    /// `records_per_second` a pace; `stop_after` transactions or `max_seconds` the build stops with an error, to go on another time.
    /// `lease` are the seconds for which the sign of life of another builder counts. With `allow_unique_pending` a unique index
    /// becomes readable though records have the same value; `uniqueness_violations` lists them.
    #[pyo3(
        signature = (*names, **keywords),
        text_signature = "($self, *names, progress=None, records_per_second=None, limit=100, max_write_bytes=900000, max_transaction_seconds=4.0, reverse=False, if_disabled='rebuild', if_write_only='continue', if_readable='continue', mark_readable=True, allow_unique_pending=False, stop_after=None, max_seconds=None, lease=10.0)"
    )]
    fn build_indexes<'py>(
        &self,
        py: Python<'py>,
        names: Vec<String>,
        keywords: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (options, progress) = index::build_arguments("build_indexes", keywords)?;
        let indexer = self.core()?.indexer().options(options);
        let indexer = names.into_iter().fold(indexer, |indexer, name| indexer.index(name));
        index::build(py, self.face, indexer, progress)
    }

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

    fn __repr__(&self) -> String {
        format!("RecordSpace('{}')", self.path)
    }
}

const INSERT: RecordExistenceCheck = RecordExistenceCheck::ErrorIfExists;
const UPDATE: RecordExistenceCheck = RecordExistenceCheck::ErrorIfNotExistsOrRecordTypeChanged;
