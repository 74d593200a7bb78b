//! Reading values: a value is put together from the rows under its key.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use futures_util::FutureExt;
use record_store_kv::{Bytes, KeyRange, RangeBatch, RangeRequest, Read};
use smallvec::SmallVec;

use super::{
    FIRST_CHUNK, HexKey, PACKED_VERSION_LENGTH, RawRecord, SplitLayout, StoredSizes, VERSION, WHOLE, read_suffix,
    strict_range, unpack_version, with_suffix,
};
use crate::{Error, ErrorKind, RecordContext, RecordVersion, Result};

/// Reads the value at `key`. Errors: `Corrupt` for chunks with gaps, a version without a value, and the like.
pub(crate) async fn load(
    context: &RecordContext,
    key: &[u8],
    layout: SplitLayout,
    snapshot: bool,
) -> Result<Option<RawRecord>> {
    Loading::start(context, key, layout, snapshot)
        .finish(context, key)
        .await
}

/// A value whose read is under way: it sees what the transaction wrote before it was started.
#[derive(Debug)]
pub(crate) struct Loading {
    rows: Rows,
    snapshot: bool,
}

#[derive(Debug)]
enum Rows {
    Bare(Read<Option<Bytes>>),
    Suffixed {
        batch: Read<RangeBatch>,
        /// What came in the batches before, and the request that is under way. Only a record that is split comes in several.
        before: Option<Box<(Assembly, RangeRequest)>>,
    },
}

impl Loading {
    /// Starts the read of the value at `key`.
    pub(crate) fn start(context: &RecordContext, key: &[u8], layout: SplitLayout, snapshot: bool) -> Self {
        let transaction = context.transaction();
        let rows = if layout.has_bare_keys() {
            Rows::Bare(transaction.get(key, snapshot))
        } else {
            let (begin, end) = strict_range(key);
            Rows::Suffixed {
                batch: transaction.get_range_between(&begin, &end, snapshot),
                before: None,
            }
        };
        Loading { rows, snapshot }
    }

    /// The value at the key with which the read was started. Errors: those of [`load`].
    pub(crate) async fn finish(mut self, context: &RecordContext, key: &[u8]) -> Result<Option<RawRecord>> {
        let found = poll_fn(|task| self.poll(context, key, task)).await?;
        Ok(found.map(|(_, raw)| raw))
    }

    /// As [`finish`](Loading::finish), with the key again, of which what was read has a copy.
    pub(crate) fn poll(
        &mut self,
        context: &RecordContext,
        key: &[u8],
        task: &mut Context<'_>,
    ) -> Poll<Result<Option<(Bytes, RawRecord)>>> {
        let (reading, before) = match &mut self.rows {
            Rows::Bare(value) => {
                let value = ready!(value.poll_unpin(task))?;
                let found = value.map(|value| (Bytes::copy_from_slice(key), RawRecord::bare(key, value)));
                return Poll::Ready(Ok(found));
            }
            Rows::Suffixed { batch, before } => (batch, before),
        };
        loop {
            let batch = ready!(reading.poll_unpin(task))?;
            let read_key = batch.rows.first().and_then(|row| key_within(&row.key, key));
            let (mut assembly, request) = match before.take() {
                None if batch.rows.is_empty() => return Poll::Ready(Ok(None)),
                None => (Assembly::new(false), None),
                Some(before) => (before.0, Some(before.1)),
            };
            let next = match (batch.more, request) {
                (false, _) => None,
                (true, Some(request)) => request.after(&batch),
                (true, None) => {
                    let (begin, end) = strict_range(key);
                    RangeRequest::copy_keys(&begin, &end).after(&batch)
                }
            };
            for row in batch.rows {
                let suffix = read_suffix(&row.key, key.len())?;
                assembly.push(suffix, &row.key, row.value)?;
            }
            let Some(request) = next else {
                let raw = assembly.finish(context, key)?;
                // The last batch of a split record may have no rows.
                let key = read_key.unwrap_or_else(|| Bytes::copy_from_slice(key));
                return Poll::Ready(Ok(raw.map(|raw| (key, raw))));
            };
            *reading = context.transaction().get_range(&request, self.snapshot);
            *before = Some(Box::new((assembly, request)));
        }
    }
}

/// The beginning of the key of a row that is `key`, without a copy.
fn key_within(row_key: &Bytes, key: &[u8]) -> Option<Bytes> {
    row_key.starts_with(key).then(|| row_key.slice(..key.len()))
}

