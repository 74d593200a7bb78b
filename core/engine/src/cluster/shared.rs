//! What the client's threads, the committer and the applier share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use record_store_kv::env::Env;
use record_store_kv::{Error, ErrorKind, Result, fdb_code};

use super::applier::Applier;
use super::base::Base;
use super::change::Change;
use super::files::Files;
use super::log::OldSegments;
use super::sequencer::Sequencer;
use super::store::Store;
use super::watches::Watches;
use crate::limits::VERSION_WINDOW;

/// The parts of a cluster that more than one thread uses.
pub(crate) struct Shared {
    pub(crate) env: Env,
    pub(crate) sequencer: Arc<Sequencer>,
    pub(crate) store: Store,
    pub(crate) watches: Arc<Watches>,
    pub(crate) applier: Applier,
    /// Where the log is; nothing in memory.
    disk: Option<Disk>,
    /// Whether the database is locked, that is, whether [`DATABASE_LOCK`] has a value.
    locked: AtomicBool,
    /// Set for good when a write or a sync failed.
    failure: OnceLock<Error>,
    /// Set when the database is being closed.
    closing: AtomicBool,
}

/// The log's files.
pub(crate) struct Disk {
    pub(crate) files: Arc<dyn Files>,
    pub(crate) old_segments: Arc<OldSegments>,
}

impl Shared {
    /// Puts the parts together. Versions start at `start` and may be handed out up to `lease`; `recovered` are the groups
    /// that the base does not have yet.
    pub(crate) fn new(
        env: Env,
        base: Box<dyn Base>,
        disk: Option<Disk>,
        (start, lease): (i64, i64),
        window_bytes: usize,
        recovered: Vec<(i64, Vec<Change>)>,
        watches: Arc<Watches>,
    ) -> Result<Self> {
        let shared = Shared {
            sequencer: Arc::new(Sequencer::new(env.clone(), start, lease)),
            store: Store::new(base, start)?,
            watches,
            applier: Applier::new(window_bytes),
            disk,
            locked: AtomicBool::new(false),
            failure: OnceLock::new(),
            closing: AtomicBool::new(false),
            env,
        };
        shared.store.recover(&recovered);
        for (version, changes) in recovered {
            shared.applier.push(version, start, changes);
        }
        shared.read_lock(start)?;
        Ok(shared)
    }

    /// Whether the database is locked against transactions that are not lock-aware.
    pub(crate) fn is_locked(&self) -> bool {
        self.locked.load(Ordering::Acquire)
    }

    /// Looks whether `changes`, in the window at `version`, lock or unlock the database.
    pub(crate) fn note_lock(&self, changes: &[Change], version: i64) -> Result<()> {
        if changes.iter().any(touches_lock) {
            self.read_lock(version)?;
        }
        Ok(())
    }

    fn read_lock(&self, version: i64) -> Result<()> {
        let locked = self.store.get(DATABASE_LOCK, version)?.is_some();
        self.locked.store(locked, Ordering::Release);
        Ok(())
    }

    /// Moves changes that no read needs in the window any more into the base, in large batches, until no batch is worth its while;
    /// leaves off when the database is being closed. One caller at a time.
    pub(crate) fn settle_due(&self) {
        while self.settle(self.applier.largest_batch()) && self.settling_is_due(self.newest()) {}
    }

    /// The same on a thread that has something else to do: in memory a few changes at each call, on disk a batch when it is
    /// worth its while. One caller at a time.
    pub(crate) fn settle_inline(&self) {
        if self.disk.is_none() {
            let crowded = self.applier.is_crowded();
            self.settle(if crowded { MORE_MEMORY_AT_ONCE } else { MEMORY_AT_ONCE });
        } else if self.settling_is_due(self.sequencer.latest()) {
            self.settle_due();
        }
    }

    /// The database is being closed: what is not in the base stays in the log.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }

    /// Closes the base's file, once the reads that are under way are done; from then on all reads fail with 1007.
    pub(crate) fn close_store(&self) {
        if self.disk.is_some() {
            self.store.close(&self.env);
        }
    }

    /// Moves changes into the base, whether or not somebody could still read before them: nobody can any more. Stops when so
    /// few are left that a start reads them in a moment, or when it has taken long.
    pub(crate) fn settle_rest(&self) {
        let clock = self.env.clock();
        let started = clock.monotonic();
        while self.failure().is_none()
            && self.applier.memory() >= WORTH_SETTLING
            && clock.monotonic().saturating_sub(started) < LONGEST_REST
            && self.settle_up_to(i64::MAX, REST_AT_ONCE, &|| false)
        {}
    }

    /// Moves old changes into the base if they have waited for long, whether or not anybody takes versions meanwhile.
    pub(crate) fn settle_if_due(&self) {
        if self.settling_is_due(self.newest()) {
            self.settle_due();
        }
    }

    /// The version of this moment.
    fn newest(&self) -> i64 {
        self.sequencer.oldest_readable() + VERSION_WINDOW
    }

    fn settle(&self, most: usize) -> bool {
        let is_closing = || self.closing.load(Ordering::Acquire);
        if is_closing() {
            return false;
        }
        self.settle_up_to(self.sequencer.oldest_readable(), most, &is_closing)
    }

    fn settle_up_to(&self, horizon: i64, most: usize, stop: &dyn Fn() -> bool) -> bool {
        let settled = self.applier.step(&self.store, horizon, most, &self.env, stop);
        let cut = settled.and_then(|version| {
            if let (Some(disk), Some(version)) = (&self.disk, version) {
                disk.old_segments.cut(&*disk.files, version)?;
            }
            Ok(version.is_some())
        });
        cut.unwrap_or_else(|error| {
            self.fail(error);
            false
        })
    }

    /// Whether at version `now` enough changes wait for the base to be worth a batch.
    pub(crate) fn settling_is_due(&self, now: i64) -> bool {
        self.applier.is_due(now - VERSION_WINDOW) && self.failure().is_none()
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

    /// Makes the database [fail](Shared::fail) when it is called.
    pub(crate) fn alarm(self: &Arc<Self>) -> impl FnOnce(Error) + Send + 'static {
        let shared = self.clone();
        move |error| shared.fail(error)
    }

    /// Why the database takes no commits any more.
    pub(crate) fn failure(&self) -> Option<&Error> {
        self.failure.get()
    }
}

/// Whether a change may lock or unlock the database.
pub(crate) fn touches_lock(change: &Change) -> bool {
    match change {
        Change::Put { key, .. } | Change::Delete { key } => key[..] == *DATABASE_LOCK,
        Change::ClearRange(range) => range.begin[..] <= *DATABASE_LOCK && *DATABASE_LOCK < range.end[..],
    }
}

/// How much memory of changes goes into the base in memory after each commit: more than most commits bring.
const MEMORY_AT_ONCE: usize = 160 << 10;
/// The same when commits bring more than that: some milliseconds of work.
const MORE_MEMORY_AT_ONCE: usize = 8 << 20;
/// How much memory of changes is not left in the log for the process that has the database next, how much of it goes into the base
/// at once, and for how long.
const WORTH_SETTLING: usize = 4 << 20;
const REST_AT_ONCE: usize = 8 << 20;
const LONGEST_REST: Duration = Duration::from_millis(300);
/// The key whose presence locks the database (`fdbclient/SystemData.cpp`: `databaseLockedKey`).
const DATABASE_LOCK: &[u8] = b"\xff/dbLocked";
