//! Reading many records, in the order of their primary keys or against it.

use record_store_kv::{Bytes, KeyRange, KeyValue, RangeRequest};

use super::stored_record::PrimaryKey;
use super::{RecordStore, ScanOptions, StoredRecord, load};
use crate::cursor::{KeyValueCursor, KeyValueScan, LimitManager, RowsWanted, ScanProgress, TransactionCursor};
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
    limits: LimitManager,
    reverse: bool,
    snapshot: bool,
    skip: usize,
    /// How many records may still be returned.
    remaining: Option<usize>,
    /// A row of the next record, read to see that the one before it was complete.
    pending: Option<KeyValue>,
    /// The last key of the last record returned.
    last_key: Option<Bytes>,
    /// The key of the last record without suffix: no other record may have it.
    last_record_key: Bytes,
    /// Where the scan began.
    began_at: Option<Continuation>,
    stopped: Option<NoNextReason>,
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
        Ok(RecordCursor {
            limits: LimitManager::new(options.limits),
            skip: options.skip,
            began_at: options.continuation,
            ..Self::over(store, rows, options.reverse, options.snapshot, options.limit)
        })
    }

    /// The records whose packed primary keys lie in a range, of which the bounds may be any bytes, read as a snapshot.
    pub(super) fn of_packed_keys(store: RecordStore, range: &KeyRange, reverse: bool, limit: usize) -> Self {
        let at = |bound: &[u8]| Bytes::from([store.layout().records().prefix(), bound].concat());
        let request = RangeRequest::keys(at(&range.begin), at(&range.end)).reverse(reverse);
        let wanted = rows_of(&store, Some(limit));
        let rows = KeyValueCursor::of_request(store.context().clone(), request, true, wanted);
        Self::over(store, rows, reverse, true, Some(limit))
    }

    fn over(store: RecordStore, rows: KeyValueCursor, reverse: bool, snapshot: bool, limit: Option<usize>) -> Self {
        RecordCursor {
            store,
            rows,
            limits: LimitManager::new(ScanLimits::default()),
            reverse,
            snapshot,
            skip: 0,
            remaining: limit,
            pending: None,
            last_key: None,
            last_record_key: Bytes::new(),
            began_at: None,
            stopped: None,
        }
    }

    /// The next record, or none at the end of the range or of a limit.
    ///
    /// **Errors**: FoundationDB's; `Corrupt` for what is no record of the schema.
    pub async fn next(&mut self) -> Result<Option<StoredRecord>> {
        loop {
            if self.stopped.is_some() {
                return Ok(None);
            }
            if self.remaining == Some(0) {
                self.stopped = Some(NoNextReason::ReturnLimitReached);
                continue;
            }
            let raw = if self.store.split_layout().has_bare_keys() {
                self.next_bare().await?
            } else {
                self.next_assembled().await?
            };
            let Some((primary_key, raw)) = raw else { continue };
            if self.skip > 0 {
                self.skip -= 1;
                continue;
            }
            if let Some(remaining) = &mut self.remaining {
                *remaining -= 1;
            }
            let (_, record) = if self.store.keeps_versions_apart() {
                load::complete(&self.store, primary_key, raw, self.snapshot).await?
            } else {
                load::from_raw(&self.store, primary_key, raw)?
            };
            return Ok(Some(record));
        }
    }

    /// Up to `count` records; fewer only when [`no_next_reason`](RecordCursor::no_next_reason) has a reason.
    ///
    /// **Errors**: those of [`next`](RecordCursor::next); the records before it are lost.
    pub async fn next_batch(&mut self, count: usize) -> Result<Vec<StoredRecord>> {
        let mut batch = Vec::new();
        while batch.len() < count {
            match self.next().await? {
                Some(record) => batch.push(record),
                None => break,
            }
        }
        Ok(batch)
    }

    /// Why there is no next record; none while there may be one.
    pub fn no_next_reason(&self) -> Option<NoNextReason> {
        self.stopped
    }

    /// Where another scan goes on behind the last record. None when nothing follows, and before the first record of a scan
    /// that began at the beginning.
    pub fn continuation(&self) -> Option<Continuation> {
        if self.stopped.is_some_and(NoNextReason::is_source_exhausted) {
            return None;
        }
        match self.last_key() {
            Some(key) => Some(Continuation::of_key(key)),
            None => self.began_at.clone(),
        }
    }

    /// By which key the continuation names the last record.
    fn last_key(&self) -> Option<Bytes> {
        self.last_key.as_ref().map(|key| self.rows.continuation_key(key))
    }

    /// The next record of a store with bare keys.
    async fn next_bare(&mut self) -> Result<Option<(PrimaryKey, RawRecord)>> {
        let context = self.store.context();
        if !self.limits.try_row(|| context.age()) {
            self.stopped = self.limits.stopped();
            return Ok(None);
        }
        let Some(row) = self.rows.next().await? else {
            self.stopped = Some(NoNextReason::SourceExhausted);
            return Ok(None);
        };
        self.limits.count_bytes(row.key.len() + row.value.len());
        let primary_key = load::primary_key_of(&self.store, row.key.clone()).map_err(|error| {
            Error::new(ErrorKind::Corrupt, "a key among the records is no primary key")
                .with("key", split::HexKey(&row.key))
                .caused_by(error)
        })?;
        let raw = RawRecord::bare(&row.key, row.value);
        self.last_key = Some(row.key);
        Ok(Some((primary_key, raw)))
    }

    /// The next record of a store whose keys have suffixes. Limits stop between records.
    async fn next_assembled(&mut self) -> Result<Option<(PrimaryKey, RawRecord)>> {
        if let Some(reason) = self.limits.stopped() {
            self.stopped = Some(reason);
            return Ok(None);
        }
        let Some(first) = self.next_row().await? else {
            self.stopped = Some(NoNextReason::SourceExhausted);
            return Ok(None);
        };
        let prefix_length = self.store.layout().records().prefix().len();
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
        self.last_key = Some(first.key);
        while !assembly.is_complete() {
            let Some(row) = self.next_row().await? else { break };
            if !row.key.starts_with(&record_key) {
                self.pending = Some(row);
                break;
            }
            let suffix = split::read_suffix(&row.key, key_length)?;
            assembly.push(suffix, &row.key, row.value)?;
            self.last_key = Some(row.key);
        }
        let raw = assembly.finish(self.store.context(), &record_key)?;
        let primary_key = PrimaryKey::of_checked(record_key.slice(prefix_length..));
        self.last_record_key = record_key;
        Ok(raw.map(|raw| (primary_key, raw)))
    }

    async fn next_row(&mut self) -> Result<Option<KeyValue>> {
        if let Some(row) = self.pending.take() {
            return Ok(Some(row));
        }
        let row = self.rows.next().await?;
        if let Some(row) = &row {
            let context = self.store.context();
            // A refusal stops the scan behind the record to which this row belongs.
            self.limits.try_row(|| context.age());
            self.limits.count_bytes(row.key.len() + row.value.len());
        }
        Ok(row)
    }
}

impl TransactionCursor for RecordCursor {
    type Item = StoredRecord;

    async fn next(&mut self) -> Result<Option<StoredRecord>> {
        RecordCursor::next(self).await
    }

    fn last_key(&self) -> Option<Bytes> {
        RecordCursor::last_key(self)
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
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}
