//! The next segment, made before it is needed, so that no commit waits until a new file with all its blocks is on disk: that
//! can take long while the file system is busy with the base.

use std::io;
use std::sync::{Arc, mpsc};

use super::segment;
use crate::cluster::files::Files;

/// Work for a thread that has time.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// Who does such work.
pub(crate) enum Helper {
    /// Whoever has it to do, at once.
    Caller,
    /// A thread that takes jobs.
    Thread(mpsc::Sender<Job>),
}

/// Makes the next segment ahead of its time.
pub(crate) struct Ahead {
    files: Arc<dyn Files>,
    helper: Option<Helper>,
    asked: Option<mpsc::Receiver<io::Result<()>>>,
}

impl Ahead {
    /// Makes segments among `files`, none before there is a helper: a start has no time for it.
    pub(crate) fn new(files: Arc<dyn Files>) -> Self {
        Ahead {
            files,
            helper: None,
            asked: None,
        }
    }

    /// Leaves the work to `helper` from now on.
    pub(crate) fn leave_to(&mut self, helper: Helper) {
        self.helper = Some(helper);
    }

    /// Has the segment made, `length` bytes long, unless that was asked for already.
    pub(crate) fn ask(&mut self, sequence: u64, length: u64) {
        let Some(helper) = self.helper.as_ref().filter(|_| self.asked.is_none()) else {
            return;
        };
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
        match helper {
            Helper::Caller => job(),
            // If the thread has ended, nothing is made, which `take` finds out.
            Helper::Thread(jobs) => drop(jobs.send(job)),
        }
    }

    /// Whether the segment that was asked for has been made; waits until that is known.
    pub(crate) fn take(&mut self) -> bool {
        let asked = self.asked.take();
        asked.is_some_and(|made| made.recv().is_ok_and(|result| result.is_ok()))
    }
}
