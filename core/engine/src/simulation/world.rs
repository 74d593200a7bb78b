//! [`World`]: the disk, the clock and the lives of a simulated database, from one loss of power to the next.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use record_store_kv::env::{Env, Rng};
use record_store_kv::{DatabaseBackend, Error, ErrorKind, Result, TransactionBackend};

use super::clock::{NoThreads, SimulatedClock};
use super::disk::SimulatedDisk;
use super::faults::Faults;
use super::rng::SplitMix;
use super::transaction::SimulatedTransaction;
use super::trouble::Trouble;
use crate::client::{EngineDatabase, Handle};
use crate::cluster::Cluster;
#[cfg(test)]
use crate::cluster::files::Files;
use crate::options::{Durability, EngineOptions};

/// Everything that a simulation is made of.
pub(super) struct World {
    seed: u64,
    name: String,
    rng: Arc<SplitMix>,
    clock: Arc<SimulatedClock>,
    env: Env,
    faults: Mutex<Faults>,
    life: Mutex<Life>,
    /// The options that the database was given, for its next lives.
    options: Mutex<Vec<(i32, Option<Vec<u8>>)>>,
}

/// The database from one start to the next loss of power.
struct Life {
    number: u64,
    disk: SimulatedDisk,
    database: EngineDatabase,
    /// Why the next life does not begin.
    failure: Option<Error>,
}

