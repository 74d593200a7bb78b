//! [`ClientBuggify`]: failures that a client makes up, so that programs meet them before a cluster brings them. What fails, how and how
//! often is FoundationDB's (`CLIENT_BUGGIFY` of its client 7.3); the simulation has [faults](crate::simulation) of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use record_store_kv::env::{Env, Rng};
use record_store_kv::fdb_code;

/// Client buggify: when it is enabled, calls fail at random as they may on a cluster.
///
/// It has *sections*. Each is active or not, by chance, from when it is first come to; an active one fails calls, by chance:
///
/// | section | how often, when active | fails with |
/// |---|---|---|
/// | reads of single keys from the database | 1 % | 1007, 1009 |
/// | reads of ranges | 1 % | 1007, 1009 |
/// | commits that write, before anything is done | the probability to fire | 1007, 1020, 1021, 1042, 1078 |
/// | commits that write, when they are done | the probability to fire | 1021 |
/// | commits of transactions with a timeout, which are then done | the probability to fire | 1031 |
///
/// Clones share the settings; they may be changed at any time.
///
/// ```
/// use record_store_engine::{ClientBuggify, Engine, EngineOptions, Location};
/// use record_store_kv::RunOptions;
///
/// let buggify = ClientBuggify::default();
/// let options = EngineOptions { client_buggify: Some(buggify.clone()), ..EngineOptions::default() };
/// let database = Engine::open(Location::Memory, options)?;
/// buggify.enable(true);
/// // What is tried again succeeds in the end.
/// let options = RunOptions::default();
/// let done = database.run(&options, |transaction, _| async move {
///     transaction.set(b"hello", b"world");
///     Ok::<(), record_store_kv::Error>(())
/// });
/// futures_executor::block_on(done)?;
/// # Ok::<(), record_store_kv::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ClientBuggify(Arc<Settings>);

#[derive(Debug, Default)]
struct Settings {
    enabled: AtomicBool,
    dice: Mutex<Dice>,
}

#[derive(Debug)]
struct Dice {
    activated_percent: u8,
    fired_percent: u8,
    /// Of each section whether it is active, once that is known.
    active: [Option<bool>; SECTIONS],
}

/// A place at which the client may make up a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Get,
    GetRange,
    BeforeCommit,
    AfterCommit,
    Timeout,
}

const SECTIONS: usize = 5;

impl Default for Dice {
    fn default() -> Self {
        Dice {
            activated_percent: 25,
            fired_percent: 25,
            active: [None; SECTIONS],
        }
    }
}

impl ClientBuggify {
    /// Enables or disables it. It is disabled at first.
    pub fn enable(&self, enabled: bool) {
        self.0.enabled.store(enabled, Ordering::Relaxed);
    }

    /// How probable it is that a section is active, in percent (25 if this is never called). What was decided of sections is forgotten.
    pub fn set_section_activated_probability(&self, percent: u8) {
        let mut dice = self.0.dice.lock();
        dice.activated_percent = percent;
        dice.active = [None; SECTIONS];
    }

    /// How probable it is that an active section fails a commit, in percent (25 if this is never called).
    pub fn set_section_fired_probability(&self, percent: u8) {
        self.0.dice.lock().fired_percent = percent;
    }

    /// The code with which `section` fails now, if it does.
    pub(crate) fn failure(&self, section: Section, env: &Env) -> Option<i32> {
        if !self.0.enabled.load(Ordering::Relaxed) {
            return None;
        }
        let rng = env.rng();
        let mut dice = self.0.dice.lock();
        let activated = dice.activated_percent;
        let is_active = dice
            .active
            .get_mut(section as usize)
            .is_some_and(|active| *active.get_or_insert_with(|| happens(rng, activated)));
        let percent = match section {
            Section::Get | Section::GetRange => 1,
            _ => dice.fired_percent,
        };
        drop(dice);
        let codes = section.codes();
        (is_active && happens(rng, percent))
            .then(|| codes.get(below(rng, codes.len())).copied())
            .flatten()
    }
}

impl Section {
    fn codes(self) -> &'static [i32] {
        match self {
            Section::Get | Section::GetRange => &[fdb_code::TRANSACTION_TOO_OLD, fdb_code::FUTURE_VERSION],
            Section::BeforeCommit => &[
                fdb_code::NOT_COMMITTED,
                fdb_code::TRANSACTION_TOO_OLD,
                fdb_code::COMMIT_PROXY_MEMORY_LIMIT_EXCEEDED,
                fdb_code::GRV_PROXY_MEMORY_LIMIT_EXCEEDED,
                fdb_code::COMMIT_UNKNOWN_RESULT,
            ],
            Section::AfterCommit => &[fdb_code::COMMIT_UNKNOWN_RESULT],
            Section::Timeout => &[fdb_code::TRANSACTION_TIMED_OUT],
        }
    }
}

fn happens(rng: &dyn Rng, percent: u8) -> bool {
    below(rng, 100) < usize::from(percent)
}

fn below(rng: &dyn Rng, end: usize) -> usize {
    let end = u64::try_from(end).unwrap_or(u64::MAX);
    usize::try_from(rng.next_u64() % end.max(1)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
