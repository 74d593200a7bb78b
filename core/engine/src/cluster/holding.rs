//! [`Holding`]: this process's share of a database that other processes want, too. It takes the database when somebody here
//! needs it, and gives it away when somebody else does.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use record_store_kv::env::Env;
use record_store_kv::{Error, ErrorKind, Result};

use super::directory::{self, DirectoryLock};
use super::files::{Files, SystemFiles};
use super::tenure::{Ending, Tenure};
use super::watches::Watches;
use crate::options::EngineOptions;

/// Where a database lives.
pub(crate) enum Home {
    /// In memory, which nobody else can want.
    Memory,
    /// In files that nobody else can want.
    Files(Arc<dyn Files>),
    /// In a directory.
    Directory(PathBuf),
}

/// A database, whether or not this process has it at the moment.
pub(crate) struct Holding {
    home: Home,
    options: EngineOptions,
    watches: Arc<Watches>,
    slot: RwLock<Slot>,
    /// Held by whoever takes the database or gives it away.
    changing: Mutex<()>,
    /// Whether there is a watch that was not compared with what the database has.
    watches_unchecked: AtomicBool,
}

enum Slot {
    /// This process has the database.
    Held(Arc<Tenure>),
    /// It will be given away as soon as the transactions that have begun are over.
    Yielding(Arc<Tenure>),
    /// Another process has it, or may have it.
    Free,
}

impl Holding {
    /// A database in `home`, opened.
    ///
    /// Errors: `NotADatabase`, `NewerFormat`, `Locked`, `Corrupt`, `Io`.
    pub(crate) fn open(home: Home, options: &EngineOptions) -> Result<Self> {
        let watches = Arc::<Watches>::default();
        let tenure = match &home {
            Home::Memory => Tenure::in_memory(options, watches.clone())?,
            Home::Files(files) => Tenure::recover(files.clone(), None, options, watches.clone())?,
            Home::Directory(path) => {
                let (files, lock) = directory::open(path, &options.env, options.lock_wait)?;
                Tenure::recover(on_threads(files, options), Some(lock), options, watches.clone())?
            }
        };
        Ok(Holding {
            home,
            options: options.clone(),
            watches,
            slot: RwLock::new(Slot::Held(Arc::new(tenure))),
            changing: Mutex::new(()),
            watches_unchecked: AtomicBool::new(false),
        })
    }

    /// Time, chance and threads.
    pub(crate) fn env(&self) -> &Env {
        &self.options.env
    }

    /// The watches of this process.
    pub(crate) fn watches(&self) -> &Arc<Watches> {
        &self.watches
    }

    /// The database for a transaction that begins. Takes it if another process has it; a transaction that keeps what it got keeps it
    /// here a while.
    ///
    /// Errors: `Locked` (1529) if another process does not give it away in time; those of opening.
    pub(crate) fn begin(&self) -> Result<Arc<Tenure>> {
        if let Slot::Held(tenure) = &*self.slot.read() {
            return Ok(tenure.clone());
        }
        self.take()
    }

    /// The database for what goes on. Errors: as [`Holding::begin`].
    pub(crate) fn tenure(&self) -> Result<Arc<Tenure>> {
        self.present().map_or_else(|| self.take(), Ok)
    }

    /// The database, if this process has it.
    pub(crate) fn present(&self) -> Option<Arc<Tenure>> {
        match &*self.slot.read() {
            Slot::Held(tenure) | Slot::Yielding(tenure) => Some(tenure.clone()),
            Slot::Free => None,
        }
    }

    /// Notes that there is a watch which was not compared with what the database has.
    pub(crate) fn note_unchecked_watch(&self) {
        self.watches_unchecked.store(true, Ordering::Release);
    }

    /// Whether there is such a watch.
    pub(crate) fn has_unchecked_watch(&self) -> bool {
        self.watches_unchecked.load(Ordering::Acquire)
    }

    /// Takes the database from whichever process has it.
    fn take(&self) -> Result<Arc<Tenure>> {
        let env = self.env();
        let started = env.clock().monotonic();
        let wait = self.options.lock_wait;
        let changing = self.changing.try_lock_for(wait);
        let changing = changing.ok_or_else(|| self.locked())?;
        if let Slot::Held(tenure) = &*self.slot.read() {
            return Ok(tenure.clone());
        }
        let left = wait.saturating_sub(env.clock().monotonic().saturating_sub(started));
        let (files, lock) = self.files(left)?;
        let tenure = Arc::new(Tenure::recover(files, lock, &self.options, self.watches.clone())?);
        self.watches_unchecked.store(false, Ordering::Release);
        let fired = self.watches.take_differing(|key| tenure.get_since(key, 0));
        *self.slot.write() = Slot::Held(tenure.clone());
        drop(changing);
        fired.fire();
        Ok(tenure)
    }

    fn files(&self, wait: Duration) -> Result<(Arc<dyn Files>, Option<DirectoryLock>)> {
        match &self.home {
            Home::Directory(path) => {
                let (files, lock) = directory::open_again(path, self.env(), wait)?;
                Ok((on_threads(files, &self.options), Some(lock)))
            }
            Home::Files(files) => Ok((files.clone(), None)),
            Home::Memory => Err(Error::new(ErrorKind::Io, "a database in memory is not opened twice")),
        }
    }

    fn locked(&self) -> Error {
        match &self.home {
            Home::Directory(path) => directory::locked(path),
            _ => Error::new(ErrorKind::Locked, "the database is being closed"),
        }
    }

    /// Gives the database away: new transactions wait, those that have begun get `patience` to end; the next that somebody here
    /// wants to do with it takes it again.
    pub(crate) fn hand_over(&self, patience: Duration) {
        let _changing = self.changing.lock();
        let tenure = {
            let mut slot = self.slot.write();
            let Slot::Held(tenure) = &*slot else { return };
            let tenure = tenure.clone();
            *slot = Slot::Yielding(tenure.clone());
            tenure
        };
        let clock = self.env().clock();
        let started = clock.monotonic();
        while has_begun(&tenure) && clock.monotonic().saturating_sub(started) < patience {
            pollster::block_on(clock.sleep(LOOK_AGAIN));
        }
        *self.slot.write() = Slot::Free;
        tenure.end(Ending::HandOver);
    }

    /// Closes the database for good.
    pub(crate) fn close(&self) {
        self.watches.close();
        let before = std::mem::replace(&mut *self.slot.write(), Slot::Free);
        if let Slot::Held(tenure) | Slot::Yielding(tenure) = before {
            tenure.end(Ending::Close);
        }
    }
}

/// Whether transactions have begun and are not over: they keep the tenure, as the slot and the caller do.
pub(crate) fn has_begun(tenure: &Arc<Tenure>) -> bool {
    Arc::strong_count(tenure) > 2
}

/// How often it is seen whether the transactions are over.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

fn on_threads(files: SystemFiles, options: &EngineOptions) -> Arc<dyn Files> {
    Arc::new(files.with_threads(options.threads.then_some(&options.env)))
}
