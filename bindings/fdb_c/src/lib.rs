//! A drop-in `libfdb_c`: FoundationDB's C API (`fdb_c.h`, version 730) over the embedded engine, for programs that were
//! written for FoundationDB and are to run without a cluster.
//!
//! ```text
//!   abi/          the exported functions: C's arguments in, a call, C's results out; the only unsafe code
//!   api_version   which version of the API was selected
//!   network       the thread on which callbacks run and pending futures go on
//!   future        FDBFuture: a result, whoever waits for it, and memory that C may look at
//!   value         what a future can hold
//!   database      FDBDatabase and FDBTenant, opened at their first transaction
//!   location      which database a cluster file names
//!   transaction   FDBTransaction
//!   options       the network's options
//!   trace         trace files
//!   error         codes of failures, texts of codes
//! ```
//!
//! Semantics of transactions are the engine's. What this crate adds are the rules of the C API: who owns what, on which
//! thread what happens, and what is answered to calls that make no sense.

#![deny(unsafe_code)]

mod abi;
mod api_version;
mod client;
mod database;
mod error;
mod future;
mod location;
mod network;
mod options;
mod trace;
mod transaction;
mod value;
