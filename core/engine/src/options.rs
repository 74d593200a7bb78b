//! How a database is opened.

use std::time::Duration;

use record_store_kv::env::Env;

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
    /// How long to wait for another process to let go of the database.
    pub lock_wait: Duration,
    /// About the most memory that changes may take before they are in the base; when it is used up, commits wait. Changes stay
    /// for five seconds, about 520 bytes each and their keys and values: the default takes 160,000 small ones a second.
    pub window_bytes: usize,
    /// The most memory that the cache of the base takes.
    pub cache_bytes: usize,
    /// Whether the database in a directory has threads of its own. Without, all work runs on the threads that call, as a
    /// simulation wants it, and commits do not share their syncs.
    pub threads: bool,
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
            threads: true,
            env: Env::system(),
        }
    }
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
