//! [`IndexRecordCursor`]: the records to which the entries of an index lead.
//!
//! Java method: `FDBRecordStoreBase.scanIndexRecords`, with `IndexOrphanBehavior.ERROR`.

use std::collections::VecDeque;

use futures_util::future::try_join_all;
use record_store_kv::Bytes;

use super::{RecordStore, StoredRecord, load};
use crate::cursor::{self, Identity, Position, ScanProgress, TransactionCursor};
use crate::index::{IndexCursor, IndexEntry};
use crate::{Continuation, Error, ErrorKind, NoNextReason, Result};

/// The records of a scan of an index, in the order of its entries, within one transaction.
///
/// Made by [`RecordStore::scan_index_records`]. A record comes as often as it has entries in the range. Records are read
/// several at a time, ahead of those that are returned.
pub struct IndexRecordCursor {
    store: RecordStore,
    entries: IndexCursor,
    index: String,
    snapshot: bool,
    /// The records read ahead, with the keys of their entries.
    fetched: VecDeque<(StoredRecord, Option<Bytes>)>,
    last_key: Option<Bytes>,
    began_at: Option<Continuation>,
    stopped: Option<NoNextReason>,
}

impl IndexRecordCursor {
    pub(super) fn new(store: &RecordStore, index: &str, entries: IndexCursor, snapshot: bool) -> Self {
        IndexRecordCursor {
            store: store.clone(),
            began_at: entries.continuation(),
            entries,
            index: index.to_owned(),
            snapshot,
            fetched: VecDeque::new(),
            last_key: None,
            stopped: None,
        }
    }

    /// The next record, or none at the end of the range or of a limit.
    ///
    /// **Errors**: FoundationDB's; `Corrupt` for an entry that leads to no record, and for what is no record of the schema;
    /// `Unsupported` for an index whose entries do not tell the keys of their records.
    pub async fn next(&mut self) -> Result<Option<StoredRecord>> {
        if self.fetched.is_empty() {
            self.fetch().await?;
        }
        match self.fetched.pop_front() {
            Some((record, key)) => {
                self.last_key = key;
                Ok(Some(record))
            }
            None => {
                self.stopped = self.entries.no_next_reason();
                Ok(None)
            }
        }
    }

    /// Up to `count` records; fewer only when [`no_next_reason`](IndexRecordCursor::no_next_reason) has a reason.
    ///
    /// **Errors**: those of [`next`](IndexRecordCursor::next); the records before it are lost.
    pub async fn next_batch(&mut self, count: usize) -> Result<Vec<StoredRecord>> {
        cursor::next_batch(self, count).await
    }

    /// By which key the continuation names the entry that led to the last record.
    pub(crate) fn last_entry_key(&self) -> Option<Bytes> {
        self.last_key.clone()
    }

    /// Why there is no next record; none while there may be one.
    pub fn no_next_reason(&self) -> Option<NoNextReason> {
        self.stopped
    }

    /// Where another scan goes on behind the last record. None when nothing follows, and before the first record of a scan
    /// that began at the beginning.
    pub fn continuation(&self) -> Option<Continuation> {
        self.position().to_continuation()
    }

    async fn fetch(&mut self) -> Result<()> {
        let mut entries = Vec::new();
        while entries.len() < FETCHED_TOGETHER {
            match self.entries.next().await? {
                Some(entry) => entries.push((entry, self.entries.last_key())),
                None => break,
            }
        }
        let records = try_join_all(entries.iter().map(|(entry, _)| self.load(entry))).await?;
        for (record, (_, key)) in records.into_iter().zip(entries) {
            self.entries.count_bytes(record.bytes().len());
            self.fetched.push_back((record, key));
        }
        Ok(())
    }

    async fn load(&self, entry: &IndexEntry) -> Result<StoredRecord> {
        let primary_key = entry.primary_key();
        if primary_key.is_empty() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the entries of the index are values of groups and lead to no records",
            )
            .with("index", &self.index));
        }
        let record = load::load(&self.store, primary_key, self.snapshot).await?;
        record.ok_or_else(|| {
            Error::new(
                ErrorKind::Corrupt,
                "an entry of the index leads to no record: rebuild the index",
            )
            .with("index", &self.index)
            .with("entry", entry.key())
            .with("primary_key", primary_key)
        })
    }
}

impl TransactionCursor for IndexRecordCursor {
    type Item = StoredRecord;

    async fn next(&mut self) -> Result<Option<StoredRecord>> {
        IndexRecordCursor::next(self).await
    }

    fn position(&self) -> Position {
        if self.stopped.is_some_and(NoNextReason::is_source_exhausted) {
            return Position::End;
        }
        match &self.last_key {
            Some(key) => Position::Key(key.clone()),
            None => Position::from_continuation(self.began_at.as_ref()),
        }
    }

    fn no_next_reason(&self) -> Option<NoNextReason> {
        self.stopped
    }

    fn identity(&self) -> Identity {
        self.entries.identity()
    }

    fn progress(&self) -> ScanProgress {
        ScanProgress {
            no_next_reason: self.stopped,
            continuation: self.continuation(),
            ..self.entries.progress()
        }
    }
}

impl std::fmt::Debug for IndexRecordCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IndexRecordCursor")
            .field("index", &self.index)
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}

/// How many records are read together.
const FETCHED_TOGETHER: usize = 64;
