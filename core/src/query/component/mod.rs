//! [`QueryComponent`]: the tree of a filter. Builders in every language and text make the same tree.

mod build;
mod comparison;
mod like;
mod predicate;
mod shape;
mod walk;

pub use build::{
    FieldPath, KeyColumn, OneOfThem, RecordVersionOperand, field, is_record_type, key_expression, param, record_version,
};
pub use comparison::{Comparison, ComparisonKind, Operand, ParameterName};
pub(crate) use like::LikePattern;

use crate::key_expression::KeyExpression;

/// One filter: what must be true of a record. Java: `QueryComponent`.
///
/// Logic has three values, as in SQL and in Java's layer: what compares with null is null, a negated null is null, and only
/// records of which the whole filter is true are given.
#[derive(Clone, Debug, PartialEq)]
pub enum QueryComponent {
    /// All of them are true. Java: `AndComponent`.
    And(Vec<QueryComponent>),
    /// One of them is true. Java: `OrComponent`.
    Or(Vec<QueryComponent>),
    /// It is false. Java: `NotComponent`.
    Not(Box<QueryComponent>),
    /// A field of the message compares so. Java: `FieldWithComparison`, and `EmptyComparison` for a repeated field.
    Field {
        /// The field's name.
        name: String,
        /// What is asked of its value.
        comparison: Comparison,
    },
    /// Of the message in a field something is true. An unset field is a message of which all fields are null.
    /// Java: `NestedField`.
    Nested {
        /// The field's name.
        name: String,
        /// What is asked of the message.
        child: Box<QueryComponent>,
    },
    /// A value of a repeated field compares so. Java: `OneOfThemWithComparison`.
    OneOfThem {
        /// The field's name.
        name: String,
        /// What is asked of a value.
        comparison: Comparison,
    },
    /// Of a message in a repeated field something is true. Java: `OneOfThemWithComponent`.
    OneOfThemNested {
        /// The field's name.
        name: String,
        /// What is asked of a message.
        child: Box<QueryComponent>,
    },
    /// The record is of this type. Java: `RecordTypeKeyComparison`.
    RecordType(String),
    /// The record's version compares so. Java: `QueryRecordFunctionWithComparison` over the version function.
    Version(Comparison),
    /// The one column of a key expression compares so. Java: `QueryKeyExpressionWithComparison`.
    KeyExpression {
        /// The expression, of one column.
        expression: KeyExpression,
        /// What is asked of the column.
        comparison: Comparison,
    },
}
