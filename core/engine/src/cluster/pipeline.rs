//! How commits reach the committer: through a queue to its thread, which makes groups of what has gathered meanwhile, or
//! straight away on the caller's thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use parking_lot::Mutex;
use record_store_kv::{Error, Read, Result, fdb_code};
use tokio::sync::oneshot;

use super::committer::Committer;
use super::directory::DirectoryLock;
use super::shared::Shared;
use super::workers::Workers;
use crate::mutation::{CommitOutcome, CommitRequest};

/// The way to the committer.
pub(crate) enum Pipeline {
    /// Everything runs on the thread that calls.
    Inline {
        shared: Arc<Shared>,
        committer: Mutex<Committer>,
    },
    /// Committer and applier have threads of their own.
    Threads {
        commits: mpsc::Sender<Message>,
        settle: mpsc::Sender<()>,
        /// Whether the thread has been asked already, and has not begun.
        lease_asked: Arc<AtomicBool>,
        settle_asked: Arc<AtomicBool>,
    },
}

/// What the committer's thread is asked for.
pub(crate) enum Message {
    /// To commit, and to tell how it went.
    Commit(CommitRequest, oneshot::Sender<Result<CommitOutcome>>),
    /// To renew the lease on versions.
    RenewLease,
}

impl Pipeline {
    /// A pipeline on the caller's thread.
    pub(crate) fn inline(shared: Arc<Shared>, committer: Committer) -> Self {
        Pipeline::Inline {
            shared,
            committer: Mutex::new(committer),
        }
    }

    /// A pipeline with threads, among `workers`. They hold `lock` until they have ended.
    pub(crate) fn threads(
        shared: Arc<Shared>,
        mut committer: Committer,
        workers: &Workers,
        lock: Option<Arc<DirectoryLock>>,
    ) -> Result<Self> {
        let (commits, requests) = mpsc::channel();
        let (settle, settle_requests) = mpsc::channel();
        let (lease_asked, settle_asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (lease_flag, settle_flag, applier_lock) = (lease_asked.clone(), settle_asked.clone(), lock.clone());
        workers.spawn(&shared, "record-store-commit", move || {
            let _lock = lock;
            run_committer(&mut committer, &requests, &lease_flag);
        })?;
        let own = shared.clone();
        workers.spawn(&shared, "record-store-apply", move || {
            let _lock = applier_lock;
            while settle_requests.recv().is_ok() {
                settle_flag.store(false, Ordering::Release);
                own.settle_all();
            }
        })?;
        Ok(Pipeline::Threads {
            commits,
            settle,
            lease_asked,
            settle_asked,
        })
    }

    /// Commits. It is on its way when the call returns.
    pub(crate) fn commit(&self, request: CommitRequest) -> Read<CommitOutcome> {
        match self {
            Pipeline::Inline { committer, .. } => {
                let (mut outcomes, fired) = committer.lock().commit(vec![request]);
                self.settle_inline();
                fired.fire();
                Read::ready(outcomes.pop().unwrap_or_else(unknown))
            }
            Pipeline::Threads { commits, .. } => {
                let (done, outcome) = oneshot::channel();
                if commits.send(Message::Commit(request, done)).is_err() {
                    // Its thread has panicked, and not with this commit.
                    return Read::failed(fdb_code::IO_ERROR);
                }
                Read::pending(async move { outcome.await.unwrap_or_else(|_ended| unknown()) })
            }
        }
    }

    /// Has the lease on versions renewed.
    pub(crate) fn renew_lease(&self) {
        match self {
            // It changes nothing that a watch could be on.
            Pipeline::Inline { committer, .. } => drop(committer.lock().commit(Vec::new())),
            Pipeline::Threads {
                commits, lease_asked, ..
            } => {
                if !lease_asked.swap(true, Ordering::AcqRel) {
                    // A thread that has ended has said why to those whose commits it had.
                    drop(commits.send(Message::RenewLease));
                }
            }
        }
    }

    /// Has old changes moved into the base.
    pub(crate) fn settle(&self) {
        match self {
            Pipeline::Inline { .. } => self.settle_inline(),
            Pipeline::Threads {
                settle, settle_asked, ..
            } => {
                if !settle_asked.swap(true, Ordering::AcqRel) {
                    let _ = settle.send(());
                }
            }
        }
    }

    fn settle_inline(&self) {
        if let Pipeline::Inline { shared, committer } = self {
            // The committer's lock lets one thread at a time settle.
            let _one_at_a_time = committer.lock();
            shared.settle_inline();
        }
    }
}

fn run_committer(committer: &mut Committer, inbox: &mpsc::Receiver<Message>, lease_asked: &AtomicBool) {
    while let Ok(first) = inbox.recv() {
        let mut requests = Vec::new();
        let mut waiting = Vec::new();
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Commit(request, done) => {
                    bytes += request.bytes();
                    requests.push(request);
                    waiting.push(done);
                }
                Message::RenewLease => lease_asked.store(false, Ordering::Release),
            }
            let full = requests.len() >= GROUP_TRANSACTIONS || bytes >= GROUP_BYTES;
            next = if full { None } else { inbox.try_recv().ok() };
        }
        let (outcomes, fired) = committer.commit(requests);
        for (done, outcome) in waiting.into_iter().zip(outcomes) {
            // Nobody may wait for it any more.
            drop(done.send(outcome));
        }
        fired.fire();
    }
}

fn unknown() -> Result<CommitOutcome> {
    Err(Error::fdb(fdb_code::COMMIT_UNKNOWN_RESULT))
}

/// The most transactions of a group; fewer than the places that a versionstamp can tell apart.
const GROUP_TRANSACTIONS: usize = 1_000;
/// A group takes no more transactions when it has so many bytes.
const GROUP_BYTES: usize = 4 << 20;
