//! What is asked of every store, in the same words.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::load::Put;
use crate::stores::{engine, redb, sqlite};

/// Any failure ends the benchmark: a figure of a run that failed means nothing.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// An ordered store of keys and values.
pub(crate) trait Store: Send + Sync {
    /// Writes all of `puts` in one transaction.
    fn commit(&self, puts: &[Put]) -> Outcome<()>;
    /// Reads keys in one transaction; gives the bytes of the values that there are.
    fn get(&self, keys: &[Vec<u8>]) -> Outcome<usize>;
    /// Reads `count` rows from `begin` upwards; gives how many there were.
    fn range(&self, begin: &[u8], count: usize) -> Outcome<usize>;
    /// Removes every key.
    fn clear(&self) -> Outcome<()>;
    /// Waits until nothing is left to do in the background.
    fn rest(&self) {}
}

/// Which store is opened, where and how.
#[derive(Args, Clone, Debug)]
pub(crate) struct Place {
    /// Whose
    #[arg(long)]
    pub(crate) kind: Kind,
    /// In this folder
    #[arg(long)]
    pub(crate) folder: PathBuf,
    /// How much memory its cache may take, in MiB
    #[arg(long)]
    pub(crate) cache: usize,
    /// Without a sync at each commit
    #[arg(long)]
    pub(crate) no_sync: bool,
}

/// The kinds of stores; ours first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// The embedded engine.
    Engine,
    /// The storage library under it, used raw.
    Redb,
    /// SQLite.
    Sqlite,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Kind; 3] = [Kind::Engine, Kind::Redb, Kind::Sqlite];

    /// Shown in the tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Engine => "the engine",
            Kind::Redb => "redb raw",
            Kind::Sqlite => "SQLite",
        }
    }
}

impl Place {
    /// Opens the store.
    pub(crate) fn open(&self) -> Outcome<Box<dyn Store>> {
        let (folder, cache, sync): (&Path, _, _) = (&self.folder, self.cache << 20, !self.no_sync);
        match self.kind {
            Kind::Engine => engine::open(folder, cache, sync),
            Kind::Redb => redb::open(folder, cache, sync),
            Kind::Sqlite => sqlite::open(folder, cache, sync),
        }
    }
}
