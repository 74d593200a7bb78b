//! The functions of `fdb_c.h`, by its chapters: each takes C's arguments, makes one call, and gives C its results. The only
//! unsafe code of the crate is here, most of it in [`memory`] and [`handle`].
//!
//! What holds of every function, by the documentation of FoundationDB's C API, is the contract for all unsafe blocks:
//! a handle is NULL or one that a function here returned and that was not destroyed; a pointer with a length is NULL or leads to so
//! many bytes for the time of the call; a pointer to a result is NULL or leads to a place for it. Whatever can be checked of
//! that is checked.

#![allow(unsafe_code)]

mod callback;
mod database;
mod error;
mod future;
mod guard;
mod handle;
pub(crate) mod layout;
mod legacy;
mod memory;
mod multi_version;
mod network;
mod tenant;
mod transaction;
mod transaction_reads;
mod unsupported;
