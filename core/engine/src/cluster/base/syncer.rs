//! Syncs the base's file on a thread of its own, so that the batch goes on while the disk writes.

use std::io;
use std::sync::{Arc, mpsc};

use parking_lot::Mutex;
use record_store_kv::env::Env;
use redb::StorageBackend;

/// A thread that syncs one file; at most one sync is under way. The thread ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Syncer {
    turns: Mutex<Turns>,
}

#[derive(Debug)]
struct Turns {
    ask: mpsc::Sender<()>,
    done: mpsc::Receiver<io::Result<()>>,
    is_running: bool,
}

impl Syncer {
    /// Starts the thread.
    pub(crate) fn start(env: &Env, file: Arc<dyn StorageBackend>) -> io::Result<Self> {
        let (ask, asked) = mpsc::channel();
        let (tell, done) = mpsc::channel();
        let work = move || {
            // Whoever asked is gone if it cannot be told.
            while asked.recv().is_ok() && tell.send(file.sync_data()).is_ok() {}
        };
        env.spawn().spawn("record-store-sync", Box::new(work))?;
        Ok(Syncer {
            turns: Mutex::new(Turns {
                ask,
                done,
                is_running: false,
            }),
        })
    }

    /// Begins a sync of all that was written before, once the one before has ended. Errors: those of the one before.
    pub(crate) fn begin(&self) -> io::Result<()> {
        let mut turns = self.turns.lock();
        turns.finish()?;
        turns.ask.send(()).map_err(|_ended| thread_ended())?;
        turns.is_running = true;
        Ok(())
    }

    /// Waits for the sync that is under way, if one is. Errors: those of that sync.
    pub(crate) fn finish(&self) -> io::Result<()> {
        self.turns.lock().finish()
    }
}

impl Turns {
    fn finish(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.is_running) {
            return Ok(());
        }
        self.done.recv().unwrap_or_else(|_ended| Err(thread_ended()))
    }
}

fn thread_ended() -> io::Error {
    io::Error::other("the thread that syncs the base has ended")
}
