//! The keywords of scans: their range, their order, how far they go and where they go on.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use record_store::{Continuation, RecordKey, ScanLimits, ScanOptions};

use crate::error::seconds;
use crate::keywords::Keywords;
use crate::record::{to_key, type_name};
use crate::transaction::TransactionBase;

/// What a scan is asked for.
pub(crate) struct ScanArguments {
    pub(crate) options: ScanOptions,
    pub(crate) transaction: Option<Py<TransactionBase>>,
}

impl ScanArguments {
    /// The keywords of a scan of records: bounds are columns of the primary key, `type` says of which record type.
    pub(crate) fn of_records(call: &'static str, given: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let keywords = Keywords::of(call, given);
        let record_type = keywords.object("type")?;
        let mut arguments = Self::common(&keywords, record_type.as_ref())?;
        keywords.finish()?;
        let options = &mut arguments.options;
        if let (Some(record_type), None, None, None) = (&record_type, &options.within, &options.from, &options.to) {
            options.within = Some(RecordKey::of(type_name(record_type)?, ()));
        }
        Ok(arguments)
    }

    /// The keywords of a scan of an index: bounds are its columns.
    pub(crate) fn of_index(call: &'static str, given: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let keywords = Keywords::of(call, given);
        let arguments = Self::common(&keywords, None)?;
        keywords.finish()?;
        Ok(arguments)
    }

    /// The keywords with which a query runs.
    pub(crate) fn of_query(call: &'static str, given: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let keywords = Keywords::of(call, given);
        let arguments = Self::execution(&keywords)?;
        keywords.finish()?;
        Ok(arguments)
    }

    fn common(keywords: &Keywords<'_>, record_type: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let bound = |name: &str| -> PyResult<Option<RecordKey>> {
            let columns = keywords.object(name)?;
            columns.map(|columns| to_key(&columns, record_type)).transpose()
        };
        let ScanArguments { options, transaction } = Self::execution(keywords)?;
        let options = ScanOptions {
            within: bound("prefix")?,
            from: bound("start")?,
            to: bound("end")?,
            reverse: keywords.take("reverse")?.unwrap_or_default(),
            limit: keywords.take("limit")?,
            skip: keywords.take("skip")?.unwrap_or_default(),
            ..options
        };
        Ok(ScanArguments { options, transaction })
    }

    /// How far it goes, where it goes on, and in which transaction.
    fn execution(keywords: &Keywords<'_>) -> PyResult<Self> {
        let after: Option<Vec<u8>> = keywords.take("after")?;
        let options = ScanOptions {
            limits: ScanLimits {
                scanned_rows_max: keywords.take("max_rows")?,
                scanned_bytes_max: keywords.take("max_bytes")?,
                time_max: keywords.take("max_seconds")?.map(seconds).transpose()?,
            },
            snapshot: keywords.take("snapshot")?.unwrap_or_default(),
            continuation: after.map(Continuation::from_bytes),
            ..ScanOptions::default()
        };
        let transaction: Option<Bound<'_, TransactionBase>> = keywords.take("tx")?;
        Ok(ScanArguments {
            options,
            transaction: transaction.map(Bound::unbind),
        })
    }
}
