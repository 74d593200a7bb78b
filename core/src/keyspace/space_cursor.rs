//! [`SpaceCursor`]: the records of a space, read in batches that are transactions of their own.

use std::collections::VecDeque;
use std::time::Duration;

use record_store_kv::Bytes;

use super::RecordSpace;
use crate::store::RecordCursor;
use crate::{Continuation, NoNextReason, RecordStore, Result, ScanLimits, ScanOptions, StoredRecord};

/// The records of a scan over a space.
///
/// Each batch is read in a transaction of its own, so a scan may take any time. Records that others save or delete
/// meanwhile may or may not be seen; within a transaction of your own, [`RecordStore::scan_records`] sees one state.
///
/// Limits count over the whole scan; that of time since its first batch.
///
/// ```
/// # futures_executor::block_on(async {
/// # use record_store::{Database, NoNextReason, Record, ScanOptions, Schema};
/// # let schema = Schema::builder()
/// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string name = 2; }")
/// #     .record_type("User", |t| t.primary_key("id"))
/// #     .build()?;
/// # let users = Database::in_memory()?.space("users").schema(&schema).open().await?;
/// # users.put_all((1..=5).map(|id| Record::from_json("User", format!(r#"{{"id": {id}}}"#)))).await?;
/// // A page, and the page behind it, perhaps in another process.
/// let mut page = users.scan(ScanOptions::default().limit(3));
/// assert_eq!(page.next_batch(100).await?.len(), 3);
/// assert_eq!(page.no_next_reason(), Some(NoNextReason::ReturnLimitReached));
/// let kept = page.continuation();
///
/// let mut page = users.scan(ScanOptions::default().limit(3).continuation(kept));
/// assert_eq!(page.next_batch(100).await?.len(), 2);
/// assert_eq!(page.no_next_reason(), Some(NoNextReason::SourceExhausted));
/// # Ok::<(), record_store::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct SpaceCursor {
    space: RecordSpace,
    options: ScanOptions,
    began: Option<Duration>,
    /// The records read ahead, with the keys by which continuations name them.
    batch: VecDeque<(StoredRecord, Option<Bytes>)>,
    /// The key of the last record that was returned.
    last_key: Option<Bytes>,
    /// Where the scan began.
    began_at: Option<Continuation>,
    /// Why no batch follows.
    end: Option<(NoNextReason, Option<Continuation>)>,
    stopped: Option<NoNextReason>,
}

impl SpaceCursor {
    pub(super) fn new(space: RecordSpace, options: ScanOptions) -> Self {
        SpaceCursor {
            space,
            began: None,
            batch: VecDeque::new(),
            last_key: None,
            began_at: options.continuation.clone(),
            options,
            end: None,
            stopped: None,
        }
    }

    /// The next record, or none at the end of the range or of a limit.
    ///
    /// **Errors**: those of [`RecordSpace::store`]; `Corrupt` for what is no record of the schema.
    pub async fn next(&mut self) -> Result<Option<StoredRecord>> {
        loop {
            if let Some((record, key)) = self.batch.pop_front() {
                self.last_key = key;
                return Ok(Some(record));
            }
            if let Some((reason, _)) = &self.end {
                self.stopped = Some(*reason);
                return Ok(None);
            }
            self.fetch().await?;
        }
    }

    /// Up to `count` records; fewer only when [`no_next_reason`](SpaceCursor::no_next_reason) has a reason.
    ///
    /// **Errors**: those of [`next`](SpaceCursor::next).
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
        match (&self.end, &self.last_key) {
            (Some((_, continuation)), _) if self.stopped.is_some() => continuation.clone(),
            (_, Some(key)) => Some(Continuation::of_key(key.clone())),
            (_, None) => self.began_at.clone(),
        }
    }

    /// Reads a batch, and takes what it read from the limits.
    async fn fetch(&mut self) -> Result<()> {
        let now = self.space.database().kv().env().clock().monotonic();
        let began = *self.began.get_or_insert(now);
        let time_left = self
            .options
            .limits
            .time_max
            .map(|most| most.saturating_sub(now.saturating_sub(began)));
        let limits = self.options.limits;
        let options = ScanOptions {
            limit: Some(self.options.limit.map_or(BATCH_ROWS, |limit| limit.min(BATCH_ROWS))),
            limits: ScanLimits {
                scanned_rows_max: limits.scanned_rows_max,
                scanned_bytes_max: Some(
                    limits
                        .scanned_bytes_max
                        .map_or(BATCH_BYTES, |most| most.min(BATCH_BYTES)),
                ),
                time_max: Some(time_left.map_or(BATCH_TIME, |left| left.min(BATCH_TIME))),
            },
            // A transaction that writes nothing has no conflicts to find.
            snapshot: true,
            ..self.options.clone()
        };
        let space = &self.space;
        let options = &options;
        let Batch {
            records,
            reason,
            continuation,
            scanned_rows,
            scanned_bytes,
            skip,
        } = self
            .space
            .database()
            .run(|context| async move { Batch::read(&space.store(&context).await?, options.clone()).await })
            .await?;

        if let Some(limit) = &mut self.options.limit {
            *limit = limit.saturating_sub(records.len());
        }
        take(&mut self.options.limits.scanned_rows_max, scanned_rows);
        take(&mut self.options.limits.scanned_bytes_max, scanned_bytes);
        self.options.skip = skip;
        self.options.continuation = continuation.clone();
        self.batch = records.into();
        let limits = &self.options.limits;
        let ends = match reason {
            NoNextReason::SourceExhausted => true,
            NoNextReason::ReturnLimitReached => self.options.limit == Some(0),
            NoNextReason::ScanLimitReached => true,
            NoNextReason::ByteLimitReached => limits.scanned_bytes_max == Some(0),
            NoNextReason::TimeLimitReached => time_left.is_some_and(|left| left <= BATCH_TIME),
        };
        if ends {
            self.end = Some((reason, continuation));
        }
        Ok(())
    }
}

/// What one transaction of the scan read.
struct Batch {
    records: Vec<(StoredRecord, Option<Bytes>)>,
    reason: NoNextReason,
    continuation: Option<Continuation>,
    scanned_rows: u64,
    scanned_bytes: u64,
    /// How many records are still to be left out.
    skip: usize,
}

impl Batch {
    async fn read(store: &RecordStore, options: ScanOptions) -> Result<Self> {
        let mut cursor: RecordCursor = store.scan_records(options)?;
        let mut records = Vec::new();
        while let Some(record) = cursor.next().await? {
            records.push((record, cursor.last_key()));
        }
        let (scanned_rows, scanned_bytes) = cursor.scanned();
        Ok(Batch {
            records,
            reason: cursor.no_next_reason().unwrap_or(NoNextReason::SourceExhausted),
            continuation: cursor.continuation(),
            scanned_rows,
            scanned_bytes,
            skip: cursor.skip_left(),
        })
    }
}

fn take(limit: &mut Option<u64>, taken: u64) {
    if let Some(left) = limit {
        *left = left.saturating_sub(taken);
    }
}

/// The most records of one batch.
const BATCH_ROWS: usize = 1_000;

/// About the most bytes of one batch.
const BATCH_BYTES: u64 = 1_000_000;

/// The most time of one batch: well within the five seconds of a transaction.
const BATCH_TIME: Duration = Duration::from_secs(2);
