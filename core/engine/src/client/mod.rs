//! The client: FoundationDB's transaction as programs see it, over the [cluster](crate::cluster).
//!
//! ```text
//!   calls ── State           order of calls and errors, options
//!             ├─ writes      WriteMap, folded operations ──┐
//!             ├─ reads       Cursor: own writes over the database, RangeSet: what conflicts
//!             └─ commit      Outgoing: the request to the cluster
//!   futures ─ Fate           what becomes of the attempt they wait for
//! ```
//!
//! A call executes at once, in call order, under the transaction's lock. It knows nothing of how the cluster stores.

mod batch;
#[cfg(test)]
mod between_tests;
mod commit;
mod conflicts;
mod database;
mod edge;
mod emit;
mod estimate;
mod fate;
mod fold;
mod known;
mod legality;
mod lock;
mod mapped;
mod merge;
mod options;
mod range;
mod ranges;
mod read;
mod reader;
mod reads;
mod request;
mod retry;
mod round_trips;
mod size;
mod snapshot;
mod special;
mod state;
mod tenant;
mod versionstamp;
mod waiting;
mod watch;
mod write_map;
mod writes;

use std::future::Future;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use futures_util::FutureExt;
use parking_lot::Mutex;
use record_store_kv::env::Env;
use record_store_kv::{
    BoxFuture, ConflictRangeType, Error, KeySelector, MappedRangeBatch, RangeBatch, RangeRequest, Read, Result,
    TransactionBackend, TransactionVersion, fdb_code,
};

pub(crate) use self::database::{EngineDatabase, Handle};
use self::fate::End;
use self::legality::{METADATA_VERSION_KEY, SYSTEM_KEYS_END};
use self::lock::Locked;
use self::range::RangeRead;
pub(crate) use self::special::connection_string;
use self::state::State;
use self::tenant::TenantSpace;
use self::waiting::Again;
use self::watch::Slot;
use crate::buggify::Section;
use crate::mutation::CommitOutcome;

/// One transaction.
pub(crate) struct EngineTransaction {
    handle: Arc<Handle>,
    /// For what goes on after the call: it must not keep an abandoned transaction alive.
    me: Weak<EngineTransaction>,
    state: Mutex<State>,
}

impl EngineTransaction {
    /// A fresh transaction, of a tenant if there is one.
    pub(crate) fn new(handle: Arc<Handle>, tenant: Option<Arc<TenantSpace>>) -> Arc<Self> {
        Arc::new_cyclic(|me| EngineTransaction {
            state: Mutex::new(State::new(&handle, tenant)),
            handle,
            me: me.clone(),
        })
    }

    fn env(&self) -> &Env {
        self.handle.cluster().env()
    }

