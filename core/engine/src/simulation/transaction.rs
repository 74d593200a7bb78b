//! [`SimulatedTransaction`]: a transaction of the engine to which things happen on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;
use record_store_kv::{
    ConflictRangeType, Error, KeySelector, MappedRangeBatch, RangeBatch, RangeRequest, Read, Result,
    TransactionBackend, TransactionVersion, fdb_code,
};

use super::clock::let_others;
use super::world::World;

/// A transaction that outlives the lives of its database.
pub(super) struct SimulatedTransaction(Arc<Shared>);

struct Shared {
    world: Arc<World>,
    attempt: Mutex<Attempt>,
}

/// One attempt, in one life.
struct Attempt {
    life: u64,
    inner: Arc<dyn TransactionBackend>,
    /// The code with which everything fails until the next attempt.
    doom: Option<i32>,
    /// Whether nobody is told how the commit went.
    is_unknown: Arc<AtomicBool>,
    /// The options that outlive an attempt, for one in another life.
    options: Vec<(i32, Option<Vec<u8>>)>,
}

impl SimulatedTransaction {
    /// A fresh transaction.
    pub(super) fn new(world: Arc<World>) -> Self {
        let attempt = Attempt::new(&world, Vec::new());
        SimulatedTransaction(Arc::new(Shared {
            world,
            attempt: Mutex::new(attempt),
        }))
    }

    /// The attempt's own transaction, whatever has happened to it.
    fn inner(&self) -> Arc<dyn TransactionBackend> {
        self.0.attempt.lock().inner.clone()
    }

    /// Does a call with a result, to which something may happen.
    fn read<T: Unpin + Send + 'static>(&self, call: impl FnOnce(&dyn TransactionBackend) -> Read<T>) -> Read<T> {
        let (life, inner) = match self.0.begin() {
            Ok(begun) => begun,
            Err(code) => return Read::failed(code),
        };
        if self.0.world.happens(|faults| faults.too_old) {
            return Read::failed(self.0.doom(fdb_code::TRANSACTION_TOO_OLD));
        }
        let turns = self.0.world.delay();
        let read = call(&*inner);
        let shared = self.0.clone();
        Read::pending(async move {
            let_others(turns).await;
            let result = read.await;
            match result {
                Err(error) if error.fdb_code() != Some(fdb_code::IO_ERROR) => Err(error),
                // A failed disk shows nothing, not even what it has read.
                Err(_) | Ok(_) if shared.world.is_over(life) => {
                    Err(Error::fdb(shared.doom(fdb_code::TRANSACTION_TOO_OLD)))
                }
                result => result,
            }
        })
    }
}

impl Attempt {
    fn new(world: &World, options: Vec<(i32, Option<Vec<u8>>)>) -> Self {
        let (life, inner) = world.transaction();
        for (code, value) in &options {
            // It was taken once.
            drop(inner.set_option(*code, value.as_deref()));
        }
        Attempt {
            life,
            inner,
            doom: None,
            is_unknown: Arc::default(),
            options,
        }
    }
}

impl Shared {
    /// The attempt's life and transaction, or the code with which the call fails.
    fn begin(&self) -> Result<(u64, Arc<dyn TransactionBackend>), i32> {
        let (life, inner, doom) = {
            let attempt = self.attempt.lock();
            (attempt.life, attempt.inner.clone(), attempt.doom)
        };
        match doom {
            Some(code) => Err(code),
            None if self.world.is_over(life) => Err(self.doom(fdb_code::TRANSACTION_TOO_OLD)),
            None => Ok((life, inner)),
        }
    }

    /// Makes everything fail with `code` until the next attempt.
    fn doom(&self, code: i32) -> i32 {
        *self.attempt.lock().doom.get_or_insert(code)
    }

    /// Begins the next attempt, in the present life.
    fn begin_again(&self, keeps_options: bool) {
        let mut attempt = self.attempt.lock();
        attempt.doom = None;
        attempt.is_unknown = Arc::default();
        if !keeps_options {
            attempt.options.clear();
        }
        if self.world.is_over(attempt.life) {
            *attempt = Attempt::new(&self.world, std::mem::take(&mut attempt.options));
        }
    }

    /// The commit failed for the client, whatever became of it.
    fn hide_commit(&self) -> Error {
        let mut attempt = self.attempt.lock();
        attempt.is_unknown.store(true, Ordering::Release);
        Error::fdb(*attempt.doom.get_or_insert(fdb_code::COMMIT_UNKNOWN_RESULT))
    }
}

impl TransactionBackend for SimulatedTransaction {
    fn get(&self, key: &[u8], snapshot: bool) -> Read<Option<Bytes>> {
        self.read(|inner| inner.get(key, snapshot))
    }

    fn get_key(&self, selector: &KeySelector, snapshot: bool) -> Read<Bytes> {
        self.read(|inner| inner.get_key(selector, snapshot))
    }

    fn get_range(&self, request: &RangeRequest, snapshot: bool) -> Read<RangeBatch> {
        self.read(|inner| inner.get_range(request, snapshot))
    }

