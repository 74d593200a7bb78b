//! One field of a message type, compiled: what protobuf says of it, asked of encoded bytes.

use std::borrow::Cow;

use prost_reflect::{Cardinality, FieldDescriptor};

use super::message::MessageRef;
use super::reader::{Malformed, WireValue};
use super::scalar::{Scalar, ScalarKind, default_of};

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ValueKind {
    Scalar(ScalarKind),
    /// A message in a length-delimited value.
    Message,
    /// A message between two tags (proto2 groups).
    Group,
}

impl ValueKind {
    pub(super) fn of(field: &FieldDescriptor) -> Self {
        match ScalarKind::of(field) {
            Some(kind) => ValueKind::Scalar(kind),
            None if field.is_group() => ValueKind::Group,
            None => ValueKind::Message,
        }
    }

    /// Whether the runtime stores `value` in the field, rather than among the unknown fields.
    fn accepts(&self, value: WireValue<'_>) -> Result<bool, Malformed> {
        Ok(match (self, value) {
            (ValueKind::Scalar(kind), value) => kind.decode(value)?.is_some(),
            (ValueKind::Message, WireValue::Bytes(_)) | (ValueKind::Group, WireValue::Group(_)) => true,
            _ => false,
        })
    }
}

/// Reads one field of a message type from encoded messages.
///
/// The last occurrence of a singular scalar wins, occurrences of a singular message merge, a later member of the same oneof
/// unsets the field, a proto3 field without presence that holds its type's default is unset, repeated numbers come packed or
/// one by one. A map field is a repeated field of entries, as Java's dynamic messages have it.
#[derive(Clone, Debug)]
pub(crate) struct FieldAccess {
    number: u32,
    kind: ValueKind,
    repeated: bool,
    /// Unset and default are different things.
    presence: bool,
    default: Option<Scalar<'static>>,
    /// The other members of the field's oneof.
    rivals: Box<[(u32, ValueKind)]>,
}

impl FieldAccess {
    /// Compiles the accessor.
    pub(crate) fn new(field: &FieldDescriptor) -> Self {
        let rivals = field.containing_oneof().map(|oneof| {
            let others = oneof.fields().filter(|member| member.number() != field.number());
            others.map(|member| (member.number(), ValueKind::of(&member))).collect()
        });
        FieldAccess {
            number: field.number(),
            kind: ValueKind::of(field),
            repeated: field.cardinality() == Cardinality::Repeated,
            presence: field.supports_presence(),
            default: default_of(field),
            rivals: rivals.unwrap_or_default(),
        }
    }

    /// What the field holds.
    pub(crate) fn kind(&self) -> &ValueKind {
        &self.kind
    }

    /// Whether the field is a list or a map.
    pub(crate) fn is_repeated(&self) -> bool {
        self.repeated
    }

    /// The value of an unset singular scalar field.
    pub(crate) fn default(&self) -> Option<&Scalar<'static>> {
        self.default.as_ref()
    }

    /// The value of a singular scalar field, `None` where Java's `hasField` is false.
    #[inline]
    pub(crate) fn scalar<'a>(&self, message: MessageRef<'a>) -> Result<Option<Scalar<'a>>, Malformed> {
        let ValueKind::Scalar(kind) = &self.kind else {
            return Ok(None);
        };
        // Strings are looked at last, so that only the winner pays for the check of its text.
        let last = match message {
            MessageRef::Indexed(fields) if self.rivals.is_empty() => {
                let mut backwards = fields.iter().rev().filter(|(number, _)| *number == self.number);
                backwards.find(|(_, value)| kind.holds(*value)).map(|(_, value)| *value)
            }
            _ => self.last_value(kind, message)?,
        };
        let Some(value) = last else {
            return Ok(None);
        };
        let scalar = kind.decode(value)?;
        Ok(scalar.filter(|scalar| self.presence || !scalar.is_type_default()))
    }

    /// The value of a singular scalar field that counts, if nothing of its oneof comes behind it.
    fn last_value<'a>(&self, kind: &ScalarKind, message: MessageRef<'a>) -> Result<Option<WireValue<'a>>, Malformed> {
        let mut last = None;
        message.each::<Malformed>(
            |number| self.concerns(number),
            |number, value| {
                if number != self.number {
                    if last.is_some() && self.is_rival(number, value)? {
                        last = None;
                    }
                } else if kind.holds(value) {
                    last = Some(value);
                }
                Ok(())
            },
        )?;
        Ok(last)
    }

    /// The bytes of a singular message field, `None` if it is unset. Several occurrences merge, which protobuf defines as
    /// reading their bytes one after the other.
    pub(crate) fn message<'a>(&self, message: MessageRef<'a>) -> Result<Option<Cow<'a, [u8]>>, Malformed> {
        let mut merged: Option<Cow<'a, [u8]>> = None;
        message.each::<Malformed>(
            |number| self.concerns(number),
            |number, value| {
                if number != self.number {
                    if merged.is_some() && self.is_rival(number, value)? {
                        merged = None;
                    }
                } else if let Some(bytes) = self.submessage(value) {
                    match &mut merged {
                        None => merged = Some(Cow::Borrowed(bytes)),
                        Some(before) => before.to_mut().extend_from_slice(bytes),
                    }
                }
                Ok(())
            },
        )?;
        Ok(merged)
    }

    /// Calls `each` with every element of a repeated scalar field, in wire order.
    pub(crate) fn each_scalar<'a, E: From<Malformed>>(
        &self,
        message: MessageRef<'a>,
        mut each: impl FnMut(Scalar<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        let ValueKind::Scalar(kind) = &self.kind else {
            return Ok(());
        };
        message.each(
            |number| number == self.number,
            |_, value| match value {
                WireValue::Bytes(run) if kind.is_packable() => kind.decode_packed(run, &mut each),
                value => kind.decode(value)?.map_or(Ok(()), &mut each),
            },
        )
    }

    /// Calls `each` with the bytes of every element of a repeated message field, in wire order.
    pub(crate) fn each_message<'a, E: From<Malformed>>(
        &self,
        message: MessageRef<'a>,
        mut each: impl FnMut(&'a [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        message.each(
            |number| number == self.number,
            |_, value| self.submessage(value).map_or(Ok(()), &mut each),
        )
    }

    /// How many elements a repeated field has.
    pub(crate) fn count(&self, message: MessageRef<'_>) -> Result<u64, Malformed> {
        let mut count = 0;
        match self.kind {
            ValueKind::Scalar(_) => self.each_scalar::<Malformed>(message, |_| {
                count += 1;
                Ok(())
            }),
            ValueKind::Message | ValueKind::Group => self.each_message::<Malformed>(message, |_| {
                count += 1;
                Ok(())
            }),
        }?;
        Ok(count)
    }

    /// Whether a field of this number can change what this one reads.
    #[inline]
    fn concerns(&self, number: u32) -> bool {
        number == self.number || (!self.rivals.is_empty() && self.rivals.iter().any(|(rival, _)| *rival == number))
    }

    fn submessage<'a>(&self, value: WireValue<'a>) -> Option<&'a [u8]> {
        match (&self.kind, value) {
            (ValueKind::Message, WireValue::Bytes(bytes)) | (ValueKind::Group, WireValue::Group(bytes)) => Some(bytes),
            _ => None,
        }
    }

    fn is_rival(&self, number: u32, value: WireValue<'_>) -> Result<bool, Malformed> {
        match self.rivals.iter().find(|(rival, _)| *rival == number) {
            Some((_, kind)) => kind.accepts(value),
            None => Ok(false),
        }
    }
}
