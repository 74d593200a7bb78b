//! How commits reach the committer and old changes the base: through a queue to a thread of their own, or straight away on
//! the thread that calls.
//!
//! A thread makes groups of the commits that gather while it syncs. Where nothing is synced it has nothing to gain, so
//! commits run on the caller's thread then.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use parking_lot::Mutex;
use record_store_kv::{Error, Read, Result, fdb_code};
use tokio::sync::oneshot;

use super::committer::Committer;
use super::directory::DirectoryLock;
use super::log::{Helper, Job};
use super::shared::Shared;
use super::workers::Workers;
use crate::mutation::{CommitOutcome, CommitRequest};

/// The way to the committer and to the base.
pub(crate) struct Pipeline {
    shared: Arc<Shared>,
    commits: Commits,
    settling: Settling,
}

enum Commits {
    Inline(Box<Mutex<Committer>>),
    Thread {
        queue: mpsc::Sender<Message>,
        /// Whether a new lease has been asked for, and the thread has not begun.
        lease_asked: Arc<AtomicBool>,
    },
}

/// What the committer's thread is asked for.
enum Message {
    /// To commit, and to tell how it went.
    Commit(CommitRequest, oneshot::Sender<Result<CommitOutcome>>),
    /// To renew the lease on versions.
    RenewLease,
}

enum Settling {
    /// Whoever has the lock settles.
    Inline(Mutex<()>),
    Thread {
        queue: mpsc::Sender<()>,
        /// Whether settling has been asked for, and the thread has not begun.
        asked: Arc<AtomicBool>,
    },
}

impl Pipeline {
    /// A pipeline on the caller's thread.
    pub(crate) fn inline(shared: Arc<Shared>, mut committer: Committer) -> Self {
        committer.leave_to(Helper::Caller);
        Pipeline {
            shared,
            commits: Commits::Inline(Box::new(Mutex::new(committer))),
            settling: Settling::Inline(Mutex::new(())),
        }
    }

    /// A pipeline with threads among `workers`: one that settles, one that prepares the log's files, and one that commits if there
    /// is something to `sync`. They hold `lock` until they have ended.
    pub(crate) fn threads(
        shared: Arc<Shared>,
        mut committer: Committer,
        sync: bool,
        workers: &Workers,
        lock: &Option<Arc<DirectoryLock>>,
    ) -> Result<Self> {
        committer.leave_to(Helper::Thread(do_jobs_on_thread(&shared, workers, lock.clone())?));
        let commits = if sync {
            commit_on_thread(&shared, committer, workers, lock.clone())?
        } else {
            Commits::Inline(Box::new(Mutex::new(committer)))
        };
        let settling = settle_on_thread(&shared, workers, lock.clone())?;
        Ok(Pipeline {
            shared,
            commits,
            settling,
        })
    }

    /// Commits. It is on its way when the call returns.
    pub(crate) fn commit(&self, request: CommitRequest) -> Read<CommitOutcome> {
        match &self.commits {
            Commits::Inline(committer) => {
                let (mut outcomes, fired) = {
                    let mut committer = committer.lock();
                    let committed = committer.commit(vec![request]);
                    committer.rest();
                    committed
                };
                if let Settling::Inline(one_at_a_time) = &self.settling {
                    self.settle_inline(one_at_a_time);
                }
                fired.fire();
                Read::ready(outcomes.pop().unwrap_or_else(unknown))
            }
            Commits::Thread { queue, .. } => {
                let (done, outcome) = oneshot::channel();
                if queue.send(Message::Commit(request, done)).is_err() {
                    // Its thread has panicked, and not with this commit.
                    return Read::failed(fdb_code::IO_ERROR);
                }
                Read::pending(async move { outcome.await.unwrap_or_else(|_ended| unknown()) })
            }
        }
    }

    /// Has the lease on versions renewed.
    pub(crate) fn renew_lease(&self) {
        match &self.commits {
            // It changes nothing that a watch could be on.
            Commits::Inline(committer) => drop(committer.lock().commit(Vec::new())),
            Commits::Thread { queue, lease_asked } => {
                if !lease_asked.swap(true, Ordering::AcqRel) {
                    // A thread that has ended has said why to those whose commits it had.
                    drop(queue.send(Message::RenewLease));
                }
            }
        }
    }

