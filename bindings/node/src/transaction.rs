//! `Transaction`: one attempt of `Database.run`, or one of `Database.transaction`.

use std::sync::{Arc, OnceLock};

use napi::Env;
use napi::bindgen_prelude::{Buffer, Either, PromiseRaw};
use napi_derive::napi;
use record_store::kv::TransactionVersion;
use record_store::{Error, ErrorKind, RecordContext, Result};

use crate::error::Failure;
use crate::runtime::{Family, Handle, promise};

/// What a call on a transaction that has ended is told.
pub(crate) const ENDED: &str = "the transaction has ended; start another one";

/// One transaction. `node/lib/transaction.js` lets its calls follow one another.
#[napi]
pub struct Transaction {
    family: Arc<Family>,
    handle: Arc<Handle<RecordContext>>,
    attempt: u32,
    maybe_committed: bool,
    commit_version: CommitVersion,
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
}

impl Transaction {
    /// A transaction whose commit leaves its version in `commit_version`.
    pub(crate) fn new(family: &Arc<Family>, context: RecordContext, commit_version: CommitVersion) -> Self {
        let attempt = context.attempt();
        Transaction {
            family: family.clone(),
            handle: family.adopt(context),
            attempt: attempt.number,
            maybe_committed: attempt.maybe_committed,
            commit_version,
        }
    }

    /// The core's transaction, for one call on something else of the same opened database.
    ///
    /// **Errors**: `InvalidArgument` when it is of another one, or has ended.
    pub(crate) fn context_for(&self, family: &Arc<Family>) -> Result<RecordContext> {
        if !Arc::ptr_eq(&self.family, family) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "the transaction is of another database than the record space",
            ));
        }
        self.handle.get(ENDED)
    }

    /// What tells whether the transaction has ended.
    pub(crate) fn handle(&self) -> Arc<Handle<RecordContext>> {
        self.handle.clone()
    }
}

#[napi]
impl Transaction {
    /// The number of this attempt, from 1.
    #[napi(getter)]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whether an earlier attempt may have committed: what this one writes may be there already.
    #[napi(getter)]
    pub fn maybe_committed(&self) -> bool {
        self.maybe_committed
    }

    /// The versionstamp of the commit: 10 bytes, or null before it and if it saved no versions of records.
    #[napi(getter)]
    pub fn versionstamp(&self) -> Option<Buffer> {
        let version = self.commit_version.0.get();
        version.map(|version| Buffer::from(version.to_vec()))
    }

    /// Commits. Nothing can be done with the transaction afterwards.
    #[napi]
    pub fn commit<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, Either<(), Failure>>> {
        let context = self.handle.get(ENDED);
        drop(self.handle.take());
        let commit_version = self.commit_version.clone();
        promise(env, async move {
            let context = context?;
            context.commit().await?;
            commit_version.take_from(&context);
            Ok(())
        })
    }

    /// Leaves nothing to be done with the transaction; `Database.run` decides whether it commits.
    #[napi]
    pub fn end(&self) {
        drop(self.handle.take());
    }

    /// Gives up. Nothing of the transaction takes effect; a second time does nothing.
    #[napi]
    pub fn cancel(&self) {
        if let Some(context) = self.handle.take() {
            context.cancel();
        }
    }
}
