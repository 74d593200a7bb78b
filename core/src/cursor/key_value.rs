//! [`KeyValueCursor`]: the key-value pairs of a range of tuples, in batches underneath.
//!
//! Java class: `KeyValueCursor`. It counts no limits but the rows to ask for; its users do.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use futures_util::FutureExt;
use record_store_kv::tuple::{EndpointType, Tuple, TupleRange, endpoint_range};
use record_store_kv::{Bytes, KeyRange, KeyValue, RangeBatch, RangeRequest, Read, Subspace};

use crate::{Continuation, Error, ErrorKind, RecordContext, Result};

/// What a [`KeyValueCursor`] reads.
pub(crate) struct KeyValueScan<'a> {
    pub(crate) subspace: &'a Subspace,
    pub(crate) range: &'a TupleRange,
    pub(crate) continuation: Option<&'a Continuation>,
    pub(crate) reverse: bool,
    pub(crate) snapshot: bool,
    pub(crate) rows: RowsWanted,
}

/// How many rows a [`KeyValueCursor`] asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowsWanted {
    /// All.
    All,
    /// No more than so many: the range is read no further.
    AtMost(u64),
    /// Probably so many: they are asked for first, and the others if they are wanted all the same.
    Probably(u64),
}

/// The key-value pairs of a range of tuples.
pub(crate) struct KeyValueCursor {
    context: RecordContext,
    snapshot: bool,
    /// The next batch to ask for; none when the range is exhausted.
    request: Option<RangeRequest>,
    /// That batch, when it was asked for.
    reading: Option<Read<RangeBatch>>,
    /// Whether the limit of that batch is none of the whole.
    has_first_limit: bool,
    batch: std::vec::IntoIter<KeyValue>,
    /// How many first bytes of a key follow from the range, so that a continuation leaves them out.
    known_prefix: usize,
    /// Of the range without a continuation, and the direction.
    plan_hash: u32,
}

impl KeyValueCursor {
    /// Errors: `InvalidArgument` for ends that do not go together, `InvalidContinuation` for one that lies outside the range.
    pub(crate) fn new(context: RecordContext, scan: &KeyValueScan<'_>) -> Result<Self> {
        let pack = |end: &Option<Tuple>| {
            let prefix = scan.subspace.prefix();
            let mut key = Vec::with_capacity(prefix.len() + TUPLE_LENGTH_EXPECTED);
            key.extend_from_slice(prefix);
            if let Some(tuple) = end {
                tuple.pack_into(&mut key);
            }
            key
        };
        let low = pack(&scan.range.low);
        let high = match scan.range.low == scan.range.high {
            true => low.clone(),
            false => pack(&scan.range.high),
        };
        let (low_endpoint, high_endpoint) = (scan.range.low_endpoint, scan.range.high_endpoint);
        let mut known_prefix = scan.subspace.prefix().len();
        known_prefix += low
            .iter()
            .zip(&high)
            .skip(known_prefix)
            .take_while(|(low, high)| low == high)
            .count();
        if (low_endpoint, high_endpoint) == (EndpointType::PrefixString, EndpointType::PrefixString) {
            // The terminator of the prefix is no part of the keys in the range.
            known_prefix = known_prefix.saturating_sub(1);
        }
        let prefix = scan
            .continuation
            .map(|_| low.get(..known_prefix).unwrap_or_default().to_vec());
        let whole = endpoint_range(Some(low), Some(high), low_endpoint, high_endpoint)?;
        let plan_hash = hash(&whole.begin, &whole.end, scan.reverse);
        let range = match (scan.continuation, prefix) {
            (Some(continuation), Some(prefix)) => resume(whole, prefix, continuation, scan.reverse)?,
            _ => whole,
        };
        let request = RangeRequest::keys(range.begin, range.end).reverse(scan.reverse);
        Ok(KeyValueCursor {
            known_prefix,
            ..Self::begin(context, request, scan.snapshot, scan.rows, plan_hash)
        })
    }

    /// The pairs that `request` asks for, or as many of them as are wanted. Continuations name them by whole keys.
    pub(crate) fn of_request(context: RecordContext, request: RangeRequest, snapshot: bool, rows: RowsWanted) -> Self {
        let plan_hash = hash(&request.begin.key, &request.end.key, request.reverse);
        Self::begin(context, request, snapshot, rows, plan_hash)
    }

    fn begin(
        context: RecordContext,
        mut request: RangeRequest,
        snapshot: bool,
        rows: RowsWanted,
        plan_hash: u32,
    ) -> Self {
        if let RowsWanted::AtMost(rows) | RowsWanted::Probably(rows) = rows {
            request = request.limit(i32::try_from(rows).unwrap_or(i32::MAX));
        }
        KeyValueCursor {
            plan_hash,
            context,
            snapshot,
            request: (rows != RowsWanted::AtMost(0)).then_some(request),
            reading: None,
            has_first_limit: matches!(rows, RowsWanted::Probably(_)),
            batch: Vec::new().into_iter(),
            known_prefix: 0,
        }
    }

    /// The next pair, or none at the end of the range or of the rows that are wanted.
    pub(crate) fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<KeyValue>>> {
        loop {
            if let Some(row) = self.batch.next() {
                return Poll::Ready(Ok(Some(row)));
            }
            let Some(request) = &self.request else {
                return Poll::Ready(Ok(None));
            };
            let transaction = self.context.transaction();
            let reading = self
                .reading
                .get_or_insert_with(|| transaction.get_range(request, self.snapshot));
            let batch = ready!(reading.poll_unpin(task));
            self.reading = None;
            let Some(mut request) = self.request.take() else {
                return Poll::Ready(Ok(None));
            };
            let batch = batch?;
            if std::mem::take(&mut self.has_first_limit) {
                request.limit = 0;
            }
            self.request = request.after(&batch);
            self.batch = batch.rows.into_iter();
        }
    }

    /// As [`poll_next`](KeyValueCursor::poll_next).
    pub(crate) async fn next(&mut self) -> Result<Option<KeyValue>> {
        poll_fn(|task| self.poll_next(task)).await
    }

    /// A number for the range and the direction.
    pub(crate) fn plan_hash(&self) -> u32 {
        self.plan_hash
    }

    /// The part of `key` by which a continuation names it, see [`Continuation::of_key`].
    pub(crate) fn continuation_key(&self, key: &Bytes) -> Bytes {
        key.slice(self.known_prefix.min(key.len())..)
    }
}

fn hash(begin: &[u8], end: &[u8], reverse: bool) -> u32 {
    // Keys of one length in another split must not look alike.
    let parts = [begin, &[0xFF, u8::from(reverse)], end];
    parts.iter().fold(0, |hash, part| crc32c::crc32c_append(hash, part))
}

/// The part of `range` that lies behind a continuation.
fn resume(range: KeyRange, mut key: Vec<u8>, continuation: &Continuation, reverse: bool) -> Result<KeyRange> {
    key.extend_from_slice(&continuation.key());
    if key.as_slice() < &*range.begin || key.as_slice() > &*range.end {
        return Err(Error::new(
            ErrorKind::InvalidContinuation,
            "the continuation lies outside the range: give it to the scan from which it came",
        )
        .with("range", format_args!("{range:?}")));
    }
    Ok(if reverse {
        KeyRange {
            begin: range.begin,
            end: key.into(),
        }
    } else {
        key.push(0);
        KeyRange {
            begin: key.into(),
            end: range.end,
        }
    })
}

/// For how many bytes behind a prefix room is made.
const TUPLE_LENGTH_EXPECTED: usize = 48;
