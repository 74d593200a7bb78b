//! [`Tenure`]: the database from its recovery until it closes or is handed over to another process.
//!
//! The next tenure begins with versions that make all those of this one too old, whichever process it belongs to. So whoever
//! comes back with a version of an earlier tenure gets the error that FoundationDB's clients get after a recovery: 1007.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use record_store_kv::{Error, KeyValue, Read, Result, fdb_code};

use super::base::MemoryBase;
use super::committer::Committer;
use super::directory::DirectoryLock;
use super::files::Files;
use super::pipeline::Pipeline;
use super::recovery;
use super::rows::ScanLimits;
use super::shared::Shared;
use super::watches::Watches;
use super::workers::Workers;
use crate::limits::{RECOVERY_VERSION_JUMP, VERSION_WINDOW};
use crate::mutation::{CommitOutcome, CommitRequest};
use crate::options::{Durability, EngineOptions};

/// The database while it is open. Once it has [ended](Tenure::end), reads fail with 1007 and commits are given back.
pub(crate) struct Tenure {
    shared: Arc<Shared>,
    /// None once it has ended.
    pipeline: RwLock<Option<Pipeline>>,
    workers: Workers,
    /// Held until the threads have ended, too.
    lock: Mutex<Option<Arc<DirectoryLock>>>,
    /// When it began, on the monotonic clock.
    began: Duration,
}

/// Why a tenure ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The database is closed: what is not in the base stays in the log.
    Close,
    /// Another process waits: it should not find much in the log that it has to read.
    HandOver,
}

impl Tenure {
    /// An empty database in memory. Commits run on the caller's thread.
    pub(crate) fn in_memory(options: &EngineOptions, watches: Arc<Watches>) -> Result<Self> {
        let shared = Shared::new(
            options.env.clone(),
            Box::new(MemoryBase::default()),
            None,
            (RECOVERY_VERSION_JUMP, i64::MAX),
            options.window_bytes,
            Vec::new(),
            watches,
        )?;
        let shared = Arc::new(shared);
        let pipeline = Pipeline::inline(shared.clone(), Committer::new(shared.clone(), None));
        Ok(Tenure::new(shared, pipeline, Workers::default(), None))
    }

    /// The database in `files`, which `lock` keeps for us.
    ///
    /// Errors: `Corrupt`, `Io`, `Locked`.
    pub(crate) fn recover(
        files: Arc<dyn Files>,
        lock: Option<DirectoryLock>,
        options: &EngineOptions,
        watches: Arc<Watches>,
    ) -> Result<Self> {
        let lock = lock.map(Arc::new);
        let (shared, committer) = recovery::recover(files, options, watches)?;
        let workers = Workers::default();
        let sync = options.durability == Durability::Sync;
        let pipeline = if options.threads {
            Pipeline::threads(shared.clone(), committer, sync, &workers, &lock)?
        } else {
            Pipeline::inline(shared.clone(), committer)
        };
        Ok(Tenure::new(shared, pipeline, workers, lock))
    }

    fn new(shared: Arc<Shared>, pipeline: Pipeline, workers: Workers, lock: Option<Arc<DirectoryLock>>) -> Self {
        Tenure {
            began: shared.env.clock().monotonic(),
            shared,
            pipeline: RwLock::new(Some(pipeline)),
            workers,
            lock: Mutex::new(lock),
        }
    }

    /// The parts that its threads share.
    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// When it began, on the monotonic clock.
    pub(crate) fn began(&self) -> Duration {
        self.began
    }

    /// The newest version that was handed out or published.
    pub(crate) fn latest_version(&self) -> i64 {
        self.shared.sequencer.latest()
    }

    /// Whether another process waits for the database.
    pub(crate) fn is_wanted(&self) -> bool {
        let lock = self.lock.lock();
        // If it cannot be seen, nobody can be let in either.
        lock.as_ref().is_some_and(|lock| lock.is_wanted().unwrap_or(false))
    }

    /// A version to read at: at least that of every acknowledged commit.
    pub(crate) fn read_version(&self) -> i64 {
        let version = self.shared.sequencer.read_version();
        if self.shared.sequencer.lease_is_short(version) {
            self.with_pipeline(Pipeline::renew_lease);
        }
        if self.shared.settling_is_due(version) {
            self.with_pipeline(Pipeline::settle);
        }
        version
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
        // Not the whole tenure: a wait that nobody awaits must not keep the database open.
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

    /// The value of `key` at `version` or, if that is too old or was another tenure's, at the latest. Errors: 1007 once it has ended.
    pub(crate) fn get_since(&self, key: &[u8], version: i64) -> Result<Option<Bytes>> {
        self.shared.store.get(key, version.max(self.latest_version()))
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

    /// As [`Tenure::scan`], but of older rows only those in the [sample](sampled_size) and only the lengths of their values.
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

    /// How long a commit of so many bytes in memory has to wait for its turn; settles old changes if it is time.
    pub(crate) fn turn(&self, memory: usize) -> Duration {
        if self.shared.settling_is_due(self.shared.sequencer.latest()) {
            self.with_pipeline(Pipeline::settle);
        }
        self.shared.applier.turn(memory, &self.shared.env)
    }

    /// Whether there is no room for commits; room is being made.
    pub(crate) fn is_full(&self) -> bool {
        let is_full = self.shared.applier.is_full() && self.shared.failure().is_none();
        if is_full {
            self.with_pipeline(Pipeline::settle);
        }
        is_full
    }

    /// Commits. It is on its way when the call returns. Gives the request back if the tenure has ended.
    pub(crate) fn commit(&self, request: CommitRequest) -> Result<Read<CommitOutcome>, CommitRequest> {
        match &*self.pipeline.read() {
            Some(pipeline) => Ok(pipeline.commit(request)),
            None => Err(request),
        }
    }

    /// Ends it: what was asked for is done, the files are closed, and the directory is free.
    pub(crate) fn end(&self, ending: Ending) {
        self.shared.close();
        // The threads end when nobody can ask them for anything any more, after what they have been asked for.
        let pipeline = self.pipeline.write().take();
        if let Some(pipeline) = pipeline {
            pipeline.close();
        }
        self.workers.wait();
        if ending == Ending::HandOver {
            self.shared.settle_rest();
        }
        self.shared.close_store();
        *self.lock.lock() = None;
    }

    fn with_pipeline(&self, ask: impl FnOnce(&Pipeline)) {
        if let Some(pipeline) = &*self.pipeline.read() {
            ask(pipeline);
        }
    }

    fn check_age(&self, version: i64) -> Result<()> {
        if version < self.shared.sequencer.oldest_readable() {
            return Err(Error::fdb(fdb_code::TRANSACTION_TOO_OLD));
        }
        Ok(())
    }
}

/// How long a read waits for a version of the future (`FUTURE_VERSION_DELAY` of FoundationDB's server).
const FUTURE_VERSION_WAIT: Duration = Duration::from_secs(1);
/// How long to wait for a version that a commit under way holds up.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
const _: () = assert!(
    VERSION_WINDOW < RECOVERY_VERSION_JUMP,
    "every version from before a start is too old after it"
);
