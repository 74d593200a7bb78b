//! `Transaction`: one attempt of `Database.run`, or the whole of `with db.transaction()`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;
use record_store::{Error, ErrorKind, RecordContext};

use crate::error::to_py;
use crate::runtime::{Family, Handle, wait};

const ENDED: &str = "the transaction has ended; start another one";

/// One transaction: all that it reads is of one moment, and all that it writes takes effect at once, or not at all.
///
/// `Database.run` and `Database.transactional` hand one to the function that they run; `with db.transaction() as tx` commits
/// at the end of the block and gives up when the block raises. Give it to the methods of record spaces as `tx=`.
#[pyclass(frozen, module = "record_store")]
pub(crate) struct Transaction {
    family: Arc<Family>,
    handle: Arc<Handle<RecordContext>>,
    attempt: u32,
    maybe_committed: bool,
    committed_by: CommittedBy,
    in_use: AtomicBool,
    ended: AtomicBool,
}

/// Who commits a transaction.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum CommittedBy {
    /// `Database.run`, after the body.
    Run,
    /// The end of a `with` block, or a call of `commit`.
    User,
}

impl Transaction {
    pub(crate) fn new(family: &Arc<Family>, context: RecordContext, committed_by: CommittedBy) -> Self {
        let attempt = context.attempt();
        Transaction {
            family: family.clone(),
            handle: family.adopt(context),
            attempt: attempt.number,
            maybe_committed: attempt.maybe_committed,
            committed_by,
            in_use: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        }
    }

    /// The core's transaction, for one call on something else of the same opened database.
    ///
    /// **Errors**: `InvalidArgument` when it is of another one, and those of [`Transaction::enter`].
    pub(crate) fn enter_for(&self, family: &Arc<Family>) -> PyResult<InUse<'_>> {
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
    /// **Errors**: `InvalidArgument` when it has ended or another thread is in a call of it.
    pub(crate) fn enter(&self) -> PyResult<InUse<'_>> {
        let context = self.handle.get(ENDED)?;
        if self.in_use.swap(true, Ordering::Acquire) {
            return Err(to_py(Error::new(
                ErrorKind::InvalidArgument,
                "the transaction is in use in another thread; give each thread its own",
            )));
        }
        Ok(InUse {
            context,
            transaction: self,
        })
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
}

/// A transaction during a call.
pub(crate) struct InUse<'a> {
    pub(crate) context: RecordContext,
    transaction: &'a Transaction,
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        self.transaction.in_use.store(false, Ordering::Release);
    }
}

#[pymethods]
impl Transaction {
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

    /// Commits a transaction of `Database.transaction`. Nothing can be done with it afterwards.
    fn commit(&self, py: Python<'_>) -> PyResult<()> {
        let used = self.enter()?;
        self.refuse_in_run()?;
        self.end();
        wait(py, || used.context.commit()).map_err(to_py)
    }

    /// Gives up. Nothing of the transaction takes effect; a second time does nothing.
    fn cancel(&self) {
        if let Some(context) = self.end() {
            context.cancel();
        }
    }

    fn __enter__(slf: Py<Self>) -> PyResult<Py<Self>> {
        slf.get().refuse_in_run()?;
        Ok(slf)
    }

    /// Commits if the block ended normally, otherwise gives up.
    fn __exit__(
        &self,
        py: Python<'_>,
        exception_type: Option<Bound<'_, PyAny>>,
        _exception: Option<Bound<'_, PyAny>>,
        _traceback: Option<Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        if exception_type.is_some() {
            self.cancel();
        } else if !self.ended.load(Ordering::Relaxed) {
            self.commit(py)?;
        }
        Ok(())
    }
}
