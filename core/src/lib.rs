//! A record layer for FoundationDB that also runs without a cluster.

#![forbid(unsafe_code)]

mod context;
mod cursor;
mod database;
mod error;
mod index;
pub mod indexing;
pub mod key_expression;
mod keyspace;
mod location;
pub mod metadata;
pub mod proto;
pub mod query;
mod record_version;
mod serialize;
mod split;
mod store;
#[cfg(test)]
mod test_schema;
mod wire;

pub use context::{RecordContext, RunError};
pub use cursor::{Continuation, NoNextReason, ScanLimits};
pub use database::{Database, DatabaseOptions};
pub use error::{Error, ErrorKind, Result};
pub use index::{AggregateFunction, IndexCursor, IndexEntry, IndexScanType, IndexState, UniquenessViolation};
pub use key_expression::KeyExpression;
pub use keyspace::{MetaDataStore, QueryInput, RecordSpace, RecordSpaceBuilder, SpaceCursor, SpacePath, SpaceQuery};
pub use metadata::{FormerIndex, Index, RecordMetaData, RecordMetaDataBuilder, RecordType, Schema};
pub use record_store_kv as kv;
pub use record_store_kv::tuple::{EndpointType, Tuple, TupleRange};
pub use record_version::RecordVersion;
pub use serialize::Record;
pub use split::StoredSizes;
pub use store::{
    FormatVersion, HeaderRepair, IndexBuildState, IndexRecordCursor, RecordCountState, RecordCursor,
    RecordExistenceCheck, RecordKey, RecordKeyCursor, RecordStore, SaveOptions, ScanOptions, StateCacheability,
    StoreExistenceCheck, StoreHeader, StoreKeyspace, StoreLock, StoreOptions, StoredRecord, VersionBehavior,
};
pub use wire::{RecordValidator, validate_record};
