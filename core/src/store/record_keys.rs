//! [`RecordKeyCursor`]: the primary keys of records, read without looking at the records.
//!
//! Whatever stands under a key makes it one: half a record counts, so that who looks for damage finds it. Java method:
//! `FDBRecordStore.scanRecordKeys`, with `DedupCursor`.

use std::task::{Context, Poll, ready};

use record_store_kv::Bytes;
use record_store_kv::tuple::Tuple;

use super::{RecordStore, ScanOptions};
use crate::cursor::{
    self, Cursor, Identity, KeyValueCursor, KeyValueScan, Paging, Position, RowsWanted, ScanIdentity, ScanProgress,
    TransactionCursor,
};
use crate::split::{self, HexKey};
use crate::{Continuation, Error, ErrorKind, NoNextReason, Result};

/// The primary keys of a scan, one after the other, within one transaction.
///
/// Made by [`RecordStore::scan_record_keys`]. When [`next`](RecordKeyCursor::next) returns none,
/// [`no_next_reason`](RecordKeyCursor::no_next_reason) tells why, and [`continuation`](RecordKeyCursor::continuation) where to
/// go on.
pub struct RecordKeyCursor {
    store: RecordStore,
    rows: KeyValueCursor,
    paging: Paging,
    /// The last key, of which further rows may come.
    last: Option<Tuple>,
    began_at: Option<Continuation>,
    is_deduplicated: bool,
}

impl RecordStore {
    /// The primary keys of the records of a range, also of those that cannot be read.
    ///
    /// **Errors**: those of [`scan_records`](RecordStore::scan_records).
    pub fn scan_record_keys(&self, options: ScanOptions) -> Result<RecordKeyCursor> {
        RecordKeyCursor::new(self.clone(), options)
    }

    /// How many primary keys a scan would find, read without conflicts unless `options` say otherwise. It reads all of them:
    /// [`snapshot_record_count`](RecordStore::snapshot_record_count) asks what is counted.
    ///
    /// **Errors**: those of [`scan_records`](RecordStore::scan_records); FoundationDB's, such as 1007 for too many.
    pub async fn count_records(&self, options: ScanOptions) -> Result<u64> {
        let mut keys = self.scan_record_keys(options)?;
        let mut count = 0;
        while keys.next().await?.is_some() {
            count += 1;
        }
        Ok(count)
    }
}

impl RecordKeyCursor {
    fn new(store: RecordStore, options: ScanOptions) -> Result<Self> {
        let is_deduplicated = !store.split_layout().has_bare_keys();
        let (inner, last) = match &options.continuation {
            Some(continuation) if is_deduplicated => {
                let (inner, last) = continuation.deduplicated()?;
                let last = last.map(|last| Tuple::unpack(&last)).transpose().map_err(|error| {
                    Error::new(
                        ErrorKind::InvalidContinuation,
                        "the continuation of a scan of record keys names no key: give it one that came from such a scan",
                    )
                    .caused_by(error)
                })?;
                (Some(inner), last)
            }
            other => (other.clone(), None),
        };
        let rows = KeyValueCursor::new(
            store.context().clone(),
            &KeyValueScan {
                subspace: store.layout().records(),
                range: &options.resolve_range(store.metadata())?,
                continuation: inner.as_ref(),
                reverse: options.reverse,
                snapshot: options.snapshot,
                rows: match options.limit {
                    Some(limit) => RowsWanted::Probably(limit.saturating_add(options.skip) as u64),
                    None => RowsWanted::All,
                },
            },
        )?;
        Ok(RecordKeyCursor {
            paging: Paging::new(options.limit, options.skip, options.limits, inner),
            began_at: options.continuation,
            store,
            rows,
            last,
            is_deduplicated,
        })
    }

    /// The next primary key, or none at the end of the range or of a limit.
    ///
    /// **Errors**: FoundationDB's; `Corrupt` for a key below the records that is none of a record.
    pub async fn next(&mut self) -> Result<Option<Tuple>> {
        cursor::next(self).await
    }

    /// Up to `count` keys; fewer only when [`no_next_reason`](RecordKeyCursor::no_next_reason) has a reason.
    ///
    /// **Errors**: those of [`next`](RecordKeyCursor::next); the keys before it are lost.
    pub async fn next_batch(&mut self, count: usize) -> Result<Vec<Tuple>> {
        cursor::next_batch(self, count).await
    }

    /// Why there is no next key; none while there may be one.
    pub fn no_next_reason(&self) -> Option<NoNextReason> {
        self.paging.stopped()
    }

    /// Where another scan of keys goes on behind the last one. None when nothing follows, and before the first key of a scan
    /// that began at the beginning. A scan of records has other continuations.
    pub fn continuation(&self) -> Option<Continuation> {
        if !self.is_deduplicated {
            return self.paging.position(&self.rows).to_continuation();
        }
        if self.paging.last_key(&self.rows).is_none() && self.paging.stopped() != Some(NoNextReason::SourceExhausted) {
            return self.began_at.clone();
        }
        let inner = self.paging.position(&self.rows).to_continuation()?;
        Some(Continuation::of_deduplicated(
            &inner,
            self.last.as_ref().map(Tuple::pack),
        ))
    }

    fn primary_key(&self, key: &Bytes) -> Result<Tuple> {
        let records = self.store.layout().records();
        let key_length = match self.is_deduplicated {
            true => split::split_key(key, records.prefix().len())?.1,
            false => key.len(),
        };
        records
            .unpack(key.get(..key_length).unwrap_or_default())
            .map_err(|error| {
                Error::new(ErrorKind::Corrupt, "a key among the records is no primary key")
                    .with("key", HexKey(key))
                    .caused_by(error)
            })
    }
}

impl Cursor for RecordKeyCursor {
    type Item = Tuple;

    fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<Tuple>>> {
        while self.paging.may_go_on() {
            let context = self.store.context();
            let row = self.paging.poll_row(&mut self.rows, task, || context.age());
            let Some(row) = ready!(row)? else { break };
            let primary_key = self.primary_key(&row.key)?;
            self.paging.passed(row.key);
            if self.last.as_ref() == Some(&primary_key) {
                continue;
            }
            if self.is_deduplicated {
                self.last = Some(primary_key.clone());
            }
            if self.paging.found() {
                return Poll::Ready(Ok(Some(primary_key)));
            }
        }
        Poll::Ready(Ok(None))
    }

    fn position(&self) -> Position {
        if self.paging.stopped().is_some_and(NoNextReason::is_source_exhausted) {
            return Position::End;
        }
        Position::from_continuation(self.continuation().as_ref())
    }

    fn no_next_reason(&self) -> Option<NoNextReason> {
        self.paging.stopped()
    }
}

impl TransactionCursor for RecordKeyCursor {
    fn identity(&self) -> Identity {
        Identity::Known(ScanIdentity {
            plan_hash: self.rows.plan_hash() ^ KEYS_ALONE,
            since: 0,
            indexes: Vec::new(),
        })
    }

    fn progress(&self) -> ScanProgress {
        ScanProgress {
            continuation: self.continuation(),
            ..self.paging.progress(&self.rows)
        }
    }
}

/// What tells a scan of keys from the scan of records that reads the same rows: their continuations differ.
const KEYS_ALONE: u32 = 0x6b65_7973;

impl std::fmt::Debug for RecordKeyCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordKeyCursor")
            .field("paging", &self.paging)
            .finish_non_exhaustive()
    }
}
