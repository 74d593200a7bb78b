//! [`IndexPredicate`]: the condition of a sparse index, as meta-data keeps it.
//!
//! Whether a record meets it is the index maintenance's matter.

use crate::error::{Error, ErrorKind, Result};
use crate::key_expression::Literal;

/// Which records an index holds. Java: `metadata.IndexPredicate`.
#[derive(Clone, Debug, PartialEq)]
pub enum IndexPredicate {
    /// All of them hold.
    And(Vec<IndexPredicate>),
    /// One of them holds.
    Or(Vec<IndexPredicate>),
    /// It does not hold.
    Not(Box<IndexPredicate>),
    /// True, false, or null (`None`), which does not hold.
    Constant(Option<bool>),
    /// A field compares so.
    Value {
        /// The names of the fields, from the record down.
        path: Vec<String>,
        /// With what it is compared.
        comparison: Comparison,
    },
    /// The record is among the first of its partition. Only vector indexes know it.
    RowNumberWindow(RowNumberWindow),
}

/// A comparison in an [`IndexPredicate`].
#[derive(Clone, Debug, PartialEq)]
pub enum Comparison {
    /// With a literal.
    Simple(ComparisonType, Literal),
    /// With null: `IS NULL` when true.
    Null(bool),
}

/// How values are compared. Java: `ComparisonType` of the stored form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparisonType {
    /// `=`
    Equals,
    /// `<>`
    NotEquals,
    /// `<`
    LessThan,
    /// `<=`
    LessThanOrEquals,
    /// `>`
    GreaterThan,
    /// `>=`
    GreaterThanOrEquals,
    /// The text begins so.
    StartsWith,
    /// There is a value.
    NotNull,
    /// There is none.
    IsNull,
}

/// The first `size` records of each partition in the order of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowNumberWindow {
    /// The path of the field that orders.
    pub ordering_field: Vec<String>,
    /// How many records are kept.
    pub size: i32,
    /// From the largest down.
    pub descending: bool,
    /// The paths of the fields that divide the records into partitions.
    pub partition_fields: Vec<Vec<String>>,
}
