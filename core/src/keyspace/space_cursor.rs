//! [`SpaceCursor`]: the records of a space, or the entries of an index, read in batches that are transactions of their own.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use record_store_kv::BoxFuture;

use super::RecordSpace;
use crate::cursor::{self, Envelope, Position, ScanProgress, Seal, TransactionCursor};
use crate::store::OpenFor;
use crate::{Continuation, NoNextReason, RecordContext, RecordStore, Result, ScanLimits, ScanOptions, StoredRecord};

/// The results of a scan over a space: its records, or entries of an index ([`RecordSpace::scan_index`]).
///
/// Each batch is read in a transaction of its own, so a scan may take any time. What others save or delete
/// meanwhile may or may not be seen; [within](SpaceCursor::within) a transaction of your own, it sees one state.
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
pub struct SpaceCursor<T = StoredRecord> {
    space: RecordSpace,
    purpose: OpenFor,
    /// The transaction that all batches are read in; each has its own without.
    within: Option<RecordContext>,
    read: ReadBatch<T>,
    /// Which results of a batch to give; it may remember those of the batches before.
    accept: Option<Accept<T>>,
    options: ScanOptions,
    began: Option<Duration>,
    /// The results read ahead, with where the scan stands behind each.
    batch: VecDeque<(T, Position)>,
    /// Where the scan stands behind the last result that was returned.
    position: Option<Position>,
    /// Where the scan began.
    began_at: Option<Continuation>,
    /// To what the continuations belong; known with the first batch.
    seal: Option<Seal>,
    /// Why no batch follows.
    end: Option<(NoNextReason, Option<Continuation>)>,
    stopped: Option<NoNextReason>,
}

/// Reads a batch in the transaction of a store.
type ReadBatch<T> = Box<dyn Fn(RecordStore, ScanOptions) -> BoxFuture<Result<Batch<T>>> + Send + Sync>;

type Accept<T> = Box<dyn FnMut(&T) -> bool + Send + Sync>;

impl<T: Send> SpaceCursor<T> {
    /// A scan of which `scan` is one transaction, on the store opened for a purpose. To learn which scan it is, it is begun
    /// without the continuation that was given to it, whose envelope it sees; what it does then is not asked for results.
    pub(super) fn new<C>(
        space: &RecordSpace,
        purpose: OpenFor,
        options: ScanOptions,
        scan: impl Fn(&RecordStore, ScanOptions, Option<&Envelope>) -> Result<C> + Send + Sync + 'static,
    ) -> Self
    where
        C: TransactionCursor<Item = T> + 'static,
    {
        SpaceCursor {
            space: space.clone(),
            purpose,
            within: None,
            read: Box::new(move |store, options| {
                let expected = options.limit.unwrap_or_default().min(ROWS_EXPECTED_MAX);
                let begun = begin(&store, options, &scan);
                Box::pin(async move {
                    let (cursor, seal) = begun?;
                    Batch::read(cursor, seal, expected).await
                })
            }),
            accept: None,
            began: None,
            batch: VecDeque::new(),
            position: None,
            began_at: options.continuation.clone(),
            options,
            seal: None,
            end: None,
            stopped: None,
        }
    }

    /// Gives only the results that pass a test, which sees each once and in order.
    pub(super) fn accepting(mut self, accept: impl FnMut(&T) -> bool + Send + Sync + 'static) -> Self {
        self.accept = Some(Box::new(accept));
        self
    }

