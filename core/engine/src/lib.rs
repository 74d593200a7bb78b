//! An embedded, durable database with FoundationDB's exact transaction semantics.

#![forbid(unsafe_code)]

mod atomic;
mod buggify;
mod client;
mod cluster;
mod database;
mod key;
mod limits;
mod mutation;
mod options;
pub mod simulation;

pub use self::buggify::ClientBuggify;
pub use self::database::{Engine, Location};
pub use self::options::{Durability, EngineOptions};
