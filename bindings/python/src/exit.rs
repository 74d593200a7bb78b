//! The end of the interpreter: threads of ours must not be on their way into it then, because it ends such threads within our frames.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use parking_lot::{RwLock, RwLockReadGuard};
use pyo3::prelude::*;
use pyo3::types::PyCFunction;

static ENDING: AtomicBool = AtomicBool::new(false);
static AT_WORK: RwLock<()> = RwLock::new(());

/// Asks the interpreter to tell us of its end, which waits until our threads have stopped where they are.
pub(crate) fn watch_exit(py: Python<'_>) -> PyResult<()> {
    let ended = PyCFunction::new_closure(py, None, None, |arguments, _| {
        ENDING.store(true, Ordering::SeqCst);
        arguments.py().detach(|| drop(AT_WORK.write()));
    })?;
    py.import("atexit")?.call_method1("register", (ended,)).map(drop)
}

/// Whether the interpreter ends.
pub(crate) fn is_ending() -> bool {
    ENDING.load(Ordering::SeqCst)
}

fn enter() -> Option<RwLockReadGuard<'static, ()>> {
    let inside = AT_WORK.read_recursive();
    (!is_ending()).then_some(inside)
}

/// Work that does not go on once the interpreter ends.
pub(crate) struct WhileAlive<F>(pub(crate) Pin<Box<F>>);

impl<F: Future> Future for WhileAlive<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        match enter() {
            Some(_inside) => self.0.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}
