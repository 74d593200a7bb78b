//! A record layer for FoundationDB that also runs without a cluster.

#![forbid(unsafe_code)]

mod error;
pub mod key_expression;
pub mod metadata;
pub mod proto;
#[cfg(test)]
mod test_schema;
mod wire;

pub use error::{Error, ErrorKind, Result};
pub use key_expression::KeyExpression;
pub use metadata::{FormerIndex, Index, RecordMetaData, RecordMetaDataBuilder, RecordType, Schema};
pub use wire::{RecordValidator, validate_record};
