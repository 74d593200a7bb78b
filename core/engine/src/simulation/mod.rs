//! A simulated database: the engine, whole, on a disk that loses what was not synced, in a world where commits conflict, time
//! passes and the power fails, all of it by chance from a seed. The same seed and the same calls give the same history.
//!
//! It is for testing programs: what a cluster does to them once a year, it does to them every second, and a failure can be
//! replayed. Opened as `sim:` by the record layer's URLs in every language, or here:
//!
//! ```
//! use futures_executor::block_on;
//! use record_store_engine::simulation::{Faults, Simulation};
//! use record_store_kv::{RunOptions, Transaction};
//!
//! let simulation = Simulation::new(7, Faults { conflicts: 0.5, ..Faults::NONE })?;
//! let database = simulation.database();
//! let mut attempts = 0;
//! let counted: Result<(), record_store_kv::Error> = block_on(database.run(&RunOptions::default(), |transaction, attempt| {
//!     attempts = attempt.number;
//!     async move {
//!         transaction.set(b"key", b"value");
//!         Ok(())
//!     }
//! }));
//! counted?;
//! assert!(attempts >= 1);
//! simulation.power_loss()?;
//! let value = block_on(database.transaction().get(b"key", false))?;
//! assert_eq!(value.as_deref(), Some(&b"value"[..]), "what was acknowledged is there");
//! # Ok::<(), record_store_kv::Error>(())
//! ```
//!
//! A simulation has one thread and its own clock: time passes only while somebody waits or is delayed.

mod clock;
mod disk;
mod faults;
mod rng;
mod scheduler;
mod transaction;
mod trouble;
mod world;

use std::sync::Arc;
use std::time::Duration;

use record_store_kv::env::Env;
use record_store_kv::{BoxFuture, Database, Error, ErrorKind, Result};

pub use self::faults::Faults;
use self::world::{SimulatedDatabase, World};

#[cfg(test)]
pub(crate) use self::disk::SimulatedDisk;
#[cfg(test)]
pub(crate) use self::rng::SplitMix;

/// A simulated database and its world. Clones are the same one.
#[derive(Clone)]
pub struct Simulation {
    world: Arc<World>,
}

impl Simulation {
    /// A world with an empty database, whose chances come from `seed`.
    ///
    /// **Errors**: none that a program can cause.
    pub fn new(seed: u64, faults: Faults) -> Result<Self> {
        Ok(Simulation {
            world: Arc::new(World::new(seed, faults)?),
        })
    }

    /// A world from the part of a URL behind `sim:?`: `seed=7`, `faults=none` to begin with nothing that goes wrong instead of the
    /// [default](Faults::default), and rates such as `conflicts=0.2`, joined by `&`. Without a seed it is 0.
    ///
    /// ```
    /// use record_store_engine::simulation::Simulation;
    ///
    /// let simulation = Simulation::parse("seed=7&faults=none&conflicts=0.2")?;
    /// assert_eq!(simulation.seed(), 7);
    /// assert_eq!(simulation.faults().conflicts, 0.2);
    /// # Ok::<(), record_store_kv::Error>(())
    /// ```
    ///
    /// **Errors**: `InvalidArgument` names the part that cannot be read.
    pub fn parse(query: &str) -> Result<Self> {
        let (mut seed, mut faults) = (0, Faults::default());
        for part in query.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("seed", number)) => {
                    seed = number.parse().map_err(|_| {
                        Error::new(ErrorKind::InvalidArgument, "the seed of a simulation is a whole number")
                            .with("seed", number)
                    })?;
                }
                Some(("faults", "none")) => faults = Faults::NONE,
                Some(("faults", other)) => {
                    return Err(Error::new(
                        ErrorKind::InvalidArgument,
                        "faults=none begins with nothing that goes wrong; each fault has a rate of its own",
                    )
                    .with("faults", other));
                }
                Some((name, rate)) => faults.set(name, rate)?,
                None => {
                    return Err(Error::new(
                        ErrorKind::InvalidArgument,
                        "a simulation is described by parts such as seed=7 and conflicts=0.2, joined by &",
                    )
                    .with("part", part));
                }
            }
        }
        Simulation::new(seed, faults)
    }

    /// The database. Handles and transactions outlive losses of power, as a client outlives those of its cluster.
    pub fn database(&self) -> Database {
        Database::from_backend(Arc::new(SimulatedDatabase(self.world.clone())))
    }

    /// The seed, for the message of a failure.
    pub fn seed(&self) -> u64 {
        self.world.seed()
    }

    /// The clock and the chances of this world, for what is to be replayed with it.
    pub fn env(&self) -> Env {
        self.world.env().clone()
    }

    /// A random number below `bound`; 0 if that is 0.
    pub fn random_below(&self, bound: u64) -> u64 {
        self.world.env().random_below(bound)
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.world.advance(by);
    }

    /// What goes wrong, and how often.
    pub fn faults(&self) -> Faults {
        self.world.faults()
    }

    /// From now on these things go wrong.
    pub fn set_faults(&self, faults: Faults) {
        self.world.set_faults(faults);
    }

    /// The power fails, and the database starts again with what the disk kept.
    ///
    /// **Errors**: `Corrupt` if it does not come up again; then the engine has a bug.
    pub fn power_loss(&self) -> Result<()> {
        self.world.power_loss()
    }

    /// How often the database has started.
    pub fn starts(&self) -> u64 {
        self.world.starts()
    }

    /// Why the database did not come up again after a loss of power. Every call fails with it.
    pub fn failure(&self) -> Option<Error> {
        self.world.failure()
    }

    /// Runs tasks by turns, whose turn it is being left to chance, until all have ended.
    ///
    /// **Errors**: `InvalidArgument` if none of those left goes on any more: they wait for one another.
    pub fn run(&self, tasks: Vec<BoxFuture<()>>) -> Result<()> {
        scheduler::run(self.world.rng(), tasks)
    }
}

impl std::fmt::Debug for Simulation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulation")
            .field("seed", &self.seed())
            .field("starts", &self.starts())
            .finish()
    }
}

#[cfg(test)]
mod tests;
