//! Reading encoded protobuf records without decoding them wholly.
//!
//! [`Fields`] walks the fields of a message, checked; a [`FieldAccess`] is compiled from a descriptor and answers what
//! protobuf says of one field: which occurrence wins, what merges, what is unset, what a default is. The rules are those of
//! Java's protobuf runtime (3.25), because Java's Record Layer indexes what that runtime reports. [`validate_record`] says
//! whether bytes are a well-formed message of a type; only a save asks for that.
//!
//! This room knows no key expressions and writes no bytes.

mod field;
mod message;
mod reader;
mod scalar;
mod tuple_field;
mod validate;

pub(crate) use field::{FieldAccess, ValueKind};
pub(crate) use message::{MessageIndex, MessageRef};
pub(crate) use reader::{Fields, Malformed, WireValue};
pub(crate) use scalar::{Scalar, double_order, is_closed_enum};
pub(crate) use tuple_field::TupleField;
pub use validate::{RecordValidator, validate_record};

/// How deep messages may nest below a record, as in Java's and Rust's protobuf runtimes.
const NESTING_MAX: usize = 100;

#[cfg(test)]
mod tests;
