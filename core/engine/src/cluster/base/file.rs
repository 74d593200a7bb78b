//! The file of the base: redb's own, synced bit by bit while it is written.
//!
//! A batch writes thousands of pages. If they went to the disk all at once, the syncs of the log, for which commits wait, would
//! stand in line behind them.

use std::fs::File;
use std::io;
use std::ops::Bound;
use std::sync::atomic::{AtomicUsize, Ordering};

use redb::backends::FileBackend;
use redb::{BackendError, DatabaseError, StorageBackend};

/// A file that never has much to sync.
#[derive(Debug)]
pub(crate) struct BaseFile {
    file: FileBackend,
    /// How many bytes were written since the last sync.
    unsynced: AtomicUsize,
}

impl BaseFile {
    /// The open file `file`.
    pub(crate) fn new(file: File) -> Result<Self, DatabaseError> {
        Ok(BaseFile {
            file: FileBackend::new(file)?,
            unsynced: AtomicUsize::new(0),
        })
    }
}

impl StorageBackend for BaseFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.unsynced.store(0, Ordering::Relaxed);
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)?;
        let unsynced = self.unsynced.fetch_add(data.len(), Ordering::Relaxed) + data.len();
        if unsynced >= MOST_UNSYNCED {
            self.sync_data()
        } else {
            Ok(())
        }
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}

/// After so many bytes the file is synced: a fraction of what a disk writes in a tenth of a second.
const MOST_UNSYNCED: usize = 4 << 20;
