//! The file of the base: redb's own, synced bit by bit while it is written.
//!
//! A batch writes thousands of pages. If they went to the disk all at once, the syncs of the log, for which commits wait, would
//! stand in line behind them. So the file is synced every so often, on a [thread of its own](Syncer) while the batch goes on.

use std::io;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use record_store_kv::env::Env;
use redb::{BackendError, StorageBackend};

use super::syncer::Syncer;

/// A file that never has much to sync.
#[derive(Debug)]
pub(crate) struct BaseFile {
    file: Arc<dyn StorageBackend>,
    /// Syncs while the batch goes on; without, the batch waits.
    syncer: Option<Syncer>,
    /// How many bytes were written since the last sync began.
    unsynced: AtomicUsize,
    /// Why a sync failed: nobody knows what the disk has since, and no later sync would find out.
    failure: OnceLock<String>,
}

impl BaseFile {
    /// A file that is synced on a thread of `env`, or by whoever writes it.
    pub(crate) fn new(file: impl StorageBackend, env: Option<&Env>) -> io::Result<Self> {
        let file: Arc<dyn StorageBackend> = Arc::new(file);
        let syncer = env.map(|env| Syncer::start(env, file.clone())).transpose()?;
        Ok(BaseFile {
            file,
            syncer,
            unsynced: AtomicUsize::new(0),
            failure: OnceLock::new(),
        })
    }

    fn sync_some(&self) -> io::Result<()> {
        self.unsynced.store(0, Ordering::Relaxed);
        match &self.syncer {
            Some(syncer) => self.remembered(syncer.begin()),
            None => self.remembered(self.file.sync_data()),
        }
    }

    /// Fails from the first failure on. redb takes some writes for attempts, whose failure it forgets.
    fn remembered(&self, result: io::Result<()>) -> io::Result<()> {
        if let Err(error) = &result {
            // The first failure is the cause of the others.
            let _ = self.failure.set(error.to_string());
        }
        match self.failure.get() {
            Some(failure) if result.is_ok() => Err(io::Error::other(format!("an earlier sync failed: {failure}"))),
            _ => result,
        }
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
        let before = self.syncer.as_ref().map_or(Ok(()), Syncer::finish);
        self.remembered(before)?;
        self.remembered(self.file.sync_data())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)?;
        let unsynced = self.unsynced.fetch_add(data.len(), Ordering::Relaxed) + data.len();
        if unsynced >= MOST_UNSYNCED {
            self.sync_some()
        } else {
            Ok(())
        }
    }

    fn close(&self) -> io::Result<()> {
        let before = self.syncer.as_ref().map_or(Ok(()), Syncer::finish);
        self.file.close()?;
        self.remembered(before)
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

/// After so many bytes the file is synced: a fraction of what a disk writes in a tenth of a second, as scattered pages.
const MOST_UNSYNCED: usize = 1 << 19;

#[cfg(test)]
mod tests {
    use redb::backends::InMemoryBackend;

    use super::*;

    /// Memory whose first sync fails, as a disk's may: the next one says that all is well.
    #[derive(Debug, Default)]
    struct FailsOnce {
        memory: InMemoryBackend,
        syncs: AtomicUsize,
    }

    impl StorageBackend for FailsOnce {
        fn len(&self) -> io::Result<u64> {
            self.memory.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.memory.read(offset, out)
        }

        fn set_len(&self, len: u64) -> io::Result<()> {
            self.memory.set_len(len)
        }

        fn sync_data(&self) -> io::Result<()> {
            match self.syncs.fetch_add(1, Ordering::SeqCst) {
                0 => Err(io::Error::other("the disk is full")),
                _ => Ok(()),
            }
        }

        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.memory.write(offset, data)
        }

        fn close(&self) -> io::Result<()> {
            self.memory.close()
        }
    }

    #[test]
    fn a_sync_that_failed_is_not_forgotten_whoever_made_it() {
        for env in [None, Some(Env::system())] {
            let file = BaseFile::new(FailsOnce::default(), env.as_ref()).unwrap();
            file.set_len(8 << 20).unwrap();
            // Enough for a sync, whose failure redb may pass over.
            let _ = file.write(0, &vec![1; MOST_UNSYNCED]);
            for _ in 0..2 {
                let error = file.sync_data().unwrap_err();
                assert!(error.to_string().contains("the disk is full"), "{error}");
            }
        }
    }
}
