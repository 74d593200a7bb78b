//! The next segment, made before it is needed, so that no commit waits until a new file with all its blocks is on disk: that
//! can take long while the file system is busy with the base.

use std::io;
use std::sync::{Arc, mpsc};

use super::segment;
use crate::cluster::files::Files;

/// Work for a thread that has time.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// Makes the next segment ahead of its time: on a thread, or where there is none, at once.
pub(crate) struct Ahead {
    files: Arc<dyn Files>,
    jobs: Option<mpsc::Sender<Job>>,
    asked: Option<mpsc::Receiver<io::Result<()>>>,
}

impl Ahead {
    /// Makes segments among `files`, on the thread that asks.
    pub(crate) fn new(files: Arc<dyn Files>) -> Self {
        Ahead {
            files,
            jobs: None,
            asked: None,
        }
    }

    /// Leaves the work to whoever takes these jobs, from now on.
    pub(crate) fn leave_to(&mut self, jobs: mpsc::Sender<Job>) {
        self.jobs = Some(jobs);
    }

    /// Has the segment made, `length` bytes long, unless that was asked for already.
    pub(crate) fn ask(&mut self, sequence: u64, length: u64) {
        if self.asked.is_some() {
            return;
        }
        let (done, made) = mpsc::channel();
        self.asked = Some(made);
        let files = self.files.clone();
        let job = Box::new(move || {
            let name = segment::name(sequence);
            let result = files.prepare(&name, length);
            if result.is_err() {
                // Whoever begins the segment makes the file then, and says what is wrong if that fails, too.
                let _ = files.remove(&name);
            }
            // The log may have been closed meanwhile.
            let _ = done.send(result);
        });
        match &self.jobs {
            // If the thread has ended, nothing is made, which `take` finds out.
            Some(jobs) => drop(jobs.send(job)),
            None => job(),
        }
    }

    /// Whether the segment that was asked for has been made; waits until that is known.
    pub(crate) fn take(&mut self) -> bool {
        let asked = self.asked.take();
        asked.is_some_and(|made| made.recv().is_ok_and(|result| result.is_ok()))
    }
}
