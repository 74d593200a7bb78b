//! [`Faults`]: what goes wrong in a simulation, and how often.

use record_store_kv::{Error, ErrorKind, Result};

/// How often things go wrong, each a rate from 0 (never) to 1 (always).
///
/// ```
/// use record_store_engine::simulation::Faults;
///
/// let mut faults = Faults::NONE;
/// faults.set("conflicts", "0.25")?;
/// assert_eq!(faults, Faults { conflicts: 0.25, ..Faults::NONE });
/// assert!(faults.set("conflicts", "7").is_err());
/// # Ok::<(), record_store_kv::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Faults {
    /// A commit fails with 1020 (`not_committed`), as if another transaction had been faster.
    pub conflicts: f64,
    /// A commit fails with 1021 (`commit_unknown_result`); in half of the cases it was done.
    pub unknown_results: f64,
    /// A read fails with 1007 (`transaction_too_old`).
    pub too_old: f64,
    /// A call takes long: up to two seconds pass, and others have their turns.
    pub delays: f64,
    /// The power fails around a commit: what was not synced is lost in any part, and the database starts again. Commits under way
    /// end with 1021, transactions from before with 1007.
    pub power_losses: f64,
    /// One operation of the disk fails around a commit, before, halfway or after it was done, and the database stops taking commits. It
    /// is started again; what was acknowledged is there.
    pub disk_errors: f64,
    /// One operation of the disk takes up to seven seconds around a commit.
    pub disk_delays: f64,
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Faults = Faults {
        conflicts: 0.0,
        unknown_results: 0.0,
        too_old: 0.0,
        delays: 0.0,
        power_losses: 0.0,
        disk_errors: 0.0,
        disk_delays: 0.0,
    };

    /// Sets a rate by its name.
    ///
    /// **Errors**: `InvalidArgument` for another name, and for what is no rate.
    pub fn set(&mut self, name: &str, rate: &str) -> Result<()> {
        let place = match name {
            "conflicts" => &mut self.conflicts,
            "unknown_results" => &mut self.unknown_results,
            "too_old" => &mut self.too_old,
            "delays" => &mut self.delays,
            "power_losses" => &mut self.power_losses,
            "disk_errors" => &mut self.disk_errors,
            "disk_delays" => &mut self.disk_delays,
            _ => {
                return Err(Error::new(
                    ErrorKind::InvalidArgument,
                    "a simulation knows no such fault: conflicts, unknown_results, too_old, delays, power_losses, disk_errors, \
                     disk_delays",
                )
                .with("fault", name));
            }
        };
        *place = match rate.parse() {
            Ok(rate) if (0.0..=1.0).contains(&rate) => rate,
            _ => {
                return Err(Error::new(
                    ErrorKind::InvalidArgument,
                    "the rate of a fault is a number from 0 (never) to 1 (always)",
                )
                .with("fault", name)
                .with("rate", rate));
            }
        };
        Ok(())
    }
}

impl Default for Faults {
    /// A bad day: enough that a program which forgets to try again is found out soon.
    fn default() -> Self {
        Faults {
            conflicts: 0.05,
            unknown_results: 0.02,
            too_old: 0.005,
            delays: 0.05,
            power_losses: 0.005,
            disk_errors: 0.005,
            disk_delays: 0.005,
        }
    }
}
