//! What every call stands on: handles that can be closed, waiting without the GIL, and forks.
//!
//! The engine's threads do not survive a fork. In a process that was forked after a database had been opened, every call is an
//! error, and inherited handles are left alone: closing them would wait for threads that are not there.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict};
use record_store::{Error, ErrorKind, Result};

use crate::error::to_py;

/// What a call on a closed handle is told.
pub(crate) const CLOSED: &str = "the database is closed; open it again";

static OPENED: AtomicBool = AtomicBool::new(false);
static FORKED: AtomicBool = AtomicBool::new(false);

/// Asks the interpreter to tell us of forks; where there are none, it does nothing.
pub(crate) fn watch_forks(py: Python<'_>) -> PyResult<()> {
    let Ok(register) = py.import("os")?.getattr("register_at_fork") else {
        return Ok(());
    };
    let forked = PyCFunction::new_closure(py, None, None, |_, _| {
        FORKED.fetch_or(OPENED.load(Ordering::Relaxed), Ordering::Relaxed);
    })?;
    let arguments = PyDict::new(py);
    arguments.set_item("after_in_child", forked)?;
    register.call((), Some(&arguments)).map(drop)
}

/// **Errors**: `Unsupported` in a process that was forked after a database had been opened.
pub(crate) fn refuse_after_fork() -> PyResult<()> {
    if FORKED.load(Ordering::Relaxed) {
        return Err(to_py(Error::new(
            ErrorKind::Unsupported,
            "this process was forked after a database had been opened; open databases after the fork, or start processes with \
             multiprocessing's method \"spawn\"",
        )));
    }
    Ok(())
}

/// Waits for the core while other Python threads run.
pub(crate) fn wait<T, E, F>(py: Python<'_>, work: impl FnOnce() -> F + Send) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
    T: Send,
    E: Send,
{
    py.detach(|| pollster::block_on(work()))
}

/// A handle of the core behind a Python object, until it is closed.
pub(crate) struct Handle<T>(Mutex<Option<T>>);

impl<T: Clone> Handle<T> {
    /// The core's handle.
    ///
    /// **Errors**: `InvalidArgument` when it is closed, `Unsupported` after a fork.
    pub(crate) fn get(&self, closed: &'static str) -> PyResult<T> {
        refuse_after_fork()?;
        let open = self.0.lock().clone();
        open.ok_or_else(|| to_py(Error::new(ErrorKind::InvalidArgument, closed)))
    }
}

impl<T> Handle<T> {
    /// Takes the core's handle out, for its last use.
    pub(crate) fn take(&self) -> Option<T> {
        self.0.lock().take()
    }
}

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        if FORKED.load(Ordering::Relaxed) {
            std::mem::forget(self.take());
        }
    }
}

trait Close: Send + Sync {
    fn close(&self);
}

impl<T: Send> Close for Handle<T> {
    fn close(&self) {
        drop(self.take());
    }
}

/// All handles that came from one opened database. They are closed together, because each of them keeps the database open.
#[derive(Default)]
pub(crate) struct Family(Mutex<Members>);

#[derive(Default)]
struct Members {
    closed: bool,
    handles: Vec<Weak<dyn Close>>,
}

impl Family {
    /// A family for a database that is about to be opened.
    ///
    /// **Errors**: `Unsupported` after a fork.
    pub(crate) fn found() -> PyResult<Arc<Self>> {
        refuse_after_fork()?;
        OPENED.store(true, Ordering::Relaxed);
        Ok(Arc::default())
    }

    /// Takes a handle of the core in; if the family is closed, so is what it returns.
    pub(crate) fn adopt<T: Send + 'static>(&self, handle: T) -> Arc<Handle<T>> {
        let mut members = self.0.lock();
        let handle = Arc::new(Handle(Mutex::new(Some(handle).filter(|_| !members.closed))));
        if members.handles.len() == members.handles.capacity() {
            members.handles.retain(|member| member.strong_count() > 0);
        }
        let member: Arc<dyn Close> = handle.clone();
        members.handles.push(Arc::downgrade(&member));
        handle
    }

    /// Closes every handle. A second time does nothing.
    pub(crate) fn close(&self) {
        let handles = {
            let mut members = self.0.lock();
            members.closed = true;
            std::mem::take(&mut members.handles)
        };
        if FORKED.load(Ordering::Relaxed) {
            return;
        }
        handles
            .iter()
            .filter_map(Weak::upgrade)
            .for_each(|handle| handle.close());
    }
}