    fn lock(&self) -> Locked<'_> {
        Locked::new(&self.state)
    }

    /// A call waits for the database.
    fn wait(&self, state: &mut State) {
        self.handle.round_trips().note();
        state.note_watches(true);
    }

    /// The result of a read, or a future if its version lies ahead: `again` is then executed on the state as it is now.
    fn answer<T: Unpin + Send + 'static>(
        &self,
        mut state: Locked<'_>,
        result: Result<T>,
        again: impl FnOnce() -> Again<T>,
    ) -> Read<T> {
        if result.is_ok() {
            return Read::ready(result);
        }
        let Some(arrival) = state.snapshot.take_arrival() else {
            return Read::ready(result);
        };
        let (attempt, fate) = (state.attempt, state.fate());
        let then = state.detached(&self.handle);
        let (read, slot) = state.waiting.add(then, again());
        drop(state);
        let me = self.me.clone();
        fate.guard(self.env(), async move {
            let arrived = arrival.await;
            if let Some(me) = me.upgrade() {
                let mut state = me.lock();
                if state.attempt == attempt {
                    state.execute(&read, arrived);
                }
            }
            waiting::take(&slot)
        })
    }

    /// Commits what the transaction holds; it has been checked.
    fn commit_now(&self, mut state: Locked<'_>) -> Read<()> {
        let prepared = match state.prepare_commit() {
            Ok(prepared) => prepared,
            Err(error) => return Read::ready(Err(error)),
        };
        if state.options.timeout_ms > 0
            && let Some(code) = self.made_up(Section::Timeout)
        {
            // The commit goes its way, and nobody learns of it.
            drop(prepared.map(|request| self.handle.cluster().commit(request)));
            state.fail(code);
            return Read::failed(code);
        }
        let Some(request) = prepared else {
            return Read::ready(state.finish_read_only());
        };
        if let Some(code) = self.made_up(Section::BeforeCommit) {
            return Read::ready(state.finish_commit(Err(Error::fdb(code))));
        }
        let attempt = state.attempt;
        // Other calls must not wait for the cluster, and those whom it wakes may make some.
        drop(state);
        let outcome = match self.handle.cluster().commit(request).try_ready() {
            Ok(outcome) => return Read::ready(self.finish_commit(attempt, outcome)),
            Err(pending) => pending,
        };
        let me = self.me.clone();
        self.drive(async move {
            let outcome = outcome.await;
            match me.upgrade() {
                Some(me) => me.finish_commit(attempt, outcome),
                None => Ok(()),
            }
        })
    }

    /// A commit that first waits for the reads whose version has not arrived.
    fn commit_after_reads(&self, state: Locked<'_>) -> Read<()> {
        let attempt = state.attempt;
        let version = state.snapshot.known_version().unwrap_or_default();
        drop(state);
        let arrival = self.handle.cluster().wait_for_version(version);
        let me = self.me.clone();
        self.drive(async move {
            let arrived = arrival.await;
            let me = me
                .upgrade()
                .ok_or_else(|| Error::fdb(fdb_code::TRANSACTION_CANCELLED))?;
            let commit = {
                let mut state = me.lock();
                if state.attempt != attempt {
                    return Err(Error::fdb(fdb_code::TRANSACTION_CANCELLED));
                }
                state.execute_waiting(arrived);
                me.commit_now(state)
            };
            commit.await
        })
    }

    /// Lets `commit` go on whoever waits for its end: its own future, a versionstamp, a watch.
    fn drive(&self, commit: impl Future<Output = Result<()>> + Send + 'static) -> Read<()> {
        let result: BoxFuture<std::result::Result<(), Arc<Error>>> =
            Box::pin(commit.map(|result| result.map_err(Arc::new)));
        let result = result.shared();
        let fate = self.lock().fate();
        let driver: BoxFuture<()> = Box::pin(result.clone().map(|_| ()));
        fate::wake(fate.set_commit(driver.shared()));
        fate.guard(self.env(), async move { result.await.map_err(|error| error.repeat()) })
    }

    /// The code of a failure that is made up here.
    fn made_up(&self, section: Section) -> Option<i32> {
        self.handle
            .buggify()
            .and_then(|buggify| buggify.failure(section, self.env()))
    }

    /// Takes the outcome of a commit in, unless the transaction was reset meanwhile.
    fn finish_commit(&self, attempt: u64, outcome: Result<CommitOutcome>) -> Result<()> {
        let mut state = self.lock();
        if state.attempt != attempt {
            return Err(Error::fdb(fdb_code::TRANSACTION_CANCELLED));
        }
        let hidden = match outcome {
            Ok(CommitOutcome::Committed(_)) => self.made_up(Section::AfterCommit),
            _ => None,
        };
        state.finish_commit(hidden.map_or(outcome, |code| Err(Error::fdb(code))))
    }
}

impl Drop for EngineTransaction {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        state.end(End::Destroyed);
        fate::wake(std::mem::take(&mut state.wakers));
    }
}

impl TransactionBackend for EngineTransaction {
    fn get(&self, key: &[u8], snapshot: bool) -> Read<Option<Bytes>> {
        let mut state = self.lock();
        if special::has(&state, key) {
            let deferred = state.check_deferred();
            return Read::ready(deferred.and_then(|()| special::get(&mut state, &self.handle, key)));
        }
        if let Err(error) = state.check_usable() {
            return Read::ready(Err(error));
        }
        state.note_watches(true);
        self.wait(&mut state);
        let result = state.get(key, snapshot);
        self.answer(state, result, || {
            let key = Bytes::copy_from_slice(key);
            Box::new(move |state| state.get(&key, snapshot))
        })
    }

    fn get_key(&self, selector: &KeySelector, snapshot: bool) -> Read<Bytes> {
        let mut state = self.lock();
        if let Err(error) = state.check_usable() {
            return Read::ready(Err(error));
        }
        self.wait(&mut state);
        let result = state.get_key(selector, snapshot);
        self.answer(state, result, || {
            let selector = selector.clone();
            Box::new(move |state| state.get_key(&selector, snapshot))
        })
    }

