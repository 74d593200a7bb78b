//! A thread for each open directory. It hands the database over when another process wants it; and while another process has it,
//! it looks whether watched keys have changed.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use record_store_kv::Result;

use super::directory::{self, Picture};
use super::holding::{Holding, has_begun};
use super::tenure::Tenure;
use super::workers::Workers;

/// The thread; it ends when this is dropped.
pub(crate) struct Keeper {
    /// None only while it is dropped.
    alive: Option<mpsc::Sender<Infallible>>,
    workers: Workers,
}

impl Keeper {
    /// Starts the thread for the database in the directory `path`.
    pub(crate) fn start(holding: &Arc<Holding>, path: PathBuf) -> Result<Self> {
        let (alive, ended) = mpsc::channel();
        let workers = Workers::default();
        let mut watchman = Watchman::new(holding.clone(), path);
        workers.spawn(holding.env(), "record-store-keep", drop, move || {
            let mut pause = IDLE_PAUSE;
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(pause) {
                pause = watchman.look();
            }
        })?;
        Ok(Keeper {
            alive: Some(alive),
            workers,
        })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.alive = None;
        self.workers.wait();
    }
}

/// What the thread knows.
struct Watchman {
    holding: Arc<Holding>,
    path: PathBuf,
    /// The newest version at the last look, and since when it is that.
    latest: i64,
    quiet_since: Duration,
    /// What the log looked like when it was looked at last, while another process has the database.
    picture: Option<Picture>,
    /// When it is looked at next, and the pause after that.
    next_look: Duration,
    pause: Duration,
}

impl Watchman {
    fn new(holding: Arc<Holding>, path: PathBuf) -> Self {
        Watchman {
            holding,
            path,
            latest: 0,
            quiet_since: Duration::ZERO,
            picture: None,
            next_look: Duration::ZERO,
            pause: SHORTEST_WATCH_PAUSE,
        }
    }

    /// Does what is due; gives the pause until the next look.
    fn look(&mut self) -> Duration {
        match self.holding.present() {
            Some(tenure) => self.look_out_for_others(tenure),
            None => {
                self.look_at_watches();
                BUSY_PAUSE
            }
        }
    }

    fn look_out_for_others(&mut self, tenure: Arc<Tenure>) -> Duration {
        let now = self.now();
        let latest = tenure.latest_version();
        if latest != self.latest {
            self.latest = latest;
            self.quiet_since = now;
        }
        if !tenure.is_wanted() {
            return IDLE_PAUSE;
        }
        let is_idle = !has_begun(&tenure) && now.saturating_sub(self.quiet_since) >= GRACE;
        let had_its_share = now.saturating_sub(tenure.began()) >= SHARE;
        drop(tenure);
        if is_idle || had_its_share {
            self.holding.hand_over(PATIENCE);
            self.picture = directory::picture(&self.path).ok();
            self.next_look = self.now() + self.pause;
        }
        BUSY_PAUSE
    }

    /// Takes the database to compare the watched keys if another process has had it since.
    fn look_at_watches(&mut self) {
        let now = self.now();
        if self.holding.watches().is_empty() || now < self.next_look {
            return;
        }
        let picture = directory::picture(&self.path).ok();
        if picture == self.picture && !self.holding.has_unchecked_watch() {
            self.pause = SHORTEST_WATCH_PAUSE;
            self.next_look = now + self.pause;
            return;
        }
        // Whoever is at work there is not interrupted again and again.
        self.pause = (self.pause * 2).min(LONGEST_WATCH_PAUSE);
        self.next_look = now + self.pause;
        // If the database cannot be had, the next look tries again.
        drop(self.holding.tenure());
    }

    fn now(&self) -> Duration {
        self.holding.env().clock().monotonic()
    }
}

/// How often it is seen whether another process waits, and how often while one does or has the database.
const IDLE_PAUSE: Duration = Duration::from_millis(20);
const BUSY_PAUSE: Duration = Duration::from_millis(5);
/// How long nothing is begun before the database counts as idle.
const GRACE: Duration = Duration::from_millis(20);
/// How long a busy process has the database while another one waits.
const SHARE: Duration = Duration::from_millis(100);
/// How long transactions that have begun then have to end.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long after a look at the watches the next one comes, if the other process is quiet, and if it is always at work.
const SHORTEST_WATCH_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_WATCH_PAUSE: Duration = Duration::from_secs(1);
