//! FoundationDB's stack machine, by which its clients are compared: a program of the machine is a list of packed tuples, each the
//! name of an instruction with its arguments; instructions take what they need from a stack and leave results on it. This one
//! runs programs over `record_store_kv`; `tests/stack_machine` runs the same programs over FoundationDB's client for Python.
//!
//! An item on the stack is an element of a tuple, or a result on its way. Errors of FoundationDB are results like others.

mod chance;
mod data;
mod directories;
mod fault;
mod generate;
mod left;
mod mask;
mod stack;
mod tenants;
mod threads;
mod transactions;
mod tuples;

use std::sync::Arc;

use bytes::Bytes;
use futures_executor::block_on;
use record_store_kv::tuple::{Element, Tuple};
use record_store_kv::{Database, Error, Read, Subspace, Tenant, TransactionVersion};

use self::directories::Directories;
use self::fault::Planted;
pub use self::fault::{Fault, Kind};
pub use self::generate::{Case, Test, case};
pub use self::left::Row;
use self::stack::{Stack, packed_error};
use self::threads::Threads;
use self::transactions::Transactions;
use crate::whole;

/// A program that no machine could run, as opposed to an error that is a result.
#[derive(Debug)]
pub struct Wrong(pub &'static str);

/// What stops an instruction: a wrong program, or an error that the machine leaves on the stack.
enum Stop {
    Wrong(Wrong),
    Failed(Error),
}

impl From<Wrong> for Stop {
    fn from(wrong: Wrong) -> Self {
        Stop::Wrong(wrong)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Failed(error)
    }
}

/// Empties a database, runs a case on it, and gives all that is in it then, versionstamps masked.
///
/// **Errors**: the number of an instruction that no machine could run, and why; those of the database.
pub fn run(database: &Database, case: &Case, fault: Option<Fault>) -> Result<Vec<Row>, String> {
    let told = |error: Error| error.to_string();
    whole::empty(database).map_err(told)?;
    for (prefix, program) in &case.threads {
        threads::store(database, prefix, program).map_err(told)?;
    }
    let mut machine = Machine::new(database, Arc::default(), Bytes::from_static(b"first"));
    machine.directories = Directories::new(case.seed);
    machine.stack.planted = Planted::new(fault);
    machine.run(&case.program)?;
    machine.threads.join()?;
    left::read(database, &machine.stamps()).map_err(told)
}

/// The state of one run.
struct Machine {
    database: Database,
    /// The tenant in use, if any.
    tenant: Option<Tenant>,
    stack: Stack,
    /// By their names, for all threads.
    transactions: Arc<Transactions>,
    /// The name of the transaction in use.
    name: Bytes,
    last_version: i64,
    /// Of each commit, in order; those that changed nothing have none.
    stamps: Vec<Read<TransactionVersion>>,
    directories: Directories,
    threads: Threads,
}

impl Machine {
    fn new(database: &Database, transactions: Arc<Transactions>, name: Bytes) -> Self {
        let machine = Machine {
            database: database.clone(),
            tenant: None,
            stack: Stack::default(),
            transactions,
            name,
            last_version: 0,
            stamps: Vec::new(),
            directories: Directories::new(0),
            threads: Threads::default(),
        };
        machine.fresh_transaction();
        machine
    }

    fn run(&mut self, program: &[Tuple]) -> Result<(), String> {
        for (number, instruction) in program.iter().enumerate() {
            self.step(number, instruction)
                .map_err(|Wrong(why)| format!("instruction {number}, {instruction}: {why}"))?;
        }
        Ok(())
    }

    fn step(&mut self, number: usize, instruction: &[Element]) -> Result<(), Wrong> {
        let [name, arguments @ ..] = instruction else {
            return Err(Wrong("an empty instruction"));
        };
        let name = name.as_str().ok_or(Wrong("the name is no text"))?;
        self.stack.instruction = number;
        let done = if let Some(name) = name.strip_prefix("DIRECTORY_") {
            self.directory(name)
        } else if let Some(name) = name.strip_prefix("TENANT_") {
            self.of_tenants(name)
        } else {
            self.basic(name, arguments)
        };
        match done {
            Ok(()) => Ok(()),
            Err(Stop::Failed(error)) => {
                self.stack.push(packed_error(&error));
                Ok(())
            }
            Err(Stop::Wrong(wrong)) => Err(wrong),
        }
    }

    fn basic(&mut self, name: &str, arguments: &[Element]) -> Result<(), Stop> {
        match name {
            "PUSH" => self.stack.push(arguments.first().ok_or(Wrong("nothing to push"))?),
            "DUP" => self.stack.duplicate()?,
            "EMPTY_STACK" => drop(self.stack.take()),
            "SWAP" => {
                let depth = self.stack.index()?;
                self.stack.swap(depth)?;
            }
            "POP" => drop(self.stack.pop()?),
            "SUB" => {
                let (a, b) = (self.stack.int()?, self.stack.int()?);
                self.stack.push(i128::from(a) - i128::from(b));
            }
            "CONCAT" => self.concat()?,
            "LOG_STACK" => self.log_stack()?,
            "WAIT_FUTURE" => self.stack.wait()?,
            "START_THREAD" => self.start_thread()?,
            "WAIT_EMPTY" => self.wait_empty()?,
            _ if self.tuples(name)? || self.lifecycle(name)? => {}
            _ => self.data(name)?,
        }
        Ok(())
    }

    /// Two byte strings or two texts, joined; the one on top comes first.
    fn concat(&mut self) -> Result<(), Wrong> {
        match (self.stack.pop()?, self.stack.pop()?) {
            (Element::Bytes(a), Element::Bytes(b)) => self.stack.push([a, b].concat()),
            (Element::String(a), Element::String(b)) => self.stack.push(a + &b),
            _ => return Err(Wrong("neither two byte strings nor two texts")),
        }
        Ok(())
    }

    /// Writes the stack into the database, from the bottom, and empties it.
    fn log_stack(&mut self) -> Result<(), Stop> {
        /// As much as FoundationDB's machines keep of an item.
        const MOST: usize = 40_000;
        let log = Subspace::new(self.stack.bytes()?);
        let transaction = self.database.transaction();
        for (place, item) in self.stack.take().into_iter().enumerate() {
            let key = Tuple::from((place as u64, item.instruction as u64));
            let mut value = Tuple::new().with(item.wait()).pack();
            value.truncate(MOST);
            transaction.set(&log.pack(&key), &value);
        }
        Ok(block_on(transaction.commit())?)
    }

    /// The stamps of the commits that have some.
    fn stamps(&mut self) -> Vec<TransactionVersion> {
        // A commit that failed may leave its stamp to come until its transaction is gone.
        self.transactions.end();
        let stamps = std::mem::take(&mut self.stamps);
        stamps.into_iter().filter_map(|stamp| block_on(stamp).ok()).collect()
    }
}
