//! `Run`: the core's retry loop, whose attempts JavaScript takes one after the other.
//!
//! The loop is a task of its own. It hands out an attempt and waits to be told how its body ended; then it commits, hands
//! out another one, or ends. So the addon never calls into JavaScript, and what the body throws never leaves it.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Either, PromiseRaw, spawn};
use napi_derive::napi;
use parking_lot::Mutex;
use record_store::kv::RunOptions;
use record_store::{Database, Error, ErrorKind, RecordContext};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::error::{Failure, Thrown};
use crate::runtime::{Family, promise};
use crate::transaction::{CommitVersion, Transaction};

/// A loop under way. Made by `Database.run`.
#[napi]
pub struct Run {
    family: Arc<Family>,
    turns: Arc<tokio::sync::Mutex<mpsc::Receiver<Turn>>>,
    ended: Arc<Mutex<Option<oneshot::Sender<Ending>>>>,
    task: JoinHandle<()>,
}

/// How a body ended: it returned, or it threw something that has a code of FoundationDB or none.
type Ending = Result<(), Option<i32>>;

/// A transaction of the loop, and where the version of its commit is going to be.
#[derive(Clone)]
struct Attempt {
    context: RecordContext,
    commit_version: CommitVersion,
}

/// What the loop has to say.
enum Turn {
    /// An attempt, and whom to tell how it ended.
    Attempt(Attempt, oneshot::Sender<Ending>),
    Committed,
    /// What the body has thrown is the end.
    Thrown,
    Failed(Error),
}

impl Run {
    pub(crate) fn start(family: &Arc<Family>, database: Database, options: RunOptions) -> Self {
        let (sender, turns) = mpsc::channel(1);
        let task = spawn(async move {
            let (attempts, last_attempt) = (&sender, &Mutex::new(None));
            let attempt = |context: RecordContext| async move {
                let (ended, ending) = oneshot::channel();
                let attempt = Attempt {
                    context,
                    commit_version: CommitVersion::default(),
                };
                *last_attempt.lock() = Some(attempt.clone());
                let _ = attempts.send(Turn::Attempt(attempt, ended)).await;
                match ending.await {
                    Ok(ending) => ending.map_err(Thrown::Body),
                    Err(_) => Err(Thrown::Core(abandoned())),
                }
            };
            let last = match database.run_with(&options, attempt).await {
                Ok(()) => {
                    if let Some(committed) = last_attempt.lock().take() {
                        committed.commit_version.take_from(&committed.context);
                    }
                    Turn::Committed
                }
                Err(Thrown::Body(_)) => Turn::Thrown,
                Err(Thrown::Core(error)) => Turn::Failed(error),
            };
            let _ = sender.send(last).await;
        });
        Run {
            family: family.clone(),
            turns: Arc::new(tokio::sync::Mutex::new(turns)),
            ended: Arc::default(),
            task,
        }
    }

    fn tell(&self, ending: Ending) {
        if let Some(ended) = self.ended.lock().take() {
            // Nobody listens any more when the loop was abandoned.
            let _ = ended.send(ending);
        }
    }
}

#[napi]
impl Run {
    /// The next attempt; or true when the transaction has committed, false when what the body threw is the end.
    #[napi]
    pub fn next<'env>(
        &self,
        env: &'env Env,
    ) -> napi::Result<PromiseRaw<'env, Either<Either<Transaction, bool>, Failure>>> {
        let (turns, family, told) = (self.turns.clone(), self.family.clone(), self.ended.clone());
        promise(env, async move {
            let turn: Turn = turns.lock().await.recv().await.ok_or_else(abandoned)?;
            match turn {
                Turn::Attempt(attempt, ended) => {
                    *told.lock() = Some(ended);
                    Ok(Either::A(Transaction::new(
                        &family,
                        attempt.context,
                        attempt.commit_version,
                    )))
                }
                Turn::Committed => Ok(Either::B(true)),
                Turn::Thrown => Ok(Either::B(false)),
                Turn::Failed(error) => Err(error),
            }
        })
    }

    /// Tells that the body has returned.
    #[napi]
    pub fn returned(&self) {
        self.tell(Ok(()));
    }

    /// Tells that the body has thrown something, and FoundationDB's code of it.
    #[napi]
    pub fn threw(&self, fdb_code: Option<i32>) {
        self.tell(Err(fdb_code));
    }

    /// Stops the loop, wherever it is.
    #[napi]
    pub fn abandon(&self) {
        self.task.abort();
    }
}

fn abandoned() -> Error {
    Error::new(ErrorKind::InvalidArgument, "the run was abandoned")
}