    /// Reads in this transaction instead, whose writes it sees, and conflicts with who writes what it has read, unless it is a
    /// snapshot. It reads a hundred results ahead. Continuations are the same as without a transaction.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::{Database, Error, Record, ScanOptions, Schema};
    /// # let schema = Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string city = 2; }")
    /// #     .record_type("User", |t| t.primary_key("id"))
    /// #     .build()?;
    /// # let db = Database::in_memory()?;
    /// # let users = &db.space("users").schema(&schema).open().await?;
    /// let (all, in_oslo) = db
    ///     .run(|tx| async move {
    ///         let store = users.store(&tx).await?;
    ///         store.save_record(&Record::from_json("User", r#"{"id": 1, "city": "Oslo"}"#)).await?;
    ///         let all = users.scan(ScanOptions::default()).within(&tx).next_batch(10).await?;
    ///         let in_oslo = users.query("city = 'Oslo'").execute().within(&tx).next_batch(10).await?;
    ///         Ok::<_, Error>((all, in_oslo))
    ///     })
    ///     .await?;
    /// assert_eq!((all.len(), in_oslo.len()), (1, 1));
    /// # Ok::<(), Error>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn within(mut self, context: &RecordContext) -> Self {
        self.within = Some(context.clone());
        self
    }

    /// The next result, or none at the end of the range or of a limit.
    ///
    /// **Errors**: those of [`RecordSpace::store`]; those of the scan within a transaction.
    pub async fn next(&mut self) -> Result<Option<T>> {
        loop {
            if let Some((result, position)) = self.batch.pop_front() {
                self.position = Some(position);
                return Ok(Some(result));
            }
            if let Some((reason, _)) = &self.end {
                self.stopped = Some(*reason);
                return Ok(None);
            }
            self.fetch().await?;
        }
    }

    /// Up to `count` results; fewer only when [`no_next_reason`](SpaceCursor::no_next_reason) has a reason.
    ///
    /// **Errors**: those of [`next`](SpaceCursor::next).
    pub async fn next_batch(&mut self, count: usize) -> Result<Vec<T>> {
        let mut batch = Vec::new();
        while batch.len() < count {
            match self.next().await? {
                Some(result) => batch.push(result),
                None => break,
            }
        }
        Ok(batch)
    }

    /// Why there is no next result; none while there may be one.
    pub fn no_next_reason(&self) -> Option<NoNextReason> {
        self.stopped
    }

    /// Where another scan goes on behind the last result. None when nothing follows, and before the first result of a scan
    /// that began at the beginning.
    pub fn continuation(&self) -> Option<Continuation> {
        let inner = match (&self.end, &self.position) {
            (Some((_, continuation)), _) if self.stopped.is_some() => continuation.clone()?,
            (_, Some(position)) => position.to_continuation()?,
            (_, None) => return self.began_at.clone(),
        };
        self.seal.as_ref().map(|seal| seal.seal(inner))
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
        let (rows_max, time_max, snapshot) = match &self.within {
            // A transaction that writes nothing has no conflicts to find.
            None => (
                BATCH_ROWS,
                Some(time_left.map_or(BATCH_TIME, |left| left.min(BATCH_TIME))),
                true,
            ),
            Some(context) => (
                BATCH_ROWS_WITHIN,
                time_left.map(|left| context.age().saturating_add(left)),
                self.options.snapshot,
            ),
        };
        let options = ScanOptions {
            limit: Some(self.options.limit.map_or(rows_max, |limit| limit.min(rows_max))),
            limits: ScanLimits {
                scanned_rows_max: limits.scanned_rows_max,
                scanned_bytes_max: Some(
                    limits
                        .scanned_bytes_max
                        .map_or(BATCH_BYTES, |most| most.min(BATCH_BYTES)),
                ),
                time_max,
            },
            snapshot,
            ..self.options.clone()
        };
        let (space, purpose, read, options) = (&self.space, self.purpose, &self.read, &options);
        let Batch {
            mut results,
            progress,
            seal,
        } = match &self.within {
            None => {
                let attempt =
                    |context| async move { read(space.store_once(&context, purpose).await?, options.clone()).await };
                space.database().run(attempt).await?
            }
            Some(context) => read(space.store_for(context, purpose).await?, options.clone()).await?,
        };

        if let Some(accept) = &mut self.accept {
            results.retain(|(result, _)| accept(result));
        }
        if let Some(limit) = &mut self.options.limit {
            *limit = limit.saturating_sub(results.len());
        }
        take(&mut self.options.limits.scanned_rows_max, progress.scanned_rows);
        take(&mut self.options.limits.scanned_bytes_max, progress.scanned_bytes);
        self.options.skip = progress.skip;
        self.options.continuation = progress.continuation.clone();
        self.batch = results.into();
        self.seal = Some(seal);
        let reason = progress.no_next_reason.unwrap_or(NoNextReason::SourceExhausted);
        let limits = &self.options.limits;
        let ends = match reason {
            NoNextReason::SourceExhausted => true,
            NoNextReason::ReturnLimitReached => self.options.limit == Some(0),
            NoNextReason::ScanLimitReached => true,
            NoNextReason::ByteLimitReached => limits.scanned_bytes_max == Some(0),
            NoNextReason::TimeLimitReached => self.within.is_some() || time_left.is_some_and(|left| left <= BATCH_TIME),
        };
        if ends {
            self.end = Some((reason, progress.continuation));
        }
        Ok(())
    }
}

impl<T> fmt::Debug for SpaceCursor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpaceCursor")
            .field("space", &self.space)
            .field("options", &self.options)
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}

/// What one transaction of the scan read.
struct Batch<T> {
    /// With where the scan stands behind each.
    results: Vec<(T, Position)>,
    progress: ScanProgress,
    seal: Seal,
}

impl<T: Send> Batch<T> {
    async fn read(mut cursor: impl TransactionCursor<Item = T>, seal: Seal, expected: usize) -> Result<Self> {
        let mut results = Vec::with_capacity(expected);
        while let Some(result) = cursor::next(&mut cursor).await? {
            results.push((result, cursor.position()));
        }
        Ok(Batch {
            results,
            progress: cursor.progress(),
            seal,
        })
    }
}

/// A scan in the transaction of a store, and to what its continuations belong. One that was given must belong to it.
fn begin<C: TransactionCursor>(
    store: &RecordStore,
    mut options: ScanOptions,
    scan: impl Fn(&RecordStore, ScanOptions, Option<&Envelope>) -> Result<C>,
) -> Result<(C, Seal)> {
    let sealed = match &options.continuation {
        Some(given) if !given.is_java() => Some(Envelope::read(given)?),
        _ => None,
    };
    if sealed.is_some() {
        options.continuation = None;
    }
    let cursor = scan(store, options.clone(), sealed.as_ref())?;
    let seal = Seal::new(store.subspace().prefix(), cursor.identity(), store.metadata().version());
    let Some(sealed) = sealed else {
        return Ok((cursor, seal));
    };
    options.continuation = Some(seal.open(sealed)?);
    Ok((scan(store, options, None)?, seal))
}

fn take(limit: &mut Option<u64>, taken: u64) {
    if let Some(left) = limit {
        *left = left.saturating_sub(taken);
    }
}

/// The most results of one batch.
const BATCH_ROWS: usize = 1_000;

/// The same within a transaction, which conflicts with who writes what was read ahead.
const BATCH_ROWS_WITHIN: usize = 100;

/// For how many results of a batch room is made before they are seen.
const ROWS_EXPECTED_MAX: usize = 128;

/// About the most bytes of one batch.
const BATCH_BYTES: u64 = 1_000_000;

/// The most time of one batch: well within the five seconds of a transaction.
const BATCH_TIME: Duration = Duration::from_secs(2);
