//! [`RecordContext`]: one transaction of the record layer.
//!
//! Beside FoundationDB's transaction it holds what must wait until the commit: versions of records whose bytes only the
//! commit knows, and work hooked to its two sides. It never tries again; that is `Database::run`'s alone.

mod pending_versions;
mod unfinished;

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use record_store_kv as kv;
use record_store_kv::env::Env;
use record_store_kv::{Attempt, BoxFuture, Read, Transaction, TransactionVersion};

use crate::{Error, ErrorKind, Result};

use pending_versions::PendingVersions;
pub(crate) use unfinished::Unfinished;

/// One transaction of the record layer. Clones are handles on the same one.
///
/// [`Database::run`](crate::Database::run) makes one for each attempt and commits it;
/// [`Database::transaction`](crate::Database::transaction) makes one that its user commits.
///
/// Java class: `FDBRecordContext`.
///
/// ```
/// # futures_executor::block_on(async {
/// # use record_store::Database;
/// let db = Database::in_memory()?;
/// let context = db.transaction();
/// context.transaction().set(b"beside the records", b"1");
/// context.before_commit(|context| async move {
///     let value = context.transaction().get(b"beside the records", false).await?;
///     assert_eq!(value.as_deref(), Some(&b"1"[..]));
///     Ok(())
/// });
/// context.after_commit(|| println!("committed"));
/// context.commit().await?;
/// # Ok::<(), record_store::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct RecordContext {
    inner: Arc<Inner>,
}

struct Inner {
    transaction: Transaction,
    attempt: Attempt,
    env: Env,
    started: Duration,
    pending: Mutex<Pending>,
    session: Mutex<HashMap<Vec<u8>, Arc<dyn Any + Send + Sync>>>,
}

/// What waits for the commit.
#[derive(Default)]
struct Pending {
    /// The next local version to give out; 65536 when all are used up.
    next_local_version: u32,
    versions: PendingVersions,
    /// The first change of a record that was not made whole.
    unfinished: Option<String>,
    before_commit: Vec<CommitCheck>,
    after_commit: Vec<Box<dyn FnOnce() + Send>>,
    versionstamp: Option<Read<TransactionVersion>>,
    committed: bool,
    committed_versionstamp: Option<TransactionVersion>,
}

type CommitCheck = Box<dyn FnOnce(RecordContext) -> BoxFuture<Result<()>> + Send>;

impl RecordContext {
    pub(crate) fn new(transaction: Transaction, attempt: Attempt, env: Env) -> Self {
        let started = env.clock().monotonic();
        RecordContext {
            inner: Arc::new(Inner {
                transaction,
                attempt,
                env,
                started,
                pending: Mutex::default(),
                session: Mutex::default(),
            }),
        }
    }

    /// FoundationDB's transaction, for reads and writes beside the record layer.
    ///
    /// Versions of records saved here are not in it before the commit.
    pub fn transaction(&self) -> &Transaction {
        &self.inner.transaction
    }

    /// Which attempt this is, and whether an earlier one may have committed.
    pub fn attempt(&self) -> Attempt {
        self.inner.attempt
    }

    /// Time, chance and threads of the database.
    pub fn env(&self) -> &Env {
        &self.inner.env
    }

    /// The version that all reads of this transaction see.
    ///
    /// **Errors**: FoundationDB's, such as 1007 for a transaction that is too old.
    pub async fn read_version(&self) -> Result<i64> {
        Ok(self.inner.transaction.read_version().await?)
    }

    /// Commits. A second commit does nothing.
    ///
    /// **Errors**: those of the hooks before the commit; `InvalidArgument` after a save or delete that failed when it had written
    /// a part of its keys; FoundationDB's: 1020 on a conflict, 1021 when nobody knows, 2101
    /// for a transaction that is too large.
    pub async fn commit(&self) -> Result<()> {
        if self.is_committed() {
            return Ok(());
        }
        self.prepare_commit().await?;
        self.inner.transaction.commit().await?;
        self.finish_commit().await;
        Ok(())
    }

