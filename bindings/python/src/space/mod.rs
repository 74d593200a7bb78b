//! `RecordSpace`: the records of one schema under a path, and how its calls reach the core.
//!
//! The methods that Python sees are in `records`, `indexes` and `schemas`.

mod indexes;
mod records;
mod schemas;

use std::future::Future;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyList;
use record_store::{
    Database, RecordContext, RecordExistenceCheck, RecordSpaceBuilder, RecordStore, Result, SaveOptions, ScanOptions,
    SpaceCursor,
};

use crate::cursor::CursorBase;
use crate::error::{Raised, to_py};
use crate::face::{Face, object};
use crate::record::{Form, to_record};
use crate::runtime::{CLOSED, Family, Handle};
use crate::scan::ScanArguments;
use crate::schema::Schema;
use crate::source::Source;
use crate::transaction::{CommitVersion, TransactionBase};
use crate::version::StoredRecord;

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
#[pyclass(frozen, generic, extends = SpaceBase, module = "record_store")]
pub(crate) struct RecordSpace;

/// The records of one schema under a path such as `prod/users`, for asyncio: as `record_store.RecordSpace`, with methods to await
/// and scans for `async for`.
///
/// >>> async def main():
/// ...     async with aio.open("memory:") as db:
/// ...         users = await db.space("prod/users", User, primary_key="id")
/// ...         await users.put_all([User(id=1, name="Ada"), User(id=2, name="Grace")])
/// ...         print((await users.get(1)).name, [user.name async for user in users.scan(reverse=True)])
/// >>> asyncio.run(main())
/// Ada ['Grace', 'Ada']
#[pyclass(frozen, generic, extends = SpaceBase, name = "RecordSpace", module = "record_store.aio")]
pub(crate) struct AsyncRecordSpace;

/// What the faces have in common.
#[pyclass(frozen, subclass, name = "_RecordSpace", module = "record_store._native")]
pub(crate) struct SpaceBase {
    pub(crate) face: Face,
    pub(crate) family: Arc<Family>,
    pub(crate) form: Arc<Form>,
    pub(crate) path: String,
    handle: Arc<Handle<record_store::RecordSpace>>,
}

/// Opens a space with a schema, or with message classes and their primary key.
pub(crate) fn open_at<'py>(
    py: Python<'py>,
    face: Face,
    family: &Arc<Family>,
    opening: RecordSpaceBuilder,
    schema: Option<&Bound<'_, PyAny>>,
    primary_key: Option<&Bound<'_, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let (schema, form) = Schema::from_argument(schema, primary_key)?;
    let opening = match &schema {
        Some(schema) => opening.schema(schema),
        None => opening,
    };
    let family = family.clone();
    let open = async move { opening.open().await.map_err(to_py) };
    face.call(py, open, move |py, space| {
        let base = SpaceBase {
            face,
            path: space.path().to_string(),
            handle: family.adopt(space),
            family,
            form,
        };
        Ok(object!(face, py, base => RecordSpace | AsyncRecordSpace))
    })
}

impl SpaceBase {
    pub(crate) fn core(&self) -> PyResult<record_store::RecordSpace> {
        self.handle.get(CLOSED)
    }

    /// What `within` does to the store in the transaction `tx`, or what `alone` does in transactions of the space's own.
    pub(crate) fn either<T, A, W>(
        &self,
        tx: Option<&Bound<'_, TransactionBase>>,
        alone: impl FnOnce(record_store::RecordSpace) -> A + Send + 'static,
        within: impl FnOnce(RecordStore) -> W + Send + 'static,
    ) -> PyResult<impl Future<Output = PyResult<T>> + Send + 'static>
    where
        A: Future<Output = Result<T>> + Send + 'static,
        W: Future<Output = Result<T>> + Send + 'static,
        T: Send + 'static,
    {
        let space = self.core()?;
        let used = tx.map(|tx| tx.get().enter_for(&self.family)).transpose()?;
        Ok(async move {
            let result = match used {
                None => alone(space).await,
                Some(used) => match space.store(&used.context).await {
                    Ok(store) => within(store).await,
                    Err(error) => Err(error),
                },
            };
            result.map_err(to_py)
        })
    }

