//! A record layer for FoundationDB that also runs without a cluster.

#![forbid(unsafe_code)]

mod error;
pub mod proto;

pub use error::{Error, ErrorKind, Result};
