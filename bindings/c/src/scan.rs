//! What is scanned and how far: `rs_scan_options`, and the calls that begin a scan.

use std::sync::Arc;
use std::time::Duration;

use record_store::{Continuation, ScanLimits, ScanOptions};

use crate::buffer::{Out, options, rs_bytes};
use crate::cursor::{Cursor, Source, rs_cursor};
use crate::error::{Result, rs_error};
use crate::handle;
use crate::key::{resolve_optional, rs_key};
use crate::panic::call;
use crate::space::{Space, rs_space};
use crate::status::{RS_OK, rs_status};
use crate::transaction::{Transaction, rs_transaction};

/// What a scan reads, and how far it goes. Zeros are the defaults; make it with `rs_scan_options_init`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_scan_options {
    /// The size of this struct.
    pub size: usize,
    /// The first key, which belongs to the scan; of an index the first columns. NULL for the beginning.
    pub from: *const rs_key,
    /// The key at which the scan ends, which does not belong to it; of an index the first columns. NULL for the end.
    pub to: *const rs_key,
    /// The first columns of the keys, or the record type alone. Excludes `from` and `to`. NULL for all.
    pub within: *const rs_key,
    /// Where the scan goes on: the continuation of a scan of the same range in the same direction.
    pub continuation: rs_bytes,
    /// The most results; 0 for all.
    pub limit: u64,
    /// How many results to leave out first.
    pub skip: u64,
    /// The most key-value pairs to read before the scan stops; 0 for no limit.
    pub scanned_rows_max: u64,
    /// The most bytes of keys and values to read before the scan stops; 0 for no limit.
    pub scanned_bytes_max: u64,
    /// After how many milliseconds the scan stops; 0 for no limit.
    pub time_max_ms: u64,
    /// Not 0: from the greatest key downwards.
    pub reverse: u8,
    /// Not 0: reads without conflicts with those who write.
    pub snapshot: u8,
}

impl rs_scan_options {
    fn to_core(self) -> Result<ScanOptions> {
        let continuation = match self.continuation {
            none if none.is_null() => None,
            kept => Some(Continuation::from_bytes(kept.copied("continuation")?)),
        };
        Ok(ScanOptions {
            from: resolve_optional(self.from)?,
            to: resolve_optional(self.to)?,
            within: resolve_optional(self.within)?,
            reverse: self.reverse != 0,
            limit: most(self.limit).map(count),
            skip: count(self.skip),
            limits: ScanLimits {
                scanned_rows_max: most(self.scanned_rows_max),
                scanned_bytes_max: most(self.scanned_bytes_max),
                time_max: most(self.time_max_ms).map(Duration::from_millis),
            },
            snapshot: self.snapshot != 0,
            continuation,
            ..ScanOptions::default()
        })
    }
}

/// A limit, of which 0 means none.
pub(crate) fn most(number: u64) -> Option<u64> {
    Some(number).filter(|number| *number > 0)
}

/// A number of things, or more than memory has.
pub(crate) fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A cursor over what `scan` gives, in a transaction or in many.
pub(crate) fn begin(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    scan: impl FnOnce(&record_store::RecordSpace) -> Source,
) -> Result<*mut rs_cursor> {
    let space = handle::get::<Space>(space)?;
    let transaction = handle::get_optional::<Transaction>(transaction)?;
    let source = scan(&space.core);
    let source = match &transaction {
        None => source,
        Some(transaction) => source.within(&transaction.enter_for(&space.family)?.context),
    };
    let cursor = Cursor::new(source, transaction, space.family.clone());
    space.family.adopt(Arc::new(cursor))
}

/// Begins to read the records in the order of their primary keys; read them with `rs_cursor_next`.
///
/// Without a transaction the scan may take any time: it reads in batches, each of one moment. What does not go with the space,
/// such as a continuation of another scan, is told with the first result. `options` may be NULL. Free the cursor with
/// `rs_cursor_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_scan(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    options: *const rs_scan_options,
    cursor: *mut *mut rs_cursor,
    error: *mut *mut rs_error,
) -> rs_status {
    let cursor = Out::new(cursor);
    call(error, || {
        let cursor = cursor.required("cursor")?;
        let options = self::options(options)?.to_core()?;
        cursor.set(begin(space, transaction, |space| Source::Records(space.scan(options)))?);
        Ok(RS_OK)
    })
}

/// Begins to read the records in the order of an index; read them with `rs_cursor_next`. A record comes as often as it has entries
/// in the range. Otherwise as `rs_scan`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_scan_by(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    index: rs_bytes,
    options: *const rs_scan_options,
    cursor: *mut *mut rs_cursor,
    error: *mut *mut rs_error,
) -> rs_status {
    let cursor = Out::new(cursor);
    call(error, || {
        let cursor = cursor.required("cursor")?;
        let (index, options) = (index.text("index")?, self::options(options)?.to_core()?);
        cursor.set(begin(space, transaction, |space| {
            Source::Records(space.scan_index_records(index, options))
        })?);
        Ok(RS_OK)
    })
}

/// Begins to read the entries of an index in its order; read them with `rs_cursor_next_entry`. Otherwise as `rs_scan`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_scan_index(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    index: rs_bytes,
    options: *const rs_scan_options,
    cursor: *mut *mut rs_cursor,
    error: *mut *mut rs_error,
) -> rs_status {
    let cursor = Out::new(cursor);
    call(error, || {
        let cursor = cursor.required("cursor")?;
        let (index, options) = (index.text("index")?, self::options(options)?.to_core()?);
        cursor.set(begin(space, transaction, |space| {
            Source::Entries(space.scan_index(index, None, options))
        })?);
        Ok(RS_OK)
    })
}

/// Begins to read the primary keys of the records, in their order and without the records; read them with `rs_cursor_next_key`.
/// Otherwise as `rs_scan`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_scan_keys(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    options: *const rs_scan_options,
    cursor: *mut *mut rs_cursor,
    error: *mut *mut rs_error,
) -> rs_status {
    let cursor = Out::new(cursor);
    call(error, || {
        let cursor = cursor.required("cursor")?;
        let options = self::options(options)?.to_core()?;
        cursor.set(begin(space, transaction, |space| {
            Source::Keys(space.scan_record_keys(options))
        })?);
        Ok(RS_OK)
    })
}

/// Begins to read what breaks the uniqueness of an index that is being built, or is not yet unique, by value and primary key; read it
/// with `rs_cursor_next_violation`. Otherwise as `rs_scan_index`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_scan_uniqueness_violations(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    index: rs_bytes,
    options: *const rs_scan_options,
    cursor: *mut *mut rs_cursor,
    error: *mut *mut rs_error,
) -> rs_status {
    let cursor = Out::new(cursor);
    call(error, || {
        let cursor = cursor.required("cursor")?;
        let (index, options) = (index.text("index")?, self::options(options)?.to_core()?);
        cursor.set(begin(space, transaction, |space| {
            Source::Violations(space.scan_uniqueness_violations(index, options))
        })?);
        Ok(RS_OK)
    })
}
