//! `rs_transaction`: one attempt of `rs_run`, or one that its user commits.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use record_store::kv::TransactionVersion;
use record_store::{Error, ErrorKind, RecordContext};

use crate::buffer::{Out, rs_bytes};
use crate::error::{Failure, Result, rs_error};
use crate::handle::{self, Kind, Object, Table};
use crate::panic::{call, call_without_error, value_or};
use crate::runtime::{Family, wait};
use crate::status::{RS_NONE, RS_OK, rs_status};

/// A transaction: all that it reads is of one moment, and all that it writes takes effect at once, or not at all.
///
/// Threads: one at a time; a call while another is under way is an error.
pub struct rs_transaction;

/// Who commits a transaction.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum CommittedBy {
    /// `rs_run`, after the body.
    Run,
    /// `rs_transaction_commit`.
    User,
}

/// A transaction, until it has ended.
pub(crate) struct Transaction {
    family: Arc<Family>,
    context: Mutex<Option<RecordContext>>,
    attempt: u32,
    maybe_committed: bool,
    committed_by: CommittedBy,
    in_use: AtomicBool,
    last_failure: Mutex<Option<Arc<Error>>>,
    versionstamp: OnceLock<TransactionVersion>,
}

static TRANSACTIONS: Table<Transaction> = Table::new();

impl Object for Transaction {
    type Handle = rs_transaction;
    const KIND: Kind = Kind::Transaction;

    fn table() -> &'static Table<Self> {
        &TRANSACTIONS
    }
}

impl Transaction {
    pub(crate) fn new(family: &Arc<Family>, context: RecordContext, committed_by: CommittedBy) -> Self {
        let attempt = context.attempt();
        Transaction {
            family: family.clone(),
            context: Mutex::new(Some(context)),
            attempt: attempt.number,
            maybe_committed: attempt.maybe_committed,
            committed_by,
            in_use: AtomicBool::new(false),
            last_failure: Mutex::new(None),
            versionstamp: OnceLock::new(),
        }
    }

    /// Frees the handle; NULL is freed already.
    pub(crate) fn release(handle: *const rs_transaction) -> Result<()> {
        Family::release::<Transaction>(handle, |transaction| &transaction.family)
    }

    /// The core's transaction, for one call on something else of the same opened database.
    ///
    /// **Errors**: `InvalidArgument` when it is of another one, and those of [`Transaction::enter`].
    pub(crate) fn enter_for(&self, family: &Arc<Family>) -> Result<InUse<'_>> {
        if !Arc::ptr_eq(&self.family, family) {
            return Err(refused("the transaction is of another database than the record space"));
        }
        self.enter()
    }

    /// The core's transaction, for one call.
    ///
    /// **Errors**: `InvalidArgument` when it has ended or another thread is in a call of it.
    pub(crate) fn enter(&self) -> Result<InUse<'_>> {
        let context = self.context.lock().clone();
        let context = context.ok_or_else(|| refused("the transaction has ended; begin another one"))?;
        if self.in_use.swap(true, Ordering::Acquire) {
            return Err(refused(
                "the transaction is in use in another thread; give each thread its own",
            ));
        }
        Ok(InUse {
            context,
            transaction: self,
        })
    }

    /// **Errors**: `InvalidArgument` for a transaction that `rs_run` commits.
    fn refuse_in_run(&self) -> Result<()> {
        match self.committed_by {
            CommittedBy::User => Ok(()),
            CommittedBy::Run => Err(refused(
                "rs_run commits and frees its transaction after the body: return RS_OK to commit, another status to give up",
            )),
        }
    }

    /// Leaves nothing to be done with the transaction; whoever calls decides whether it commits.
    pub(crate) fn end(&self) -> Option<RecordContext> {
        self.context.lock().take()
    }

    /// The error of the last call with this transaction that failed.
    pub(crate) fn last_failure(&self) -> Option<Arc<Error>> {
        self.last_failure.lock().clone()
    }
}

