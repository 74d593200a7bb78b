//! Entries of indexes, what they keep of groups, their states, and the building of indexes with its progress.

use std::ffi::c_void;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicPtr, Ordering};
use std::time::Duration;

use record_store::indexing::{IndexBuildProgress, IndexingOptions};
use record_store::{Error, ErrorKind, IndexEntry, IndexState};

use crate::buffer::{Out, copied, options, rs_bytes};
use crate::error::{Failure, Result, rs_error};
use crate::handle;
use crate::key::{Key, resolve_optional, rs_key};
use crate::panic::call;
use crate::runtime::wait;
use crate::space::{Space, perform, rs_space};
use crate::status::{RS_NONE, RS_OK, rs_status};
use crate::transaction::rs_transaction;

/// An entry of an index. It stays until the next call on its cursor. Its parts are packed keys: read them with `rs_key_unpack`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_index_entry {
    /// The columns of the index, then those of the primary key that are not among them; the group in an index of groups.
    pub key: rs_bytes,
    /// The covered columns, or the aggregate of a group.
    pub value: rs_bytes,
    /// The primary key of the record, for `rs_key_primary_key`; empty in an index of groups.
    pub primary_key: rs_bytes,
}

/// An entry that C looks at.
pub(crate) struct ShownEntry {
    key: Vec<u8>,
    value: Vec<u8>,
    primary_key: Vec<u8>,
}

impl ShownEntry {
    pub(crate) fn new(entry: &IndexEntry) -> Self {
        ShownEntry {
            key: entry.key().pack(),
            value: entry.value().pack(),
            primary_key: entry.primary_key().pack(),
        }
    }

    /// What C sees, as long as this stays where it is.
    pub(crate) fn view(&self) -> rs_index_entry {
        rs_index_entry {
            key: rs_bytes::view(&self.key),
            value: rs_bytes::view(&self.value),
            primary_key: rs_bytes::view(&self.primary_key),
        }
    }
}

/// How many records there are, by the count indexes of the schema, or by its record count key. It does not conflict with those
/// who save.
#[unsafe(no_mangle)]
pub extern "C" fn rs_count(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    count: *mut i64,
    error: *mut *mut rs_error,
) -> rs_status {
    let count = Out::new(count);
    call(error, || {
        let count = count.required("count")?;
        count.set(perform(
            space,
            transaction,
            async |space| space.record_count().await,
            async |store| store.snapshot_record_count_of_all().await,
        )?);
        Ok(RS_OK)
    })
}

/// The count, sum, or least or greatest value that an index keeps for the groups whose first columns are `group`; of all
/// groups for NULL. RS_NONE if there is nothing to have a least or greatest value. Free the value with `rs_key_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_aggregate(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    index: rs_bytes,
    group: *const rs_key,
    value: *mut *mut rs_key,
    error: *mut *mut rs_error,
) -> rs_status {
    let value = Out::new(value);
    call(error, || {
        let value = value.required("value")?;
        let (index, group) = (&index.text("index")?, &resolve_optional(group)?.unwrap_or(().into()));
        let found = perform(
            space,
            transaction,
            async |space| space.aggregate(index, group).await,
            async |store| store.aggregate_index_group(index, group).await,
        )?;
        let Some(found) = found else {
            return Ok(RS_NONE);
        };
        value.set(handle::insert(Arc::new(Key::of(found)))?);
        Ok(RS_OK)
    })
}

/// What may be done with an index.
pub type rs_index_state = i32;

/// It has all records: it is maintained and may be scanned.
pub const RS_INDEX_READABLE: rs_index_state = 0;
/// It is maintained but does not have all records yet.
pub const RS_INDEX_WRITE_ONLY: rs_index_state = 1;
/// It is neither maintained nor scanned, and has no entries.
pub const RS_INDEX_DISABLED: rs_index_state = 2;
/// It has all records and may be scanned, but some of them break its uniqueness.
pub const RS_INDEX_READABLE_UNIQUE_PENDING: rs_index_state = 3;
/// Changes are queued for the builder, which applies them. Only Java's layer does so.
pub const RS_INDEX_WRITE_ONLY_WITH_QUEUE: rs_index_state = 4;

/// The state of an index.
#[unsafe(no_mangle)]
pub extern "C" fn rs_get_index_state(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    index: rs_bytes,
    state: *mut rs_index_state,
    error: *mut *mut rs_error,
) -> rs_status {
    let state = Out::new(state);
    call(error, || {
        let state = state.required("state")?;
        let index = index.text("index")?;
        let states = perform(
            space,
            transaction,
            async |space| space.index_states().await,
            async |store| Ok(store.index_states()),
        )?;
        let found = states
            .get(&index)
            .ok_or_else(|| Error::new(ErrorKind::MetaData, "the schema has no such index").with("index", &index))?;
        state.set(match found {
            IndexState::Readable => RS_INDEX_READABLE,
            IndexState::WriteOnly => RS_INDEX_WRITE_ONLY,
            IndexState::Disabled => RS_INDEX_DISABLED,
            IndexState::ReadableUniquePending => RS_INDEX_READABLE_UNIQUE_PENDING,
            IndexState::WriteOnlyWithQueue => RS_INDEX_WRITE_ONLY_WITH_QUEUE,
        });
        Ok(RS_OK)
    })
}

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
}

impl rs_build_options {
    fn to_core(self) -> IndexingOptions {
        let milliseconds = |number: u64| Some(Duration::from_millis(number)).filter(|time| !time.is_zero());
        let mut options = IndexingOptions::default();
        if self.limit > 0 {
            options.limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        }
        if self.records_per_second > 0 {
            options.records_per_second = Some(self.records_per_second);
        }
        options.time_max = milliseconds(self.time_max_ms).or(options.time_max);
        options.lease = milliseconds(self.lease_ms).unwrap_or(options.lease);
        options
    }
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
        let mut indexer = space.core.indexer().options(given.to_core());
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
