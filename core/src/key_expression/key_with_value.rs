//! Columns of which the last go into the value of an index entry. Java: `KeyWithValueExpression`.

use std::fmt;

use prost_reflect::{FieldDescriptor, MessageDescriptor};

use super::{KeyExpression, Kind, Then, count_from_proto, count_to_proto, part};
use crate::proto;
use crate::{Error, ErrorKind, Result};

/// The columns of a covering index: the first `split_point` are its key, the others its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyWithValue {
    inner_key: Box<KeyExpression>,
    split_point: usize,
}

impl KeyWithValue {
    /// The columns of `inner_key`, split in two.
    pub fn new(inner_key: KeyExpression, split_point: usize) -> Self {
        KeyWithValue {
            inner_key: Box::new(part(inner_key)),
            split_point,
        }
    }

    /// All columns.
    pub fn inner_key(&self) -> &KeyExpression {
        &self.inner_key
    }

    /// How many columns are the key.
    pub fn split_point(&self) -> usize {
        self.split_point
    }

    /// The columns of the key. Java: `getKeyExpression`.
    ///
    /// # Errors
    /// As [`KeyExpression::sub_key`].
    pub fn key_expression(&self) -> Result<KeyExpression> {
        self.inner_key.sub_key(0, self.split_point)
    }

    /// The columns of the value. Java: `getValueExpression`.
    pub fn value_expression(&self) -> KeyExpression {
        Then::of(self.inner_key.normalized_columns().into_iter().skip(self.split_point))
    }

    pub(super) fn from_proto(covering: &proto::KeyWithValue) -> Result<Self> {
        let split_point = count_from_proto("split_point", covering.split_point())?;
        Ok(KeyWithValue::new(
            KeyExpression::from_proto(&covering.inner_key)?,
            split_point,
        ))
    }
}

impl Kind for KeyWithValue {
    fn column_count(&self) -> usize {
        self.split_point
    }

    fn children(&self) -> Vec<&KeyExpression> {
        vec![&self.inner_key]
    }

    fn validate(&self, message: &MessageDescriptor) -> Result<Vec<FieldDescriptor>> {
        if self.inner_key.column_count() < self.split_point {
            return Err(
                Error::new(ErrorKind::InvalidExpression, "the key has more columns than the whole")
                    .with("expression", self)
                    .with("split_point", self.split_point)
                    .with("columns", self.inner_key.column_count()),
            );
        }
        self.inner_key.validate(message)
    }

    fn normalized_columns(&self) -> Vec<KeyExpression> {
        self.inner_key.normalized_columns()
    }

    fn sub_key(&self, start: usize, end: usize) -> Result<KeyExpression> {
        self.inner_key.sub_key(start, end)
    }

    fn to_proto(&self) -> proto::KeyExpression {
        proto::KeyExpression {
            key_with_value: Some(Box::new(proto::KeyWithValue {
                inner_key: Box::new(self.inner_key.to_proto()),
                split_point: Some(count_to_proto(self.split_point)),
            })),
            ..Default::default()
        }
    }
}

impl fmt::Display for KeyWithValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "covering({} split {})", self.inner_key, self.split_point)
    }
}
