//! [`ScanOptions`]: which records a scan reads, in what order, and how far it goes.

use std::time::Duration;

use record_store_kv::tuple::{EndpointType, Tuple, TupleRange};

use super::record_key::{Beginning, RecordKey};
use crate::metadata::RecordMetaData;
use crate::{Continuation, Error, ErrorKind, Result, ScanLimits};

/// Which records a scan reads, and how far it goes.
///
/// ```
/// use record_store::{RecordKey, ScanOptions};
/// let last_ten = ScanOptions::default().reverse().limit(10);
/// let teens = ScanOptions::default().from(13).to(20);
/// let all_users = ScanOptions::default().within(RecordKey::of("User", ()));
/// let ada_s_orders = ScanOptions::default().within(RecordKey::of("Order", "ada"));
/// assert_ne!(all_users, ada_s_orders);
/// # let _ = (last_ten, teens);
/// ```
///
/// Java class: `ScanProperties`, with the range.
#[derive(Clone, Debug, PartialEq)]
pub struct ScanOptions {
    /// The first key, which belongs to the scan; of an index, the first columns of the first entry.
    pub from: Option<RecordKey>,
    /// The key at which the scan ends, which does not belong to it; of an index, the first columns of the entry.
    pub to: Option<RecordKey>,
    /// The first columns of the keys or of the entries of an index, or the record type alone. Excludes `from` and `to`.
    pub within: Option<RecordKey>,
    /// The whole primary keys, with those of the record types, or the keys of entries. Excludes `from`, `to` and `within`.
    pub range: TupleRange,
    /// From the greatest primary key downwards.
    pub reverse: bool,
    /// The most records to return.
    pub limit: Option<usize>,
    /// How many records to leave out first.
    pub skip: usize,
    /// How much to read before stopping.
    pub limits: ScanLimits,
    /// Reads without conflicts with those who write.
    pub snapshot: bool,
    /// Where the scan goes on; it must come from a scan of the same range in the same direction.
    pub continuation: Option<Continuation>,
}

impl Default for ScanOptions {
    /// All records, in the order of their primary keys, without limits.
    fn default() -> Self {
        ScanOptions {
            from: None,
            to: None,
            within: None,
            range: TupleRange::ALL,
            reverse: false,
            limit: None,
            skip: 0,
            limits: ScanLimits::default(),
            snapshot: false,
            continuation: None,
        }
    }
}

impl ScanOptions {
    /// From the record with this key on, which need not exist; of a record type, to the last of that type.
    #[must_use]
    pub fn from(mut self, key: impl Into<RecordKey>) -> Self {
        self.from = Some(key.into());
        self
    }

    /// Up to the record with this key, and without it; of a record type, from the first of that type.
    #[must_use]
    pub fn to(mut self, key: impl Into<RecordKey>) -> Self {
        self.to = Some(key.into());
        self
    }

    /// The records whose keys begin with these columns.
    #[must_use]
    pub fn within(mut self, key: impl Into<RecordKey>) -> Self {
        self.within = Some(key.into());
        self
    }

    /// The records with these whole primary keys, in the terms of the record store.
    #[must_use]
    pub fn range(mut self, range: TupleRange) -> Self {
        self.range = range;
        self
    }

    /// From the greatest primary key downwards.
    #[must_use]
    pub fn reverse(mut self) -> Self {
        self.reverse = true;
        self
    }

    /// The most records to return.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// How many records to leave out first.
    #[must_use]
    pub fn skip(mut self, skip: usize) -> Self {
        self.skip = skip;
        self
    }

    /// The most key-value pairs to read.
    #[must_use]
    pub fn scanned_rows_max(mut self, rows: u64) -> Self {
        self.limits.scanned_rows_max = Some(rows);
        self
    }

    /// The most bytes of keys and values to read.
    #[must_use]
    pub fn scanned_bytes_max(mut self, bytes: u64) -> Self {
        self.limits.scanned_bytes_max = Some(bytes);
        self
    }

    /// The most time since the transaction began.
    #[must_use]
    pub fn time_max(mut self, time: Duration) -> Self {
        self.limits.time_max = Some(time);
        self
    }

    /// Reads without conflicts with those who write.
    #[must_use]
    pub fn snapshot(mut self) -> Self {
        self.snapshot = true;
        self
    }

    /// Goes on where another scan stopped.
    #[must_use]
    pub fn continuation(mut self, continuation: Option<Continuation>) -> Self {
        self.continuation = continuation;
        self
    }

    /// Errors: `InvalidArgument` for bounds that exclude each other.
    pub(super) fn check_bounds(&self) -> Result<()> {
        let bounds = self.from.is_some() || self.to.is_some();
        if bounds && self.within.is_some() {
            return Err(excluded("within excludes from and to"));
        }
        if (bounds || self.within.is_some()) && self.range != TupleRange::ALL {
            return Err(excluded("a range of tuples excludes from, to and within"));
        }
        Ok(())
    }

    /// The range of primary keys by this schema.
    ///
    /// Errors: `InvalidArgument` for keys that do not fit the schema, or exclude each other; what an unknown record type gives.
    pub(super) fn resolve_range(&self, metadata: &RecordMetaData) -> Result<TupleRange> {
        self.check_bounds()?;
        match &self.within {
            Some(within) => return Ok(TupleRange::all_of(within.resolve_beginning(metadata)?.key)),
            None if self.from.is_none() && self.to.is_none() => return Ok(self.range.clone()),
            None => {}
        }
        let resolve = |key: &Option<RecordKey>| key.as_ref().map(|key| key.resolve_beginning(metadata)).transpose();
        let (from, to) = (resolve(&self.from)?, resolve(&self.to)?);
        let type_key = |bound: &Option<Beginning<'_>>| -> Option<Tuple> {
            let bound = bound.as_ref().filter(|bound| bound.type_columns > 0)?;
            Some(bound.key.iter().take(bound.type_columns).cloned().collect())
        };
        let (from_type, to_type) = (type_key(&from), type_key(&to));
        if from.is_some() && to.is_some() && from_type != to_type {
            return Err(excluded("a scan from one key to another stays within one record type"));
        }
        // Without one of the bounds, the record type of the other one is the bound.
        let (low, low_endpoint) = match (from, to_type) {
            (Some(from), _) => (Some(from.key), EndpointType::RangeInclusive),
            (None, Some(of_type)) => (Some(of_type), EndpointType::RangeInclusive),
            (None, None) => (None, EndpointType::TreeStart),
        };
        let (high, high_endpoint) = match (to, from_type) {
            (Some(to), _) => (Some(to.key), EndpointType::RangeExclusive),
            (None, Some(of_type)) => (Some(of_type), EndpointType::RangeInclusive),
            (None, None) => (None, EndpointType::TreeEnd),
        };
        Ok(TupleRange::new(low, high, low_endpoint, high_endpoint))
    }
}

fn excluded(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}
