//! Records of a `RecordSpace`: saving, reading, deleting, counting, scanning and asking for them.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use record_store::{RecordExistenceCheck, SaveOptions};

use super::SpaceBase;
use crate::filter::to_filter;
use crate::key_expression::whole;
use crate::query::QueryBase;
use crate::record::{to_columns, to_key, to_row, type_name};
use crate::scan::ScanArguments;
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

    /// How many records there are, or how many of a `type`, by the count indexes of the schema, or by its record count key.
    ///
    /// It does not conflict with those who save.
    #[pyo3(signature = (*, r#type=None, tx=None))]
    fn count<'py>(
        &self,
        py: Python<'py>,
        r#type: Option<&Bound<'py, PyAny>>,
        tx: Option<&Tx<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let record_type = r#type.map(type_name).transpose()?;
        let counted = self.in_store(tx, move |store| {
            let record_type = record_type.clone();
            async move {
                Ok(match record_type {
                    None => store.snapshot_record_count_of_all().await?,
                    Some(record_type) => store.snapshot_record_count_of_type(&record_type).await?,
                })
            }
        })?;
        self.face.simple(py, counted)
    }

    /// How many records have this value of a key: by the record count key of the schema if that begins with the key, otherwise by
    /// a count index over all record types that does.
    ///
    /// It does not conflict with those who save.
    #[pyo3(signature = (key, value, *, tx=None))]
    fn count_by<'py>(
        &self,
        py: Python<'py>,
        key: &Bound<'py, PyAny>,
        value: &Bound<'py, PyAny>,
        tx: Option<&Tx<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (key, value) = (whole(key)?, to_row(value)?);
        let counted = self.in_store(tx, move |store| {
            let (key, value) = (key.clone(), value.clone());
            async move { Ok(store.snapshot_record_count_by(&key, &value).await?) }
        })?;
        self.face.simple(py, counted)
    }

    /// The primary keys of the records, in their order and without the records, to iterate over. The rest is as in `scan`.
    #[pyo3(
        signature = (**keywords),
        text_signature = "($self, *, type=None, prefix=None, start=None, end=None, reverse=False, limit=None, skip=0, after=None, max_rows=None, max_bytes=None, max_seconds=None, snapshot=False, tx=None)"
    )]
    fn scan_keys<'py>(&self, py: Python<'py>, keywords: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyAny>> {
        self.cursor(
            py,
            ScanArguments::of_records("scan_keys", keywords)?,
            |space, options| space.scan_record_keys(options),
        )
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
        self.cursor(py, ScanArguments::of_records("scan", keywords)?, |space, options| {
            space.scan(options)
        })
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

    fn __repr__(&self) -> String {
        format!("RecordSpace('{}')", self.path)
    }
}

const INSERT: RecordExistenceCheck = RecordExistenceCheck::ErrorIfExists;
const UPDATE: RecordExistenceCheck = RecordExistenceCheck::ErrorIfNotExistsOrRecordTypeChanged;
