//! Records and their bytes: what a program gives to be saved, and what stands in the database.
//!
//! A stored record is a message of the schema's union type with one field set: the field says the record type. Stores
//! of a transformed serializer put a prefix before it. Java classes: `DynamicMessageRecordSerializer`,
//! `TransformedRecordSerializer`.

mod closed_enum;
mod json;
mod record;
mod transformed;
mod union;

pub use record::Record;

pub(crate) use closed_enum::drop_unknown_numbers;
pub(crate) use json::write as to_json;
pub(crate) use union::{unwrap, wrap};