    fn get_range(&self, request: &RangeRequest, snapshot: bool) -> Read<RangeBatch> {
        let read = match RangeRead::new(request) {
            Ok(read) => read,
            Err(error) => return Read::ready(Err(error)),
        };
        let mut state = self.lock();
        if special::has(&state, &request.begin.key) && request.end.key >= SYSTEM_KEYS_END {
            let deferred = state.check_deferred();
            let found = deferred.and_then(|()| special::get_range(&mut state, &self.handle, &read));
            return Read::ready(found.map(RangeBatch::from));
        }
        if let Err(error) = state.check_usable() {
            return Read::ready(Err(error));
        }
        self.wait(&mut state);
        let result = state.get_range(request, &read, snapshot).map(RangeBatch::from);
        self.answer(state, result, || {
            let request = request.clone();
            Box::new(move |state| state.get_range(&request, &read, snapshot).map(RangeBatch::from))
        })
    }

    fn get_range_between(&self, begin: &[u8], end: &[u8], snapshot: bool) -> Read<RangeBatch> {
        let mut state = self.lock();
        if !state.sees_database_only(begin, end, snapshot) {
            drop(state);
            return self.get_range(&RangeRequest::copy_keys(begin, end), snapshot);
        }
        if let Err(error) = state.check_usable() {
            return Read::ready(Err(error));
        }
        self.wait(&mut state);
        let result = state.get_range_plainly(begin, end, snapshot);
        self.answer(state, result, || {
            let (begin, end) = (begin.to_vec(), end.to_vec());
            Box::new(move |state| state.get_range_plainly(&begin, &end, snapshot))
        })
    }

    fn get_mapped_range(&self, request: &RangeRequest, mapper: &[u8], snapshot: bool) -> Read<MappedRangeBatch> {
        self.mapped_range(request, mapper, snapshot)
    }

    fn set(&self, key: &[u8], value: &[u8]) {
        self.lock().defer(|state| state.set(key, value));
    }

    fn clear(&self, key: &[u8]) {
        self.lock().defer(|state| state.clear(key));
    }

    fn clear_range(&self, begin: &[u8], end: &[u8]) {
        self.lock().defer(|state| state.clear_range(begin, end));
    }

    fn atomic_op(&self, mutation: i32, key: &[u8], operand: &[u8]) {
        self.lock().defer(|state| state.atomic_op(mutation, key, operand));
    }

    fn add_conflict_range(&self, begin: &[u8], end: &[u8], kind: ConflictRangeType) -> Result<()> {
        if begin > end {
            return Err(Error::fdb(fdb_code::INVERTED_RANGE));
        }
        self.lock().defer(|state| state.add_conflict_range(begin, end, kind));
        Ok(())
    }

    fn set_option(&self, code: i32, value: Option<&[u8]>) -> Result<()> {
        if !options::is_known(code) {
            return Err(Error::fdb(fdb_code::INVALID_OPTION));
        }
        self.lock().defer(|state| state.set_option(code, value));
        Ok(())
    }

    fn read_version(&self) -> Read<i64> {
        let mut state = self.lock();
        let usable = state.check_deferred().and_then(|()| state.check_failed());
        self.handle.round_trips().note();
        Read::ready(usable.and_then(|()| state.snapshot.version()))
    }

    fn set_read_version(&self, version: i64) {
        self.lock().defer(|state| state.set_read_version(version));
    }

    fn commit(&self) -> Read<()> {
        let mut state = self.lock();
        if let Err(error) = state.begin_commit() {
            return Read::ready(Err(error));
        }
        self.handle.round_trips().note();
        if state.waiting.is_empty() {
            self.commit_now(state)
        } else {
            self.commit_after_reads(state)
        }
    }

    fn committed_version(&self) -> i64 {
        self.lock().committed_version
    }

    fn versionstamp(&self) -> Read<TransactionVersion> {
        let mut state = self.lock();
        if let Err(error) = state.check_usable() {
            return Read::ready(Err(error));
        }
        versionstamp::of_commit(state.fate(), self.env().clone())
    }

    fn approximate_size(&self) -> Read<i64> {
        let mut state = self.lock();
        state.note_watches(false);
        Read::ready(state.check_deferred().map(|()| state.approximate_size))
    }

