//! What every call stands on: waiting for the core, families of handles, and forks.
//!
//! The engine's threads do not survive a fork. In a process that was forked after a database had been opened, every call is an
//! error, and inherited objects are left alone: dropping them would wait for threads that are not there.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use record_store::{Error, ErrorKind};

use crate::buffer;
use crate::error::Result;
use crate::handle::{self, Object};

/// Waits for the core.
pub(crate) fn wait<T>(work: impl Future<Output = T>) -> T {
    pollster::block_on(work)
}

static FORKED: AtomicBool = AtomicBool::new(false);

/// Begins to notice forks; called before the first database is opened.
pub(crate) fn watch_forks() {
    static WATCHING: std::sync::Once = std::sync::Once::new();
    WATCHING.call_once(|| buffer::after_fork_in_child(forked));
}

extern "C" fn forked() {
    FORKED.store(true, Ordering::Relaxed);
}

/// **Errors**: `Unsupported` in a process that was forked after a database had been opened.
pub(crate) fn refuse_after_fork() -> Result<()> {
    if FORKED.load(Ordering::Relaxed) {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "this process was forked after a database had been opened; open databases after the fork",
        )
        .into());
    }
    Ok(())
}

/// All handles that came from one opened database. They are freed together, because each of them keeps the database open.
#[derive(Default)]
pub(crate) struct Family(Mutex<Option<Members>>);

/// How each handle is freed, by its address. None when they were.
type Members = HashMap<usize, fn(usize)>;

impl Family {
    /// The family of a database that is about to be opened.
    pub(crate) fn found() -> Arc<Self> {
        Arc::new(Family(Mutex::new(Some(Members::default()))))
    }

    /// Gives out a handle of an object of the family.
    ///
    /// **Errors**: `InvalidArgument` when the family was closed meanwhile, and those of [`handle::insert`].
    pub(crate) fn adopt<T: Object>(&self, object: Arc<T>) -> Result<*mut T::Handle> {
        let mut members = self.0.lock();
        let members = members.as_mut().ok_or_else(closed)?;
        let handle = handle::insert(object)?;
        members.insert(handle.addr(), |addr| {
            // The holder of the handle may have been faster.
            drop(handle::free::<T>(std::ptr::without_provenance(addr)));
        });
        Ok(handle)
    }

    /// Frees a handle of the family; NULL is freed already.
    ///
    /// **Errors**: those of [`handle::take`].
    pub(crate) fn release<T: Object>(handle: *const T::Handle, family: impl Fn(&T) -> &Arc<Family>) -> Result<()> {
        if handle.is_null() {
            return Ok(());
        }
        let object = handle::take::<T>(handle)?;
        if let Some(members) = family(&object).0.lock().as_mut() {
            members.remove(&handle.addr());
        }
        drop(object);
        Ok(())
    }

    /// Frees every handle.
    pub(crate) fn close(&self) {
        let members = self.0.lock().take();
        for (handle, free) in members.into_iter().flatten() {
            free(handle);
        }
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::InvalidArgument, "the database is closed; open it again")
}