    /// Has old changes moved into the base.
    pub(crate) fn settle(&self) {
        match &self.settling {
            Settling::Inline(one_at_a_time) => self.settle_inline(one_at_a_time),
            Settling::Thread { queue, asked } => {
                if !asked.swap(true, Ordering::AcqRel) {
                    let _ = queue.send(());
                }
            }
        }
    }

    /// Closes it: its threads end after what they have been asked for.
    pub(crate) fn close(self) {
        if let Commits::Inline(committer) = self.commits {
            committer.into_inner().close();
        }
    }

    fn settle_inline(&self, one_at_a_time: &Mutex<()>) {
        // If another thread is at it, it will do.
        if let Some(_settling) = one_at_a_time.try_lock() {
            self.shared.settle_inline();
        }
    }
}

fn commit_on_thread(
    shared: &Arc<Shared>,
    mut committer: Committer,
    workers: &Workers,
    lock: Option<Arc<DirectoryLock>>,
) -> Result<Commits> {
    let (queue, inbox) = mpsc::channel();
    let lease_asked = Arc::new(AtomicBool::new(false));
    let flag = lease_asked.clone();
    workers.spawn(&shared.env, "record-store-commit", shared.alarm(), move || {
        let _lock = lock;
        commit_groups(&mut committer, &inbox, &flag);
        committer.close();
    })?;
    Ok(Commits::Thread { queue, lease_asked })
}

/// A thread for work that no commit should wait for; it ends when nobody can ask for anything.
fn do_jobs_on_thread(
    shared: &Arc<Shared>,
    workers: &Workers,
    lock: Option<Arc<DirectoryLock>>,
) -> Result<mpsc::Sender<Job>> {
    let (jobs, inbox) = mpsc::channel::<Job>();
    workers.spawn(&shared.env, "record-store-log", shared.alarm(), move || {
        let _lock = lock;
        inbox.into_iter().for_each(|job| job());
    })?;
    Ok(jobs)
}

fn settle_on_thread(shared: &Arc<Shared>, workers: &Workers, lock: Option<Arc<DirectoryLock>>) -> Result<Settling> {
    let (queue, inbox) = mpsc::channel();
    let asked = Arc::new(AtomicBool::new(false));
    let (flag, own) = (asked.clone(), shared.clone());
    workers.spawn(&shared.env, "record-store-settle", shared.alarm(), move || {
        let _lock = lock;
        loop {
            match inbox.recv_timeout(IDLE_CHECK) {
                Ok(()) => {
                    flag.store(false, Ordering::Release);
                    own.settle_due();
                }
                // Nobody comes by who could see that it is time.
                Err(RecvTimeoutError::Timeout) => own.settle_if_due(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    })?;
    Ok(Settling::Thread { queue, asked })
}

/// Commits what comes, in groups of what has gathered, until nobody can send any more.
fn commit_groups(committer: &mut Committer, inbox: &mpsc::Receiver<Message>, lease_asked: &AtomicBool) {
    while let Some(first) = next_message(committer, inbox) {
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

/// Waits for a message; nothing if nobody can send any more.
fn next_message(committer: &mut Committer, inbox: &mpsc::Receiver<Message>) -> Option<Message> {
    match inbox.recv_timeout(REST_AFTER) {
        Err(RecvTimeoutError::Timeout) => {
            committer.rest();
            inbox.recv().ok()
        }
        message => message.ok(),
    }
}

fn unknown() -> Result<CommitOutcome> {
    Err(Error::fdb(fdb_code::COMMIT_UNKNOWN_RESULT))
}

/// When no commit has come for so long, none is about to.
const REST_AFTER: Duration = Duration::from_millis(5);
/// How often it is seen whether changes wait for the base while nobody reads or commits.
const IDLE_CHECK: Duration = Duration::from_millis(if cfg!(test) { 20 } else { 5_000 });
/// The most transactions of a group; fewer than the places that a versionstamp can tell apart.
const GROUP_TRANSACTIONS: usize = 1_000;
/// A group takes no more transactions when it has so many bytes.
const GROUP_BYTES: usize = 4 << 20;
