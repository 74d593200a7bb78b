//! What a FoundationDB client calls "the cluster": read versions, reads at a version, commits, watches.
//!
//! ```text
//!   read version ── Sequencer          commit ── Committer ── Resolver      conflicts
//!   read ────────── Store                            │
//!                    ├─ Window  <── changes ─────────┤
//!                    └─ Base    <── Applier <────────┘
//! ```
//!
//! It knows no transaction objects: read-your-writes, options and error handling are the client's.
//!
//! All of the picture is a [`Tenure`]: it lasts until another process wants the database. [`Holding`] takes the database for the next
//! one when there is something to do, and the [`Keeper`](keeper::Keeper) gives it away.

mod applier;
mod base;
mod change;
mod committer;
#[cfg(test)]
mod concurrency_tests;
#[cfg(test)]
mod crash_tests;
mod directory;
pub(crate) mod files;
#[cfg(test)]
mod hand_over_tests;
mod holding;
mod keeper;
mod log;
mod merge;
mod pace;
mod pipeline;
mod recovery;
mod resolver;
mod rows;
mod sample;
mod sequencer;
mod shared;
mod store;
mod tenure;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod time_keeper;
mod watches;
mod window;
mod workers;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use record_store_kv::env::Env;
use record_store_kv::{Error, KeyValue, Read, Result, fdb_code};

pub(crate) use self::change::Change;
#[cfg(test)]
use self::committer::Committer;
use self::files::Files;
pub(crate) use self::files::make_directory;
use self::holding::{Holding, Home};
use self::keeper::Keeper;
pub(crate) use self::rows::ScanLimits;
pub(crate) use self::sample::sampled_size;
pub(crate) use self::tenure::Tenure;
use crate::mutation::{CommitOutcome, CommitRequest};
use crate::options::EngineOptions;

/// A database as its clients see it, whichever process has it. Dropping it closes it: it ends the threads and lets go of the directory.
pub(crate) struct Cluster {
    /// None where no other process can want the database, and while this is dropped.
    keeper: Option<Keeper>,
    holding: Arc<Holding>,
}

impl Cluster {
    /// An empty database in memory. Commits run on the caller's thread.
    pub(crate) fn in_memory(options: &EngineOptions) -> Result<Self> {
        Cluster::alone(Home::Memory, options)
    }

    /// The database in `files`, which no other process has.
    ///
    /// Errors: `Corrupt`, `Io`.
    pub(crate) fn recover(files: Arc<dyn Files>, options: &EngineOptions) -> Result<Self> {
        Cluster::alone(Home::Files(files), options)
    }

    fn alone(home: Home, options: &EngineOptions) -> Result<Self> {
        Ok(Cluster {
            keeper: None,
            holding: Arc::new(Holding::open(home, options)?),
        })
    }

    /// The database in a directory, which is made if it is missing. It is handed over to other processes that want it, unless it has no
    /// threads.
    ///
    /// Errors: `NotADatabase`, `NewerFormat`, `Locked`, `Corrupt`, `Io`.
    pub(crate) fn open(path: &Path, options: &EngineOptions) -> Result<Self> {
        let holding = Arc::new(Holding::open(Home::Directory(path.to_owned()), options)?);
        let keeper = options.threads.then(|| Keeper::start(&holding, path.to_owned()));
        Ok(Cluster {
            keeper: keeper.transpose()?,
            holding,
        })
    }

    /// Time, chance and threads.
    pub(crate) fn env(&self) -> &Env {
        self.holding.env()
    }

    /// The database for a transaction that begins. As long as the transaction keeps it, it stays with this process, within limits.
    ///
    /// Errors: `Locked` (1529) if another process does not give it away in time; those of opening.
    pub(crate) fn begin(&self) -> Result<Arc<Tenure>> {
        self.holding.begin()
    }

    /// The database for what goes on. Errors: as [`Cluster::begin`].
    pub(crate) fn tenure(&self) -> Result<Arc<Tenure>> {
        self.holding.tenure()
    }

    /// Whether the database is locked: a transaction that is not lock-aware gets 1038 instead of a read version. Errors: as
    /// [`Cluster::begin`].
    pub(crate) fn is_locked(&self) -> Result<bool> {
        Ok(self.tenure()?.is_locked())
    }

