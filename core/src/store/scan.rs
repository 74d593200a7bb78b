//! Reading many records, in the order of their primary keys or against it.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::FutureExt;
use record_store_kv::{BoxFuture, Bytes, KeyRange, KeyValue, RangeRequest};

use super::stored_record::PrimaryKey;
use super::{RecordStore, ScanOptions, StoredRecord, load};
use crate::cursor::{
    self, Cursor, Identity, KeyValueCursor, KeyValueScan, Paging, Position, RowsWanted, ScanIdentity, ScanProgress,
    Scanned, TransactionCursor,
};
use crate::split::{self, Assembly, RawRecord};
use crate::{Continuation, Error, ErrorKind, NoNextReason, Result, ScanLimits};

/// The records of a scan, one after the other, within one transaction.
///
/// Made by [`RecordStore::scan_records`]. When [`next`](RecordCursor::next) returns none,
/// [`no_next_reason`](RecordCursor::no_next_reason) tells why, and [`continuation`](RecordCursor::continuation) where to go on.
///
/// Java class: `RecordCursor`.
pub struct RecordCursor {
    store: RecordStore,
    rows: KeyValueCursor,
    paging: Paging,
    reverse: bool,
    snapshot: bool,
    /// A row of the next record, read to see that the one before it was complete.
    pending: Option<KeyValue>,
    /// A record of which rows may follow.
    begun: Option<Begun>,
    /// A record of which the version is read apart from it.
    completing: Option<BoxFuture<Result<StoredRecord>>>,
    /// The key of the last record without suffix: no other record may have it.
    last_record_key: Bytes,
}

/// A record of which some rows were read.
struct Begun {
    assembly: Assembly,
    /// Its key, without suffix.
    record_key: Bytes,
}

impl RecordCursor {
    pub(super) fn new(store: RecordStore, options: ScanOptions) -> Result<Self> {
        let wanted = options.limit.map(|limit| limit.saturating_add(options.skip));
        let range = options.resolve_range(store.metadata())?;
        let scan = KeyValueScan {
            subspace: store.layout().records(),
            range: &range,
            continuation: options.continuation.as_ref(),
            reverse: options.reverse,
            snapshot: options.snapshot,
            rows: rows_of(&store, wanted),
        };
        let rows = KeyValueCursor::new(store.context().clone(), &scan)?;
        let paging = Paging::new(options.limit, options.skip, options.limits, options.continuation);
        Ok(Self::over(store, rows, options.reverse, options.snapshot, paging))
    }

    /// The records whose packed primary keys lie in a range, of which the bounds may be any bytes, read as a snapshot.
    pub(super) fn of_packed_keys(store: RecordStore, range: &KeyRange, reverse: bool, limit: usize) -> Self {
        let at = |bound: &[u8]| Bytes::from([store.layout().records().prefix(), bound].concat());
        let request = RangeRequest::keys(at(&range.begin), at(&range.end)).reverse(reverse);
        let wanted = rows_of(&store, Some(limit));
        let rows = KeyValueCursor::of_request(store.context().clone(), request, true, wanted);
        let paging = Paging::new(Some(limit), 0, ScanLimits::default(), None);
        Self::over(store, rows, reverse, true, paging)
    }

    fn over(store: RecordStore, rows: KeyValueCursor, reverse: bool, snapshot: bool, paging: Paging) -> Self {
        RecordCursor {
            store,
            rows,
            paging,
            reverse,
            snapshot,
            pending: None,
            begun: None,
            completing: None,
            last_record_key: Bytes::new(),
        }
    }

    /// The next record, or none at the end of the range or of a limit.
    ///
    /// **Errors**: FoundationDB's; `Corrupt` for what is no record of the schema.
    pub async fn next(&mut self) -> Result<Option<StoredRecord>> {
        cursor::next(self).await
    }

    /// Up to `count` records; fewer only when [`no_next_reason`](RecordCursor::no_next_reason) has a reason.
    ///
    /// **Errors**: those of [`next`](RecordCursor::next); the records before it are lost.
    pub async fn next_batch(&mut self, count: usize) -> Result<Vec<StoredRecord>> {
        cursor::next_batch(self, count).await
    }

    /// Why there is no next record; none while there may be one.
    pub fn no_next_reason(&self) -> Option<NoNextReason> {
        self.paging.stopped()
    }

    /// Where another scan goes on behind the last record. None when nothing follows, and before the first record of a scan
    /// that began at the beginning.
    pub fn continuation(&self) -> Option<Continuation> {
        self.paging.continuation(&self.rows)
    }

    /// Counts what is read together with other scans.
    pub(crate) fn share_limits(&mut self, limits: ScanLimits, scanned: &Arc<Scanned>) {
        self.paging.share_limits(limits, scanned);
    }

