//! What is measured of every peer, in the same words.

use std::path::Path;

use crate::user::User;

/// Any failure ends the benchmark: a figure of a run that failed means nothing.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// A store of users that syncs to disk before a save returns.
pub(crate) trait Peer {
    /// Saves the users in one durable transaction.
    fn save(&mut self, users: &[User]) -> Outcome<()>;
    /// Reads one user and decodes it.
    fn get(&mut self, id: i64) -> Outcome<Option<User>>;
    /// Reads up to `count` users from `first` upwards and decodes them; returns how many there were.
    fn scan(&mut self, first: i64, count: usize) -> Outcome<usize>;
}

/// A kind of peer: its name and how it is opened in an empty folder.
pub(crate) struct Kind {
    /// Shown in the table.
    pub(crate) name: &'static str,
    /// Opens it.
    pub(crate) open: fn(&Path) -> Outcome<Box<dyn Peer>>,
}

/// All peers, ours first.
pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: "Record-Store",
        open: crate::record_store::open,
    },
    Kind {
        name: "redb raw",
        open: crate::redb_raw::open,
    },
    Kind {
        name: "SQLite",
        open: crate::sqlite::open,
    },
];
