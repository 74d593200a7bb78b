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

use self::base::MemoryBase;
pub(crate) use self::change::Change;
use self::committer::Committer;
use self::directory::DirectoryLock;
use self::files::Files;
pub(crate) use self::files::make_directory;
use self::pipeline::Pipeline;
pub(crate) use self::rows::ScanLimits;
pub(crate) use self::sample::sampled_size;
use self::shared::Shared;
use self::workers::Workers;
use crate::limits::{RECOVERY_VERSION_JUMP, VERSION_WINDOW};
use crate::mutation::{CommitOutcome, CommitRequest};
use crate::options::{Durability, EngineOptions};

/// A database as its clients see it. Dropping it closes it: it ends the threads and lets go of the directory.
pub(crate) struct Cluster {
    shared: Arc<Shared>,
    /// None only while it is dropped.
    pipeline: Option<Pipeline>,
    workers: Workers,
    /// Held until the threads have ended, too.
    _lock: Option<Arc<DirectoryLock>>,
}

impl Cluster {
    /// An empty database in memory. Commits run on the caller's thread.
    pub(crate) fn in_memory(options: &EngineOptions) -> Result<Self> {
        let versions = (RECOVERY_VERSION_JUMP, i64::MAX);
        let base = Box::new(MemoryBase::default());
        let shared = Shared::new(
            options.env.clone(),
            base,
            None,
            versions,
            options.window_bytes,
            Vec::new(),
        )?;
        let shared = Arc::new(shared);
        let committer = Committer::new(shared.clone(), None);
        Ok(Cluster {
            pipeline: Some(Pipeline::inline(shared.clone(), committer)),
            shared,
            workers: Workers::default(),
            _lock: None,
        })
    }

    /// The database in a directory, which is made if it is missing.
    ///
    /// Errors: `NotADatabase`, `NewerFormat`, `Locked`, `Corrupt`, `Io`.
    pub(crate) fn open(path: &Path, options: &EngineOptions) -> Result<Self> {
        let (files, lock) = directory::open(path, &options.env, options.lock_wait)?;
        Cluster::recover(Arc::new(files), Some(lock), options)
    }

    /// The database in `files`, which `lock` keeps for us.
    pub(crate) fn recover(files: Arc<dyn Files>, lock: Option<DirectoryLock>, options: &EngineOptions) -> Result<Self> {
        let lock = lock.map(Arc::new);
        let (shared, committer) = recovery::recover(files, options)?;
        let workers = Workers::default();
        let sync = options.durability == Durability::Sync;
        let pipeline = if options.threads {
            Pipeline::threads(shared.clone(), committer, sync, &workers, &lock)?
        } else {
            Pipeline::inline(shared.clone(), committer)
        };
        Ok(Cluster {
            shared,
            pipeline: Some(pipeline),
            workers,
            _lock: lock,
        })
    }

    /// Time, chance and threads.
    pub(crate) fn env(&self) -> &Env {
        &self.shared.env
    }

    /// A version to read at: at least that of every acknowledged commit.
    pub(crate) fn read_version(&self) -> Result<i64> {
        let version = self.shared.sequencer.read_version();
        if self.shared.sequencer.lease_is_short(version) {
            self.pipeline().renew_lease();
        }
        if self.shared.settling_is_due(version) {
            self.pipeline().settle();
        }
        Ok(version)
    }

    /// Whether the database is locked: a transaction that is not lock-aware gets 1038 instead of a read version.
    pub(crate) fn is_locked(&self) -> bool {
        self.shared.is_locked()
    }

