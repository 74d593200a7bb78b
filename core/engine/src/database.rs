//! Opening databases, and sharing them: all handles of a process on one path are handles on one engine.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Weak};

use parking_lot::Mutex;
use record_store_kv::{Database, Error, Result};

use crate::client::{EngineDatabase, Handle};
use crate::cluster::Cluster;
use crate::options::EngineOptions;

/// Where a database lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In memory, new and empty, gone when its last handle is dropped.
    Memory,
    /// In a directory, which is made if it is missing.
    Path(PathBuf),
}

/// The embedded engine.
#[derive(Clone, Copy, Debug)]
pub struct Engine;

impl Engine {
    /// Opens a database.
    ///
    /// **Errors**: kinds `NotADatabase`, `NewerFormat`, `Locked` (FoundationDB's 1529), `Corrupt` and `Io`, each naming the path.
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
        let handle = Arc::new(Handle::new(cluster, name));
        Ok(Database::from_backend(Arc::new(EngineDatabase(handle))))
    }
}

/// The cluster in a directory: the one that this process has open already, else one opened with `options`.
///
/// Errors: `NotADatabase`, `NewerFormat`, `Locked`, `Corrupt`, `Io`.
pub(crate) fn open_path(path: &Path, options: &EngineOptions) -> Result<Arc<Cluster>> {
    // A directory has one name, however it is spelled; a missing one has none yet.
    let made = if path.exists() {
        Ok(())
    } else {
        fs::create_dir_all(path)
    };
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
        open.entry(path.clone()).or_default().clone()
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
/// The clusters that this process has open, by canonical path.
static OPEN: LazyLock<Mutex<HashMap<PathBuf, Slot>>> = LazyLock::new(Mutex::default);
