//! Opening a database.

use std::path::PathBuf;
use std::sync::Arc;

use record_store_kv::env::Env;
use record_store_kv::{Database, Error, ErrorKind, Result};

use crate::client::{EngineDatabase, Handle};
use crate::cluster::Cluster;

/// Where a database lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In memory, as long as a handle on it exists. Every opening makes a database of its own.
    Memory,
    /// In a directory.
    Path(PathBuf),
}

/// How a database is opened.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Time, chance and threads.
    pub env: Env,
}

impl Default for EngineOptions {
    fn default() -> Self {
        EngineOptions { env: Env::system() }
    }
}

/// The embedded engine.
#[derive(Clone, Copy, Debug)]
pub struct Engine;

impl Engine {
    /// Opens a database.
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
        match location {
            Location::Memory => {
                let cluster = Arc::new(Cluster::in_memory(options.env)?);
                let handle = Arc::new(Handle::new(cluster, "memory:".to_owned()));
                Ok(Database::from_backend(Arc::new(EngineDatabase(handle))))
            }
            Location::Path(path) => {
                let error = Error::new(ErrorKind::Unsupported, "this engine keeps databases in memory only");
                Err(error.with("path", path.display()))
            }
        }
    }
}