    /// Completes when `version` may be read, at once if it is not in the future. Errors: 1009 after a second.
    pub(crate) fn wait_for_version(&self, version: i64) -> Read<()> {
        if version <= self.shared.sequencer.latest() {
            return Read::ready(Ok(()));
        }
        // Not the whole cluster: a wait that nobody awaits must not keep the database open.
        let (env, sequencer) = (self.shared.env.clone(), self.shared.sequencer.clone());
        Read::pending(async move {
            let clock = env.clock();
            let started = clock.monotonic();
            loop {
                let ahead = version.saturating_sub(sequencer.read_version());
                if ahead <= 0 {
                    return Ok(());
                }
                let left = FUTURE_VERSION_WAIT.saturating_sub(clock.monotonic().saturating_sub(started));
                if left.is_zero() {
                    return Err(Error::fdb(fdb_code::FUTURE_VERSION));
                }
                let wait = Duration::from_micros(ahead.unsigned_abs()).max(SHORTEST_WAIT);
                clock.sleep(wait.min(left)).await;
            }
        })
    }

    /// The value of `key` at `version`, which must not be in the future. Errors: 1007.
    pub(crate) fn get(&self, key: &[u8], version: i64) -> Result<Option<Bytes>> {
        self.check_age(version)?;
        self.shared.store.get(key, version)
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
        self.check_age(version)?;
        self.shared.store.scan(begin, end, reverse, version, limits, out)
    }

    /// As [`Cluster::scan`], but of older rows only those in the [sample](sampled_size) and only the lengths of their values.
    pub(crate) fn scan_sample(
        &self,
        range: (&[u8], &[u8]),
        version: i64,
        limits: ScanLimits,
        out: &mut Vec<KeyValue>,
    ) -> Result<bool> {
        self.check_age(version)?;
        self.shared.store.scan_sample(range, version, limits, out)
    }

    /// Commits. It is on its way when the call returns, whether or not the result is awaited, unless the window fills: then it
    /// waits for its turn. Errors: 1007; 2000 for a
    /// versionstamp that does not fit; 1021 if it is unknown whether it committed; 1510 if an earlier write failed.
    pub(crate) fn commit(self: &Arc<Self>, request: CommitRequest) -> Read<CommitOutcome> {
        if self.shared.settling_is_due(self.shared.sequencer.latest()) {
            self.pipeline().settle();
        }
        let turn = self.shared.applier.turn(request.memory(), &self.shared.env);
        if turn.is_zero() && !self.shared.applier.is_full() {
            return self.pipeline().commit(request);
        }
        let cluster = self.clone();
        Read::pending(async move {
            cluster.shared.env.clock().sleep(turn).await;
            while cluster.shared.applier.is_full() && cluster.shared.failure().is_none() {
                cluster.pipeline().settle();
                cluster.shared.env.clock().sleep(FULL_WINDOW_WAIT).await;
            }
            cluster.pipeline().commit(request).await
        })
    }

    /// Completes when a commit gives `key` another value than `expected`, at once if it has one already. `version` is that
    /// at which the value was the expected one. Errors: 1101 when the database is closed.
    pub(crate) fn watch(&self, key: &[u8], expected: Option<Bytes>, version: i64) -> Read<()> {
        let current = || self.shared.store.get(key, version.max(self.shared.sequencer.latest()));
        match self.shared.watches.add(key, expected, current) {
            Ok(None) => Read::ready(Ok(())),
            Ok(Some(watch)) => Read::pending(watch),
            Err(error) => Read::ready(Err(error)),
        }
    }

    fn pipeline(&self) -> &Pipeline {
        self.pipeline.as_ref().expect("only a dropped cluster has no pipeline")
    }

    fn check_age(&self, version: i64) -> Result<()> {
        if version < self.shared.sequencer.oldest_readable() {
            return Err(Error::fdb(fdb_code::TRANSACTION_TOO_OLD));
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.shared.close();
        // The threads end when nobody can ask them for anything any more, after what they have been asked for.
        self.pipeline = None;
        self.workers.wait();
    }
}

/// How long a read waits for a version of the future (`FUTURE_VERSION_DELAY` of FoundationDB's server).
const FUTURE_VERSION_WAIT: Duration = Duration::from_secs(1);
/// How long to wait for a version that a commit under way holds up.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
/// How long a commit waits before it looks again whether the window has room.
const FULL_WINDOW_WAIT: Duration = Duration::from_millis(5);
const _: () = assert!(
    VERSION_WINDOW < RECOVERY_VERSION_JUMP,
    "every version from before a start is too old after it"
);
