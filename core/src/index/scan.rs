//! [`IndexCursor`]: the entries of an index, one after the other, and what a scan asks for.

use std::fmt;
use std::sync::Arc;

use record_store_kv::tuple::TupleRange;
use record_store_kv::{Bytes, Subspace};

use super::{IndexContext, IndexEntry, IndexKeyspace, IndexMaintainer, IndexScanType, UniquenessViolation};
use crate::cursor::{
    KeyValueCursor, KeyValueScan, LimitManager, Position, RowsWanted, ScanIdentity, ScanProgress, Scanned,
    TransactionCursor,
};
use crate::metadata::Index;
use crate::{Continuation, Error, ErrorKind, NoNextReason, RecordContext, Result, ScanLimits};

/// What a scan asks for.
#[derive(Clone, Debug)]
pub(crate) struct EntryScan {
    pub(crate) range: TupleRange,
    pub(crate) reverse: bool,
    pub(crate) snapshot: bool,
    pub(crate) limit: Option<usize>,
    pub(crate) skip: usize,
    pub(crate) limits: ScanLimits,
    pub(crate) continuation: Option<Continuation>,
}

impl Default for EntryScan {
    fn default() -> Self {
        EntryScan {
            range: TupleRange::ALL,
            reverse: false,
            snapshot: false,
            limit: None,
            skip: 0,
            limits: ScanLimits::default(),
            continuation: None,
        }
    }
}

/// Scans the entries of an index. Whether its state allows that is the store's question.
///
/// Errors: `Unsupported` for a way in which the index cannot be scanned; `InvalidArgument`, `InvalidContinuation`.
pub(crate) fn scan(
    maintainer: &Arc<dyn IndexMaintainer>,
    context: &IndexContext<'_>,
    scan_type: IndexScanType,
    scan: EntryScan,
) -> Result<IndexCursor> {
    let index = maintainer.index();
    if !maintainer.capabilities().scan_types.contains(&scan_type) {
        return Err(
            Error::new(ErrorKind::Unsupported, "the index cannot be scanned in this way")
                .with("index", index.name())
                .with("type", index.kind())
                .with("scan_type", scan_type.name()),
        );
    }
    let decoder = Arc::clone(maintainer);
    IndexCursor::new(
        context.record_context().clone(),
        index,
        context.layout().subspace(IndexKeyspace::Entries),
        scan,
        move |key, value| decoder.decode(key, value),
    )
}

/// Scans what is noted down of an index that is to be unique, by value and primary key.
///
/// Errors: `InvalidArgument`, `InvalidContinuation`.
pub(crate) fn scan_uniqueness_violations(
    maintainer: &Arc<dyn IndexMaintainer>,
    context: &IndexContext<'_>,
    scan: EntryScan,
) -> Result<IndexCursor<UniquenessViolation>> {
    let index = maintainer.index();
    let of_violation = Arc::clone(index);
    IndexCursor::new(
        context.record_context().clone(),
        index,
        context.layout().subspace(IndexKeyspace::UniquenessViolations),
        scan,
        move |key, value| UniquenessViolation::decode(&of_violation, key, value),
    )
}

/// Reads an entry from its key, behind the prefix of the index, and its value.
type Decode<T> = Box<dyn Fn(&[u8], &[u8]) -> Result<T> + Send + Sync>;

/// The entries of a scan of an index, one after the other, within one transaction.
///
/// When [`next`](IndexCursor::next) returns none, [`no_next_reason`](IndexCursor::no_next_reason) tells why, and
/// [`continuation`](IndexCursor::continuation) where to go on.
pub struct IndexCursor<T = IndexEntry> {
    context: RecordContext,
    rows: KeyValueCursor,
    /// The version of the meta-data that made or last changed the index.
    since: i32,
    prefix: usize,
    decode: Decode<T>,
    limits: LimitManager,
    skip: usize,
    /// How many entries may still be returned.
    remaining: Option<usize>,
    last_key: Option<Bytes>,
    began_at: Option<Continuation>,
    stopped: Option<NoNextReason>,
}

