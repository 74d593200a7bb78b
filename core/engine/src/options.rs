//! How a database is opened.

use std::time::Duration;

use record_store_kv::env::Env;
use record_store_kv::{Error, ErrorKind, Result};

use crate::buggify::ClientBuggify;

/// Options of [`Engine::open`](crate::Engine::open). All handles of a process on one path share one engine, so the first
/// one's options hold.
///
/// ```
/// use record_store_engine::{Durability, EngineOptions};
/// let options = EngineOptions { durability: Durability::None, ..EngineOptions::default() };
/// assert_eq!(options.window_bytes, 512 << 20);
/// ```
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// When a commit counts as done.
    pub durability: Durability,
    /// How long to wait for another process to hand the database over, when it is opened and whenever something is to be done with it
    /// while another process has it. A process that is busy hands it over after a tenth of a second, and half a second more for
    /// transactions that have begun; a process that is stuck does not.
    pub lock_wait: Duration,
    /// About the most memory that changes may take before they are in the base; from half of it on, commits wait a little each.
    /// Changes stay for five seconds, about 450 bytes each and their keys and values: the default takes 100,000 small ones a
    /// second.
    pub window_bytes: usize,
    /// The most memory that the cache of the base takes. Reads of what is not in it cost several times as much, even where the
    /// system has it in memory; pages are about two thirds full, and a while after a batch it holds some that are of no use any more.
    pub cache_bytes: usize,
    /// How long a file of the log grows before the next one begins. A file can go when the base has all that is in it.
    pub log_segment_bytes: usize,
    /// Whether the database in a directory has threads of its own. Without, all work runs on the threads that call, as a
    /// simulation wants it, commits do not share their syncs, and other processes wait until the database is closed.
    pub threads: bool,
    /// The version of FoundationDB's API that clients see: 510 to 730. Some calls behave otherwise in older ones.
    pub api_version: i32,
    /// What makes up failures, for programs that want to meet them.
    pub client_buggify: Option<ClientBuggify>,
    /// Time, chance and threads.
    pub env: Env,
}

impl Default for EngineOptions {
    /// Commits survive power loss; 2 seconds of patience; 512 MiB for changes, 256 MiB for the cache; threads.
    fn default() -> Self {
        EngineOptions {
            durability: Durability::Sync,
            lock_wait: Duration::from_secs(2),
            window_bytes: 512 << 20,
            cache_bytes: 256 << 20,
            // The tests of this crate want to see many.
            log_segment_bytes: if cfg!(test) { 4 << 10 } else { 64 << 20 },
            threads: true,
            api_version: 730,
            client_buggify: None,
            env: Env::system(),
        }
    }
}

impl EngineOptions {
    /// The default options with those that the part of a URL behind `?` gives: `cache_mib=1024`, `window_mib=512`,
    /// `durability=none` (or `sync`) and `lock_wait_ms=2000`, joined by `&`.
    ///
    /// ```
    /// use record_store_engine::{Durability, EngineOptions};
    ///
    /// let options = EngineOptions::parse("cache_mib=1024&durability=none")?;
    /// assert_eq!((options.cache_bytes, options.durability), (1 << 30, Durability::None));
    /// assert_eq!(EngineOptions::parse("lock_wait_ms=50")?.lock_wait.as_millis(), 50);
    /// assert!(EngineOptions::parse("cache=1024").is_err());
    /// assert!(EngineOptions::parse("lock_wait_ms=-1").is_err());
    /// # Ok::<(), record_store_kv::Error>(())
    /// ```
    ///
    /// **Errors**: `InvalidArgument` names the part that cannot be read.
    pub fn parse(query: &str) -> Result<Self> {
        let mut options = EngineOptions::default();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("cache_mib", number)) => options.cache_bytes = mebibytes(part, number)?,
                Some(("window_mib", number)) => options.window_bytes = mebibytes(part, number)?,
                Some(("lock_wait_ms", number)) => options.lock_wait = milliseconds(part, number)?,
                Some(("durability", "sync")) => options.durability = Durability::Sync,
                Some(("durability", "none")) => options.durability = Durability::None,
                _ => {
                    return Err(Error::new(
                        ErrorKind::InvalidArgument,
                        "the options of a directory are cache_mib=…, window_mib=…, lock_wait_ms=… and durability=sync or none, joined by &",
                    )
                    .with("part", part));
                }
            }
        }
        Ok(options)
    }
}

fn mebibytes(part: &str, number: &str) -> Result<usize> {
    let number = number.parse::<usize>().ok().filter(|number| *number > 0);
    number.and_then(|number| number.checked_mul(1 << 20)).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidArgument,
            "an amount of memory is a whole number of MiB from 1 on",
        )
        .with("part", part)
    })
}

fn milliseconds(part: &str, number: &str) -> Result<Duration> {
    let number = number.parse().map(Duration::from_millis);
    number.map_err(|_| {
        Error::new(ErrorKind::InvalidArgument, "a time is a whole number of milliseconds").with("part", part)
    })
}

/// When a commit counts as done. None of them lets a transaction be half done, ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Durability {
    /// When it is on the disk: it survives the end of the process and of the machine.
    #[default]
    Sync,
    /// When the operating system has it: it survives the end of the process. The end of the machine may take the latest
    /// commits, up to the last ones that reached the base.
    None,
}
