//! Simulations: programs from a seed against a simulated database, and judges that know what must be true whatever went wrong.
//!
//! [`transactions`] is about the engine: concurrent transactions, each of which notes down what it saw; the judge puts those that
//! committed into their order and runs them again on an ordered map. [`records`] is about the record layer: concurrent changes
//! of records; the judge compares every index with the records.

mod history;
pub mod records;
pub mod transactions;

use record_store_engine::simulation::{Faults, Simulation};
use record_store_kv::{RunOptions, fdb_code};

/// What a simulation came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary {
    /// Transactions that were tried.
    pub attempts: u64,
    /// Those that committed.
    pub committed: u64,
    /// How often the database started.
    pub starts: u64,
}

impl std::ops::AddAssign for Summary {
    fn add_assign(&mut self, other: Summary) {
        self.attempts += other.attempts;
        self.committed += other.committed;
        self.starts += other.starts;
    }
}

/// What goes wrong under a seed: on some nothing, on some one thing often, on most a bit of everything.
fn weather(seed: u64) -> Faults {
    match seed % 8 {
        0 => Faults::NONE,
        1 => Faults {
            power_losses: 0.2,
            ..Faults::default()
        },
        2 => Faults {
            conflicts: 0.3,
            unknown_results: 0.3,
            ..Faults::default()
        },
        3 => Faults {
            delays: 0.5,
            ..Faults::default()
        },
        4 => Faults {
            disk_errors: 0.2,
            disk_delays: 0.2,
            ..Faults::default()
        },
        _ => Faults::default(),
    }
}

fn simulation(seed: u64) -> Result<Simulation, String> {
    Simulation::new(seed, weather(seed)).map_err(|error| error.to_string())
}

/// Whether a program has to expect this error from a good database.
fn is_expected(code: Option<i32>) -> bool {
    matches!(
        code,
        Some(
            fdb_code::NOT_COMMITTED
                | fdb_code::COMMIT_UNKNOWN_RESULT
                | fdb_code::TRANSACTION_TOO_OLD
                | fdb_code::FUTURE_VERSION
        )
    )
}

/// Tries until it works.
const FOREVER: RunOptions = RunOptions {
    timeout: None,
    max_attempts: None,
};
