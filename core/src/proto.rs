//! The persisted messages, as generated from `core/proto` (`cargo xtask gen`).
//!
//! Only the rooms that read and write a message know its fields; programs want the types of those rooms, for example
//! [`RecordMetaData`](crate::RecordMetaData) for [`MetaData`].

// Generated code documents what its .proto file documents.
#![allow(missing_docs)]

include!("proto/generated.rs");
