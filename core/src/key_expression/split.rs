//! The values of a repeated field, dealt into rows of several columns. Java: `SplitKeyExpression`.

use std::fmt;

use prost_reflect::{FieldDescriptor, MessageDescriptor};

use super::{KeyExpression, Kind, count_from_proto, count_to_proto, malformed};
use crate::proto;
use crate::{Error, ErrorKind, Result};

/// The rows of a one-column expression, `split_size` at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    joined: Box<KeyExpression>,
    split_size: usize,
}

impl Split {
    /// The rows of `joined`, dealt into rows of `split_size` columns.
    pub fn new(joined: KeyExpression, split_size: usize) -> Self {
        Split {
            joined: Box::new(joined),
            split_size,
        }
    }

    /// The expression that gives the values.
    pub fn joined(&self) -> &KeyExpression {
        &self.joined
    }

    /// How many values make a row.
    pub fn split_size(&self) -> usize {
        self.split_size
    }

    pub(super) fn from_proto(split: &proto::Split) -> Result<Self> {
        let split_size = count_from_proto("split_size", split.split_size())?;
        if split_size > SPLIT_SIZE_MAX {
            return Err(
                malformed("a split makes rows of more columns than a key can hold").with("split_size", split_size)
            );
        }
        Ok(Split::new(KeyExpression::from_proto(&split.joined)?, split_size))
    }
}

impl Kind for Split {
    fn column_count(&self) -> usize {
        self.split_size
    }

    fn children(&self) -> Vec<&KeyExpression> {
        vec![&self.joined]
    }

    fn creates_duplicates(&self) -> bool {
        true
    }

    fn validate(&self, message: &MessageDescriptor) -> Result<Vec<FieldDescriptor>> {
        let refuse = |reason| Err(Error::new(ErrorKind::InvalidExpression, reason).with("expression", self));
        if self.joined.column_count() != 1 {
            return refuse("only an expression of one column can be split");
        }
        if !self.joined.creates_duplicates() {
            return refuse("only an expression that fans out can be split");
        }
        self.joined.validate(message)
    }

    fn normalized_columns(&self) -> Vec<KeyExpression> {
        vec![KeyExpression::clone(&self.joined); self.split_size]
    }

    fn to_proto(&self) -> proto::KeyExpression {
        proto::KeyExpression {
            split: Some(Box::new(proto::Split {
                joined: Box::new(self.joined.to_proto()),
                split_size: Some(count_to_proto(self.split_size)),
            })),
            ..Default::default()
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} split {}", self.joined, self.split_size)
    }
}

/// A key has at most 10,000 bytes, and a column at least one.
const SPLIT_SIZE_MAX: usize = 10_000;
