//! The stores, one file each.

pub(crate) mod engine;
pub(crate) mod redb;
pub(crate) mod sqlite;
