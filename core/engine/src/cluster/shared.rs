//! What the client's threads, the committer and the applier share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use record_store_kv::env::Env;
use record_store_kv::{Error, ErrorKind, Result, fdb_code};

use super::applier::Applier;
use super::base::Base;
use super::change::Change;
use super::sequencer::Sequencer;
use super::store::Store;
use super::watches::Watches;

/// The parts of a cluster.
pub(crate) struct Shared {
    pub(crate) env: Env,
    pub(crate) sequencer: Sequencer,
    pub(crate) store: Store,
    pub(crate) watches: Arc<Watches>,
    pub(crate) applier: Applier,
    /// Whether the database is locked, that is, whether [`DATABASE_LOCK`] has a value.
    locked: AtomicBool,
    /// Set for good when a write or a sync failed.
    failure: OnceLock<Error>,
}

impl Shared {
    /// Puts the parts together. Versions start at `start` and may be handed out up to `lease`.
    pub(crate) fn new(env: Env, base: Box<dyn Base>, start: i64, lease: i64) -> Result<Self> {
        let shared = Shared {
            sequencer: Sequencer::new(env.clone(), start, lease),
            store: Store::new(base, start)?,
            watches: Arc::default(),
            applier: Applier::new(),
            locked: AtomicBool::new(false),
            failure: OnceLock::new(),
            env,
        };
        shared.read_lock(start)?;
        Ok(shared)
    }

    /// Whether the database is locked against transactions that are not lock-aware.
    pub(crate) fn is_locked(&self) -> bool {
        self.locked.load(Ordering::Acquire)
    }

    /// Looks whether `changes`, in the window at `version`, lock or unlock the database.
    pub(crate) fn note_lock(&self, changes: &[Change], version: i64) {
        let touches_lock = |change: &Change| match change {
            Change::Put { key, .. } | Change::Delete { key } => key[..] == *DATABASE_LOCK,
            Change::ClearRange(range) => range.begin[..] <= *DATABASE_LOCK && *DATABASE_LOCK < range.end[..],
        };
        if changes.iter().any(touches_lock) {
            if let Err(error) = self.read_lock(version) {
                self.fail(error);
            }
        }
    }

    fn read_lock(&self, version: i64) -> Result<()> {
        let locked = self.store.get(DATABASE_LOCK, version)?.is_some();
        self.locked.store(locked, Ordering::Release);
        Ok(())
    }

    /// The database takes no commits any more, because of `cause`. Reads of what was acknowledged go on.
    pub(crate) fn fail(&self, cause: Error) {
        let failure = Error::new(
            ErrorKind::Io,
            "the database takes no commits since a write failed; open it again",
        )
        .with_fdb_code(fdb_code::IO_ERROR)
        .caused_by(cause);
        // Only the first failure is the cause; the others follow from it.
        drop(self.failure.set(failure));
    }

    /// Why the database takes no commits any more.
    pub(crate) fn failure(&self) -> Option<&Error> {
        self.failure.get()
    }
}

/// The key whose presence locks the database (`fdbclient/SystemData.cpp`: `databaseLockedKey`).
const DATABASE_LOCK: &[u8] = b"\xff/dbLocked";
