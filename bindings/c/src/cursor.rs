//! `rs_cursor`: what a scan gives, one result after the other: records, their keys, entries of an index, what breaks its uniqueness.

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use record_store::{
    Continuation, Error, ErrorKind, IndexEntry, NoNextReason, RecordContext, SpaceCursor, StoredRecord, Tuple,
    UniquenessViolation,
};

use crate::buffer::{Out, rs_bytes};
use crate::error::{Failure, Result, rs_error};
use crate::handle::{self, Kind, Object, Table};
use crate::index::{ShownEntry, ShownViolation, rs_index_entry, rs_uniqueness_violation};
use crate::panic::{call, call_without_error};
use crate::record::{Shown, rs_record};
use crate::runtime::{Family, wait};
use crate::status::{RS_NONE, RS_OK, rs_status};
use crate::transaction::{InUse, Transaction};

/// The results of a scan. What it gives stays until the next call on the cursor.
///
/// Threads: one at a time; a call while another is under way is an error.
pub struct rs_cursor;

/// Why a cursor has no next result.
pub type rs_no_next_reason = i32;

/// There may be a next result.
pub const RS_REASON_NONE: rs_no_next_reason = 0;
/// There is nothing more.
pub const RS_REASON_SOURCE_EXHAUSTED: rs_no_next_reason = 1;
/// As many results as asked for were returned.
pub const RS_REASON_RETURN_LIMIT_REACHED: rs_no_next_reason = 2;
/// The time given for the scan is over.
pub const RS_REASON_TIME_LIMIT_REACHED: rs_no_next_reason = 3;
/// As many bytes as allowed were read.
pub const RS_REASON_BYTE_LIMIT_REACHED: rs_no_next_reason = 4;
/// As many key-value pairs as allowed were read.
pub const RS_REASON_SCAN_LIMIT_REACHED: rs_no_next_reason = 5;

/// Where results come from.
pub(crate) enum Source {
    Records(SpaceCursor),
    Keys(SpaceCursor<Tuple>),
    Entries(SpaceCursor<IndexEntry>),
    Violations(SpaceCursor<UniquenessViolation>),
}

/// Does the same with whatever the cursor of the core is.
macro_rules! with_core {
    ($source:expr, $cursor:ident => $work:expr) => {
        match $source {
            Source::Records($cursor) => $work,
            Source::Keys($cursor) => $work,
            Source::Entries($cursor) => $work,
            Source::Violations($cursor) => $work,
        }
    };
}

impl Source {
    /// The same, read in a transaction.
    pub(crate) fn within(self, context: &RecordContext) -> Self {
        match self {
            Source::Records(cursor) => Source::Records(cursor.within(context)),
            Source::Keys(cursor) => Source::Keys(cursor.within(context)),
            Source::Entries(cursor) => Source::Entries(cursor.within(context)),
            Source::Violations(cursor) => Source::Violations(cursor.within(context)),
        }
    }

    async fn next_record(&mut self) -> record_store::Result<Option<StoredRecord>> {
        match self {
            Source::Records(cursor) => cursor.next().await,
            other => Err(other.refused()),
        }
    }

    async fn next_key(&mut self) -> record_store::Result<Option<Tuple>> {
        match self {
            Source::Keys(cursor) => cursor.next().await,
            other => Err(other.refused()),
        }
    }

    async fn next_entry(&mut self) -> record_store::Result<Option<IndexEntry>> {
        match self {
            Source::Entries(cursor) => cursor.next().await,
            other => Err(other.refused()),
        }
    }

    async fn next_violation(&mut self) -> record_store::Result<Option<UniquenessViolation>> {
        match self {
            Source::Violations(cursor) => cursor.next().await,
            other => Err(other.refused()),
        }
    }

    /// Why a call for other results than the cursor has is none for it.
    fn refused(&self) -> Error {
        let message = match self {
            Source::Records(_) => "the cursor is over records: read them with rs_cursor_next",
            Source::Keys(_) => "the cursor is over primary keys: read them with rs_cursor_next_key",
            Source::Entries(_) => "the cursor is over entries of an index: read them with rs_cursor_next_entry",
            Source::Violations(_) => {
                "the cursor is over what breaks the uniqueness of an index: read it with rs_cursor_next_violation"
            }
        };
        Error::new(ErrorKind::InvalidArgument, message)
    }

    fn no_next_reason(&self) -> Option<NoNextReason> {
        with_core!(self, cursor => cursor.no_next_reason())
    }

    fn continuation(&self) -> Option<Continuation> {
        with_core!(self, cursor => cursor.continuation())
    }
}

