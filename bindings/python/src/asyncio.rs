//! Calls of the asyncio face: a coroutine of Python around a future of the core that runs on threads of ours.
//!
//! The event loop's thread never waits for the core: the engine reads files and computes entries of indexes where it is polled. The
//! coroutine is one of Python (`record_store._asyncio.drive`), so that it belongs to its task with all that asyncio knows of tasks:
//! groups, time-outs, context variables and the warning about what was never awaited.

use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;

use futures_util::future::{AbortHandle, Aborted, abortable};
use parking_lot::Mutex;
use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use tokio::runtime::{Builder, Runtime};

use crate::exit::WhileAlive;

/// Makes the Python object of a result, in the thread of the event loop.
type Convert = Box<dyn for<'py> FnOnce(Python<'py>) -> PyResult<Bound<'py, PyAny>> + Send>;

type Work = Pin<Box<dyn Future<Output = PyResult<Convert>> + Send>>;

/// A coroutine that does `work` when it is awaited, and gives what `convert` makes of its result.
pub(crate) fn coroutine<'py, T: Send + 'static>(
    py: Python<'py>,
    work: impl Future<Output = PyResult<T>> + Send + 'static,
    convert: impl for<'a> FnOnce(Python<'a>, T) -> PyResult<Bound<'a, PyAny>> + Send + 'static,
) -> PyResult<Bound<'py, PyAny>> {
    let work: Work = Box::pin(async move {
        let result = work.await?;
        let convert: Convert = Box::new(move |py| convert(py, result));
        Ok(convert)
    });
    let call = Call {
        work: Mutex::new(Some(work)),
        state: Mutex::default(),
    };
    function(py, &DRIVE, "drive")?.call1((Bound::new(py, call)?,))
}

/// A coroutine that gives a value without waiting for anything.
pub(crate) fn ready(value: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    function(value.py(), &READY, "ready")?.call1((value,))
}

/// The event loop that runs in this thread.
pub(crate) fn running_loop(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    static GET: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    GET.import(py, "asyncio", "get_running_loop")?.call0()
}

static DRIVE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static READY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

fn function<'py>(
    py: Python<'py>,
    kept: &'static PyOnceLock<Py<PyAny>>,
    name: &str,
) -> PyResult<&'py Bound<'py, PyAny>> {
    kept.import(py, "record_store._asyncio", name)
}

/// The threads that drive the core for event loops; started by the first call.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .thread_name("record-store-asyncio")
            .build()
            .expect("the operating system can start a thread")
    })
}

/// Work for the core, driven by `record_store._asyncio.drive`.
#[pyclass(frozen, name = "_Call", module = "record_store._native")]
pub(crate) struct Call {
    work: Mutex<Option<Work>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: Option<AbortHandle>,
    /// The future of asyncio that is told when the work is over.
    waiter: Option<Py<PyAny>>,
    outcome: Option<Result<PyResult<Convert>, Aborted>>,
    /// Whether nobody wants the outcome.
    cancelled: bool,
}

#[pymethods]
impl Call {
    /// Starts the work. When it is over, `waiter` is told in the thread of its loop.
    fn start(slf: &Bound<'_, Self>, event_loop: Py<PyAny>, waiter: Py<PyAny>) -> PyResult<()> {
        let Some(work) = slf.get().work.lock().take() else {
            return Err(PyRuntimeError::new_err("the call was started already"));
        };
        let (work, running) = abortable(work);
        *slf.get().state.lock() = State {
            running: Some(running),
            waiter: Some(waiter),
            ..State::default()
        };
        let call = slf.clone().unbind();
        runtime().spawn(WhileAlive(Box::pin(async move {
            // The work itself is gone before anybody hears of it, with all that it held.
            let outcome = work.await;
            // An interpreter that ends has nobody who waits.
            Python::try_attach(|py| {
                {
                    let mut state = call.get().state.lock();
                    state.running = None;
                    state.outcome = Some(outcome).filter(|_| !state.cancelled);
                }
                if let Ok(wake) = call.bind(py).getattr(intern!(py, "wake")) {
                    // A loop that is closed refuses, and nobody waits there any more.
                    let _ = event_loop.call_method1(py, intern!(py, "call_soon_threadsafe"), (wake,));
                }
                drop(call);
                drop(event_loop);
            });
        })));
        Ok(())
    }

    /// Tells the waiter that the work is over.
    fn wake(&self, py: Python<'_>) -> PyResult<()> {
        let waiter = self.state.lock().waiter.take();
        let Some(waiter) = waiter else { return Ok(()) };
        let waiter = waiter.bind(py);
        if !waiter.call_method0(intern!(py, "done"))?.is_truthy()? {
            waiter.call_method1(intern!(py, "set_result"), (py.None(),))?;
        }
        Ok(())
    }

    /// Gives the work up where it next waits, or its outcome. Says whether `waiter` is going to be told of it.
    #[pyo3(signature = (waiter=None))]
    fn cancel(&self, waiter: Option<Py<PyAny>>) -> bool {
        let (is_running, unwanted) = {
            let mut state = self.state.lock();
            state.cancelled = true;
            if let Some(running) = &state.running {
                running.abort();
            }
            let waiter = std::mem::replace(&mut state.waiter, waiter);
            (state.running.is_some(), (waiter, state.outcome.take()))
        };
        drop(unwanted);
        is_running
    }

    /// What the work gave, once it is over.
    fn result<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let outcome = self.state.lock().outcome.take();
        match outcome {
            Some(Ok(result)) => result?(py),
            Some(Err(Aborted)) | None => Err(PyRuntimeError::new_err("the call has no result")),
        }
    }
}