/// Whether there is a value at `key`. It reads one row of all keys that begin with `key`, as Java does.
pub(crate) async fn exists(context: &RecordContext, key: &[u8], layout: SplitLayout, snapshot: bool) -> Result<bool> {
    let transaction = context.transaction();
    if layout.has_bare_keys() {
        return Ok(transaction.get(key, snapshot).await?.is_some());
    }
    let request = KeyRange::starting_with(key).request().limit(1);
    Ok(!transaction.get_range(&request, snapshot).await?.rows.is_empty())
}

/// Puts a record together from its rows, which come in the order of the keys or against it.
#[derive(Debug)]
pub(crate) struct Assembly {
    reverse: bool,
    /// The chunks so far, in the order in which they came.
    chunks: SmallVec<[Bytes; 1]>,
    version: Option<RecordVersion>,
    last_suffix: Option<i64>,
    sizes: StoredSizes,
}

impl Assembly {
    pub(crate) fn new(reverse: bool) -> Self {
        Assembly {
            reverse,
            chunks: SmallVec::new(),
            version: None,
            last_suffix: None,
            sizes: StoredSizes::default(),
        }
    }

    /// Whether no further row of this record can come.
    pub(crate) fn is_complete(&self) -> bool {
        match self.last_suffix {
            Some(suffix) if self.reverse => suffix == VERSION,
            suffix => suffix == Some(WHOLE),
        }
    }

    /// Takes the next row. Errors: `Corrupt` for one that cannot follow the rows before it.
    pub(crate) fn push(&mut self, suffix: i64, key: &[u8], value: Bytes) -> Result<()> {
        let fits = match (self.last_suffix, self.reverse) {
            (None, false) => matches!(suffix, VERSION | WHOLE | FIRST_CHUNK),
            (None, true) => suffix >= WHOLE,
            (Some(VERSION), false) => matches!(suffix, WHOLE | FIRST_CHUNK),
            (Some(last), false) => last >= FIRST_CHUNK && suffix == last + 1,
            (Some(WHOLE | FIRST_CHUNK), true) => suffix == VERSION,
            (Some(last), true) => last > FIRST_CHUNK && suffix == last - 1,
        };
        if !fits {
            let message = match self.last_suffix {
                Some(WHOLE) => "a record stored whole is followed by chunks",
                Some(last) if last >= FIRST_CHUNK => "the chunks of a split record are out of order",
                _ => "a split record has no first chunk",
            };
            let error = Error::new(ErrorKind::Corrupt, message)
                .with("key", HexKey(key))
                .with("suffix", suffix);
            return Err(match self.last_suffix {
                Some(last) => error.with("previous_suffix", last),
                None => error,
            });
        }
        self.last_suffix = Some(suffix);
        self.sizes.add(key.len(), value.len());
        if suffix == VERSION {
            self.version = Some(unpack_version(key, &value)?);
            self.sizes.versioned_inline = true;
        } else {
            self.sizes.split = suffix != WHOLE;
            self.chunks.push(value);
        }
        Ok(())
    }

    /// The record at `key` (its key without suffix), if any row came. A version that waits for this transaction's commit counts.
    ///
    /// Errors: `Corrupt` for a version without a value and for chunks without the first.
    pub(crate) fn finish(self, context: &RecordContext, key: &[u8]) -> Result<Option<RawRecord>> {
        let Assembly {
            reverse,
            mut chunks,
            mut version,
            last_suffix,
            mut sizes,
        } = self;
        if last_suffix.is_none() {
            return Ok(None);
        }
        if reverse && last_suffix.is_some_and(|last| last > FIRST_CHUNK) {
            return Err(Error::new(ErrorKind::Corrupt, "a split record has no first chunk").with("key", HexKey(key)));
        }
        if context.has_pending_versions() {
            let version_key = with_suffix(key, VERSION);
            if let Some(local) = context.local_version(&version_key) {
                if version.is_none() {
                    sizes.add(version_key.len(), PACKED_VERSION_LENGTH);
                    sizes.versioned_inline = true;
                }
                version = Some(RecordVersion::incomplete(local));
            }
        }
        if reverse {
            chunks.reverse();
        }
        let value = match chunks.len() {
            0 => {
                return Err(
                    Error::new(ErrorKind::Corrupt, "a record has a version but no value").with("key", HexKey(key))
                );
            }
            1 => chunks.swap_remove(0),
            _ => chunks.concat().into(),
        };
        Ok(Some(RawRecord { value, version, sizes }))
    }
}
