//! [`State`]: everything a transaction knows, and the order in which calls fail.
//!
//! A call without a result never fails at once: its error is deferred to the next call with one. Once a commit was asked
//! for, every other use fails with 2017, and the first one spoils the commit as well. Cancelled, timed out and refused
//! transactions fail everything until they are reset.

use std::sync::{Arc, Weak};
use std::task::Waker;
use std::time::Duration;

use record_store_kv::{Error, Result, fdb_code};

use super::database::Handle;
use super::emit::Outgoing;
use super::fate::{End, Fate};
use super::known::Known;
use super::merge::View;
use super::options::Options;
use super::ranges::RangeSet;
use super::retry::Retries;
use super::snapshot::Snapshot;
use super::special::{self, ConflictReport, SpecialWrites};
use super::tenant::TenantSpace;
use super::waiting::WaitingReads;
use super::watch::Watches;
use super::write_map::WriteMap;
use crate::mutation::{CommitOutcome, CommitRequest};

/// What a transaction knows.
pub(crate) struct State {
    /// The database at the read version.
    pub(crate) snapshot: Snapshot,
    /// What was read of it.
    pub(crate) known: Known,
    /// The own writes.
    pub(crate) writes: WriteMap,
    /// Own writes that were handed on already: those before a versionstamped key, or all without read-your-writes.
    pub(crate) outgoing: Outgoing,
    /// Special keys written, if any were.
    pub(crate) special_writes: Option<Box<SpecialWrites>>,
    /// The keys that the commit depends on.
    pub(crate) read_conflicts: RangeSet,
    /// The versionstamped keys as they were given.
    pub(crate) stamped_keys: Vec<Vec<u8>>,
    /// The size as `get_approximate_size` tells it.
    pub(crate) approximate_size: i64,
    /// Whether something was read.
    pub(crate) has_read: bool,
    /// Why a read failed: the commit fails with the same.
    pub(crate) read_failure: Option<Error>,
    /// The options.
    pub(crate) options: Options,
    /// The reads that wait for their version.
    pub(crate) waiting: WaitingReads,
    /// The watches to activate.
    pub(crate) watches: Watches,
    /// The version of the last commit.
    pub(crate) committed_version: i64,
    /// The read ranges that conflicted, of the last commit that reported them.
    pub(crate) conflict_report: ConflictReport,
    /// How often it was tried.
    pub(crate) retries: Retries,
    /// Which attempt this is; a commit that ends after a reset must not touch the next one.
    pub(crate) attempt: u64,
    /// When the transaction was created or reset, on the monotonic clock.
    created: Duration,
    /// Whom to wake once the lock on the transaction is free ([`Locked`](super::lock::Locked)).
    pub(crate) wakers: Vec<Waker>,
    /// Held by the future of a retry that waits.
    pub(crate) back_off: Weak<()>,
    deadline: Option<Duration>,
    deferred: Option<i32>,
    failed: Option<i32>,
    commit_started: bool,
    /// Whether the commit got as far as the cluster.
    commit_sent: bool,
    fate: Option<Arc<Fate>>,
}

/// A write map for reads that see the database only.
static NO_WRITES: WriteMap = WriteMap::new();

impl State {
    /// A fresh transaction.
    pub(crate) fn new(handle: &Handle, tenant: Option<Arc<TenantSpace>>) -> Self {
        let (options, failure) = handle.defaults().options();
        let mut state = State {
            snapshot: Snapshot::new(handle.cluster().clone(), tenant),
            special_writes: None,
            known: Known::default(),
            writes: WriteMap::new(),
            outgoing: Outgoing::default(),
            read_conflicts: RangeSet::default(),
            stamped_keys: Vec::new(),
            approximate_size: 0,
            has_read: false,
            read_failure: None,
            options,
            waiting: WaitingReads::default(),
            watches: Watches::default(),
            committed_version: -1,
            conflict_report: ConflictReport::default(),
            retries: Retries::new(),
            attempt: 0,
            created: handle.cluster().env().clock().monotonic(),
            wakers: Vec::new(),
            back_off: Weak::new(),
            deadline: None,
            deferred: failure,
            failed: None,
            commit_started: false,
            commit_sent: false,
            fate: None,
        };
        state.snapshot.set_buggify(handle.buggify().cloned());
        state.arm_timeout();
        state
    }

    /// The same reads and writes once more, for a read that is executed later.
    pub(crate) fn detached(&self, handle: &Handle) -> Self {
        State {
            snapshot: self.snapshot.again(),
            writes: self.writes.clone(),
            options: self.options.clone(),
            ..State::new(handle, None)
        }
    }

    /// Takes over what a detached read came to.
    pub(crate) fn absorb(&mut self, mut read: State) {
        read.known.take_read(&mut read.read_conflicts);
        self.known.absorb(read.known);
        self.read_conflicts.append(&read.read_conflicts);
        self.approximate_size += read.approximate_size;
        self.read_failure = self.read_failure.take().or(read.read_failure);
    }