    /// The 10-byte version of the commit; `None` before it, and if it wrote no record version.
    pub fn committed_versionstamp(&self) -> Option<TransactionVersion> {
        self.inner.pending.lock().committed_versionstamp
    }

    /// Gives up the transaction: everything pending and later fails with FoundationDB's 1025.
    pub fn cancel(&self) {
        self.inner.transaction.cancel();
    }

    /// Runs `check` just before the commit, which its error calls off. A check may read and write; it may not add another.
    pub fn before_commit<F, Fut>(&self, check: F)
    where
        F: FnOnce(RecordContext) -> Fut + Send + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        let check: CommitCheck = Box::new(move |context| Box::pin(check(context)));
        self.inner.pending.lock().before_commit.push(check);
    }

    /// Runs `hook` after the commit has succeeded.
    pub fn after_commit(&self, hook: impl FnOnce() + Send + 'static) {
        self.inner.pending.lock().after_commit.push(Box::new(hook));
    }

    /// What was put at `key` for the rest of this transaction. Java: `getInSession`.
    pub(crate) fn in_session<T: Any + Send + Sync>(&self, key: &[u8]) -> Option<Arc<T>> {
        self.inner.session.lock().get(key)?.clone().downcast().ok()
    }

    /// Keeps `value` at `key` for the rest of this transaction. It must hold no handle on the transaction itself.
    pub(crate) fn put_in_session<T: Any + Send + Sync>(&self, key: Vec<u8>, value: T) {
        self.inner.session.lock().insert(key, Arc::new(value));
    }

    /// Forgets what was put at `key`.
    pub(crate) fn remove_from_session(&self, key: &[u8]) {
        self.inner.session.lock().remove(key);
    }

    /// Whether the transaction has committed.
    pub(crate) fn is_committed(&self) -> bool {
        self.inner.pending.lock().committed
    }

    /// How long ago this transaction began.
    pub(crate) fn age(&self) -> Duration {
        self.inner.env.clock().monotonic().saturating_sub(self.inner.started)
    }

    /// The next local version, in the order of the calls.
    pub(crate) fn claim_local_version(&self) -> Result<u16> {
        let mut pending = self.inner.pending.lock();
        let version = u16::try_from(pending.next_local_version).map_err(|_| {
            Error::new(
                ErrorKind::TooLarge,
                "a transaction saves at most 65,536 records with versions; save them in several transactions",
            )
        })?;
        pending.next_local_version += 1;
        Ok(version)
    }

    /// Writes the version of a record with the commit's versionstamp filled in, at the commit. The operand ends with the local
    /// version, which a read in this transaction finds, and the place where the versionstamp goes.
    pub(crate) fn set_record_version(&self, key: &[u8], operand: &[u8]) {
        self.inner.pending.lock().versions.set_record_version(key, operand);
    }

    /// Writes `value`, with the commit's versionstamp filled in `place` bytes behind its beginning, at the commit; of several
    /// such values of one key the greatest. No read in this transaction finds it.
    ///
    /// Errors: `TooLarge` for a place that no value has.
    pub(crate) fn raise_versionstamped_value(&self, key: &[u8], value: &[u8], place: usize) -> Result<()> {
        self.inner.pending.lock().versions.raise_value(key, value, place)
    }

    /// Writes `value` at `key`, with the commit's versionstamp filled in `place` bytes behind the key's beginning, at the
    /// commit. No read in this transaction finds it; [`forget_version`](RecordContext::forget_version) takes it back.
    ///
    /// Errors: `TooLarge` for a place that no key has.
    pub(crate) fn set_versionstamped_key(&self, key: &[u8], place: usize, value: &[u8]) -> Result<()> {
        self.inner.pending.lock().versions.set_key(key, place, value)
    }

    /// Whether any version waits for the commit.
    pub(crate) fn has_pending_versions(&self) -> bool {
        !self.inner.pending.lock().versions.is_empty()
    }

    /// The local version that waits at `key`.
    pub(crate) fn local_version(&self, key: &[u8]) -> Option<u16> {
        self.inner.pending.lock().versions.local_version(key)
    }

    /// Clears a key, and the version that waits there.
    pub(crate) fn clear(&self, key: &[u8]) {
        self.transaction().clear(key);
        self.forget_version(key);
    }

    /// Takes back what waits for the commit at `key`, and leaves the database alone.
    pub(crate) fn forget_version(&self, key: &[u8]) {
        self.inner.pending.lock().versions.forget(key);
    }

    /// Clears the keys from `begin` (inclusive) to `end` (exclusive), and the versions that wait there.
    pub(crate) fn clear_range(&self, begin: &[u8], end: &[u8]) {
        self.transaction().clear_range(begin, end);
        self.inner.pending.lock().versions.forget_range(begin, end);
    }

    /// Does all that must happen before FoundationDB's commit.
    pub(crate) async fn prepare_commit(&self) -> Result<()> {
        let checks = {
            let mut pending = self.inner.pending.lock();
            if let Some(change) = &pending.unfinished {
                return Err(unfinished::refuse_commit(change));
            }
            std::mem::take(&mut pending.before_commit)
        };
        for check in checks {
            check(self.clone()).await?;
        }
        let transaction = self.transaction();
        let mut pending = self.inner.pending.lock();
        if pending.versions.is_empty() {
            return Ok(());
        }
        pending.versions.commit(transaction);
        pending.versionstamp = Some(transaction.versionstamp());
        Ok(())
    }

    /// Does all that follows FoundationDB's commit.
    pub(crate) async fn finish_commit(&self) {
        let (versionstamp, hooks) = {
            let mut pending = self.inner.pending.lock();
            pending.committed = true;
            (pending.versionstamp.take(), std::mem::take(&mut pending.after_commit))
        };
        for hook in hooks {
            hook();
        }
        // What has committed is no failure any more: a stamp that does not come is a stamp that nobody knows.
        if let Some(versionstamp) = versionstamp
            && let Ok(versionstamp) = versionstamp.await
        {
            self.inner.pending.lock().committed_versionstamp = Some(versionstamp);
        }
    }
}