impl World {
    /// A world with an empty disk.
    pub(super) fn new(seed: u64, faults: Faults) -> Result<Self> {
        let rng = Arc::new(SplitMix::new(seed));
        let clock = Arc::new(SimulatedClock::default());
        // What programs draw must not hang on how often faults do.
        let chances = Arc::new(SplitMix::new(rng.next_u64()));
        let env = Env::new(clock.clone(), chances, Arc::new(NoThreads));
        let disk = SimulatedDisk::with_trouble(rng.next_u64(), i64::MAX, Trouble::on(clock.clone()));
        let name = format!("sim:?seed={seed}");
        let database = start(&disk, &env, &name)?;
        Ok(World {
            seed,
            name,
            rng,
            clock,
            env,
            faults: Mutex::new(faults),
            life: Mutex::new(Life {
                number: 1,
                disk,
                database,
                failure: None,
            }),
            options: Mutex::default(),
        })
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    pub(super) fn env(&self) -> &Env {
        &self.env
    }

    pub(super) fn rng(&self) -> &SplitMix {
        &self.rng
    }

    pub(super) fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    pub(super) fn faults(&self) -> Faults {
        *self.faults.lock()
    }

    pub(super) fn set_faults(&self, faults: Faults) {
        *self.faults.lock() = faults;
    }

    pub(super) fn starts(&self) -> u64 {
        self.life.lock().number
    }

    pub(super) fn failure(&self) -> Option<Error> {
        self.life.lock().failure.as_ref().map(Error::repeat)
    }

    /// Ends the power at once.
    pub(super) fn power_loss(&self) -> Result<()> {
        let number = {
            let life = self.life.lock();
            life.disk.fail_after(0);
            life.number
        };
        self.survive(number);
        self.failure().map_or(Ok(()), Err)
    }

    /// Whether one of the things that go wrong does so now.
    pub(super) fn happens(&self, rate: impl FnOnce(&Faults) -> f64) -> bool {
        let rate = rate(&self.faults());
        self.rng.happens(rate)
    }

    /// Lets the power fail soon, somewhere in what the disk does next.
    pub(super) fn let_power_fail_soon(&self) {
        let operations = self.rng.below(OPERATIONS_LEFT);
        let operations = i64::try_from(operations).unwrap_or_default();
        self.life.lock().disk.fail_after(operations);
    }

    /// Lets one operation of the disk fail, among those that come next.
    pub(super) fn let_disk_fail_soon(&self) {
        self.life.lock().disk.trouble().fail(self.soon());
    }

    /// Lets one operation of the disk take long, among those that come next.
    pub(super) fn let_disk_be_slow_soon(&self) {
        self.life.lock().disk.trouble().delay(self.soon());
    }

    fn soon(&self) -> i64 {
        i64::try_from(1 + self.rng.below(OPERATIONS_LEFT)).unwrap_or(1)
    }

    /// A call may take time; gives the number of turns that others have meanwhile.
    pub(super) fn delay(&self) -> u64 {
        if self.happens(|faults| faults.delays) {
            self.clock
                .advance(Duration::from_micros(self.rng.below(LONGEST_DELAY_MICROS)));
        }
        // Calls take a moment even on a good day, or tasks would never meet.
        self.clock.advance(Duration::from_micros(self.rng.below(500)));
        self.rng.below(3)
    }

    /// A transaction of the present life, with its number.
    pub(super) fn transaction(&self) -> (u64, Arc<dyn TransactionBackend>) {
        let life = self.life.lock();
        (life.number, life.database.create_transaction())
    }

    /// Whether a life is over. If its power has failed, the next one begins now.
    pub(super) fn is_over(&self, number: u64) -> bool {
        {
            let life = self.life.lock();
            if life.number != number {
                return true;
            }
            if !life.disk.has_failed() || life.failure.is_some() {
                return false;
            }
        }
        self.survive(number);
        true
    }

    /// The names of the files on the disk.
    #[cfg(test)]
    pub(super) fn files(&self) -> Vec<String> {
        self.life.lock().disk.list().unwrap_or_default()
    }

    /// Begins the life after `number`, if nobody has yet.
    fn survive(&self, number: u64) {
        let mut life = self.life.lock();
        if life.number != number || life.failure.is_some() {
            return;
        }
        let mut disk = life.disk.clone();
        let started = loop {
            // The power may fail again while the database starts.
            let again = self.rng.below(8) == 0;
            let left = if again {
                self.rng.below(OPERATIONS_LEFT)
            } else {
                u64::MAX
            };
            disk = disk.restart(i64::try_from(left).unwrap_or(i64::MAX));
            match start(&disk, &self.env, &self.name) {
                Err(error) if error.kind() == ErrorKind::Io && disk.has_failed() => {}
                started => break started,
            }
        };
        let database = match started {
            Ok(database) => database,
            Err(error) => {
                life.failure = Some(error);
                return;
            }
        };
        for (code, value) in self.options.lock().iter() {
            // It was taken once.
            drop(database.set_option(*code, value.as_deref()));
        }
        let next = Life {
            number: number + 1,
            disk,
            database,
            failure: None,
        };
        let before = std::mem::replace(&mut *life, next);
        drop(life);
        // What was going on ends, and may look at this world.
        drop(before);
    }
}

fn start(disk: &SimulatedDisk, env: &Env, name: &str) -> Result<EngineDatabase> {
    let options = EngineOptions {
        durability: Durability::Sync,
        threads: false,
        window_bytes: WINDOW_BYTES,
        cache_bytes: CACHE_BYTES,
        log_segment_bytes: LOG_SEGMENT_BYTES,
        env: env.clone(),
        ..EngineOptions::default()
    };
    let cluster = Cluster::recover(Arc::new(disk.clone()), &options)?;
    Ok(EngineDatabase(Arc::new(Handle::new(
        Arc::new(cluster),
        name.to_owned(),
        options.api_version,
    ))))
}

/// A [`World`] as a backend.
pub(super) struct SimulatedDatabase(pub(super) Arc<World>);

impl DatabaseBackend for SimulatedDatabase {
    fn create_transaction(&self) -> Arc<dyn TransactionBackend> {
        Arc::new(SimulatedTransaction::new(self.0.clone()))
    }

    fn set_option(&self, code: i32, value: Option<&[u8]>) -> Result<()> {
        self.0.life.lock().database.set_option(code, value)?;
        self.0.options.lock().push((code, value.map(<[u8]>::to_vec)));
        Ok(())
    }

    fn env(&self) -> &Env {
        &self.0.env
    }

    fn name(&self) -> String {
        self.0.name.clone()
    }
}

/// A power failure that is due comes within so many operations of the disk: about two commits.
const OPERATIONS_LEFT: u64 = 12;
const LONGEST_DELAY_MICROS: u64 = 2_000_000;
/// Small, so that changes wait for room as well.
const WINDOW_BYTES: usize = 4 << 20;
const CACHE_BYTES: usize = 1 << 20;
/// Small, so that a simulation comes to the ends of some.
const LOG_SEGMENT_BYTES: usize = 2 << 10;