    /// What a read sees.
    pub(crate) fn view(&self, snapshot: bool) -> View<'_> {
        View {
            snapshot: &self.snapshot,
            writes: if self.sees_own_writes(snapshot) {
                &self.writes
            } else {
                &NO_WRITES
            },
            max_key: self.options.max_read_key(),
        }
    }

    /// What a read sees, and what is known and becomes known by it.
    pub(crate) fn sight(&mut self, snapshot: bool) -> (View<'_>, &mut Known) {
        self.known.take_read(&mut self.read_conflicts);
        let own_writes = self.sees_own_writes(snapshot);
        let view = View {
            snapshot: &self.snapshot,
            writes: if own_writes { &self.writes } else { &NO_WRITES },
            max_key: self.options.max_read_key(),
        };
        (view, &mut self.known)
    }

    fn sees_own_writes(&self, snapshot: bool) -> bool {
        !self.options.read_your_writes_disabled && (!snapshot || self.options.snapshot_ryw > 0)
    }

    /// Fails with the error of an earlier call that could not report it.
    pub(crate) fn check_deferred(&self) -> Result<()> {
        self.deferred.map_or(Ok(()), |code| Err(Error::fdb(code)))
    }

    /// Fails if the transaction was cancelled, timed out or is otherwise of no use.
    pub(crate) fn check_failed(&mut self) -> Result<()> {
        if self.failed.is_none() && self.deadline.is_some_and(|deadline| self.now() >= deadline) {
            self.fail(fdb_code::TRANSACTION_TIMED_OUT);
        }
        self.failed.map_or(Ok(()), |code| Err(Error::fdb(code)))
    }

    /// Fails if the commit was asked for; the first use after it also spoils the commit.
    pub(crate) fn check_not_committing(&mut self) -> Result<(), i32> {
        if !self.commit_started {
            return Ok(());
        }
        if self.failed.is_none() && !self.options.used_during_commit_protection_disabled {
            self.fail(fdb_code::USED_DURING_COMMIT);
        }
        Err(fdb_code::USED_DURING_COMMIT)
    }

    /// The checks of every call with a result, in FoundationDB's order.
    pub(crate) fn check_usable(&mut self) -> Result<()> {
        self.check_deferred()?;
        self.check_not_committing().map_err(Error::fdb)?;
        self.check_failed()
    }

    /// Executes a call without a result: not at all after a deferred error; its own error is deferred.
    pub(crate) fn defer(&mut self, call: impl FnOnce(&mut Self) -> Result<(), i32>) {
        if self.deferred.is_none() {
            self.deferred = call(self).err();
        }
    }

    /// Makes everything pending and later fail with `code` until the reset.
    pub(crate) fn fail(&mut self, code: i32) {
        if self.failed.is_none() {
            self.note_watches(false);
            self.failed = Some(code);
            if let Some(fate) = &self.fate {
                self.wakers.extend(fate.interrupt(code));
            }
        }
    }

    /// Fails if a read failed, or if its transaction is of no use any more.
    pub(crate) fn check_reads(&mut self) -> Result<()> {
        self.check_failed()?;
        self.read_failure.as_ref().map_or(Ok(()), |error| Err(error.repeat()))
    }

    /// Whether the transaction has a read version, or took one with its commit.
    pub(crate) fn has_version(&self) -> bool {
        self.commit_sent || self.snapshot.known_version().is_some()
    }

    /// Remembers that a read failed.
    pub(crate) fn note_read_failure(&mut self, error: &Error) {
        if self.read_failure.is_none() {
            self.read_failure = Some(error.repeat());
        }
    }

    /// What becomes of this attempt, for a future that waits for it.
    pub(crate) fn fate(&mut self) -> Arc<Fate> {
        if let Some(fate) = &self.fate {
            return fate.clone();
        }
        let fate = Arc::new(Fate::default());
        // Nobody can wait for it yet.
        let _ = fate.set_deadline(self.deadline);
        if let Some(code) = self.failed {
            let _ = fate.interrupt(code);
        }
        self.fate = Some(fate.clone());
        fate
    }

    /// Counts the timeout from the transaction's creation.
    pub(crate) fn arm_timeout(&mut self) {
        let timeout = self.options.timeout_ms.unsigned_abs();
        self.deadline = (timeout > 0).then(|| self.created + Duration::from_millis(timeout));
        if let Some(fate) = &self.fate {
            self.wakers.extend(fate.set_deadline(self.deadline));
        }
    }

    /// The checks of a commit.
    pub(crate) fn begin_commit(&mut self) -> Result<()> {
        self.check_usable()?;
        self.note_watches(true);
        self.commit_started = true;
        Ok(())
    }

    /// What the commit that began is to do; `None` if it has nothing to do.
    pub(crate) fn prepare_commit(&mut self) -> Result<Option<CommitRequest>> {
        // After a failed read the commit never gets to the database: what waits for its end goes on waiting.
        self.check_reads()?;
        let request = special::commit(self).and_then(|()| self.commit_request());
        self.commit_sent = matches!(request, Ok(Some(_)));
        if let Err(error) = &request {
            self.end(End::Failed(error.fdb_code().unwrap_or(fdb_code::INTERNAL_ERROR)));
        }
        request
    }

    /// Takes the outcome of a commit in.
    pub(crate) fn finish_commit(&mut self, outcome: Result<CommitOutcome>) -> Result<()> {
        let result = match outcome {
            Ok(CommitOutcome::Committed(committed)) => {
                self.committed_version = committed.version;
                let woken = self.watches.activate(&self.snapshot, committed.version);
                self.wakers.extend(woken);
                self.end(End::Committed(committed));
                return Ok(());
            }
            Ok(CommitOutcome::Conflict(places)) => {
                if self.options.report_conflicting_keys {
                    self.conflict_report.confirm(&places);
                }
                // A tenant that was removed meanwhile is no reason to try again.
                self.check_tenant().and(Err(Error::fdb(fdb_code::NOT_COMMITTED)))
            }
            Err(error) => Err(error),
        };
        if let Err(error) = &result {
            self.end(End::Failed(error.fdb_code().unwrap_or(fdb_code::IO_ERROR)));
        }
        result
    }

    /// Fails with 2131 if this is a transaction of a tenant that is not there any more.
    pub(crate) fn check_tenant(&self) -> Result<()> {
        let Some(tenant) = self.snapshot.tenant() else {
            return Ok(());
        };
        let tenure = self.snapshot.cluster().begin()?;
        tenant.check(&tenure, tenure.read_version())
    }

    /// As [`State::check_tenant`], at the read version if there is one.
    pub(crate) fn check_tenant_as_read(&self) -> Result<()> {
        match (self.snapshot.tenant(), self.snapshot.known_version()) {
            (Some(tenant), Some(version)) => tenant.check(&*self.snapshot.cluster().tenure()?, version),
            _ => self.check_tenant(),
        }
    }

    /// Ends a commit that had nothing to do.
    pub(crate) fn finish_read_only(&mut self) -> Result<()> {
        self.committed_version = -1;
        if !self.watches.is_empty() {
            let version = self.snapshot.version()?;
            let woken = self.watches.activate(&self.snapshot, version);
            self.wakers.extend(woken);
        }
        self.end(End::ReadOnly);
        Ok(())
    }

    /// Back to a fresh transaction, as a reset does: options and the count of retries too.
    pub(crate) fn reset(&mut self, handle: &Handle) {
        // A retry that is on its way fails, and takes the transaction along, as in FoundationDB.
        let was_backing_off = self.back_off.upgrade().is_some();
        self.start_again();
        if was_backing_off {
            self.failed = Some(fdb_code::TRANSACTION_CANCELLED);
        }
        (self.options, self.deferred) = handle.defaults().options();
        self.retries = Retries::new();
        self.created = self.now();
        self.snapshot.set_lock_aware(false);
        self.arm_timeout();
    }

    /// Back to a fresh transaction, as a retry does: what is persistent stays.
    pub(crate) fn retry(&mut self, handle: &Handle) {
        self.start_again();
        let defaults = handle.defaults();
        self.options = self.options.for_retry(&defaults);
        self.deferred = defaults.options().1;
        self.snapshot.set_lock_aware(false);
        self.arm_timeout();
    }

    /// As [`State::retry`], after an error that no retry cures: before version 610 of the API its watches go on, those whose value
    /// is known.
    pub(crate) fn go_on(&mut self, handle: &Handle) {
        self.note_watches(false);
        let mut watches = std::mem::take(&mut self.watches);
        watches.forget_on_their_way();
        self.retry(handle);
        if !watches.is_empty() {
            watches.carry_over(&self.fate());
            self.watches = watches;
        }
    }

    /// Ends the attempt for the futures that wait for it.
    pub(crate) fn end(&mut self, end: End) {
        self.snapshot.leave();
        if let Some(fate) = &self.fate {
            self.wakers.extend(fate.end(end));
        }
    }

    fn start_again(&mut self) {
        self.end(End::Reset);
        self.fate = None;
        self.attempt += 1;
        self.snapshot.reset();
        self.known.clear();
        self.writes.clear();
        self.outgoing.reset();
        if let Some(writes) = &mut self.special_writes {
            writes.reset();
        }
        self.read_conflicts.clear();
        self.stamped_keys.clear();
        self.approximate_size = 0;
        self.has_read = false;
        self.read_failure = None;
        self.waiting.clear();
        self.watches.clear();
        self.failed = None;
        self.commit_started = false;
        self.commit_sent = false;
    }

    fn now(&self) -> Duration {
        self.snapshot.cluster().env().clock().monotonic()
    }
}