fn refused(message: &'static str) -> Failure {
    Error::new(ErrorKind::InvalidArgument, message).into()
}

/// A transaction during a call.
pub(crate) struct InUse<'a> {
    pub(crate) context: RecordContext,
    transaction: &'a Transaction,
}

impl InUse<'_> {
    /// Notes a failure down for `rs_run`, whose body may hand on the status alone.
    pub(crate) fn note<T>(&self, result: record_store::Result<T>) -> Result<T> {
        result.map_err(|error| {
            let error = Arc::new(error);
            *self.transaction.last_failure.lock() = Some(error.clone());
            Failure::Error(error)
        })
    }
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        self.transaction.in_use.store(false, Ordering::Release);
    }
}

/// Commits. Whatever comes of it, the transaction has ended: all that is left is to free it. An error that is retryable
/// (`rs_error_retryable`) means to begin another one and do the same.
#[unsafe(no_mangle)]
pub extern "C" fn rs_transaction_commit(transaction: *mut rs_transaction, error: *mut *mut rs_error) -> rs_status {
    call(error, || {
        let transaction = handle::get::<Transaction>(transaction)?;
        transaction.refuse_in_run()?;
        let used = transaction.enter()?;
        transaction.end();
        used.note(wait(used.context.commit()))?;
        if let Some(version) = used.context.committed_versionstamp() {
            transaction.versionstamp.get_or_init(|| version);
        }
        Ok(RS_OK)
    })
}

/// The 10 bytes that order a transaction of `rs_transaction_begin` among all others, which stay until it is freed: the beginning of the
/// versions of its records. RS_NONE before it has committed, and if it saved no versions of records.
#[unsafe(no_mangle)]
pub extern "C" fn rs_transaction_versionstamp(
    transaction: *const rs_transaction,
    versionstamp: *mut rs_bytes,
) -> rs_status {
    let versionstamp = Out::new(versionstamp);
    call_without_error(|| {
        let versionstamp = versionstamp.required("versionstamp")?;
        let transaction = handle::get::<Transaction>(transaction)?;
        let Some(version) = transaction.versionstamp.get() else {
            return Ok(RS_NONE);
        };
        versionstamp.set(rs_bytes::view(version));
        Ok(RS_OK)
    })
}

/// Gives up: nothing of the transaction takes effect. All that is left is to free it.
#[unsafe(no_mangle)]
pub extern "C" fn rs_transaction_cancel(transaction: *mut rs_transaction) -> rs_status {
    call_without_error(|| {
        let transaction = handle::get::<Transaction>(transaction)?;
        transaction.refuse_in_run()?;
        if let Some(context) = transaction.end() {
            context.cancel();
        }
        Ok(RS_OK)
    })
}

/// Frees a transaction of `rs_transaction_begin`; one that has not committed is given up. NULL is freed already.
#[unsafe(no_mangle)]
pub extern "C" fn rs_transaction_free(transaction: *mut rs_transaction) -> rs_status {
    call_without_error(|| {
        if !transaction.is_null() {
            let ending = handle::get::<Transaction>(transaction)?;
            ending.refuse_in_run()?;
            Transaction::release(transaction)?;
            if let Some(context) = ending.end() {
                context.cancel();
            }
        }
        Ok(RS_OK)
    })
}

/// The number of this attempt of `rs_run`, from 1. 0 for what is no transaction.
#[unsafe(no_mangle)]
pub extern "C" fn rs_transaction_attempt(transaction: *const rs_transaction) -> u32 {
    value_or(0, || Ok(handle::get::<Transaction>(transaction)?.attempt))
}

/// Whether an earlier attempt of `rs_run` may have committed: what this one writes may be there already.
#[unsafe(no_mangle)]
pub extern "C" fn rs_transaction_maybe_committed(transaction: *const rs_transaction) -> bool {
    value_or(false, || Ok(handle::get::<Transaction>(transaction)?.maybe_committed))
}
