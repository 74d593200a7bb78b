//! The instructions of threads: machines that run beside the one that starts them, over the same database and the same transactions.
//! A thread's program stands in the database, as FoundationDB's specification has it.

use std::sync::mpsc;

use bytes::Bytes;
use futures_executor::block_on;
use record_store_kv::tuple::Tuple;
use record_store_kv::{Database, Error, KeyRange, Result, RunOptions, Subspace, Transaction, fdb_code};

use super::{Machine, Stop};

/// The threads that a machine has started.
#[derive(Default)]
pub(super) struct Threads(Vec<mpsc::Receiver<Result<(), String>>>);

impl Threads {
    /// Waits until each has run its program to the end.
    pub(super) fn join(&mut self) -> Result<(), String> {
        for thread in self.0.drain(..) {
            thread
                .recv()
                .map_err(|_| "a thread has ended before its program".to_owned())??;
        }
        Ok(())
    }
}

impl Machine {
    pub(super) fn start_thread(&mut self) -> Result<(), Stop> {
        let prefix = Bytes::from(self.stack.bytes()?);
        let (database, transactions) = (self.database.clone(), self.transactions.clone());
        let (tell, told) = mpsc::channel();
        let work = move || {
            let done = load(&database, &prefix).map_err(|error| error.to_string());
            let mut machine = Machine::new(&database, transactions, prefix);
            let done = done.and_then(|program| machine.run(&program));
            let _ = tell.send(done.and_then(|()| machine.threads.join()));
        };
        let started = self.database.env().spawn().spawn("stack machine", Box::new(work));
        started.map_err(|_| super::Wrong("no thread could be started"))?;
        self.threads.0.push(told);
        Ok(())
    }

    /// Waits until a prefix has no keys any more.
    pub(super) fn wait_empty(&mut self) -> Result<(), Stop> {
        let range = &KeyRange::starting_with(&self.stack.bytes()?).request().limit(1);
        let look = |transaction: Transaction, _| async move {
            match transaction.get_range(range, false).await?.rows.is_empty() {
                true => Ok(()),
                // What a transaction is tried again for.
                false => Err(Error::fdb(fdb_code::NOT_COMMITTED)),
            }
        };
        block_on(self.database.run(&RunOptions::default(), look))?;
        self.stack.push(b"WAITED_FOR_EMPTY");
        Ok(())
    }
}

/// Writes a program where a thread of this prefix finds it.
pub(super) fn store(database: &Database, prefix: &[u8], program: &[Tuple]) -> Result<()> {
    let place = &place(prefix);
    let write = |transaction: Transaction, _| async move {
        for (number, instruction) in (0_u64..).zip(program) {
            transaction.set(&place.pack(&Tuple::from((number,))), &instruction.pack());
        }
        Ok::<_, Error>(())
    };
    block_on(database.run(&RunOptions::default(), write))
}

fn load(database: &Database, prefix: &[u8]) -> Result<Vec<Tuple>> {
    let range = &place(prefix).range().request();
    let read = |transaction: Transaction, _| async move { transaction.get_range_all(range, false).await };
    let rows = block_on(database.run(&RunOptions::default(), read))?;
    rows.iter().map(|row| Tuple::unpack(&row.value)).collect()
}

fn place(prefix: &[u8]) -> Subspace {
    Subspace::default().sub(prefix)
}
