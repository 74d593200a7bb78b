//! `Transaction`: one attempt of `Database.run`, or the whole of `with db.transaction()`.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use record_store::kv::TransactionVersion;
use record_store::{Error, ErrorKind, RecordContext};

use crate::error::to_py;
use crate::face::{Face, object};
use crate::runtime::{Family, Handle};

const ENDED: &str = "the transaction has ended; start another one";

/// One transaction: all that it reads is of one moment, and all that it writes takes effect at once, or not at all.
///
/// `Database.run` and `Database.transactional` hand one to the function that they run; `with db.transaction() as tx` commits
/// at the end of the block and gives up when the block raises. Give it to the methods of record spaces as `tx=`.
#[pyclass(frozen, extends = TransactionBase, module = "record_store")]
pub(crate) struct Transaction;

/// One transaction, as `record_store.Transaction`; `async with db.transaction() as tx` commits at the end of the block.
///
/// Calls of one transaction may run at the same time. It commits when all of them are done.
#[pyclass(frozen, extends = TransactionBase, name = "Transaction", module = "record_store.aio")]
pub(crate) struct AsyncTransaction;

/// What the faces have in common.
#[pyclass(frozen, subclass, name = "_Transaction", module = "record_store._native")]
pub(crate) struct TransactionBase {
    face: Face,
    family: Arc<Family>,
    handle: Arc<Handle<RecordContext>>,
    attempt: u32,
    maybe_committed: bool,
    committed_by: CommittedBy,
    /// How many calls are running.
    in_use: Arc<AtomicUsize>,
    ended: AtomicBool,
    commit_version: CommitVersion,
}

/// Who commits a transaction.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum CommittedBy {
    /// `Database.run`, after the body.
    Run,
    /// The end of a `with` block, or a call of `commit`.
    User,
}

/// The version of a transaction's commit, once there is one: what completes the versions of its records.
#[derive(Clone, Default)]
pub(crate) struct CommitVersion(Arc<OnceLock<TransactionVersion>>);

impl CommitVersion {
    /// Takes the version of a transaction that has committed. One that wrote no versions of records has none.
    pub(crate) fn take_from(&self, context: &RecordContext) {
        if let Some(version) = context.committed_versionstamp() {
            self.0.get_or_init(|| version);
        }
    }

    pub(crate) fn get(&self) -> Option<TransactionVersion> {
        self.0.get().copied()
    }
}

impl TransactionBase {
    fn new(face: Face, family: &Arc<Family>, context: RecordContext, committed_by: CommittedBy) -> Self {
        let attempt = context.attempt();
        TransactionBase {
            face,
            family: family.clone(),
            handle: family.adopt(context),
            attempt: attempt.number,
            maybe_committed: attempt.maybe_committed,
            committed_by,
            in_use: Arc::default(),
            ended: AtomicBool::new(false),
            commit_version: CommitVersion::default(),
        }
    }

