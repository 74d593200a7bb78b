//! The building of indexes with its progress.

use std::ffi::c_void;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicPtr, Ordering};
use std::time::Duration;

use record_store::indexing::{IndexBuildProgress, IndexingAction, IndexingMethod, IndexingOptions};

use crate::buffer::{Out, copied, options, rs_bytes};
use crate::error::{Failure, Result, invalid, rs_error};
use crate::handle;
use crate::panic::call;
use crate::runtime::wait;
use crate::scan::{count, most};
use crate::space::{Space, rs_space};
use crate::status::{RS_OK, rs_status};

/// How far a build is.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_build_progress {
    /// The names of the indexes that are being built together.
    pub indexes: *const rs_bytes,
    /// How many indexes these are.
    pub index_count: usize,
    /// How many records this build and those that it goes on with have seen.
    pub records_scanned: u64,
    /// How many records there were when it began; 0 if the store does not count them.
    pub records_total: u64,
    /// How many ranges of primary keys are left; up to a thousand are counted.
    pub ranges_left: usize,
}

/// What a build has done.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_build_summary {
    /// How many records it has seen.
    pub records_scanned: u64,
    /// In how many transactions.
    pub transactions: u64,
}

/// What is called with the progress of a build, which stays until it returns. It returns RS_OK to go on; any other status stops
/// the build, and comes back from it.
pub type rs_on_progress = Option<extern "C" fn(progress: *const rs_build_progress, context: *mut c_void) -> rs_status>;

/// What becomes of an index that a build finds.
pub type rs_build_action = i32;

/// What is best for the state in which it is.
pub const RS_BUILD_DEFAULT: rs_build_action = 0;
/// The build is refused.
pub const RS_BUILD_ERROR: rs_build_action = 1;
/// It is emptied and built from the beginning.
pub const RS_BUILD_REBUILD: rs_build_action = 2;
/// What is left to do is done.
pub const RS_BUILD_CONTINUE: rs_build_action = 3;
/// It only becomes readable, if it has all records.
pub const RS_BUILD_MARK_READABLE: rs_build_action = 4;

/// How indexes are built. Zeros are the defaults; make it with `rs_build_options_init`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_build_options {
    /// The size of this struct.
    pub size: usize,
    /// The names of the indexes to build; without any, all that are not readable.
    pub indexes: *const rs_bytes,
    /// How many names there are.
    pub index_count: usize,
    /// What is called after each transaction that has indexed records; may be NULL. It is called in the thread of the build.
    pub on_progress: rs_on_progress,
    /// What `on_progress` is handed.
    pub context: *mut c_void,
    /// The most records of one transaction; 0 for 100.
    pub limit: u64,
    /// The build stops, with an error, after so many milliseconds; 0 for no limit.
    pub time_max_ms: u64,
    /// For how many milliseconds the sign of life of another builder counts; 0 for 10,000.
    pub lease_ms: u64,
    /// The most records a second; 0 for as many as can be.
    pub records_per_second: u32,
    /// What becomes of an index that is disabled; RS_BUILD_DEFAULT rebuilds it.
    pub if_disabled: rs_build_action,
    /// What becomes of an index whose build was stopped; RS_BUILD_DEFAULT goes on with it.
    pub if_write_only: rs_build_action,
    /// What becomes of an index that is readable; RS_BUILD_DEFAULT leaves it as it is.
    pub if_readable: rs_build_action,
    /// The value index over the same record type, with an entry for each record, whose entries the build reads instead of all
    /// records; none for the records.
    pub by_index: rs_bytes,
    /// The most bytes that one transaction writes; 0 for 900,000.
    pub write_size_max: u64,
    /// The most milliseconds of one transaction; 0 for 4,000.
    pub transaction_time_max_ms: u64,
    /// The build stops, with an error, after so many transactions; 0 for no limit.
    pub stop_after: u64,
    /// Not 0: the index stays write-only when it has all records.
    pub leave_write_only: u8,
    /// Not 0: a unique index becomes readable though records have the same value.
    pub allow_unique_pending: u8,
    /// Not 0: from the greatest primary key downwards.
    pub reverse: u8,
}

