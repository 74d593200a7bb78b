//! The addon of the npm package `record-store`: it converts arguments, calls the core and converts what comes back.
//!
//! It decides nothing: no default, no retry, no check that the core could make. What is its own are the JavaScript sides of
//! things: promises, handles that can be closed, values in one buffer. Only the package in `node/` calls it.

// Not `forbid`: what the macros of napi expand to allows it for itself.
#![deny(unsafe_code)]

pub mod cursor;
pub mod database;
pub mod diff;
pub mod error;
pub mod filter;
pub mod index;
pub mod key_expression;
mod packed;
mod query;
mod record;
pub mod run;
mod runtime;
pub mod scan;
pub mod schema;
pub mod space;
pub mod transaction;
mod value;