    /// A transaction of a face's class.
    pub(crate) fn object<'py>(
        py: Python<'py>,
        face: Face,
        family: &Arc<Family>,
        context: RecordContext,
        committed_by: CommittedBy,
    ) -> PyResult<Bound<'py, TransactionBase>> {
        let base = TransactionBase::new(face, family, context, committed_by);
        Ok(object!(face, py, base => Transaction | AsyncTransaction).cast_into()?)
    }

    /// The core's transaction, for one call on something else of the same opened database.
    ///
    /// **Errors**: `InvalidArgument` when it is of another one, and those of [`TransactionBase::enter`].
    pub(crate) fn enter_for(&self, family: &Arc<Family>) -> PyResult<InUse> {
        if !Arc::ptr_eq(&self.family, family) {
            return Err(to_py(Error::new(
                ErrorKind::InvalidArgument,
                "the transaction is of another database than the record space",
            )));
        }
        self.enter()
    }

    /// The core's transaction, for one call.
    ///
    /// **Errors**: `InvalidArgument` when it has ended, or another thread is in a call of it; calls of asyncio may meet.
    pub(crate) fn enter(&self) -> PyResult<InUse> {
        let context = self.handle.get(ENDED)?;
        let others = self.in_use.fetch_add(1, Ordering::AcqRel);
        let used = InUse {
            context,
            in_use: self.in_use.clone(),
        };
        if self.face == Face::Blocking && others > 0 {
            return Err(to_py(Error::new(
                ErrorKind::InvalidArgument,
                "the transaction is in use in another thread; give each thread its own",
            )));
        }
        Ok(used)
    }

    /// Where the version of the commit is going to be.
    pub(crate) fn commit_version(&self) -> &CommitVersion {
        &self.commit_version
    }

    /// **Errors**: `InvalidArgument` for a transaction that `Database.run` commits.
    fn refuse_in_run(&self) -> PyResult<()> {
        match self.committed_by {
            CommittedBy::User => Ok(()),
            CommittedBy::Run => Err(to_py(Error::new(
                ErrorKind::InvalidArgument,
                "Database.run commits its transaction after the body: return to commit, raise to give up",
            ))),
        }
    }

    /// Leaves nothing to be done with the transaction; whoever calls decides whether it commits.
    pub(crate) fn end(&self) -> Option<RecordContext> {
        self.ended.store(true, Ordering::Relaxed);
        self.handle.take()
    }

    /// Commits if the block ended normally, otherwise gives up.
    fn leave<'py>(&self, py: Python<'py>, exception: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        if !exception.get_item(0)?.is_none() {
            self.cancel();
        } else if !self.ended.load(Ordering::Relaxed) {
            return self.commit(py);
        }
        self.face.ready(py.None().into_bound(py))
    }
}

/// A transaction during a call.
pub(crate) struct InUse {
    pub(crate) context: RecordContext,
    in_use: Arc<AtomicUsize>,
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.in_use.fetch_sub(1, Ordering::AcqRel);
    }
}

#[pymethods]
impl TransactionBase {
    /// The number of this attempt, from 1.
    #[getter]
    fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whether an earlier attempt may have committed: what this one writes may be there already.
    #[getter]
    fn maybe_committed(&self) -> bool {
        self.maybe_committed
    }

    /// The 10 bytes that order this transaction among all others. `None` before it has committed, and if it saved no versions
    /// of records.
    #[getter]
    fn versionstamp<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        let version = self.commit_version.get()?;
        Some(PyBytes::new(py, &version))
    }

    /// Commits a transaction of `Database.transaction`. Nothing can be done with it afterwards.
    fn commit<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let used = self.enter()?;
        self.refuse_in_run()?;
        if self.in_use.load(Ordering::Acquire) > 1 {
            return Err(to_py(Error::new(
                ErrorKind::InvalidArgument,
                "calls of the transaction are still running: await them before the commit",
            )));
        }
        self.end();
        let version = self.commit_version.clone();
        self.face.done(py, async move {
            used.context.commit().await.map_err(to_py)?;
            version.take_from(&used.context);
            Ok(())
        })
    }

    /// Gives up. Nothing of the transaction takes effect; a second time does nothing.
    fn cancel(&self) {
        if let Some(context) = self.end() {
            context.cancel();
        }
    }
}

#[pymethods]
impl Transaction {
    fn __enter__<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        slf.as_super().get().refuse_in_run()?;
        Ok(slf)
    }

    /// Commits if the block ended normally, otherwise gives up.
    #[pyo3(signature = (*exception))]
    fn __exit__<'py>(
        slf: &Bound<'py, Self>,
        py: Python<'py>,
        exception: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        slf.as_super().get().leave(py, exception)
    }
}

#[pymethods]
impl AsyncTransaction {
    fn __aenter__<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let transaction = slf.as_super().get();
        transaction.refuse_in_run()?;
        transaction.face.ready(slf.clone().into_any())
    }

    /// Commits if the block ended normally, otherwise gives up.
    #[pyo3(signature = (*exception))]
    fn __aexit__<'py>(
        slf: &Bound<'py, Self>,
        py: Python<'py>,
        exception: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        slf.as_super().get().leave(py, exception)
    }
}
