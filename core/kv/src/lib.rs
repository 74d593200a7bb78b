//! The seam below the record layer: FoundationDB's transaction model, whole.
//!
//! A [`Database`] makes [`Transaction`]s over a backend: the embedded engine (`record-store-engine`) or a FoundationDB
//! cluster (`record-store-fdb`). Read versions, snapshot and serializable reads, key selectors, ranges both ways, atomic
//! operations, versionstamps, conflict ranges, watches, options and error codes are FoundationDB's, because a smaller seam
//! would leak: Apple's Record Layer uses all of it.
//!
//! This crate depends on nothing of ours. It knows no records and no disk.

#![forbid(unsafe_code)]

mod database;
pub mod directory;
pub mod env;
mod error;
pub mod fdb_code;
mod mapped;
mod mutation;
mod options;
mod range;
mod read;
mod selector;
mod subspace;
mod tenant;
mod transaction;
pub mod tuple;

pub use bytes::Bytes;

pub use database::{Attempt, Database, DatabaseBackend, RunError, RunOptions};
pub use error::{Error, ErrorKind, Result, write_error};
pub use mapped::{MappedKeyValue, MappedRangeBatch};
pub use mutation::{ConflictRangeType, MutationType};
pub use options::{DatabaseOption, TransactionOption};
pub use range::{KeyValue, RangeBatch, RangeRequest, StreamingMode};
pub use read::{BoxFuture, Read};
pub use selector::KeySelector;
pub use subspace::{KeyRange, Subspace, strinc};
pub use tenant::{Tenant, TenantBackend};
pub use transaction::{Transaction, TransactionBackend, TransactionVersion};