    fn watch(&self, key: &[u8]) -> Read<()> {
        let mut state = self.lock();
        if let Err(error) = state.check_usable() {
            return Read::ready(Err(error));
        }
        if state.options.read_your_writes_disabled {
            return Read::failed(fdb_code::WATCHES_DISABLED);
        }
        if key >= SYSTEM_KEYS_END || (key >= state.options.max_read_key() && key != METADATA_VERSION_KEY) {
            return Read::failed(fdb_code::KEY_OUTSIDE_LEGAL_RANGE);
        }
        if legality::is_too_long(key) {
            return Read::failed(fdb_code::KEY_TOO_LARGE);
        }
        let most = self.handle.defaults().watches_max;
        let watch = state
            .get_for_watch(key)
            .and_then(|got| Ok((got, Slot::take(self.handle.watches(), most)?)));
        match watch {
            Ok(((got, here), slot)) => {
                if here {
                    state.note_get(key, &got, false);
                }
                let flight = (!here).then(|| self.handle.round_trips().begin());
                let fate = state.fate();
                state.watches.add(key, got, flight, self.env(), (fate, slot))
            }
            Err(error) => Read::ready(Err(error)),
        }
    }

    fn on_error(&self, code: i32) -> Read<()> {
        let mut state = self.lock();
        if let Err(error) = state.check_failed() {
            return Read::ready(Err(error));
        }
        let (limit, max_delay) = (state.options.retry_limit, state.options.max_retry_delay_ms);
        let delay = match state.retries.next(code, limit, max_delay, self.env()) {
            Ok(delay) => delay,
            Err(code) => {
                // Before version 610 of the API the transaction could be used again.
                if state.options.api_version < 610 {
                    state.go_on(&self.handle);
                } else {
                    state.fail(fdb_code::TRANSACTION_CANCELLED);
                }
                return Read::failed(code);
            }
        };
        if delay.is_zero() {
            state.retry(&self.handle);
            return Read::ready(Ok(()));
        }
        let (attempt, fate) = (state.attempt, state.fate());
        let (me, sleep, alive) = (self.me.clone(), self.env().clock().sleep(delay), Arc::new(()));
        state.back_off = Arc::downgrade(&alive);
        fate.guard(self.env(), async move {
            sleep.await;
            drop(alive);
            let me = me
                .upgrade()
                .ok_or_else(|| Error::fdb(fdb_code::TRANSACTION_CANCELLED))?;
            let mut state = me.lock();
            state.check_failed()?;
            if state.attempt != attempt {
                return Err(Error::fdb(fdb_code::TRANSACTION_CANCELLED));
            }
            state.retry(&me.handle);
            Ok(())
        })
    }

    fn reset(&self) {
        self.lock().reset(&self.handle);
    }

    fn cancel(&self) {
        let mut state = self.lock();
        // A timeout that was due before comes first.
        if state.check_failed().is_ok() {
            state.fail(fdb_code::TRANSACTION_CANCELLED);
        }
    }

    fn estimated_range_size_bytes(&self, begin: &[u8], end: &[u8]) -> Read<i64> {
        if begin > end {
            return Read::failed(fdb_code::INVERTED_RANGE);
        }
        let mut state = self.lock();
        let usable = state.check_usable();
        Read::ready(
            usable
                .and_then(|()| state.check_tenant_as_read())
                .and_then(|()| estimate::range_size(&state.snapshot, begin, end)),
        )
    }

    fn range_split_points(&self, begin: &[u8], end: &[u8], chunk_size: i64) -> Read<Vec<Bytes>> {
        if begin > end {
            return Read::failed(fdb_code::INVERTED_RANGE);
        }
        let mut state = self.lock();
        if let Err(error) = state.check_usable() {
            return Read::ready(Err(error));
        }
        let max_key = state.options.max_read_key();
        if begin > max_key || end > max_key {
            return Read::failed(fdb_code::KEY_OUTSIDE_LEGAL_RANGE);
        }
        Read::ready(estimate::split_points(&state.snapshot, begin, end, chunk_size))
    }

    fn addresses_for_key(&self, key: &[u8]) -> Read<Vec<String>> {
        let mut state = self.lock();
        if let Err(error) = state.check_usable() {
            return Read::ready(Err(error));
        }
        if key >= SYSTEM_KEYS_END {
            return Read::ready(Ok(Vec::new()));
        }
        state.has_read = true;
        // Only to fail as a read at this version does.
        let readable = state.snapshot.get(key);
        let with_port = state.options.port_in_address || state.options.api_version >= 630;
        let address = if with_port { ADDRESS } else { HOST };
        Read::ready(readable.map(|_| vec![address.to_owned()]))
    }
}

/// Where every key of an embedded database lives: this process, in the form that clients of a cluster expect.
const ADDRESS: &str = "127.0.0.1:4500";
/// The same without the port.
const HOST: &str = "127.0.0.1";

#[cfg(test)]
mod tests;
