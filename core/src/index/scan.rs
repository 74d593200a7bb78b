//! [`IndexCursor`]: the entries of an index, one after the other, and what a scan asks for.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use record_store_kv::tuple::TupleRange;
use record_store_kv::{Bytes, KeyRange, KeyValue, RangeRequest};

use super::{EntryRow, IndexContext, IndexEntry, IndexKeyspace, IndexMaintainer, IndexScanType, UniquenessViolation};
use crate::cursor::{
    self, Cursor, Identity, KeyValueCursor, KeyValueScan, Paging, Position, RowsWanted, ScanIdentity, ScanProgress,
    Scanned, TransactionCursor,
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
    check_scan_type(maintainer, scan_type)?;
    let decoder = Arc::clone(maintainer);
    let decode = move |row: KeyValue, prefix| decoder.decode(behind(&row, prefix), &row.value);
    IndexCursor::new(context, maintainer.index(), IndexKeyspace::Entries, scan, decode)
}

/// As [`scan`], for entries as they lie in the database.
pub(crate) fn scan_rows(
    maintainer: &Arc<dyn IndexMaintainer>,
    context: &IndexContext<'_>,
    scan_type: IndexScanType,
    scan: EntryScan,
) -> Result<IndexCursor<EntryRow>> {
    check_scan_type(maintainer, scan_type)?;
    IndexCursor::new(context, maintainer.index(), IndexKeyspace::Entries, scan, as_it_lies)
}

/// An entry of which nothing is read.
fn as_it_lies(row: KeyValue, prefix: usize) -> Result<EntryRow> {
    Ok(EntryRow { row, prefix })
}

/// Errors: `Unsupported`.
fn check_scan_type(maintainer: &Arc<dyn IndexMaintainer>, scan_type: IndexScanType) -> Result<()> {
    let index = maintainer.index();
    if !maintainer.capabilities().scan_types.contains(&scan_type) {
        return Err(
            Error::new(ErrorKind::Unsupported, "the index cannot be scanned in this way")
                .with("index", index.name())
                .with("type", index.kind())
                .with("scan_type", scan_type.name()),
        );
    }
    Ok(())
}

fn behind(row: &KeyValue, prefix: usize) -> &[u8] {
    row.key.get(prefix..).unwrap_or_default()
}

/// The entries of an index whose packed keys lie in a range, of which the bounds may be any bytes, read as a snapshot.
/// Continuations name them by whole keys.
pub(crate) fn scan_packed_keys(
    maintainer: &Arc<dyn IndexMaintainer>,
    context: &IndexContext<'_>,
    range: &KeyRange,
    reverse: bool,
    limit: usize,
) -> IndexCursor<EntryRow> {
    let subspace = context.layout().subspace(IndexKeyspace::Entries);
    let at = |bound: &[u8]| Bytes::from([subspace.prefix(), bound].concat());
    let request = RangeRequest::keys(at(&range.begin), at(&range.end)).reverse(reverse);
    let context = context.record_context().clone();
    let wanted = RowsWanted::AtMost(limit as u64);
    let rows = KeyValueCursor::of_request(context.clone(), request, true, wanted);
    IndexCursor {
        context,
        rows,
        since: maintainer.index().last_modified_version(),
        prefix: subspace.prefix().len(),
        decode: Box::new(as_it_lies),
        paging: Paging::new(Some(limit), 0, ScanLimits::default(), None),
    }
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
    let decode =
        move |row: KeyValue, prefix| UniquenessViolation::decode(&of_violation, behind(&row, prefix), &row.value);
    IndexCursor::new(context, index, IndexKeyspace::UniquenessViolations, scan, decode)
}

/// Reads an entry from its key, of which the prefix of the index has so many bytes, and its value.
type Decode<T> = Box<dyn Fn(KeyValue, usize) -> Result<T> + Send + Sync>;

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
    paging: Paging,
}

impl<T: Send> IndexCursor<T> {
    fn new(
        context: &IndexContext<'_>,
        index: &Index,
        keyspace: IndexKeyspace,
        scan: EntryScan,
        decode: impl Fn(KeyValue, usize) -> Result<T> + Send + Sync + 'static,
    ) -> Result<Self> {
        let subspace = context.layout().subspace(keyspace);
        let context = context.record_context().clone();
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
            paging: Paging::new(scan.limit, scan.skip, scan.limits, scan.continuation),
        })
    }

    /// The next entry, or none at the end of the range or of a limit.
    ///
    /// **Errors**: FoundationDB's; `Corrupt` for what is no entry of the index.
    pub async fn next(&mut self) -> Result<Option<T>> {
        cursor::next(self).await
    }

    /// Up to `count` entries; fewer only when [`no_next_reason`](IndexCursor::no_next_reason) has a reason.
    ///
    /// **Errors**: those of [`next`](IndexCursor::next); the entries before it are lost.
    pub async fn next_batch(&mut self, count: usize) -> Result<Vec<T>> {
        cursor::next_batch(self, count).await
    }

    /// Why there is no next entry; none while there may be one.
    pub fn no_next_reason(&self) -> Option<NoNextReason> {
        self.paging.stopped()
    }

    /// Where another scan goes on behind the last entry. None when nothing follows, and before the first entry of a scan that
    /// began at the beginning.
    pub fn continuation(&self) -> Option<Continuation> {
        self.paging.continuation(&self.rows)
    }

    /// By which key the continuation names the last entry.
    pub(crate) fn last_key(&self) -> Option<Bytes> {
        self.paging.last_key(&self.rows)
    }

    /// Counts what is read together with other scans.
    pub(crate) fn share_limits(&mut self, limits: ScanLimits, scanned: &Arc<Scanned>) {
        self.paging.share_limits(limits, scanned);
    }

    /// Reports what was read because of the entries.
    pub(crate) fn count_bytes(&mut self, bytes: usize) {
        self.paging.count_bytes(bytes);
    }
}

impl<T: Send> Cursor for IndexCursor<T> {
    type Item = T;

    fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<T>>> {
        while self.paging.may_go_on() {
            let context = &self.context;
            let row = self.paging.poll_row(&mut self.rows, task, || context.age());
            let Some(row) = ready!(row)? else { break };
            let key = row.key.clone();
            let entry = match self.paging.found() {
                true => Some((self.decode)(row, self.prefix)?),
                false => None,
            };
            self.paging.passed(key);
            if entry.is_some() {
                return Poll::Ready(Ok(entry));
            }
        }
        Poll::Ready(Ok(None))
    }

    fn position(&self) -> Position {
        self.paging.position(&self.rows)
    }

    fn no_next_reason(&self) -> Option<NoNextReason> {
        self.paging.stopped()
    }
}

impl<T: Send> TransactionCursor for IndexCursor<T> {
    fn identity(&self) -> Identity {
        Identity::Known(ScanIdentity {
            plan_hash: self.rows.plan_hash(),
            since: self.since,
            indexes: Vec::new(),
        })
    }

    fn progress(&self) -> ScanProgress {
        self.paging.progress(&self.rows)
    }
}

impl<T> fmt::Debug for IndexCursor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexCursor")
            .field("paging", &self.paging)
            .finish_non_exhaustive()
    }
}
