//! [`IndexPredicate`]: the condition of a sparse index, as meta-data keeps it.
//!
//! Whether a record meets it is the index maintenance's matter.

use crate::error::{Error, ErrorKind, Result};
use crate::key_expression::{DEPTH_MAX, Literal};
use crate::proto;
use crate::proto::constant_predicate::ConstantValue;
use crate::proto::row_number_window_predicate::{Direction, FieldPath};

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

impl IndexPredicate {
    /// Refuses a predicate that could be written and then not be read.
    ///
    /// **Errors**: `MetaData` for one that is too deep; as [`IndexPredicate::from_proto`].
    pub(super) fn check_readable(&self) -> Result<()> {
        if self.is_deeper_than(DEPTH_MAX) {
            return Err(malformed("an index predicate is too deep to be stored").with("limit", DEPTH_MAX));
        }
        Self::from_proto(&self.to_proto()).map(drop)
    }

    fn is_deeper_than(&self, levels: usize) -> bool {
        let parts = match self {
            IndexPredicate::And(parts) | IndexPredicate::Or(parts) => parts.as_slice(),
            IndexPredicate::Not(part) => std::slice::from_ref(&**part),
            _ => &[],
        };
        levels == 0 || parts.iter().any(|part| part.is_deeper_than(levels - 1))
    }

    pub(super) fn from_proto(stored: &proto::Predicate) -> Result<Self> {
        let mut found = Vec::new();
        if let Some(and) = &stored.and_predicate {
            found.push(IndexPredicate::And(all_from_proto(&and.children)?));
        }
        if let Some(or) = &stored.or_predicate {
            found.push(IndexPredicate::Or(all_from_proto(&or.children)?));
        }
        if let Some(constant) = &stored.constant_predicate {
            found.push(IndexPredicate::Constant(match constant.value() {
                ConstantValue::True => Some(true),
                ConstantValue::False => Some(false),
                ConstantValue::Null => None,
            }));
        }
        if let Some(not) = &stored.not_predicate {
            let child = not
                .child
                .as_ref()
                .ok_or_else(|| malformed("a negation in an index predicate is empty"))?;
            found.push(IndexPredicate::Not(Box::new(Self::from_proto(child)?)));
        }
        if let Some(value) = &stored.value_predicate {
            let comparison = value
                .comparison
                .as_ref()
                .ok_or_else(|| malformed("an index predicate lacks its comparison"))?;
            found.push(IndexPredicate::Value {
                path: value.value.clone(),
                comparison: Comparison::from_proto(comparison)?,
            });
        }
        if let Some(window) = &stored.row_number_window_predicate {
            let path = |path: &FieldPath| path.field.clone();
            found.push(IndexPredicate::RowNumberWindow(RowNumberWindow {
                ordering_field: window.ordering_field.clone(),
                size: window.size,
                descending: window.direction() == Direction::Desc,
                partition_fields: window.partition_fields.iter().map(path).collect(),
            }));
        }
        match (found.pop(), found.is_empty()) {
            (Some(predicate), true) => Ok(predicate),
            _ => Err(malformed("an index predicate must be of exactly one kind")),
        }
    }

    pub(super) fn to_proto(&self) -> proto::Predicate {
        let mut stored = proto::Predicate::default();
        match self {
            IndexPredicate::And(children) => {
                stored.and_predicate = Some(proto::AndPredicate {
                    children: children.iter().map(Self::to_proto).collect(),
                });
            }
            IndexPredicate::Or(children) => {
                stored.or_predicate = Some(proto::OrPredicate {
                    children: children.iter().map(Self::to_proto).collect(),
                });
            }
            IndexPredicate::Not(child) => {
                stored.not_predicate = Some(Box::new(proto::NotPredicate {
                    child: Some(Box::new(child.to_proto())),
                }));
            }
            IndexPredicate::Constant(constant) => {
                let value = match constant {
                    Some(true) => ConstantValue::True,
                    Some(false) => ConstantValue::False,
                    None => ConstantValue::Null,
                };
                stored.constant_predicate = Some(proto::ConstantPredicate {
                    value: Some(value.into()),
                });
            }
            IndexPredicate::Value { path, comparison } => {
                stored.value_predicate = Some(proto::ValuePredicate {
                    value: path.clone(),
                    comparison: Some(comparison.to_proto()),
                });
            }
            IndexPredicate::RowNumberWindow(window) => {
                let path = |path: &Vec<String>| FieldPath { field: path.clone() };
                let direction = if window.descending {
                    Direction::Desc
                } else {
                    Direction::Asc
                };
                stored.row_number_window_predicate = Some(proto::RowNumberWindowPredicate {
                    ordering_field: window.ordering_field.clone(),
                    size: window.size,
                    direction: direction.into(),
                    partition_fields: window.partition_fields.iter().map(path).collect(),
                });
            }
        }
        stored
    }
}

impl Comparison {
    fn from_proto(stored: &proto::Comparison) -> Result<Self> {
        match (&stored.simple_comparison, &stored.null_comparison) {
            (Some(simple), None) => {
                let operand = simple.operand.clone().unwrap_or_default();
                Ok(Comparison::Simple(
                    simple.r#type().into(),
                    Literal::from_proto(&operand)?,
                ))
            }
            (None, Some(null)) => Ok(Comparison::Null(null.is_null())),
            _ => Err(malformed(
                "a comparison in an index predicate must be of exactly one kind",
            )),
        }
    }

    fn to_proto(&self) -> proto::Comparison {
        match self {
            Comparison::Simple(comparison_type, operand) => proto::Comparison {
                simple_comparison: Some(proto::SimpleComparison {
                    r#type: Some(proto::ComparisonType::from(*comparison_type).into()),
                    operand: Some(operand.as_proto()),
                }),
                null_comparison: None,
            },
            Comparison::Null(is_null) => proto::Comparison {
                simple_comparison: None,
                null_comparison: Some(proto::NullComparison {
                    is_null: Some(*is_null),
                }),
            },
        }
    }
}

macro_rules! comparison_types {
    ($($name:ident)*) => {
        impl From<proto::ComparisonType> for ComparisonType {
            fn from(stored: proto::ComparisonType) -> Self {
                match stored {
                    $(proto::ComparisonType::$name => ComparisonType::$name,)*
                }
            }
        }

        impl From<ComparisonType> for proto::ComparisonType {
            fn from(comparison_type: ComparisonType) -> Self {
                match comparison_type {
                    $(ComparisonType::$name => proto::ComparisonType::$name,)*
                }
            }
        }
    };
}

comparison_types! {
    Equals NotEquals LessThan LessThanOrEquals GreaterThan GreaterThanOrEquals StartsWith NotNull IsNull
}

fn all_from_proto(stored: &[proto::Predicate]) -> Result<Vec<IndexPredicate>> {
    stored.iter().map(IndexPredicate::from_proto).collect()
}

fn malformed(message: &'static str) -> Error {
    Error::new(ErrorKind::MetaData, message)
}
