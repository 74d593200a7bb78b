//! A record layer for FoundationDB that also runs without a cluster.

#![forbid(unsafe_code)]

mod context;
mod cursor;
mod error;
mod keyspace;
pub mod proto;
mod record_version;
mod split;
mod store;

pub use context::{RecordContext, RunError};
pub use cursor::{Continuation, NoNextReason, ScanLimits};
pub use error::{Error, ErrorKind, Result};
pub use keyspace::SpacePath;
pub use record_store_kv as kv;
pub use record_store_kv::tuple::{EndpointType, Tuple, TupleRange};
pub use record_version::RecordVersion;
pub use split::StoredSizes;
pub use store::{FormatVersion, RecordCountState, StoreHeader, StoreKeyspace, StoreLock};
