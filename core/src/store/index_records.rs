//! [`IndexRecordCursor`]: the records to which the entries of an index lead.
//!
//! Java method: `FDBRecordStoreBase.scanIndexRecords`, with `IndexOrphanBehavior.ERROR`.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use record_store_kv::Bytes;
use record_store_kv::tuple::Tuple;

use super::{Fetch, Fetched, RecordStore, StoredRecord};
use crate::cursor::{self, Cursor, Identity, Position, ScanProgress, TransactionCursor};
use crate::index::{EntryRow, IndexCursor, IndexMaintainer};
use crate::{Continuation, Error, ErrorKind, NoNextReason, Result};

/// The records of a scan of an index, in the order of its entries, within one transaction.
///
/// Made by [`RecordStore::scan_index_records`]. A record comes as often as it has entries in the range. Records are read
/// several at a time, ahead of those that are returned.
pub struct IndexRecordCursor {
    entries: IndexCursor<EntryRow>,
    maintainer: Arc<dyn IndexMaintainer>,
    /// The records that are read ahead, with their entries and by which keys continuations name these.
    fetch: Fetch<(EntryRow, Option<Bytes>)>,
    /// Whether more are to be read before the first is given.
    is_beginning: bool,
    last_key: Option<Bytes>,
    began_at: Option<Continuation>,
    stopped: Option<NoNextReason>,
}

impl IndexRecordCursor {
    pub(super) fn new(
        store: &RecordStore,
        maintainer: &Arc<dyn IndexMaintainer>,
        entries: IndexCursor<EntryRow>,
        snapshot: bool,
    ) -> Self {
        IndexRecordCursor {
            began_at: entries.continuation(),
            entries,
            maintainer: Arc::clone(maintainer),
            fetch: Fetch::new(store, snapshot),
            is_beginning: true,
            last_key: None,
            stopped: None,
        }
    }

    /// The next record, or none at the end of the range or of a limit.
    ///
    /// **Errors**: FoundationDB's; `Corrupt` for an entry that leads to no record, and for what is no record of the schema;
    /// `Unsupported` for an index whose entries do not tell the keys of their records.
    pub async fn next(&mut self) -> Result<Option<StoredRecord>> {
        cursor::next(self).await
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

    /// Begins to read as many records as are read together.
    fn poll_begin(&mut self, task: &mut Context<'_>) -> Poll<Result<()>> {
        while self.fetch.len() < FETCHED_TOGETHER {
            let Some(entry) = ready!(self.entries.poll_next(task))? else {
                break;
            };
            let (maintainer, key) = (&self.maintainer, entry.clone());
            let last_key = self.entries.last_key();
            let append = |primary_key: &mut Vec<u8>| {
                let prefix = primary_key.len();
                maintainer.extract_primary_key(key.key(), primary_key)?;
                if primary_key.len() > prefix {
                    return Ok(());
                }
                Err(Error::new(
                    ErrorKind::Unsupported,
                    "the entries of the index are values of groups and lead to no records",
                )
                .with("index", maintainer.index().name()))
            };
            self.fetch.begin((entry, last_key), append, task)?;
        }
        self.is_beginning = false;
        Poll::Ready(Ok(()))
    }
}

impl Cursor for IndexRecordCursor {
    type Item = StoredRecord;

    fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<StoredRecord>>> {
        if self.is_beginning {
            ready!(self.poll_begin(task))?;
        }
        let fetched = ready!(self.fetch.poll_next(task));
        self.is_beginning = self.fetch.len() == 0;
        let Some((fetched, (entry, key))) = fetched? else {
            self.stopped = self.entries.no_next_reason();
            return Poll::Ready(Ok(None));
        };
        match fetched {
            Fetched::Record(record) => {
                self.entries.count_bytes(record.bytes().len());
                self.last_key = key;
                Poll::Ready(Ok(Some(record)))
            }
            Fetched::Nothing(primary_key) => {
                let tuple = |packed: &[u8]| match Tuple::unpack(packed) {
                    Ok(tuple) => tuple.to_string(),
                    Err(_) => packed.escape_ascii().to_string(),
                };
                Poll::Ready(Err(Error::new(
                    ErrorKind::Corrupt,
                    "an entry of the index leads to no record: rebuild the index",
                )
                .with("index", self.maintainer.index().name())
                .with("entry", tuple(entry.key()))
                .with("primary_key", tuple(&primary_key))))
            }
        }
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
}

impl TransactionCursor for IndexRecordCursor {
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
            .field("index", &self.maintainer.index().name())
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}

/// How many records are read together.
const FETCHED_TOGETHER: usize = 64;