impl<T> IndexCursor<T> {
    fn new(
        context: RecordContext,
        index: &Index,
        subspace: Subspace,
        scan: EntryScan,
        decode: impl Fn(&[u8], &[u8]) -> Result<T> + Send + Sync + 'static,
    ) -> Result<Self> {
        let rows = KeyValueCursor::new(
            context.clone(),
            &KeyValueScan {
                subspace: &subspace,
                range: &scan.range,
                continuation: scan.continuation.as_ref(),
                reverse: scan.reverse,
                snapshot: scan.snapshot,
                rows: match scan.limit {
                    Some(limit) => RowsWanted::AtMost(limit.saturating_add(scan.skip) as u64),
                    None => RowsWanted::All,
                },
            },
        )?;
        Ok(IndexCursor {
            context,
            rows,
            since: index.last_modified_version(),
            prefix: subspace.prefix().len(),
            decode: Box::new(decode),
            limits: LimitManager::new(scan.limits),
            skip: scan.skip,
            remaining: scan.limit,
            last_key: None,
            began_at: scan.continuation,
            stopped: None,
        })
    }

    /// The next entry, or none at the end of the range or of a limit.
    ///
    /// **Errors**: FoundationDB's; `Corrupt` for what is no entry of the index.
    pub async fn next(&mut self) -> Result<Option<T>> {
        loop {
            if self.stopped.is_some() {
                return Ok(None);
            }
            if self.remaining == Some(0) {
                self.stopped = Some(NoNextReason::ReturnLimitReached);
                return Ok(None);
            }
            if !self.limits.try_row(|| self.context.age()) {
                self.stopped = self.limits.stopped();
                return Ok(None);
            }
            let Some(row) = self.rows.next().await? else {
                self.stopped = Some(NoNextReason::SourceExhausted);
                return Ok(None);
            };
            self.limits.count_bytes(row.key.len() + row.value.len());
            if self.skip > 0 {
                self.skip -= 1;
                self.last_key = Some(row.key);
                continue;
            }
            if let Some(remaining) = &mut self.remaining {
                *remaining -= 1;
            }
            let entry = (self.decode)(row.key.get(self.prefix..).unwrap_or_default(), &row.value)?;
            self.last_key = Some(row.key);
            return Ok(Some(entry));
        }
    }

    /// Up to `count` entries; fewer only when [`no_next_reason`](IndexCursor::no_next_reason) has a reason.
    ///
    /// **Errors**: those of [`next`](IndexCursor::next); the entries before it are lost.
    pub async fn next_batch(&mut self, count: usize) -> Result<Vec<T>> {
        let mut batch = Vec::new();
        while batch.len() < count {
            match self.next().await? {
                Some(entry) => batch.push(entry),
                None => break,
            }
        }
        Ok(batch)
    }

    /// Why there is no next entry; none while there may be one.
    pub fn no_next_reason(&self) -> Option<NoNextReason> {
        self.stopped
    }

    /// Where another scan goes on behind the last entry. None when nothing follows, and before the first entry of a scan that
    /// began at the beginning.
    pub fn continuation(&self) -> Option<Continuation> {
        match self.stopped {
            Some(NoNextReason::SourceExhausted) => None,
            _ => match self.last_key() {
                Some(key) => Some(Continuation::of_key(key)),
                None => self.began_at.clone(),
            },
        }
    }

    /// Counts what is read together with other scans.
    pub(crate) fn share_limits(&mut self, limits: ScanLimits, scanned: &Arc<Scanned>) {
        self.limits = LimitManager::sharing(limits, Arc::clone(scanned));
    }

    /// By which key the continuation names the last entry.
    pub(crate) fn last_key(&self) -> Option<Bytes> {
        self.last_key.as_ref().map(|key| self.rows.continuation_key(key))
    }

    /// Reports what was read because of the entries.
    pub(crate) fn count_bytes(&mut self, bytes: usize) {
        self.limits.count_bytes(bytes);
    }
}

impl<T: Send> TransactionCursor for IndexCursor<T> {
    type Item = T;

    async fn next(&mut self) -> Result<Option<T>> {
        IndexCursor::next(self).await
    }

    fn position(&self) -> Position {
        if self.stopped.is_some_and(NoNextReason::is_source_exhausted) {
            return Position::End;
        }
        match self.last_key() {
            Some(key) => Position::Key(key),
            None => Position::from_continuation(self.began_at.as_ref()),
        }
    }

    fn no_next_reason(&self) -> Option<NoNextReason> {
        self.stopped
    }

    fn identity(&self) -> ScanIdentity {
        ScanIdentity {
            plan_hash: self.rows.plan_hash(),
            since: self.since,
            indexes: Vec::new(),
        }
    }

    fn progress(&self) -> ScanProgress {
        let (scanned_rows, scanned_bytes) = self.limits.scanned();
        ScanProgress {
            no_next_reason: self.stopped,
            continuation: self.continuation(),
            scanned_rows,
            scanned_bytes,
            skip: self.skip,
        }
    }
}

impl<T> fmt::Debug for IndexCursor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexCursor")
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}
