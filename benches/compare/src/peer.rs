//! What is measured of every peer, in the same words.

use std::path::Path;

use crate::question::Question;
use crate::user::User;
use crate::workload::Workload;

/// Any failure ends the benchmark: a figure of a run that failed means nothing.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// A store of users, as durable as its workload says.
pub(crate) trait Peer {
    /// Gets ready to save these users; this is not measured. Only a peer that is given its keys and values needs it.
    fn prepare(&mut self, _users: &[User]) {}
    /// Saves the users in one transaction.
    fn save(&mut self, users: &[User]) -> Outcome<()>;
    /// Reads one user and decodes it.
    fn get(&mut self, id: i64) -> Outcome<Option<User>>;
    /// Reads up to `count` users from `first` upwards and decodes them; returns how many there were.
    fn scan(&mut self, first: i64, count: usize) -> Outcome<usize>;
    /// Answers a question made for the user with this number; returns how many rows there were. Only a peer with queries can.
    fn ask(&mut self, _question: &Question, _id: i64) -> Outcome<usize> {
        Err("the peer has no queries".into())
    }
}

/// A kind of peer: its name and how it is opened for a workload, in an empty folder if it is durable.
pub(crate) struct Kind {
    /// Shown in the table.
    pub(crate) name: &'static str,
    /// Opens it.
    pub(crate) open: fn(&Workload, &Path) -> Outcome<Box<dyn Peer>>,
}
