//! [`Unfinished`]: a change of several keys that is made whole or keeps its transaction from committing.

use record_store_kv::tuple::Tuple;

use super::RecordContext;
use crate::{Error, ErrorKind};

/// A change of one record, from its first write on.
///
/// Dropped before it is [done](Unfinished::done), by an error or because nobody waits for it any more, it leaves a part of
/// its writes in the transaction: that must not commit then.
#[must_use = "the change is unfinished until `done`"]
pub(crate) struct Unfinished<'a> {
    context: &'a RecordContext,
    what: &'static str,
    primary_key: &'a Tuple,
    is_done: bool,
}

impl<'a> Unfinished<'a> {
    /// A change that begins now: `what` is done to the record with this key.
    pub(crate) fn begin(context: &'a RecordContext, what: &'static str, primary_key: &'a Tuple) -> Self {
        Unfinished {
            context,
            what,
            primary_key,
            is_done: false,
        }
    }

    /// All is written.
    pub(crate) fn done(mut self) {
        self.is_done = true;
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            let mut pending = self.context.inner.pending.lock();
            pending
                .unfinished
                .get_or_insert_with(|| format!("{} {}", self.what, self.primary_key));
        }
    }
}

/// The error of a commit after such a change.
pub(super) fn refuse_commit(change: &str) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        "a change of a record failed when it was written in part, so this transaction cannot commit: begin another one",
    )
    .with("change", change)
}