    fn get_range_between(&self, begin: &[u8], end: &[u8], snapshot: bool) -> Read<RangeBatch> {
        self.read(|inner| inner.get_range_between(begin, end, snapshot))
    }

    fn get_mapped_range(&self, request: &RangeRequest, mapper: &[u8], snapshot: bool) -> Read<MappedRangeBatch> {
        self.read(|inner| inner.get_mapped_range(request, mapper, snapshot))
    }

    fn set(&self, key: &[u8], value: &[u8]) {
        self.inner().set(key, value);
    }

    fn clear(&self, key: &[u8]) {
        self.inner().clear(key);
    }

    fn clear_range(&self, begin: &[u8], end: &[u8]) {
        self.inner().clear_range(begin, end);
    }

    fn atomic_op(&self, mutation: i32, key: &[u8], operand: &[u8]) {
        self.inner().atomic_op(mutation, key, operand);
    }

    fn add_conflict_range(&self, begin: &[u8], end: &[u8], kind: ConflictRangeType) -> Result<()> {
        self.inner().add_conflict_range(begin, end, kind)
    }

    fn set_option(&self, code: i32, value: Option<&[u8]>) -> Result<()> {
        let mut attempt = self.0.attempt.lock();
        attempt.inner.set_option(code, value)?;
        if PERSISTENT_OPTIONS.contains(&code) {
            attempt.options.push((code, value.map(<[u8]>::to_vec)));
        }
        Ok(())
    }

    fn read_version(&self) -> Read<i64> {
        self.read(|inner| inner.read_version())
    }

    fn set_read_version(&self, version: i64) {
        self.inner().set_read_version(version);
    }

    fn commit(&self) -> Read<()> {
        let (life, inner) = match self.0.begin() {
            Ok(begun) => begun,
            Err(code) => return Read::failed(code),
        };
        let world = &self.0.world;
        let turns = world.delay();
        if world.happens(|faults| faults.conflicts) {
            return Read::failed(self.0.doom(fdb_code::NOT_COMMITTED));
        }
        let is_unknown = world.happens(|faults| faults.unknown_results);
        if is_unknown && world.rng().below(2) == 0 {
            return Read::ready(Err(self.0.hide_commit()));
        }
        if world.happens(|faults| faults.power_losses) {
            world.let_power_fail_soon();
        }
        if world.happens(|faults| faults.disk_errors) {
            world.let_disk_fail_soon();
        }
        if world.happens(|faults| faults.disk_delays) {
            world.let_disk_be_slow_soon();
        }
        let commit = inner.commit();
        let shared = self.0.clone();
        Read::pending(async move {
            let_others(turns).await;
            match commit.await {
                Err(error) if error.fdb_code() == Some(fdb_code::IO_ERROR) && shared.world.is_over(life) => {
                    Err(shared.hide_commit())
                }
                Ok(()) if is_unknown => Err(shared.hide_commit()),
                result => {
                    // If the power has failed since, the next life begins.
                    shared.world.is_over(life);
                    result
                }
            }
        })
    }

    fn committed_version(&self) -> i64 {
        self.inner().committed_version()
    }

    fn versionstamp(&self) -> Read<TransactionVersion> {
        let (inner, is_unknown) = {
            let attempt = self.0.attempt.lock();
            (attempt.inner.clone(), attempt.is_unknown.clone())
        };
        let stamp = inner.versionstamp();
        Read::pending(async move {
            let stamp = stamp.await;
            if is_unknown.load(Ordering::Acquire) {
                return Err(Error::fdb(fdb_code::COMMIT_UNKNOWN_RESULT));
            }
            stamp
        })
    }

    fn approximate_size(&self) -> Read<i64> {
        self.inner().approximate_size()
    }

    fn watch(&self, key: &[u8]) -> Read<()> {
        match self.0.begin() {
            Ok((_, inner)) => inner.watch(key),
            Err(code) => Read::failed(code),
        }
    }

    fn on_error(&self, code: i32) -> Read<()> {
        let judgement = self.inner().on_error(code);
        let shared = self.0.clone();
        Read::pending(async move {
            judgement.await?;
            shared.begin_again(true);
            Ok(())
        })
    }

    fn reset(&self) {
        self.inner().reset();
        self.0.begin_again(false);
    }

    fn cancel(&self) {
        self.inner().cancel();
    }

    fn estimated_range_size_bytes(&self, begin: &[u8], end: &[u8]) -> Read<i64> {
        self.read(|inner| inner.estimated_range_size_bytes(begin, end))
    }

    fn range_split_points(&self, begin: &[u8], end: &[u8], chunk_size: i64) -> Read<Vec<Bytes>> {
        self.read(|inner| inner.range_split_points(begin, end, chunk_size))
    }

    fn addresses_for_key(&self, key: &[u8]) -> Read<Vec<String>> {
        self.read(|inner| inner.addresses_for_key(key))
    }
}

/// Timeout, limit of retries and longest delay of a retry.
const PERSISTENT_OPTIONS: [i32; 3] = [500, 501, 502];
