//! `Transaction`: one attempt of `Database.run`, or one of `Database.transaction`.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Either, PromiseRaw};
use napi_derive::napi;
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
}

impl Transaction {
    pub(crate) fn new(family: &Arc<Family>, context: RecordContext) -> Self {
        let attempt = context.attempt();
        Transaction {
            family: family.clone(),
            handle: family.adopt(context),
            attempt: attempt.number,
            maybe_committed: attempt.maybe_committed,
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

    /// Commits. Nothing can be done with the transaction afterwards.
    #[napi]
    pub fn commit<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, Either<(), Failure>>> {
        let context = self.handle.get(ENDED);
        drop(self.handle.take());
        promise(env, async move { context?.commit().await })
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
