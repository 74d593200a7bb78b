//! What scans are asked for: how far they go, where they go on, and between which bounds.

use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use record_store::{Continuation, Error, ErrorKind, RecordKey, Result, ScanLimits, ScanOptions};

use crate::index::milliseconds;
use crate::packed::Reader;
use crate::record::read_bound;

/// How far a scan goes and where it goes on.
#[napi(object, object_to_js = false)]
pub struct ScanArguments {
    /// From the end to the beginning.
    pub reverse: bool,
    /// The most results.
    pub limit: Option<i64>,
    /// How many results to leave out first.
    pub skip: Option<i64>,
    /// Where it goes on.
    pub after: Option<Buffer>,
    /// The most key-value pairs to read.
    pub max_rows: Option<i64>,
    /// The most bytes of keys and values to read.
    pub max_bytes: Option<i64>,
    /// The most milliseconds.
    pub max_ms: Option<f64>,
    /// Reads without conflicts with those who write.
    pub snapshot: bool,
}

impl ScanArguments {
    /// The core's options, without bounds.
    ///
    /// **Errors**: `InvalidArgument` for what is no number of things and no time.
    pub(crate) fn to_core(&self) -> Result<ScanOptions> {
        Ok(ScanOptions {
            reverse: self.reverse,
            limit: count(self.limit)?,
            skip: count(self.skip)?.unwrap_or_default(),
            limits: ScanLimits {
                scanned_rows_max: count(self.max_rows)?,
                scanned_bytes_max: count(self.max_bytes)?,
                time_max: self.max_ms.map(milliseconds).transpose()?,
            },
            snapshot: self.snapshot,
            continuation: self
                .after
                .as_ref()
                .map(|after| Continuation::from_bytes(after.to_vec())),
            ..ScanOptions::default()
        })
    }

    /// The core's options, with `bounds`, which are three keys, each null where there is none: the first columns of all
    /// results, those of the first one, those at which the scan ends. They are of records of the type `record_type`, if it is
    /// told.
    ///
    /// **Errors**: those of [`to_core`](ScanArguments::to_core); `InvalidArgument` for columns that no key has.
    pub(crate) fn with_bounds(&self, bounds: &[u8], record_type: Option<&str>) -> Result<ScanOptions> {
        let mut bounds = Reader::new(bounds);
        let mut bound = || -> Result<Option<RecordKey>> {
            let columns = read_bound(&mut bounds)?;
            Ok(match (columns, record_type) {
                (Some(columns), Some(record_type)) => Some(RecordKey::of(record_type, columns)),
                (columns, _) => columns,
            })
        };
        let (within, from, to) = (bound()?, bound()?, bound()?);
        let whole_type = match (&within, &from, &to) {
            (None, None, None) => record_type.map(|record_type| RecordKey::of(record_type, ())),
            _ => None,
        };
        Ok(ScanOptions {
            within: within.or(whole_type),
            from,
            to,
            ..self.to_core()?
        })
    }
}

fn count<N: TryFrom<i64>>(given: Option<i64>) -> Result<Option<N>> {
    let Some(given) = given else { return Ok(None) };
    N::try_from(given).map(Some).map_err(|_| {
        Error::new(ErrorKind::InvalidArgument, "a number of things is an integer from 0").with("given", given)
    })
}
