//! Reads at a version that has not arrived yet. Each is executed once, on the transaction as it was when the read was asked
//! for: by whoever awaits it, or by the commit, which waits for all of them.

use std::sync::Arc;

use parking_lot::Mutex;
use record_store_kv::{Error, Result, fdb_code};

use super::state::State;

/// The reads of one attempt that wait for its read version.
#[derive(Default)]
pub(crate) struct WaitingReads {
    reads: Vec<Arc<WaitingRead>>,
}

/// One read.
pub(crate) struct WaitingRead {
    job: Mutex<Option<Job>>,
}

/// Executes the read once its version has arrived or failed to, and gives what it came to for the transaction.
type Job = Box<dyn FnOnce(Result<()>) -> State + Send>;

/// What a read does to the transaction and gives.
pub(crate) type Again<T> = Box<dyn FnOnce(&mut State) -> Result<T> + Send>;

/// Where a read leaves its result.
pub(crate) type Slot<T> = Arc<Mutex<Option<Result<T>>>>;

impl WaitingReads {
    /// Adds a read that `again` executes on `then`, and gives the place of its result.
    pub(crate) fn add<T: Send + 'static>(&mut self, mut then: State, again: Again<T>) -> (Arc<WaitingRead>, Slot<T>) {
        let slot = Slot::<T>::default();
        let result = slot.clone();
        let job: Job = Box::new(move |arrived| {
            let outcome = match arrived {
                Ok(()) => again(&mut then),
                Err(error) => {
                    then.note_read_failure(&error);
                    Err(error)
                }
            };
            *result.lock() = Some(outcome);
            then
        });
        let read = Arc::new(WaitingRead {
            job: Mutex::new(Some(job)),
        });
        self.reads.push(read.clone());
        (read, slot)
    }

    /// Whether no read waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.reads.is_empty()
    }

    /// Forgets all of them.
    pub(crate) fn clear(&mut self) {
        self.reads.clear();
    }
}

impl State {
    /// Executes `read`, unless that was done already.
    pub(crate) fn execute(&mut self, read: &WaitingRead, arrived: Result<()>) {
        let job = read.job.lock().take();
        if let Some(job) = job {
            self.absorb(job(arrived));
        }
    }

    /// Executes all reads that wait.
    pub(crate) fn execute_waiting(&mut self, arrived: Result<()>) {
        for read in std::mem::take(&mut self.waiting.reads) {
            let arrived = arrived.as_ref().map_err(Error::repeat).copied();
            self.execute(&read, arrived);
        }
    }
}

/// The result of a read that was executed; cancelled, if it never will be.
pub(crate) fn take<T>(slot: &Slot<T>) -> Result<T> {
    slot.lock()
        .take()
        .unwrap_or_else(|| Err(Error::fdb(fdb_code::TRANSACTION_CANCELLED)))
}
