//! Opens a database from its files: the base, and over it what the log has beyond the base.
//!
//! Versions go on above every version and every lease that the log knows, so that none is ever given out twice and
//! every transaction from before is too old.

use std::sync::Arc;

use record_store_kv::Result;

use super::base::RedbBase;
use super::committer::Committer;
use super::files::Files;
use super::log::{Log, reader};
use super::sequencer::LEASE_LENGTH;
use super::shared::{Disk, Shared};
use super::watches::Watches;
use crate::limits::RECOVERY_VERSION_JUMP;
use crate::options::{Durability, EngineOptions};

/// Opens the database in `files`, or makes it.
///
/// Errors: `Corrupt`, `Io`, `Locked`.
pub(crate) fn recover(
    files: Arc<dyn Files>,
    options: &EngineOptions,
    watches: Arc<Watches>,
) -> Result<(Arc<Shared>, Committer)> {
    let base = RedbBase::open(&*files, options.cache_bytes)?;
    let read = reader::read(&*files, base.applied())?;
    let start = base.applied().max(read.end.version).max(read.end.lease) + RECOVERY_VERSION_JUMP;
    let lease = start + LEASE_LENGTH;
    let sync = options.durability == Durability::Sync;
    let mut log = Log::open(
        files.clone(),
        read.old_segments.clone(),
        read.end,
        (sync, options.log_segment_bytes),
        options.env.clone(),
    )?;
    // Before anybody gets a version of this start, the disk knows that the next one begins above it.
    log.append_synced(start, lease, &[])?;
    let disk = Disk {
        files,
        old_segments: read.old_segments,
    };
    let shared = Shared::new(
        options.env.clone(),
        Box::new(base),
        Some(disk),
        (start, lease),
        options.window_bytes,
        read.groups,
        watches,
    )?;
    let shared = Arc::new(shared);
    Ok((shared.clone(), Committer::new(shared, Some(log))))
}
