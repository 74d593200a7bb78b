//! Columns of the message in a field. Java: `NestingKeyExpression`.

use std::fmt;

use prost_reflect::{FieldDescriptor, MessageDescriptor};

use super::{FanType, Field, KeyExpression, Kind, malformed, part};
use crate::proto;
use crate::{Error, ErrorKind, Result};

/// The columns of a child expression in the message that a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nest {
    parent: Field,
    child: Box<KeyExpression>,
}

impl Nest {
    /// The columns of `child` in `parent`.
    pub fn new(parent: Field, child: KeyExpression) -> Self {
        Nest {
            parent,
            child: Box::new(part(child)),
        }
    }

    /// The field that holds the message.
    pub fn parent(&self) -> &Field {
        &self.parent
    }

    /// The expression over that message.
    pub fn child(&self) -> &KeyExpression {
        &self.child
    }

    pub(super) fn from_proto(nesting: &proto::Nesting) -> Result<Self> {
        let parent = nesting
            .parent
            .as_ref()
            .ok_or_else(|| malformed("a nesting key expression has no parent"))?;
        let child = nesting
            .child
            .as_ref()
            .ok_or_else(|| malformed("a nesting key expression has no child"))?;
        Ok(Nest::new(Field::from_proto(parent)?, KeyExpression::from_proto(child)?))
    }
}

impl Kind for Nest {
    fn column_count(&self) -> usize {
        self.child.column_count()
    }

    fn children(&self) -> Vec<&KeyExpression> {
        vec![&self.child]
    }

    fn creates_duplicates(&self) -> bool {
        self.parent.fan_type() == FanType::FanOut || self.child.creates_duplicates()
    }

    fn validate(&self, message: &MessageDescriptor) -> Result<Vec<FieldDescriptor>> {
        let parent = self.parent.descriptor(message, true)?.kind();
        let inner = parent.as_message().ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidExpression,
                "the field is no message: nothing can nest in it",
            )
            .with("field", self.parent.name())
        })?;
        self.child.validate(inner)
    }

    fn normalized_columns(&self) -> Vec<KeyExpression> {
        let columns = self.child.normalized_columns();
        columns
            .into_iter()
            .map(|column| Nest::new(self.parent.clone(), column).into())
            .collect()
    }

    fn sub_key(&self, start: usize, end: usize) -> Result<KeyExpression> {
        Ok(Nest::new(self.parent.clone(), self.child.sub_key(start, end)?).into())
    }

    fn to_proto(&self) -> proto::KeyExpression {
        proto::KeyExpression {
            nesting: Some(Box::new(proto::Nesting {
                parent: Some(self.parent.as_proto()),
                child: Some(Box::new(self.child.to_proto())),
            })),
            ..Default::default()
        }
    }
}

impl fmt::Display for Nest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.parent, self.child)
    }
}
