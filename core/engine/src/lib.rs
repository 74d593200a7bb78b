//! An embedded, durable database with FoundationDB's exact transaction semantics.

#![forbid(unsafe_code)]
