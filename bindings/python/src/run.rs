//! `Database.run`: the core's retry loop around a body of Python.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use parking_lot::Mutex;
use pyo3::prelude::*;
use record_store::kv::RunOptions;
use record_store::{Database, RecordContext};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::error::{Raised, seconds};
use crate::face::Face;
use crate::runtime::{Family, wait};
use crate::transaction::{CommitVersion, CommittedBy, TransactionBase};

/// How long a body is tried.
pub(crate) fn run_options(timeout: Option<f64>, max_attempts: Option<u32>) -> PyResult<RunOptions> {
    Ok(RunOptions {
        timeout: timeout.map(seconds).transpose()?,
        max_attempts,
    })
}

/// Runs a body that is a function, in this thread.
pub(crate) fn blocking(
    py: Python<'_>,
    database: &Database,
    family: &Arc<Family>,
    body: &Py<PyAny>,
    options: &RunOptions,
) -> PyResult<Py<PyAny>> {
    let last: Mutex<Option<Last>> = Mutex::default();
    let attempt = |context: RecordContext| async {
        Python::attach(|py| {
            let transaction = begin(py, Face::Blocking, family, context, &last)?;
            let result = body.call1(py, (&transaction,));
            transaction.get().end();
            result
        })
        .map_err(Raised)
    };
    let result = wait(py, || database.run_with(options, attempt)).map_err(|Raised(exception)| exception)?;
    complete(&last);
    Ok(result)
}

/// The last attempt: if the loop ends well, it is the one that has committed.
struct Last {
    context: RecordContext,
    commit_version: CommitVersion,
}

fn begin<'py>(
    py: Python<'py>,
    face: Face,
    family: &Arc<Family>,
    context: RecordContext,
    last: &Mutex<Option<Last>>,
) -> PyResult<Bound<'py, TransactionBase>> {
    let transaction = TransactionBase::object(py, face, family, context.clone(), CommittedBy::Run)?;
    let commit_version = transaction.get().commit_version().clone();
    *last.lock() = Some(Last {
        context,
        commit_version,
    });
    Ok(transaction)
}

/// Completes the versions that the attempt has given out.
fn complete(last: &Mutex<Option<Last>>) {
    if let Some(last) = last.lock().take() {
        last.commit_version.take_from(&last.context);
    }
}

/// The core's retry loop in turns with a coroutine that is the body: the coroutine stays in its task, and the loop stays the core's.
///
/// `record_store._asyncio.run` takes the turns.
#[pyclass(frozen, name = "_Attempts", module = "record_store._native")]
pub(crate) struct Attempts(Arc<Shared>);

struct Shared {
    family: Arc<Family>,
    turns: tokio::sync::Mutex<Turns>,
    /// How the body ended, for the loop.
    outcomes: UnboundedSender<Result<(), Raised>>,
    transaction: Mutex<Option<Py<TransactionBase>>>,
    last: Mutex<Option<Last>>,
}

struct Turns {
    looped: Pin<Box<dyn Future<Output = Result<(), Raised>> + Send>>,
    contexts: UnboundedReceiver<RecordContext>,
}

impl Attempts {
    pub(crate) fn new(database: Database, family: &Arc<Family>, options: RunOptions) -> Self {
        let (begun, contexts) = unbounded_channel();
        let (outcomes, ended) = unbounded_channel();
        let ended = Arc::new(tokio::sync::Mutex::new(ended));
        let looped = async move {
            let attempt = |context: RecordContext| {
                let ended = ended.clone();
                let sent = begun.send(context);
                async move {
                    let outcome = match sent {
                        Ok(()) => ended.lock().await.recv().await,
                        Err(_) => None,
                    };
                    // Whoever drops the attempts drops this loop with them.
                    outcome.unwrap_or(Ok(()))
                }
            };
            database.run_with(&options, attempt).await
        };
        Attempts(Arc::new(Shared {
            family: family.clone(),
            turns: tokio::sync::Mutex::new(Turns {
                looped: Box::pin(looped),
                contexts,
            }),
            outcomes,
            transaction: Mutex::default(),
            last: Mutex::default(),
        }))
    }
}

#[pymethods]
impl Attempts {
    /// The transaction of the next attempt, or `None` when one has committed. `exception` is what the body of the last one has
    /// raised, if it was not the first turn and did not end well.
    fn turn<'py>(&self, py: Python<'py>, exception: Option<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let shared = self.0.clone();
        let before = shared.transaction.lock().take();
        if let Some(before) = before {
            before.get().end();
            let outcome = match exception {
                None => Ok(()),
                Some(exception) => Err(Raised(PyErr::from_value(exception))),
            };
            // If the loop has ended, its result tells.
            let _ = shared.outcomes.send(outcome);
        }
        let step = shared.clone();
        let step = async move {
            let turns = &mut *step.turns.lock().await;
            let context = Box::pin(turns.contexts.recv());
            match select(&mut turns.looped, context).await {
                Either::Left((result, _)) => result.map(|()| None).map_err(|Raised(exception)| exception),
                Either::Right((context, _)) => Ok(context),
            }
        };
        Face::Asyncio.call(py, step, move |py, context| {
            let Some(context) = context else {
                complete(&shared.last);
                return Ok(py.None().into_bound(py));
            };
            let transaction = begin(py, Face::Asyncio, &shared.family, context, &shared.last)?;
            *shared.transaction.lock() = Some(transaction.clone().unbind());
            Ok(transaction.into_any())
        })
    }
}