    /// Completes when `version` may be read, at once if it is not in the future. Errors: 1009 after a second.
    pub(crate) fn wait_for_version(&self, version: i64) -> Read<()> {
        match self.tenure() {
            Ok(tenure) => tenure.wait_for_version(version),
            Err(error) => Read::ready(Err(error)),
        }
    }

    /// The value of `key` at `version`, which must not be in the future. Errors: 1007.
    pub(crate) fn get(&self, key: &[u8], version: i64) -> Result<Option<Bytes>> {
        self.tenure()?.get(key, version)
    }

    /// The value of `key` at this moment.
    pub(crate) fn get_latest(&self, key: &[u8]) -> Result<Option<Bytes>> {
        let tenure = self.begin()?;
        tenure.get(key, tenure.read_version())
    }

    /// Appends the rows of `[begin, end)` at `version`, which must not be in the future, to `out` until a limit is reached;
    /// tells whether one was. Errors: 1007.
    pub(crate) fn scan(
        &self,
        begin: &[u8],
        end: &[u8],
        reverse: bool,
        version: i64,
        limits: ScanLimits,
        out: &mut Vec<KeyValue>,
    ) -> Result<bool> {
        self.tenure()?.scan(begin, end, reverse, version, limits, out)
    }

    /// Commits. It is on its way when the call returns, whether or not the result is awaited, unless the window fills: then it
    /// waits for its turn. Errors: 1007; 2000 for a
    /// versionstamp that does not fit; 1021 if it is unknown whether it committed; 1510 if an earlier write failed.
    pub(crate) fn commit(self: &Arc<Self>, request: CommitRequest) -> Read<CommitOutcome> {
        let tenure = match self.tenure() {
            Ok(tenure) => tenure,
            Err(error) => return Read::ready(Err(error)),
        };
        let turn = tenure.turn(request.memory());
        if turn.is_zero() && !tenure.is_full() {
            return self.commit_now(tenure, request);
        }
        let cluster = self.clone();
        Read::pending(async move {
            cluster.env().clock().sleep(turn).await;
            while tenure.is_full() {
                cluster.env().clock().sleep(FULL_WINDOW_WAIT).await;
            }
            cluster.commit_now(tenure, request).await
        })
    }

    fn commit_now(&self, mut tenure: Arc<Tenure>, mut request: CommitRequest) -> Read<CommitOutcome> {
        loop {
            request = match tenure.commit(request) {
                Ok(outcome) => return outcome,
                // The database was given away meanwhile.
                Err(request) => request,
            };
            tenure = match self.tenure() {
                Ok(tenure) => tenure,
                Err(error) => return Read::ready(Err(error)),
            };
        }
    }

    /// Completes when a commit gives `key` another value than `expected`, at once if it has one already. `version` is that
    /// at which the value was the expected one. Errors: 1101 when the database is closed.
    pub(crate) fn watch(&self, key: &[u8], expected: Option<Bytes>, version: i64) -> Read<()> {
        let tenure = self.holding.present();
        let unchecked = expected.clone();
        let current = || {
            let value = tenure.map(|tenure| tenure.get_since(key, version));
            value.unwrap_or_else(|| Err(Error::fdb(fdb_code::TRANSACTION_TOO_OLD)))
        };
        let current = || match current() {
            // Another process has the database; the watch is compared when this one has it again.
            Err(error) if error.fdb_code() == Some(fdb_code::TRANSACTION_TOO_OLD) => {
                self.holding.note_unchecked_watch();
                Ok(unchecked)
            }
            value => value,
        };
        match self.holding.watches().add(key, expected, current) {
            Ok(None) => Read::ready(Ok(())),
            Ok(Some(watch)) => Read::pending(watch),
            Err(error) => Read::ready(Err(error)),
        }
    }

    /// Gives the database away, as if another process wanted it.
    #[cfg(test)]
    pub(crate) fn hand_over(&self) {
        self.holding.hand_over(Duration::ZERO);
    }

    #[cfg(test)]
    pub(crate) fn read_version(&self) -> Result<i64> {
        Ok(self.begin()?.read_version())
    }

    #[cfg(test)]
    fn shared(&self) -> Arc<shared::Shared> {
        self.tenure().expect("nobody else has the database").shared().clone()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.keeper = None;
        self.holding.close();
    }
}

/// How long a commit waits before it looks again whether the window has room.
const FULL_WINDOW_WAIT: Duration = Duration::from_millis(5);
