//! An embedded, durable database with FoundationDB's exact transaction semantics.

#![forbid(unsafe_code)]

mod atomic;
mod cluster;
mod limits;
mod mutation;
