//! `Database`: opening by URL, spaces, transactions.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use record_store::{DatabaseOptions, Error, ErrorKind};

use crate::error::to_py;
use crate::face::{Face, object};
use crate::run::{self, Attempts, run_options};
use crate::runtime::{CLOSED, Family, Handle};
use crate::space::open_at;
use crate::transaction::{CommittedBy, TransactionBase};

/// Opens the database that `url` names.
///
/// `memory:` is a new one in this process; a path, or `file:` and a path, is the embedded database in that directory, made if it
/// is not there; `fdb:` and the path of a cluster file is a FoundationDB cluster. Behind the path of `file:` options may stand:
/// `file:data?cache_mib=1024&window_mib=512&durability=none&lock_wait_ms=2000`. Several processes may open one directory and take turns.
///
/// All record spaces lie below the directory `root`, if it is given.
#[pyfunction]
#[pyo3(signature = (url, *, root=None))]
pub(crate) fn open<'py>(py: Python<'py>, url: PathBuf, root: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
    open_as(py, Face::Blocking, &url, root)
}

/// As `open`, for asyncio.
#[pyfunction]
#[pyo3(signature = (url, root))]
pub(crate) fn open_async<'py>(py: Python<'py>, url: PathBuf, root: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
    open_as(py, Face::Asyncio, &url, root)
}

fn open_as<'py>(py: Python<'py>, face: Face, url: &Path, root: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
    let url = url.to_str().ok_or_else(|| {
        to_py(Error::new(ErrorKind::InvalidArgument, "the URL is not UTF-8").with("url", url.display()))
    })?;
    let (url, family) = (url.to_owned(), Family::found()?);
    let options = DatabaseOptions {
        root: root.map(str::parse).transpose().map_err(to_py)?,
        ..DatabaseOptions::default()
    };
    let open = async move { record_store::Database::open_with(&url, options).await.map_err(to_py) };
    face.call(py, open, move |py, database| {
        let base = DatabaseBase {
            face,
            handle: family.adopt(database),
            family,
        };
        Ok(object!(face, py, base => Database | AsyncDatabase))
    })
}

/// An open database. Made by `record_store.open`; `with` closes it.
///
/// >>> with record_store.open("memory:") as db:
/// ...     users = db.space("prod/users", User, primary_key="id")
/// ...     db.spaces()
/// ['prod/users']
#[pyclass(frozen, extends = DatabaseBase, module = "record_store")]
pub(crate) struct Database;

/// An open database, for asyncio. Made by `record_store.aio.open`; `async with` closes it.
///
/// >>> async def main():
/// ...     async with aio.open("memory:") as db:
/// ...         users = await db.space("prod/users", User, primary_key="id")
/// ...         print(await db.spaces())
/// >>> asyncio.run(main())
/// ['prod/users']
#[pyclass(frozen, extends = DatabaseBase, name = "Database", module = "record_store.aio")]
pub(crate) struct AsyncDatabase;

/// What the faces have in common.
#[pyclass(frozen, subclass, name = "_Database", module = "record_store._native")]
pub(crate) struct DatabaseBase {
    face: Face,
    handle: Arc<Handle<record_store::Database>>,
    family: Arc<Family>,
}

impl DatabaseBase {
    fn core(&self) -> PyResult<record_store::Database> {
        self.handle.get(CLOSED)
    }
}

#[pymethods]
impl DatabaseBase {
    /// Opens the record space at `path`, a name or names between slashes.
    ///
    /// With a schema, or with message classes and their primary key, the space is created if it is not there, and what the
    /// schema adds to the stored one is added. Without, the space has the schema that is stored.
    #[pyo3(signature = (path, schema=None, *, primary_key=None))]
    fn space<'py>(
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
            self.core()?.space(path),
            schema,
            primary_key,
        )
    }

    /// The paths of the record spaces below `prefix`, at any depth; all of them without it.
    #[pyo3(signature = (prefix=String::new()), text_signature = "($self, prefix='')")]
    fn spaces<'py>(&self, py: Python<'py>, prefix: String) -> PyResult<Bound<'py, PyAny>> {
        let database = self.core()?;
        self.face.simple(py, async move {
            let paths = database.spaces(&prefix).await.map_err(to_py)?;
            Ok(paths.iter().map(ToString::to_string).collect::<Vec<_>>())
        })
    }

    /// Removes a record space with its records, its schema and all spaces below it; says whether there was one.
    fn remove_space<'py>(&self, py: Python<'py>, path: String) -> PyResult<Bound<'py, PyAny>> {
        let database = self.core()?;
        self.face
            .simple(py, async move { database.remove_space(&path).await.map_err(to_py) })
    }

    /// Moves a record space, or a folder of some, with all spaces below it. Nothing is copied, and spaces that are open stay so.
    fn move_space<'py>(&self, py: Python<'py>, source: String, target: String) -> PyResult<Bound<'py, PyAny>> {
        let database = self.core()?;
        self.face.done(
            py,
            async move { database.move_space(&source, &target).await.map_err(to_py) },
        )
    }

    /// A transaction for a `with` block, `async with` in asyncio: it commits at the end of the block and gives up when the block
    /// raises.
    ///
    /// It is tried once, because a block cannot be run again: a conflict is an `FdbError` that is `retryable`.
    fn transaction<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, TransactionBase>> {
        let context = self.core()?.transaction();
        TransactionBase::object(py, self.face, &self.family, context, CommittedBy::User)
    }

    /// Closes the database, and with it everything that came from it. A second time does nothing.
    fn close<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let family = self.family.clone();
        self.face.done(py, async move {
            family.close();
            Ok(())
        })
    }

    fn __repr__(&self) -> String {
        match self.core() {
            Ok(database) => format!("Database('{}')", database.name()),
            Err(_) => "Database(closed)".to_owned(),
        }
    }
}

