//! Entries of indexes, and the building of indexes with its progress.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};
use record_store::indexing::{IndexBuildProgress, IndexBuildSummary, IndexingOptions, OnlineIndexer};
use record_store::{IndexState, RecordKey, ScanOptions};

use crate::error::{seconds, to_py};
use crate::record::{primary_key, to_key, to_tuple};
use crate::runtime::wait;

/// An entry as `record_store.IndexEntry`.
pub(crate) fn to_entry<'py>(py: Python<'py>, entry: &record_store::IndexEntry) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, "record_store._indexing", "IndexEntry")?.call1((
        to_tuple(py, entry.key())?,
        to_tuple(py, entry.value())?,
        primary_key(py, entry.primary_key())?,
    ))
}

/// The options of a scan of an index, its bounds being columns.
pub(crate) fn scan_options(
    prefix: Option<&Bound<'_, PyAny>>,
    start: Option<&Bound<'_, PyAny>>,
    end: Option<&Bound<'_, PyAny>>,
    reverse: bool,
    limit: Option<usize>,
) -> PyResult<ScanOptions> {
    let bound = |columns: Option<&Bound<'_, PyAny>>| -> PyResult<Option<RecordKey>> {
        columns.map(|columns| to_key(columns, None)).transpose()
    };
    Ok(ScanOptions {
        within: bound(prefix)?,
        from: bound(start)?,
        to: bound(end)?,
        reverse,
        limit,
        ..ScanOptions::default()
    })
}

/// The states of indexes by their names, as Java's names of them.
pub(crate) fn to_states<'py, 'a>(
    py: Python<'py>,
    states: impl IntoIterator<Item = (&'a String, &'a IndexState)>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, state) in states {
        dict.set_item(name, state.name())?;
    }
    Ok(dict)
}

/// How an index is built, where it is not as the core does it by itself.
pub(crate) fn indexing_options(
    limit: Option<usize>,
    records_per_second: Option<u32>,
    time_max: Option<f64>,
    lease: Option<f64>,
) -> PyResult<IndexingOptions> {
    let default = IndexingOptions::default();
    let time = |given: Option<f64>| -> PyResult<Option<Duration>> { given.map(seconds).transpose() };
    Ok(IndexingOptions {
        limit: limit.unwrap_or(default.limit),
        records_per_second: records_per_second.or(default.records_per_second),
        time_max: time(time_max)?.or(default.time_max),
        lease: time(lease)?.unwrap_or(default.lease),
        ..default
    })
}

/// Builds indexes; what `progress` raises, and signals, stop the build and come out as they are.
pub(crate) fn build<'py>(
    py: Python<'py>,
    indexer: OnlineIndexer,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let raised: Arc<Mutex<Option<PyErr>>> = Arc::default();
    let stopped_by = raised.clone();
    let indexer = indexer.on_progress(move |told| {
        let called = Python::attach(|py| {
            py.check_signals()?;
            match &progress {
                Some(callback) => callback.call1(py, (to_progress(py, told)?,)).map(drop),
                None => Ok(()),
            }
        });
        match called {
            Ok(()) => ControlFlow::Continue(()),
            Err(exception) => {
                *stopped_by.lock() = Some(exception);
                ControlFlow::Break(())
            }
        }
    });
    let built = wait(py, || indexer.build());
    if let Some(exception) = raised.lock().take() {
        return Err(exception);
    }
    to_summary(py, &built.map_err(to_py)?)
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
