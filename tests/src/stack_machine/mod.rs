//! FoundationDB's stack machine, by which its clients are compared: a program of the machine is a list of packed tuples, each the
//! name of an instruction with its arguments; instructions take what they need from a stack and leave results on it. This one
//! runs programs over `record_store_kv`; `tests/stack_machine/machine.py` runs the same programs over FoundationDB's client for
//! Python. Threads and tenants are not part of it: one program runs at a time, so that results can be compared exactly.
//!
//! An item on the stack is an element of a tuple, or a result on its way. Errors of FoundationDB are results like others.

mod chance;
mod data;
mod directories;
mod generate;
mod mask;
mod stack;
mod transactions;
mod tuples;

use std::collections::HashMap;

use bytes::Bytes;
use futures_executor::block_on;
use record_store_kv::tuple::{Element, Tuple};
use record_store_kv::{Database, Error, Read, Subspace, Transaction, TransactionVersion};

use self::directories::Directories;
pub use self::generate::{Test, program};
use self::stack::{Stack, packed_error};

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

/// A key with its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// Runs a program on an empty database and gives all that is in the database then, versionstamps masked. Directories draw their
/// prefixes from `seed`.
///
/// **Errors**: the number of an instruction that no machine could run, and why.
pub fn run(database: &Database, program: &[Tuple], seed: u64) -> Result<Vec<Row>, String> {
    let mut machine = Machine {
        database: database.clone(),
        stack: Stack::default(),
        transactions: HashMap::new(),
        name: Bytes::from_static(b"first"),
        last_version: 0,
        stamps: Vec::new(),
        directories: Directories::new(seed),
    };
    machine.fresh_transaction();
    for (number, instruction) in program.iter().enumerate() {
        machine
            .step(number, instruction)
            .map_err(|Wrong(why)| format!("instruction {number}, {instruction}: {why}"))?;
    }
    machine.dump().map_err(|error| error.to_string())
}

/// The state of one run.
struct Machine {
    database: Database,
    stack: Stack,
    transactions: HashMap<Bytes, Transaction>,
    /// The transaction in use.
    name: Bytes,
    last_version: i64,
    /// Of each commit, in order; those that changed nothing have none.
    stamps: Vec<Read<TransactionVersion>>,
    directories: Directories,
}

impl Machine {
    fn step(&mut self, number: usize, instruction: &[Element]) -> Result<(), Wrong> {
        let [name, arguments @ ..] = instruction else {
            return Err(Wrong("an empty instruction"));
        };
        let name = name.as_str().ok_or(Wrong("the name is no text"))?;
        self.stack.instruction = number;
        let done = if name.starts_with("DIRECTORY_") {
            self.directory(name)
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

    fn transaction(&self) -> Result<&Transaction, Wrong> {
        self.transactions
            .get(&self.name)
            .ok_or(Wrong("no transaction is in use"))
    }

    fn fresh_transaction(&mut self) {
        self.transactions.insert(self.name.clone(), self.database.transaction());
    }

    fn dump(self) -> Result<Vec<Row>, Error> {
        let stamps: Vec<_> = self
            .stamps
            .into_iter()
            .filter_map(|stamp| block_on(stamp).ok())
            .collect();
        let everything = Subspace::default().prefix_range().request();
        let rows = block_on(self.database.transaction().get_range_all(&everything, false))?;
        let masked = |bytes: &[u8]| mask::stamps(bytes, &stamps);
        Ok(rows.iter().map(|row| (masked(&row.key), masked(&row.value))).collect())
    }
}
