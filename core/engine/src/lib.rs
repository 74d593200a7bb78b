//! An embedded, durable database with FoundationDB's exact transaction semantics.

#![forbid(unsafe_code)]

mod atomic;
mod client;
mod cluster;
mod database;
mod limits;
mod mutation;

pub use database::{Engine, EngineOptions, Location};