impl rs_build_options {
    fn to_core(self) -> Result<IndexingOptions> {
        let default = IndexingOptions::default();
        let time = |number: u64| most(number).map(Duration::from_millis);
        Ok(IndexingOptions {
            if_disabled: action(self.if_disabled, "if_disabled")?.unwrap_or(default.if_disabled),
            if_write_only: action(self.if_write_only, "if_write_only")?.unwrap_or(default.if_write_only),
            if_readable: action(self.if_readable, "if_readable")?.unwrap_or(default.if_readable),
            mark_readable: self.leave_write_only == 0,
            allow_unique_pending: self.allow_unique_pending != 0,
            method: match self.by_index {
                none if none.is_null() => default.method,
                source => IndexingMethod::ByIndex(source.text("by_index")?),
            },
            reverse: self.reverse != 0,
            limit: most(self.limit).map_or(default.limit, count),
            write_size_max: most(self.write_size_max).unwrap_or(default.write_size_max),
            transaction_time_max: time(self.transaction_time_max_ms).unwrap_or(default.transaction_time_max),
            records_per_second: Some(self.records_per_second)
                .filter(|pace| *pace > 0)
                .or(default.records_per_second),
            lease: time(self.lease_ms).unwrap_or(default.lease),
            stop_after: most(self.stop_after).or(default.stop_after),
            time_max: time(self.time_max_ms).or(default.time_max),
        })
    }
}

fn action(number: rs_build_action, name: &'static str) -> Result<Option<IndexingAction>> {
    Ok(match number {
        RS_BUILD_DEFAULT => None,
        RS_BUILD_ERROR => Some(IndexingAction::Error),
        RS_BUILD_REBUILD => Some(IndexingAction::Rebuild),
        RS_BUILD_CONTINUE => Some(IndexingAction::Continue),
        RS_BUILD_MARK_READABLE => Some(IndexingAction::MarkReadable),
        _ => {
            return Err(invalid(
                "there is nothing of this number that becomes of an index",
                name,
            ));
        }
    })
}

/// Builds indexes, in many transactions, while others use the space. A build that was stopped goes on.
///
/// `options` may be NULL: then all indexes are built that are not readable. `summary` may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn rs_build_indexes(
    space: *mut rs_space,
    options: *const rs_build_options,
    summary: *mut rs_build_summary,
    error: *mut *mut rs_error,
) -> rs_status {
    let summary = Out::new(summary);
    call(error, || {
        let space = handle::get::<Space>(space)?;
        let given = self::options(options)?;
        let names = copied(given.indexes, given.index_count, "indexes")?
            .into_iter()
            .map(|name| name.text("indexes"))
            .collect::<Result<Vec<_>>>()?;
        let mut indexer = space.core.indexer().options(given.to_core()?);
        indexer = names.into_iter().fold(indexer, |indexer, name| indexer.index(name));
        let stopped = Arc::new(AtomicI32::new(RS_OK));
        if let Some(callback) = given.on_progress {
            let (stopped, context) = (stopped.clone(), AtomicPtr::new(given.context));
            indexer = indexer.on_progress(move |progress| {
                let status = tell(progress, callback, context.load(Ordering::Relaxed));
                stopped.store(status, Ordering::Relaxed);
                match status {
                    RS_OK => ControlFlow::Continue(()),
                    _ => ControlFlow::Break(()),
                }
            });
        }
        let built = wait(indexer.build());
        match stopped.load(Ordering::Relaxed) {
            RS_OK => {}
            status => return Err(Failure::Returned(status, None)),
        }
        let built = built?;
        summary.set(rs_build_summary {
            records_scanned: built.records_scanned,
            transactions: built.transactions,
        });
        Ok(RS_OK)
    })
}

fn tell(
    progress: &IndexBuildProgress,
    callback: extern "C" fn(*const rs_build_progress, *mut c_void) -> rs_status,
    context: *mut c_void,
) -> rs_status {
    let names: Vec<rs_bytes> = progress
        .indexes
        .iter()
        .map(|name| rs_bytes::view(name.as_bytes()))
        .collect();
    let told = rs_build_progress {
        indexes: names.as_ptr(),
        index_count: names.len(),
        records_scanned: progress.records_scanned,
        records_total: progress.records_total.unwrap_or(0),
        ranges_left: progress.ranges_left,
    };
    callback(&raw const told, context)
}
