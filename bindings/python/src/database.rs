//! `Database`: opening by URL, spaces, and the one retry loop, which is the core's.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use record_store::kv::RunOptions;
use record_store::{DatabaseOptions, Error, ErrorKind};

use crate::error::{Raised, seconds, to_py};
use crate::runtime::{CLOSED, Family, Handle, wait};
use crate::space::RecordSpace;
use crate::transaction::{CommittedBy, Transaction};

/// Opens the database that `url` names.
///
/// `memory:` is a new one in this process; a path, or `file:` and a path, is the embedded database in that directory, made if it
/// is not there; `fdb:` and the path of a cluster file is a FoundationDB cluster.
///
/// All record spaces lie below the directory `root`, if it is given.
#[pyfunction]
#[pyo3(signature = (url, *, root=None))]
pub(crate) fn open(py: Python<'_>, url: PathBuf, root: Option<&str>) -> PyResult<Database> {
    let url = url.to_str().ok_or_else(|| {
        to_py(Error::new(ErrorKind::InvalidArgument, "the URL is not UTF-8").with("url", url.display()))
    })?;
    let family = Family::found()?;
    let options = DatabaseOptions {
        root: root.map(str::parse).transpose().map_err(to_py)?,
        ..DatabaseOptions::default()
    };
    let database = wait(py, || record_store::Database::open_with(url, options)).map_err(to_py)?;
    Ok(Database {
        handle: family.adopt(database),
        family,
    })
}

/// An open database. Made by `record_store.open`; `with` closes it.
///
/// >>> with record_store.open("memory:") as db:
/// ...     users = db.space("prod/users", User, primary_key="id")
/// ...     db.spaces()
/// ['prod/users']
#[pyclass(frozen, module = "record_store")]
pub(crate) struct Database {
    handle: Arc<Handle<record_store::Database>>,
    family: Arc<Family>,
}

impl Database {
    fn core(&self) -> PyResult<record_store::Database> {
        self.handle.get(CLOSED)
    }
}

#[pymethods]
impl Database {
    /// Opens the record space at `path`, a name or names between slashes.
    ///
    /// With a schema, or with message classes and their primary key, the space is created if it is not there, and what the
    /// schema adds to the stored one is added. Without, the space has the schema that is stored.
    #[pyo3(signature = (path, schema=None, *, primary_key=None))]
    fn space(
        &self,
        py: Python<'_>,
        path: &str,
        schema: Option<&Bound<'_, PyAny>>,
        primary_key: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<RecordSpace> {
        RecordSpace::open_at(py, &self.family, self.core()?.space(path), schema, primary_key)
    }

    /// The paths of the record spaces below `prefix`, at any depth; all of them without it.
    #[pyo3(signature = (prefix=""))]
    fn spaces(&self, py: Python<'_>, prefix: &str) -> PyResult<Vec<String>> {
        let database = self.core()?;
        let paths = wait(py, || database.spaces(prefix)).map_err(to_py)?;
        Ok(paths.iter().map(ToString::to_string).collect())
    }

    /// Removes a record space with its records, its schema and all spaces below it; says whether there was one.
    fn remove_space(&self, py: Python<'_>, path: &str) -> PyResult<bool> {
        let database = self.core()?;
        wait(py, || database.remove_space(path)).map_err(to_py)
    }

    /// Moves a record space, or a folder of some, with all spaces below it. Nothing is copied, and spaces that are open stay so.
    ///
    /// >>> db.move_space("docs/users", "archive/users")
    /// >>> db.spaces(), users.exists(1)
    /// (['archive/users'], True)
    fn move_space(&self, py: Python<'_>, source: &str, target: &str) -> PyResult<()> {
        let database = self.core()?;
        wait(py, || database.move_space(source, target)).map_err(to_py)
    }

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
        &self,
        py: Python<'_>,
        body: Py<PyAny>,
        timeout: Option<f64>,
        max_attempts: Option<u32>,
    ) -> PyResult<Py<PyAny>> {
        let database = self.core()?;
        let options = RunOptions {
            timeout: timeout.map(seconds).transpose()?,
            max_attempts,
        };
        let attempt = |context: record_store::RecordContext| async {
            Python::attach(|py| {
                let transaction = Bound::new(py, Transaction::new(&self.family, context, CommittedBy::Run))?;
                let result = body.call1(py, (&transaction,));
                transaction.get().end();
                result
            })
            .map_err(Raised)
        };
        wait(py, || database.run_with(&options, attempt)).map_err(|Raised(error)| error)
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
        slf.py()
            .import("record_store._transactional")?
            .call_method1("transactional", (slf, body))
    }

    /// A transaction for a `with` block: it commits at the end of the block and gives up when the block raises.
    ///
    /// It is tried once, because a block cannot be run again: a conflict is an `FdbError` that is `retryable`.
    ///
    /// >>> with db.transaction() as tx:
    /// ...     saved = users.put(User(id=2, name="Edsger"), tx=tx)
    fn transaction(&self) -> PyResult<Transaction> {
        Ok(Transaction::new(
            &self.family,
            self.core()?.transaction(),
            CommittedBy::User,
        ))
    }

    /// Closes the database, and with it everything that came from it. A second time does nothing.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.family.close());
    }

    fn __repr__(&self) -> String {
        match self.core() {
            Ok(database) => format!("Database('{}')", database.name()),
            Err(_) => "Database(closed)".to_owned(),
        }
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) {
        self.close(py);
    }
}
