//! Opening databases, and sharing them: all handles of a process on one path are handles on one engine. Several processes share a
//! path by taking turns.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Arc, LazyLock, Weak};

use parking_lot::Mutex;
use record_store_kv::{Database, Error, Result, RunOptions, TransactionOption};

use crate::client::{EngineDatabase, Handle, connection_string};
use crate::cluster::{Cluster, make_directory};
use crate::options::EngineOptions;

/// Where a database lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In memory, as long as a handle on it exists. Every opening makes a database of its own.
    Memory,
    /// In a directory, which is made if it is missing.
    Path(PathBuf),
}

/// The embedded engine.
#[derive(Clone, Copy, Debug)]
pub struct Engine;

impl Engine {
    /// Opens a database. It closes when its last handle, transaction and watch is dropped, and that waits for what is
    /// being written.
    ///
    /// Several processes may open one directory. One of them has it at a time, and hands it over when another one wants it: at once
    /// if it is idle, else after its share of time. A transaction that is open across that fails with 1007 (`transaction_too_old`)
    /// and is tried again by [`Database::run`], as after a recovery of a cluster; watches fire on changes by other processes.
    ///
    /// **Errors**: `NotADatabase` for a path at which there is something else, `NewerFormat`, `Locked` (1529) if another
    /// process does not hand it over within [`EngineOptions::lock_wait`], `Corrupt` with file and offset, `Io`. They may
    /// come from later calls, too, if another process has had the database meanwhile.
    ///
    /// ```
    /// use record_store_engine::{Engine, EngineOptions, Location};
    ///
    /// let database = Engine::open(Location::Memory, EngineOptions::default())?;
    /// let transaction = database.transaction();
    /// transaction.set(b"hello", b"world");
    /// futures_executor::block_on(transaction.commit())?;
    /// # Ok::<(), record_store_kv::Error>(())
    /// ```
    pub fn open(location: Location, options: EngineOptions) -> Result<Database> {
        let (cluster, name) = match location {
            Location::Memory => (Arc::new(Cluster::in_memory(&options)?), "memory:".to_owned()),
            Location::Path(path) => (open_path(&path, &options)?, path.display().to_string()),
        };
        let handle = Handle::new(cluster, name, options.api_version);
        let database = |handle| Database::from_backend(Arc::new(EngineDatabase(Arc::new(handle))));
        describe(&database(handle.again()))?;
        Ok(database(handle.with_buggify(options.client_buggify)))
    }
}

/// Writes what a cluster's system keys say of it, unless they do already: clients look up there how it is spread.
fn describe(database: &Database) -> Result<()> {
    /// Which process has the keys from `""` on: the only one.
    const SHARDS: &[u8] = b"\xff/keyServers/";
    const COORDINATORS: &[u8] = b"\xff/coordinators";
    let options = RunOptions::default();
    // Again if the database is handed over to another process meanwhile.
    let described = database.run(&options, |transaction, _| async move {
        transaction.set_option(&TransactionOption::AccessSystemKeys)?;
        transaction.set_option(&TransactionOption::LockAware)?;
        if transaction.get(SHARDS, true).await?.is_none() {
            transaction.set(SHARDS, b"\0");
            transaction.set(COORDINATORS, connection_string().as_bytes());
        }
        Ok(())
    });
    pollster::block_on(described)
}

/// The cluster in a directory: the one that this process has open already, else one opened with `options`.
fn open_path(path: &Path, options: &EngineOptions) -> Result<Arc<Cluster>> {
    // A directory has one name, however it is spelled; a missing one has none yet.
    let made = if path.exists() { Ok(()) } else { make_directory(path) };
    let canonical = made.and_then(|()| fs::canonicalize(path));
    open_canonical(
        canonical.map_err(|error| Error::from(error).with("path", path.display()))?,
        options,
    )
}

fn open_canonical(path: PathBuf, options: &EngineOptions) -> Result<Arc<Cluster>> {
    let slot = {
        let mut open = OPEN.lock();
        // A slot that nobody opens and whose cluster is gone is of no use.
        open.retain(|_, slot| Arc::strong_count(slot) > 1 || slot.lock().strong_count() > 0);
        open.entry((process::id(), path.clone())).or_default().clone()
    };
    // Whoever opens the same path at the same time waits here and then gets the same cluster.
    let mut slot = slot.lock();
    if let Some(cluster) = slot.upgrade() {
        return Ok(cluster);
    }
    let cluster = Arc::new(Cluster::open(&path, options)?);
    *slot = Arc::downgrade(&cluster);
    Ok(cluster)
}

/// A path's cluster, while it is open.
type Slot = Arc<Mutex<Weak<Cluster>>>;
/// The clusters that this process has open, by canonical path. A child process that was forked has a copy of its parent's, whose
/// threads it does not have: they are not its own.
static OPEN: LazyLock<Mutex<HashMap<(u32, PathBuf), Slot>>> = LazyLock::new(Mutex::default);

#[cfg(test)]
mod tests {
    use futures_executor::block_on;
    use record_store_kv::ErrorKind;

    use super::*;

    fn open(path: &Path) -> Result<Database> {
        Engine::open(Location::Path(path.to_owned()), EngineOptions::default())
    }

    fn put(database: &Database, key: &[u8]) {
        let transaction = database.transaction();
        transaction.set(key, b"");
        block_on(transaction.commit()).unwrap();
    }

    fn has(database: &Database, key: &[u8]) -> bool {
        block_on(database.transaction().get(key, false)).unwrap().is_some()
    }

    #[test]
    fn a_path_has_one_engine_however_it_is_spelled() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("db");
        let first = open(&path).unwrap();
        let second = open(&root.path().join("./db/../db")).unwrap();
        put(&first, b"k");
        assert!(has(&second, b"k"));
    }

    #[test]
    fn a_database_opens_again_after_its_last_handle() {
        let root = tempfile::tempdir().unwrap();
        for round in 0_u8..5 {
            let database = open(root.path()).unwrap();
            assert!((0..round).all(|earlier| has(&database, &[earlier])), "round {round}");
            put(&database, &[round]);
        }
    }

    #[test]
    fn openings_at_the_same_time_share_the_engine() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("db");
        std::thread::scope(|scope| {
            for thread in 0_u8..8 {
                let path = &path;
                scope.spawn(move || put(&open(path).unwrap(), &[thread]));
            }
        });
        let database = open(&path).unwrap();
        assert!((0..8).all(|thread| has(&database, &[thread])));
    }

    #[test]
    fn databases_in_memory_are_apart() {
        let open = || Engine::open(Location::Memory, EngineOptions::default()).unwrap();
        let (first, second) = (open(), open());
        put(&first, b"k");
        assert!(!has(&second, b"k"));
    }

    #[test]
    fn a_file_is_no_database() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        fs::write(&path, "").unwrap();
        assert_eq!(open(&path).unwrap_err().kind(), ErrorKind::NotADatabase);
    }
}
