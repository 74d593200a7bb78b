//! [`Source`]: a scan of the core, whatever it scans.

use std::collections::VecDeque;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use record_store::{
    Continuation, IndexEntry, NoNextReason, Result, SpaceCursor, StoredRecord, Tuple, UniquenessViolation,
};

/// A result of a scan.
pub(crate) enum Scanned {
    Record(StoredRecord),
    Entry(IndexEntry),
    Violation(UniquenessViolation),
    Key(Tuple),
}

/// A result, and where another scan goes on behind it.
pub(crate) type Found = (Scanned, Option<Continuation>);

/// The results of a scan, one after the other.
pub(crate) trait Source: Send {
    /// Appends up to `count` results; fewer only if there is a reason why none follows. What was appended stays when the call
    /// is given up.
    fn fetch<'a>(&'a mut self, count: usize, into: &'a Mutex<VecDeque<Found>>) -> BoxFuture<'a, Result<()>>;

    /// Why there is no next result; none while there may be one.
    fn no_next_reason(&self) -> Option<NoNextReason>;

    /// Where another scan goes on.
    fn continuation(&self) -> Option<Continuation>;
}

macro_rules! sources {
    ($($cursor:ty => $scanned:ident)*) => {$(
        impl Source for $cursor {
            fn fetch<'a>(&'a mut self, count: usize, into: &'a Mutex<VecDeque<Found>>) -> BoxFuture<'a, Result<()>> {
                Box::pin(async move {
                    for _ in 0..count {
                        let Some(result) = self.next().await? else { break };
                        let found = (Scanned::$scanned(result), self.continuation());
                        into.lock().push_back(found);
                    }
                    Ok(())
                })
            }

            fn no_next_reason(&self) -> Option<NoNextReason> {
                <$cursor>::no_next_reason(self)
            }

            fn continuation(&self) -> Option<Continuation> {
                <$cursor>::continuation(self)
            }
        }
    )*};
}

sources! {
    SpaceCursor => Record
    SpaceCursor<IndexEntry> => Entry
    SpaceCursor<UniquenessViolation> => Violation
    SpaceCursor<Tuple> => Key
}