#[pymethods]
impl Database {
    /// Runs `body(transaction)` in a transaction, commits it and returns what `body` returns.
    ///
    /// On a conflict it is tried again, so `body` must have no effects but through the transaction. No new attempt starts
    /// after `timeout` seconds, nor after `max_attempts`. An exception of `body` comes out as it is.
    ///
    /// >>> def rename(tx):
    /// ...     user = users.get(1, tx=tx)
    /// ...     user.name = "Grace"
    /// ...     users.put(user, tx=tx)
    /// >>> db.run(rename)
    #[pyo3(
        signature = (body, *, timeout=Some(30.0), max_attempts=None),
        text_signature = "($self, body, *, timeout=30.0, max_attempts=None)"
    )]
    fn run(
        slf: &Bound<'_, Self>,
        body: Py<PyAny>,
        timeout: Option<f64>,
        max_attempts: Option<u32>,
    ) -> PyResult<Py<PyAny>> {
        let database = slf.as_super().get();
        let options = run_options(timeout, max_attempts)?;
        run::blocking(slf.py(), &database.core()?, &database.family, &body, &options)
    }

    /// Makes of a function `body(transaction, ...)` one that runs it in a transaction of this database, as `run` does.
    ///
    /// >>> @db.transactional
    /// ... def rename(tx, key, name):
    /// ...     user = users.get(key, tx=tx)
    /// ...     user.name = name
    /// ...     users.put(user, tx=tx)
    /// >>> rename(1, "Grace")
    fn transactional<'py>(slf: &Bound<'py, Self>, body: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let module = slf.py().import("record_store._transactional")?;
        module.call_method1("transactional", (slf, body))
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__<'py>(
        slf: &Bound<'py, Self>,
        py: Python<'py>,
        _exception: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        slf.as_super().get().close(py)
    }
}

#[pymethods]
impl AsyncDatabase {
    /// Runs `await body(transaction)` in a transaction, commits it and returns what `body` returns.
    ///
    /// On a conflict it is tried again, so `body` must have no effects but through the transaction. No new attempt starts
    /// after `timeout` seconds, nor after `max_attempts`. An exception of `body` comes out as it is; a cancelled `body` has no
    /// effect. `body` runs in the task that awaits.
    #[pyo3(
        signature = (body, *, timeout=Some(30.0), max_attempts=None),
        text_signature = "($self, body, *, timeout=30.0, max_attempts=None)"
    )]
    fn run<'py>(
        slf: &Bound<'py, Self>,
        body: Bound<'py, PyAny>,
        timeout: Option<f64>,
        max_attempts: Option<u32>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let database = slf.as_super().get();
        let options = run_options(timeout, max_attempts)?;
        let attempts = Attempts::new(database.core()?, &database.family, options);
        let module = slf.py().import("record_store._asyncio")?;
        module.call_method1("run", (attempts, body))
    }

    /// Makes of an async function `body(transaction, ...)` one that runs it in a transaction of this database, as `run` does.
    fn transactional<'py>(slf: &Bound<'py, Self>, body: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let module = slf.py().import("record_store._asyncio")?;
        module.call_method1("transactional", (slf, body))
    }

    fn __aenter__<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Face::Asyncio.ready(slf.into_any())
    }

    #[pyo3(signature = (*_exception))]
    fn __aexit__<'py>(
        slf: &Bound<'py, Self>,
        py: Python<'py>,
        _exception: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        slf.as_super().get().close(py)
    }
}
