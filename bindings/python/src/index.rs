//! Entries of indexes, what breaks their uniqueness, and the building of indexes with its progress.

use std::ops::ControlFlow;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCFunction, PyDict, PyType};
use record_store::indexing::{
    IndexBuildProgress, IndexBuildSummary, IndexingAction, IndexingMethod, IndexingOptions, OnlineIndexer,
};
use record_store::{IndexState, UniquenessViolation};

use crate::asyncio;
use crate::error::{seconds, to_py};
use crate::exit::is_ending;
use crate::face::Face;
use crate::keywords::Keywords;
use crate::record::{primary_key, to_tuple};

/// An entry as `record_store.IndexEntry`.
pub(crate) fn to_entry<'py>(py: Python<'py>, entry: &record_store::IndexEntry) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, "record_store._indexing", "IndexEntry")?.call1((
        to_tuple(py, entry.key())?,
        to_tuple(py, entry.value())?,
        primary_key(py, entry.primary_key())?,
    ))
}

/// A violation as `record_store.UniquenessViolation`.
pub(crate) fn to_violation<'py>(py: Python<'py>, violation: &UniquenessViolation) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let existing = violation.existing_primary_key();
    CLASS
        .import(py, "record_store._indexing", "UniquenessViolation")?
        .call1((
            to_tuple(py, violation.value())?,
            primary_key(py, violation.primary_key())?,
            existing.map(|existing| primary_key(py, existing)).transpose()?,
        ))
}

/// The states of indexes by their names, as Java's names of them.
pub(crate) fn to_states<'py, 'a>(
    py: Python<'py>,
    states: impl IntoIterator<Item = (&'a String, &'a IndexState)>,
) -> PyResult<Bound<'py, PyAny>> {
    let dict = PyDict::new(py);
    for (name, state) in states {
        dict.set_item(name, state.name())?;
    }
    Ok(dict.into_any())
}

/// The keywords that say how indexes are built, where it is not as the core does it by itself; and the `progress`.
pub(crate) fn build_arguments(
    call: &'static str,
    given: Option<&Bound<'_, PyDict>>,
) -> PyResult<(IndexingOptions, Option<Py<PyAny>>)> {
    let keywords = Keywords::of(call, given);
    let default = IndexingOptions::default();
    let time = |name: &str| -> PyResult<Option<Duration>> { keywords.take(name)?.map(seconds).transpose() };
    let options = IndexingOptions {
        if_disabled: action(&keywords, "if_disabled")?.unwrap_or(default.if_disabled),
        if_write_only: action(&keywords, "if_write_only")?.unwrap_or(default.if_write_only),
        if_readable: action(&keywords, "if_readable")?.unwrap_or(default.if_readable),
        mark_readable: keywords.take("mark_readable")?.unwrap_or(default.mark_readable),
        allow_unique_pending: keywords
            .take("allow_unique_pending")?
            .unwrap_or(default.allow_unique_pending),
        method: match keywords.take("by_index")? {
            Some(source) => IndexingMethod::ByIndex(source),
            None => default.method,
        },
        reverse: keywords.take("reverse")?.unwrap_or(default.reverse),
        limit: keywords.take("limit")?.unwrap_or(default.limit),
        write_size_max: keywords.take("max_write_bytes")?.unwrap_or(default.write_size_max),
        transaction_time_max: time("max_transaction_seconds")?.unwrap_or(default.transaction_time_max),
        records_per_second: keywords.take("records_per_second")?.or(default.records_per_second),
        lease: time("lease")?.unwrap_or(default.lease),
        stop_after: keywords.take("stop_after")?.or(default.stop_after),
        time_max: time("max_seconds")?.or(default.time_max),
    };
    let progress = keywords.object("progress")?.map(Bound::unbind);
    keywords.finish()?;
    Ok((options, progress))
}

fn action(keywords: &Keywords<'_>, name: &'static str) -> PyResult<Option<IndexingAction>> {
    let given: Option<String> = keywords.take(name)?;
    let action = given.map(|given| IndexingAction::from_name(&given));
    action.transpose().map_err(|error| to_py(error.with("keyword", name)))
}

/// Builds indexes; what `progress` raises, and signals, stop the build and come out as they are.
///
/// With asyncio `progress` is called in the thread of the event loop, and the build waits for it.
pub(crate) fn build<'py>(
    py: Python<'py>,
    face: Face,
    indexer: OnlineIndexer,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let raised: Arc<Mutex<Option<PyErr>>> = Arc::default();
    let stopped_by = raised.clone();
    let teller = match face {
        Face::Blocking => Teller {
            progress,
            event_loop: None,
        },
        Face::Asyncio => Teller {
            event_loop: progress
                .is_some()
                .then(|| asyncio::running_loop(py))
                .transpose()?
                .map(Bound::unbind),
            progress,
        },
    };
    let indexer = indexer.on_progress(move |told| match teller.tell(told) {
        Ok(()) => ControlFlow::Continue(()),
        Err(exception) => {
            *stopped_by.lock() = Some(exception);
            ControlFlow::Break(())
        }
    });
    let build = async move {
        let built = indexer.build().await;
        let raised = raised.lock().take();
        raised.map_or_else(|| built.map_err(to_py), Err)
    };
    face.call(py, build, |py, summary| to_summary(py, &summary))
}

/// How often a build that waits for the event loop looks whether the interpreter ends.
const HEARD_AGAIN: Duration = Duration::from_millis(100);

/// Whoever is told of the progress of a build.
struct Teller {
    progress: Option<Py<PyAny>>,
    /// In whose thread, if not in that of the build.
    event_loop: Option<Py<PyAny>>,
}

impl Teller {
    fn tell(&self, told: &IndexBuildProgress) -> PyResult<()> {
        let Some(event_loop) = &self.event_loop else {
            return Python::attach(|py| {
                py.check_signals()?;
                match &self.progress {
                    Some(progress) => progress.call1(py, (to_progress(py, told)?,)).map(drop),
                    None => Ok(()),
                }
            });
        };
        let (answer, answered) = mpsc::sync_channel(1);
        Python::attach(|py| {
            let (progress, told) = (
                self.progress.as_ref().map(|progress| progress.clone_ref(py)),
                told.clone(),
            );
            let call = PyCFunction::new_closure(py, None, None, move |arguments, _| {
                let py = arguments.py();
                let result = progress.as_ref().map_or(Ok(()), |progress| {
                    progress.call1(py, (to_progress(py, &told)?,)).map(drop)
                });
                // A build that was cancelled does not listen any more.
                let _ = answer.try_send(result);
            })?;
            event_loop.call_method1(py, "call_soon_threadsafe", (call,)).map(drop)
        })?;
        tokio::task::block_in_place(|| {
            loop {
                match answered.recv_timeout(HEARD_AGAIN) {
                    Ok(answer) => return answer,
                    Err(mpsc::RecvTimeoutError::Timeout) if !is_ending() => {}
                    // A loop that was closed drops the closure unheard, and one at the end of the interpreter never calls it.
                    Err(_) => return Ok(()),
                }
            }
        })
    }
}

fn to_progress<'py>(py: Python<'py>, progress: &IndexBuildProgress) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS
        .import(py, "record_store._indexing", "IndexBuildProgress")?
        .call1((
            progress.indexes.clone(),
            progress.records_scanned,
            progress.records_total,
            progress.ranges_left,
        ))
}

fn to_summary<'py>(py: Python<'py>, summary: &IndexBuildSummary) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, "record_store._indexing", "IndexBuildSummary")?.call1((
        summary.records_scanned,
        summary.transactions,
        to_states(py, &summary.states)?,
    ))
}