    /// The next record of a store with bare keys.
    fn poll_bare(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<(PrimaryKey, RawRecord)>>> {
        let context = self.store.context();
        let row = self.paging.poll_row(&mut self.rows, task, || context.age());
        let Some(row) = ready!(row)? else {
            return Poll::Ready(Ok(None));
        };
        let primary_key = load::primary_key_of(&self.store, row.key.clone()).map_err(|error| {
            Error::new(ErrorKind::Corrupt, "a key among the records is no primary key")
                .with("key", split::HexKey(&row.key))
                .caused_by(error)
        })?;
        let raw = RawRecord::bare(&row.key, row.value);
        self.paging.passed(row.key);
        Poll::Ready(Ok(Some((primary_key, raw))))
    }

    /// The next record of a store whose keys have suffixes. Limits stop between records.
    fn poll_assembled(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<(PrimaryKey, RawRecord)>>> {
        let prefix_length = self.store.layout().records().prefix().len();
        let mut begun = match self.begun.take() {
            Some(begun) => begun,
            None => {
                if !self.paging.stop_at_limit() {
                    return Poll::Ready(Ok(None));
                }
                let Some(first) = ready!(self.poll_row(task))? else {
                    self.paging.exhausted();
                    return Poll::Ready(Ok(None));
                };
                self.begin(prefix_length, first)?
            }
        };
        while !begun.assembly.is_complete() {
            let row = match self.poll_row(task)? {
                Poll::Ready(row) => row,
                Poll::Pending => {
                    self.begun = Some(begun);
                    return Poll::Pending;
                }
            };
            let Some(row) = row else { break };
            if !row.key.starts_with(&begun.record_key) {
                self.pending = Some(row);
                break;
            }
            let suffix = split::read_suffix(&row.key, begun.record_key.len())?;
            begun.assembly.push(suffix, &row.key, row.value)?;
            self.paging.passed(row.key);
        }
        let Begun { assembly, record_key } = begun;
        let raw = assembly.finish(self.store.context(), &record_key)?;
        let primary_key = PrimaryKey::of_checked(record_key.slice(prefix_length..));
        self.last_record_key = record_key;
        Poll::Ready(Ok(raw.map(|raw| (primary_key, raw))))
    }

    /// Begins a record with its first row.
    fn begin(&mut self, prefix_length: usize, first: KeyValue) -> Result<Begun> {
        let (suffix, key_length) = split::split_key(&first.key, prefix_length)?;
        let record_key = first.key.slice(..key_length);
        if record_key == self.last_record_key {
            return Err(
                Error::new(ErrorKind::Corrupt, "a record stored whole is followed by chunks")
                    .with("key", split::HexKey(&first.key)),
            );
        }
        let mut assembly = Assembly::new(self.reverse);
        assembly.push(suffix, &first.key, first.value)?;
        self.paging.passed(first.key);
        Ok(Begun { assembly, record_key })
    }

    fn poll_row(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<KeyValue>>> {
        if let Some(row) = self.pending.take() {
            return Poll::Ready(Ok(Some(row)));
        }
        let row = ready!(self.rows.poll_next(task))?;
        if let Some(row) = &row {
            let context = self.store.context();
            // A limit stops the scan behind the record to which this row belongs.
            self.paging.must_row(|| context.age());
            self.paging.count(row);
        }
        Poll::Ready(Ok(row))
    }
}

impl Cursor for RecordCursor {
    type Item = StoredRecord;

    fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<StoredRecord>>> {
        loop {
            if let Some(completing) = &mut self.completing {
                let record = ready!(completing.poll_unpin(task));
                self.completing = None;
                return Poll::Ready(record.map(Some));
            }
            // A record that was begun is finished, whatever it takes.
            if self.begun.is_none() && !self.paging.may_go_on() {
                return Poll::Ready(Ok(None));
            }
            let raw = if self.store.split_layout().has_bare_keys() {
                ready!(self.poll_bare(task))?
            } else {
                ready!(self.poll_assembled(task))?
            };
            let Some((primary_key, raw)) = raw else { continue };
            if !self.paging.found() {
                continue;
            }
            if !self.store.keeps_versions_apart() {
                let (_, record) = load::from_raw(&self.store, primary_key, raw)?;
                return Poll::Ready(Ok(Some(record)));
            }
            let (store, snapshot) = (self.store.clone(), self.snapshot);
            self.completing = Some(Box::pin(async move {
                let (_, record) = load::complete(&store, primary_key, raw, snapshot).await?;
                Ok(record)
            }));
        }
    }

    fn position(&self) -> Position {
        self.paging.position(&self.rows)
    }

    fn no_next_reason(&self) -> Option<NoNextReason> {
        self.paging.stopped()
    }
}

impl TransactionCursor for RecordCursor {
    fn identity(&self) -> Identity {
        Identity::Known(ScanIdentity {
            plan_hash: self.rows.plan_hash(),
            since: 0,
            indexes: Vec::new(),
        })
    }

    fn progress(&self) -> ScanProgress {
        self.paging.progress(&self.rows)
    }
}

/// How many rows so many records have.
fn rows_of(store: &RecordStore, records: Option<usize>) -> RowsWanted {
    let Some(records) = records.map(|records| records as u64) else {
        return RowsWanted::All;
    };
    let split_layout = store.split_layout();
    // A record has one key, or two with a version; chunks make it any number, but few records have them.
    match (split_layout.split_long_records, split_layout.has_bare_keys()) {
        (true, _) => RowsWanted::Probably(records.saturating_mul(2)),
        (false, true) => RowsWanted::AtMost(records),
        (false, false) => RowsWanted::AtMost(records.saturating_mul(2)),
    }
}

impl std::fmt::Debug for RecordCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordCursor")
            .field("paging", &self.paging)
            .finish_non_exhaustive()
    }
}
