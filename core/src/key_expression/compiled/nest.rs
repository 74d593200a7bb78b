//! Evaluates the columns of the message in a field. Java: `NestingKeyExpression.evaluateMessage`.

use prost_reflect::MessageDescriptor;

use super::super::{FanType, Nest, NullStandin};
use super::{Input, Node, Rows, Sink};
use crate::wire::{FieldAccess, MessageRef, TupleField};
use crate::{Error, ErrorKind, Result};

#[derive(Clone, Debug)]
pub(crate) struct NestNode {
    /// None if the message type has no such field.
    parent: Option<FieldAccess>,
    fan_type: FanType,
    not_null: bool,
    pub(super) child: Box<Node>,
}

impl NestNode {
    pub(super) fn compile(nest: &Nest, message: Option<&MessageDescriptor>) -> Result<Self> {
        let parent = nest.parent();
        let refuse = |reason| {
            Err(Error::new(ErrorKind::InvalidExpression, reason)
                .with("expression", nest)
                .with("field", parent.name()))
        };
        if parent.fan_type() == FanType::Concatenate {
            return refuse("nothing can nest in a concatenated field");
        }
        let field = message.and_then(|message| message.get_field_by_name(parent.name()));
        let access = field.as_ref().map(FieldAccess::new);
        let kind = field.map(|field| field.kind());
        let inner = kind.as_ref().and_then(|kind| kind.as_message());
        if let Some(access) = &access {
            if access.is_repeated() && parent.fan_type() == FanType::None {
                return refuse("the field is repeated: let it fan out");
            }
            match inner {
                None => return refuse("the field is no message: nothing can nest in it"),
                Some(inner) if !access.is_repeated() && TupleField::of(inner).is_some() => {
                    return refuse("the message is a scalar for keys: nothing can nest in it");
                }
                Some(_) => {}
            }
        }
        Ok(NestNode {
            child: Box::new(Node::compile(nest.child(), inner)?),
            parent: access,
            fan_type: parent.fan_type(),
            not_null: parent.null_standin() == NullStandin::NotNull,
        })
    }

    pub(super) fn is_single(&self) -> bool {
        self.fan_type == FanType::None && self.child.is_single()
    }

    pub(super) fn write(&self, input: Input<'_>, sink: &mut impl Sink) -> Result<()> {
        match (&self.parent, input.message) {
            (Some(parent), Some(message)) => {
                let inner = parent.message(message)?;
                self.child
                    .write(input.of_message(self.or_default(inner.as_deref())), sink)
            }
            _ => self.child.write(input.of_message(None), sink),
        }
    }

    pub(super) fn rows(&self, input: Input<'_>, rows: &mut Rows) -> Result<()> {
        match (&self.parent, input.message) {
            (Some(parent), Some(message)) if parent.is_repeated() => parent.each_message(message, |inner| {
                self.child
                    .rows(input.of_message(Some(MessageRef::Encoded(inner))), rows)
            }),
            (Some(parent), Some(message)) => {
                let inner = parent.message(message)?;
                self.rows_of(self.or_default(inner.as_deref()), input, rows)
            }
            _ => self.rows_of(None, input, rows),
        }
    }

    /// A missing message that must not be null is one with nothing set.
    fn or_default<'a>(&self, message: Option<&'a [u8]>) -> Option<MessageRef<'a>> {
        message.or(self.not_null.then_some(&[])).map(MessageRef::Encoded)
    }

    /// A message that is not there fans out to nothing.
    fn rows_of(&self, message: Option<MessageRef<'_>>, input: Input<'_>, rows: &mut Rows) -> Result<()> {
        match (message, self.fan_type) {
            (None, FanType::FanOut) => Ok(()),
            _ => self.child.rows(input.of_message(message), rows),
        }
    }
}
