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
mod merge;
mod resolver;
mod sequencer;
mod shared;
mod store;
#[cfg(test)]
pub(crate) mod testing;
mod watches;
mod window;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use record_store_kv::env::Env;
use record_store_kv::{Error, KeyValue, Read, Result, fdb_code};

use self::base::MemoryBase;
use self::committer::Committer;
pub(crate) use self::merge::ScanLimits;
use self::shared::Shared;
use crate::limits::{RECOVERY_VERSION_JUMP, VERSION_WINDOW};
use crate::mutation::{CommitOutcome, CommitRequest};

/// A database as its clients see it.
pub(crate) struct Cluster {
    shared: Arc<Shared>,
    committer: Mutex<Committer>,
}

impl Cluster {
    /// An empty database in memory. Commits run on the caller's thread.
    pub(crate) fn in_memory(env: Env) -> Result<Self> {
        let shared = Arc::new(Shared::new(
            env,
            Box::new(MemoryBase::default()),
            RECOVERY_VERSION_JUMP,
            i64::MAX,
        )?);
        Ok(Cluster {
            committer: Mutex::new(Committer::new(shared.clone())),
            shared,
        })
    }

    /// Time, chance and threads.
    pub(crate) fn env(&self) -> &Env {
        &self.shared.env
    }

    /// A version to read at: at least that of every acknowledged commit.
    pub(crate) fn read_version(&self) -> Result<i64> {
        Ok(self.shared.sequencer.read_version())
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
        let shared = self.shared.clone();
        Read::pending(async move {
            let clock = shared.env.clock();
            let started = clock.monotonic();
            loop {
                let ahead = version.saturating_sub(shared.sequencer.read_version());
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

    /// Commits. It is on its way when the call returns, whether or not the result is awaited. Errors: 1007; 2000 for a
    /// versionstamp that does not fit; 1021 if it is unknown whether it committed; 1510 if an earlier write failed.
    pub(crate) fn commit(self: &Arc<Self>, request: CommitRequest) -> Read<CommitOutcome> {
        let outcome = self.committer.lock().commit(vec![request]).pop();
        Read::ready(outcome.expect("a group has an outcome for each of its transactions"))
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

    fn check_age(&self, version: i64) -> Result<()> {
        if version < self.shared.sequencer.oldest_readable() {
            return Err(Error::fdb(fdb_code::TRANSACTION_TOO_OLD));
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.shared.watches.close();
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
