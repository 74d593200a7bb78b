//! [`QueryCursor`]: the records of a query.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::cursor::{
    self, Cursor, Identify, Identity, LimitCursor, Position, ScanIdentity, ScanProgress, Scanned, TransactionCursor,
};
use crate::{Continuation, NoNextReason, Result, StoredRecord};

/// The records of a query, one after the other, within one transaction.
///
/// Made by [`RecordStore::execute_query`](crate::RecordStore::execute_query). When [`next`](QueryCursor::next) returns none,
/// [`no_next_reason`](QueryCursor::no_next_reason) tells why, and [`continuation`](QueryCursor::continuation) where to go on.
/// Records of a query with required results may hold no other fields, and then take no room: their sizes are 0.
pub struct QueryCursor {
    records: LimitCursor<StoredRecord>,
    scanned: Arc<Scanned>,
    /// Which plan it is, for continuations that tell it.
    identity: Identity,
}

impl QueryCursor {
    pub(super) fn new(records: LimitCursor<StoredRecord>, scanned: Arc<Scanned>) -> Self {
        QueryCursor {
            records,
            scanned,
            identity: ScanIdentity::default().into(),
        }
    }

    /// As the execution of this plan.
    pub(crate) fn identified(mut self, identity: Arc<dyn Identify>) -> Self {
        self.identity = Identity::Told(identity);
        self
    }

    /// The next record, or none at the end or at a limit.
    ///
    /// **Errors**: FoundationDB's; `Corrupt` for what is no record of the schema and for an entry that leads to none;
    /// `TooLarge` for more records than a sort in memory may hold.
    pub async fn next(&mut self) -> Result<Option<StoredRecord>> {
        cursor::next(self).await
    }

    /// Up to `count` records; fewer only when [`no_next_reason`](QueryCursor::no_next_reason) has a reason.
    ///
    /// **Errors**: those of [`next`](QueryCursor::next); the records before it are lost.
    pub async fn next_batch(&mut self, count: usize) -> Result<Vec<StoredRecord>> {
        cursor::next_batch(self, count).await
    }

    /// Why there is no next record; none while there may be one.
    pub fn no_next_reason(&self) -> Option<NoNextReason> {
        self.records.no_next_reason()
    }

    /// Where another execution of the same plan goes on behind the last record. None when nothing follows, and before the
    /// first record of an execution that began at the beginning.
    pub fn continuation(&self) -> Option<Continuation> {
        self.position().to_continuation()
    }
}

impl Cursor for QueryCursor {
    type Item = StoredRecord;

    fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<StoredRecord>>> {
        self.records.poll_next(task)
    }

    fn position(&self) -> Position {
        self.records.position()
    }

    fn no_next_reason(&self) -> Option<NoNextReason> {
        QueryCursor::no_next_reason(self)
    }
}

impl TransactionCursor for QueryCursor {
    fn identity(&self) -> Identity {
        self.identity.clone()
    }

    fn progress(&self) -> ScanProgress {
        let (scanned_rows, scanned_bytes) = self.scanned.counts();
        ScanProgress {
            no_next_reason: self.no_next_reason(),
            continuation: self.continuation(),
            scanned_rows,
            scanned_bytes,
            skip: self.records.skip(),
        }
    }
}

impl fmt::Debug for QueryCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryCursor")
            .field("stopped", &self.no_next_reason())
            .finish_non_exhaustive()
    }
}
