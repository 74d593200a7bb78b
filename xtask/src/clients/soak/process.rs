//! A process of the soak: how it is started and killed, and what it has said.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::Child;
use std::sync::mpsc;

use record_store_kv::env::Env;

use super::WORKERS;
use crate::step::{Failure, Program};

/// Each language, and its program with the database as the first argument.
pub(crate) type Roles<'a> = Vec<(&'static str, Box<dyn Fn() -> Program + 'a>)>;

/// Which process says a line; it says nothing more after none.
pub(crate) type Heard = (usize, Option<String>);

/// What one of a process's workers was told.
#[derive(Default)]
pub(crate) struct Worker {
    pub(crate) acknowledged: BTreeSet<u64>,
    pub(crate) unknown: BTreeSet<u64>,
    is_done: bool,
}

/// A process, and what it has said.
pub(crate) struct Process {
    pub(crate) name: String,
    pub(crate) workers: Vec<Worker>,
    /// How often its transactions saw an error that is tried again, by its code.
    pub(crate) errors: BTreeMap<i32, u64>,
    /// How many of its watches fired.
    pub(crate) fired: u64,
    pub(crate) was_killed: bool,
    pub(crate) has_ended: bool,
    child: Child,
}

/// The key that the process in a place writes, and the one before it watches.
pub(crate) fn beat(place: usize) -> String {
    format!("beat/{place}")
}

impl Process {
    /// Starts the `number`th process, in a place.
    pub(crate) fn start(
        roles: &Roles<'_>,
        place: usize,
        number: usize,
        seed: u64,
        told: &mpsc::Sender<Heard>,
    ) -> Result<Self, Failure> {
        let (name, program) = &roles[place];
        let name = format!("{name} {number}");
        let mut child = program()
            .args([format!("log/{number}/"), beat(place), beat((place + 1) % roles.len())])
            .args([seed.wrapping_add(number as u64), WORKERS].map(|number| number.to_string()))
            .start()?;
        let lines = child.stdout.take().map(BufReader::new);
        let told = told.clone();
        let listen = move || {
            // A line that a kill has cut in two was not said.
            for line in lines.into_iter().flat_map(BufRead::lines).map_while(Result::ok) {
                let _ = told.send((number, Some(line)));
            }
            let _ = told.send((number, None));
        };
        let listening = Env::system().spawn().spawn(&name, Box::new(listen));
        listening.map_err(|error| format!("{name}: {error}"))?;
        Ok(Process {
            name,
            workers: (0..WORKERS).map(|_| Worker::default()).collect(),
            errors: BTreeMap::new(),
            fired: 0,
            was_killed: false,
            has_ended: false,
            child,
        })
    }

    /// Takes in a line that it has said.
    pub(crate) fn hear(&mut self, line: Option<String>) -> Result<(), Failure> {
        let Some(line) = line else {
            self.has_ended = true;
            return if self.has_stopped() {
                Ok(())
            } else {
                Err(format!("{} ended before its time", self.name))
            };
        };
        self.understand(&line)
            .ok_or_else(|| format!("{} says: {line}", self.name))
    }

    fn understand(&mut self, line: &str) -> Option<()> {
        let mut words = line.split(' ');
        let word = words.next()?;
        let mut number = || words.next()?.parse::<u64>().ok();
        match word {
            "fired" => self.fired += 1,
            "error" => {
                let code = i32::try_from(number()?).ok()?;
                *self.errors.entry(code).or_default() += 1;
            }
            _ => {
                let worker = self.workers.get_mut(usize::try_from(number()?).ok()?)?;
                match word {
                    "ack" => worker.acknowledged.insert(number()?),
                    "maybe" => worker.unknown.insert(number()?),
                    "done" => !std::mem::replace(&mut worker.is_done, true),
                    _ => false,
                }
                .then_some(())?;
            }
        }
        Some(())
    }

    /// Whether it runs no transactions any more.
    pub(crate) fn has_stopped(&self) -> bool {
        self.was_killed || self.workers.iter().all(|worker| worker.is_done)
    }

    /// Ends it by SIGKILL: it gets no chance to write or close anything.
    pub(crate) fn kill(&mut self) -> Result<(), Failure> {
        self.was_killed = true;
        let killed = self.child.kill().and_then(|()| self.child.wait());
        killed.map(drop).map_err(|error| format!("{}: {error}", self.name))
    }

    /// Waits for its end, which must be a success.
    pub(crate) fn wait(&mut self) -> Result<(), Failure> {
        let status = self.child.wait().map_err(|error| format!("{}: {error}", self.name))?;
        if status.success() || self.was_killed {
            return Ok(());
        }
        Err(format!("{} ended with {status}", self.name))
    }
}

impl Drop for Process {
    /// It does not outlive a soak that fails.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