pub(crate) struct Cursor {
    scan: Mutex<Scan>,
    /// The transaction that the scan is part of.
    transaction: Option<Arc<Transaction>>,
    family: Arc<Family>,
}

struct Scan {
    source: Source,
    lent: Lent,
}

/// What C looks at until the next call.
enum Lent {
    Nothing,
    Record(Shown),
    Entry(ShownEntry),
    Violation(ShownViolation),
    Bytes(Vec<u8>),
}

static CURSORS: Table<Cursor> = Table::new();

impl Object for Cursor {
    type Handle = rs_cursor;
    const KIND: Kind = Kind::Cursor;

    fn table() -> &'static Table<Self> {
        &CURSORS
    }
}

impl Cursor {
    pub(crate) fn new(source: Source, transaction: Option<Arc<Transaction>>, family: Arc<Family>) -> Self {
        Cursor {
            scan: Mutex::new(Scan {
                source,
                lent: Lent::Nothing,
            }),
            transaction,
            family,
        }
    }

    /// The scan, for one call.
    ///
    /// **Errors**: `InvalidArgument` when another thread is in a call of the cursor.
    fn enter(&self) -> Result<MutexGuard<'_, Scan>> {
        self.scan.try_lock().ok_or_else(|| {
            let message = "the cursor is in use in another thread; give each thread its own";
            Error::new(ErrorKind::InvalidArgument, message).into()
        })
    }

    /// The transaction of the scan, if it has one, for one call.
    ///
    /// **Errors**: those of [`Transaction::enter`].
    fn enter_transaction(&self) -> Result<Option<InUse<'_>>> {
        self.transaction
            .as_ref()
            .map(|transaction| transaction.enter())
            .transpose()
    }
}

/// Waits for a result; a failure is one of the transaction too.
fn fetch<T>(used: Option<&InUse<'_>>, next: impl Future<Output = record_store::Result<T>>) -> Result<T> {
    let result = wait(next);
    match used {
        Some(used) => used.note(result),
        None => result.map_err(Failure::from),
    }
}

/// Reads the next record; RS_NONE at the end, and when a limit was reached.
#[unsafe(no_mangle)]
pub extern "C" fn rs_cursor_next(
    cursor: *mut rs_cursor,
    record: *mut rs_record,
    error: *mut *mut rs_error,
) -> rs_status {
    let record = Out::new(record);
    call(error, || {
        let record = record.required("record")?;
        let cursor = handle::get::<Cursor>(cursor)?;
        let (used, mut scan) = (cursor.enter_transaction()?, cursor.enter()?);
        scan.lent = Lent::Nothing;
        let Some(next) = fetch(used.as_ref(), scan.source.next_record())? else {
            return Ok(RS_NONE);
        };
        scan.lent = Lent::Record(Shown::new(next));
        if let Lent::Record(shown) = &scan.lent {
            record.set(shown.view(std::ptr::null_mut()));
        }
        Ok(RS_OK)
    })
}

/// Reads the next entry of an index; RS_NONE at the end, and when a limit was reached.
#[unsafe(no_mangle)]
pub extern "C" fn rs_cursor_next_entry(
    cursor: *mut rs_cursor,
    entry: *mut rs_index_entry,
    error: *mut *mut rs_error,
) -> rs_status {
    let entry = Out::new(entry);
    call(error, || {
        let entry = entry.required("entry")?;
        let cursor = handle::get::<Cursor>(cursor)?;
        let (used, mut scan) = (cursor.enter_transaction()?, cursor.enter()?);
        scan.lent = Lent::Nothing;
        let Some(next) = fetch(used.as_ref(), scan.source.next_entry())? else {
            return Ok(RS_NONE);
        };
        scan.lent = Lent::Entry(ShownEntry::new(&next));
        if let Lent::Entry(shown) = &scan.lent {
            entry.set(shown.view());
        }
        Ok(RS_OK)
    })
}

/// Reads the next primary key, packed: see `rs_key_primary_key` and `rs_key_unpack`; RS_NONE at the end, and when a limit was reached.
#[unsafe(no_mangle)]
pub extern "C" fn rs_cursor_next_key(
    cursor: *mut rs_cursor,
    primary_key: *mut rs_bytes,
    error: *mut *mut rs_error,
) -> rs_status {
    let primary_key = Out::new(primary_key);
    call(error, || {
        let primary_key = primary_key.required("primary_key")?;
        let cursor = handle::get::<Cursor>(cursor)?;
        let (used, mut scan) = (cursor.enter_transaction()?, cursor.enter()?);
        scan.lent = Lent::Nothing;
        let Some(next) = fetch(used.as_ref(), scan.source.next_key())? else {
            return Ok(RS_NONE);
        };
        primary_key.set(scan.lend(next.pack()));
        Ok(RS_OK)
    })
}

