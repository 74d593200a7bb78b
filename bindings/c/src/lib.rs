//! The C library `librecord_store`: it converts arguments, calls the core and converts what comes back.
//!
//! It decides nothing: no default, no retry, no check that the core could make. What is its own are the C sides of things:
//! handles that may be stale, memory that somebody must free, callbacks, panics that must not leave Rust.
//!
//! `include/record_store.h` is made of these files by `cargo xtask gen`: their documentation is the header's, and it is the
//! contract by which the pointers that come in are good.

#![allow(non_camel_case_types, reason = "the names are those that C programs write")]

#[cfg(not(target_pointer_width = "64"))]
compile_error!("a handle is a slot and a generation in 64 bits: this library needs a platform of 64 bits");

pub mod buffer;
pub mod count;
pub mod cursor;
pub mod database;
pub mod diff;
pub mod error;
pub mod expression;
pub mod filter;
mod handle;
pub mod index;
pub mod index_build;
pub mod index_state;
pub mod key;
pub mod library;
pub mod memory;
mod panic;
pub mod query;
pub mod record;
mod runtime;
pub mod scan;
pub mod schema;
pub mod schema_index;
pub mod space;
pub mod status;
pub mod transaction;