impl fmt::Debug for RecordContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordContext")
            .field("attempt", &self.inner.attempt)
            .finish()
    }
}

/// What [`Database::run`](crate::Database::run) must know of the error type of its body.
///
/// ```
/// use record_store::{Error, RunError};
///
/// enum Failure {
///     Store(Error),
///     OutOfStock,
/// }
///
/// impl From<Error> for Failure {
///     fn from(error: Error) -> Self {
///         Failure::Store(error)
///     }
/// }
///
/// impl RunError for Failure {
///     fn fdb_code(&self) -> Option<i32> {
///         match self {
///             Failure::Store(error) => error.fdb_code(),
///             Failure::OutOfStock => None,
///         }
///     }
/// }
/// assert_eq!(Failure::OutOfStock.fdb_code(), None);
/// ```
pub trait RunError: From<Error> {
    /// FoundationDB's code, if the error has one: it decides whether to try again.
    fn fdb_code(&self) -> Option<i32>;
}

impl RunError for Error {
    fn fdb_code(&self) -> Option<i32> {
        Error::fdb_code(self)
    }
}

/// How one attempt leaves kv's loop without a commit by the loop.
pub(crate) enum AttemptError<E> {
    /// FoundationDB's error, from the loop itself.
    Loop(kv::Error),
    /// The body's error, which must come back as it is.
    Body(E),
    /// No error: the body has committed by itself.
    Committed,
}

impl<E> From<kv::Error> for AttemptError<E> {
    fn from(error: kv::Error) -> Self {
        AttemptError::Loop(error)
    }
}

impl<E: RunError> kv::RunError for AttemptError<E> {
    fn fdb_code(&self) -> Option<i32> {
        match self {
            AttemptError::Loop(error) => error.fdb_code(),
            AttemptError::Body(error) => error.fdb_code(),
            AttemptError::Committed => None,
        }
    }
}