/// Reads what next breaks the uniqueness of an index; RS_NONE at the end, and when a limit was reached.
#[unsafe(no_mangle)]
pub extern "C" fn rs_cursor_next_violation(
    cursor: *mut rs_cursor,
    violation: *mut rs_uniqueness_violation,
    error: *mut *mut rs_error,
) -> rs_status {
    let violation = Out::new(violation);
    call(error, || {
        let violation = violation.required("violation")?;
        let cursor = handle::get::<Cursor>(cursor)?;
        let (used, mut scan) = (cursor.enter_transaction()?, cursor.enter()?);
        scan.lent = Lent::Nothing;
        let Some(next) = fetch(used.as_ref(), scan.source.next_violation())? else {
            return Ok(RS_NONE);
        };
        scan.lent = Lent::Violation(ShownViolation::new(&next));
        if let Lent::Violation(shown) = &scan.lent {
            violation.set(shown.view());
        }
        Ok(RS_OK)
    })
}

/// Reads the next record as protobuf's JSON; RS_NONE at the end, and when a limit was reached.
#[unsafe(no_mangle)]
pub extern "C" fn rs_cursor_next_json(
    cursor: *mut rs_cursor,
    json: *mut rs_bytes,
    error: *mut *mut rs_error,
) -> rs_status {
    let json = Out::new(json);
    call(error, || {
        let json = json.required("json")?;
        let cursor = handle::get::<Cursor>(cursor)?;
        let (used, mut scan) = (cursor.enter_transaction()?, cursor.enter()?);
        scan.lent = Lent::Nothing;
        let Some(next) = fetch(used.as_ref(), scan.source.next_record())? else {
            return Ok(RS_NONE);
        };
        json.set(scan.lend(next.to_json()?.into_bytes()));
        Ok(RS_OK)
    })
}

impl Scan {
    fn lend(&mut self, bytes: Vec<u8>) -> rs_bytes {
        self.lent = Lent::Bytes(bytes);
        match &self.lent {
            Lent::Bytes(bytes) => rs_bytes::view(bytes),
            _ => rs_bytes::NONE,
        }
    }
}

/// Where another scan goes on behind the last result, perhaps in another process: keep a copy of the bytes. RS_NONE when nothing
/// follows, and before the first result of a scan that began at the beginning.
#[unsafe(no_mangle)]
pub extern "C" fn rs_cursor_continuation(
    cursor: *mut rs_cursor,
    continuation: *mut rs_bytes,
    error: *mut *mut rs_error,
) -> rs_status {
    let continuation = Out::new(continuation);
    call(error, || {
        let continuation = continuation.required("continuation")?;
        let cursor = handle::get::<Cursor>(cursor)?;
        let mut scan = cursor.enter()?;
        let Some(kept) = scan.source.continuation() else {
            return Ok(RS_NONE);
        };
        continuation.set(scan.lend(kept.as_bytes().to_vec()));
        Ok(RS_OK)
    })
}

/// Why there is no next result; RS_REASON_NONE while there may be one.
#[unsafe(no_mangle)]
pub extern "C" fn rs_cursor_no_next_reason(
    cursor: *mut rs_cursor,
    reason: *mut rs_no_next_reason,
    error: *mut *mut rs_error,
) -> rs_status {
    let reason = Out::new(reason);
    call(error, || {
        let reason = reason.required("reason")?;
        let cursor = handle::get::<Cursor>(cursor)?;
        let scan = cursor.enter()?;
        reason.set(match scan.source.no_next_reason() {
            None => RS_REASON_NONE,
            Some(NoNextReason::SourceExhausted) => RS_REASON_SOURCE_EXHAUSTED,
            Some(NoNextReason::ReturnLimitReached) => RS_REASON_RETURN_LIMIT_REACHED,
            Some(NoNextReason::TimeLimitReached) => RS_REASON_TIME_LIMIT_REACHED,
            Some(NoNextReason::ByteLimitReached) => RS_REASON_BYTE_LIMIT_REACHED,
            Some(NoNextReason::ScanLimitReached) => RS_REASON_SCAN_LIMIT_REACHED,
        });
        Ok(RS_OK)
    })
}

/// Frees a cursor. NULL is freed already.
#[unsafe(no_mangle)]
pub extern "C" fn rs_cursor_free(cursor: *mut rs_cursor) -> rs_status {
    call_without_error(|| {
        Family::release::<Cursor>(cursor, |cursor| &cursor.family)?;
        Ok(RS_OK)
    })
}