    /// What `operation` does to the store in the transaction `tx`, or else in one of its own, tried again where that is right.
    pub(crate) fn in_store<T, F>(
        &self,
        tx: Option<&Bound<'_, TransactionBase>>,
        operation: impl Fn(RecordStore) -> F + Send + Sync + 'static,
    ) -> PyResult<impl Future<Output = PyResult<T>> + Send + 'static>
    where
        F: Future<Output = Result<T, Raised>> + Send + 'static,
        T: Send + 'static,
    {
        let space = self.core()?;
        let used = tx.map(|tx| tx.get().enter_for(&self.family)).transpose()?;
        Ok(async move {
            let (space, operation) = (&space, &operation);
            let attempt = move |context: RecordContext| async move { operation(space.store(&context).await?).await };
            let result = match &used {
                None => run(space.database(), attempt).await,
                Some(used) => attempt(used.context.clone()).await,
            };
            result.map_err(|Raised(exception)| exception)
        })
    }

    /// Saves records, converted by the schema that the store has.
    pub(crate) fn save(
        &self,
        py: Python<'_>,
        records: Vec<Bound<'_, PyAny>>,
        record_type: Option<&Bound<'_, PyAny>>,
        options: SaveOptions,
        tx: Option<&Bound<'_, TransactionBase>>,
    ) -> PyResult<impl Future<Output = PyResult<Vec<StoredRecord>>> + Send + 'static> {
        let records = PyList::new(py, records)?.unbind();
        let given = Arc::new((records, record_type.map(|record_type| record_type.clone().unbind())));
        let saved = self.in_store(tx, move |store| {
            let given = given.clone();
            async move {
                let records = Python::attach(|py| {
                    let (records, record_type) = (given.0.bind(py), given.1.as_ref().map(|given| given.bind(py)));
                    let convert = |record| to_record(&record, record_type, store.metadata());
                    records.iter().map(convert).collect::<PyResult<Vec<_>>>()
                });
                let saved = store.save_records_with(&records.map_err(Raised)?, &options).await?;
                Ok((saved, store.context().clone()))
            }
        })?;
        let commit_version = match tx {
            Some(tx) => tx.get().commit_version().clone(),
            None => CommitVersion::default(),
        };
        Ok(async move {
            let (saved, context) = saved.await?;
            commit_version.take_from(&context);
            let stored = |record| StoredRecord::new(record, commit_version.clone());
            Ok(saved.into_iter().map(stored).collect())
        })
    }

    /// Saves one record, as [`save`](SpaceBase::save).
    pub(crate) fn save_one<'py>(
        &self,
        py: Python<'py>,
        record: &Bound<'py, PyAny>,
        record_type: Option<&Bound<'py, PyAny>>,
        options: SaveOptions,
        tx: Option<&Bound<'py, TransactionBase>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let saved = self.save(py, vec![record.clone()], record_type, options, tx)?;
        self.face.simple(py, async move { Ok(saved.await?.pop()) })
    }

    /// Saves several records, as [`save`](SpaceBase::save).
    pub(crate) fn save_all<'py>(
        &self,
        py: Python<'py>,
        records: &Bound<'py, PyAny>,
        record_type: Option<&Bound<'py, PyAny>>,
        existence: RecordExistenceCheck,
        tx: Option<&Bound<'py, TransactionBase>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let records = records.try_iter()?.collect::<PyResult<_>>()?;
        let options = SaveOptions::default().existence(existence);
        self.face.simple(py, self.save(py, records, record_type, options, tx)?)
    }

    /// A cursor over what `in_space` or, in a transaction, `in_store` gives. The store is opened when the first result is asked for.
    pub(crate) fn cursor<'py, T>(
        &self,
        py: Python<'py>,
        arguments: ScanArguments,
        scan: impl FnOnce(&record_store::RecordSpace, ScanOptions) -> SpaceCursor<T>,
    ) -> PyResult<Bound<'py, PyAny>>
    where
        T: Send,
        SpaceCursor<T>: Source + 'static,
    {
        let ScanArguments { options, transaction } = arguments;
        let (space, after) = (self.core()?, options.continuation.clone());
        let used = transaction
            .as_ref()
            .map(|tx| tx.get().enter_for(&self.family))
            .transpose()?;
        let cursor = scan(&space, options);
        let source = match used {
            None => cursor,
            Some(used) => cursor.within(&used.context),
        };
        CursorBase::object(
            py,
            self.face,
            &self.family,
            Box::new(source),
            after,
            transaction,
            self.form.clone(),
        )
    }
}

/// Runs an attempt as the database does, without naming its closure's lifetime.
async fn run<T, F>(database: &Database, attempt: impl Fn(RecordContext) -> F + Send + Sync) -> Result<T, Raised>
where
    F: Future<Output = Result<T, Raised>> + Send,
    T: Send,
{
    database.run(attempt).await
}
