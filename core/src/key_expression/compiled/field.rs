//! Evaluates one field. Java: `FieldKeyExpression.evaluateMessage`.

use prost_reflect::MessageDescriptor;
use record_store_kv::tuple::Encoder;
use uuid::Uuid;

use super::super::{FanType, Field, NullStandin};
use super::{Rows, Sink};
use crate::wire::{FieldAccess, MessageRef, Scalar, TupleField, ValueKind};
use crate::{Error, ErrorKind, Result};

#[derive(Clone, Debug)]
pub(crate) struct FieldNode {
    name: String,
    fan_type: FanType,
    standin: NullStandin,
    source: Source,
}

/// Where the column comes from.
#[derive(Clone, Debug)]
enum Source {
    /// The message type has no such field.
    Absent,
    Scalar(FieldAccess),
    /// A singular message that stands for a scalar.
    Tuple(FieldAccess, TupleField),
    /// A message, which is no column.
    Message(FieldAccess),
}

impl FieldNode {
    pub(super) fn compile(field: &Field, message: Option<&MessageDescriptor>) -> Result<Self> {
        let source = match message.and_then(|message| message.get_field_by_name(field.name())) {
            None => Source::Absent,
            Some(descriptor) => {
                let access = FieldAccess::new(&descriptor);
                if access.is_repeated() && field.fan_type() == FanType::None {
                    return Err(Error::new(
                        ErrorKind::InvalidExpression,
                        "the field is repeated: let it fan out or concatenate it",
                    )
                    .with("field", field.name()));
                }
                match (access.kind(), descriptor.kind().as_message().and_then(TupleField::of)) {
                    (ValueKind::Scalar(_), _) => Source::Scalar(access),
                    // Java's layer takes these messages for scalars where they are singular only.
                    (_, Some(tuple_field)) if !access.is_repeated() => Source::Tuple(access, tuple_field),
                    _ => Source::Message(access),
                }
            }
        };
        Ok(FieldNode {
            name: field.name().to_owned(),
            fan_type: field.fan_type(),
            standin: field.null_standin(),
            source,
        })
    }

    #[inline]
    pub(super) fn is_single(&self) -> bool {
        self.fan_type != FanType::FanOut
    }

    /// Writes the one column.
    #[inline]
    pub(super) fn write(&self, message: Option<MessageRef<'_>>, sink: &mut impl Sink) -> Result<()> {
        match message {
            Some(message) if self.write_value(message, sink)? => {}
            _ if self.fan_type == FanType::Concatenate && self.standin == NullStandin::NotNull => {
                Encoder::new(sink.bytes()).begin_tuple().end_tuple();
                sink.end_column(None);
            }
            _ => sink.null(self.standin),
        }
        Ok(())
    }

    /// Appends a row for each element. A field that is not repeated fans out as one element, or none.
    pub(super) fn fan_out(&self, message: Option<MessageRef<'_>>, rows: &mut Rows) -> Result<()> {
        let Some(message) = message else {
            return Ok(());
        };
        match &self.source {
            Source::Scalar(access) if access.is_repeated() => access.each_scalar(message, |scalar| {
                encode(&scalar, &mut Encoder::new(rows.bytes()));
                rows.end_column(None);
                rows.end_row()
            }),
            Source::Message(access) if access.is_repeated() => access.each_message(message, |_| Err(self.no_column())),
            _ if self.write_value(message, rows)? => rows.end_row(),
            _ => Ok(()),
        }
    }

    /// Writes what the message has: false if that is nothing.
    #[inline]
    fn write_value(&self, message: MessageRef<'_>, sink: &mut impl Sink) -> Result<bool> {
        let not_null = self.standin == NullStandin::NotNull;
        let mut encoder = Encoder::new(sink.bytes());
        match &self.source {
            Source::Absent => return Ok(false),
            Source::Scalar(access) if access.is_repeated() => {
                encoder.begin_tuple();
                access.each_scalar(message, |scalar| {
                    encode(&scalar, &mut encoder);
                    Ok::<_, Error>(())
                })?;
                encoder.end_tuple();
            }
            Source::Scalar(access) => match (access.scalar(message)?, access.default()) {
                (Some(scalar), _) => encode(&scalar, &mut encoder),
                (None, Some(default)) if not_null => encode(default, &mut encoder),
                _ => return Ok(false),
            },
            Source::Tuple(access, tuple_field) => match access.message(message)? {
                Some(inner) => encode(&tuple_field.decode(&inner)?, &mut encoder),
                None if not_null => encode(&tuple_field.decode(&[])?, &mut encoder),
                None => return Ok(false),
            },
            Source::Message(access) if access.is_repeated() => {
                encoder.begin_tuple();
                access.each_message(message, |_| Err(self.no_column()))?;
                encoder.end_tuple();
            }
            Source::Message(access) => match access.message(message)? {
                None if !not_null => return Ok(false),
                _ => return Err(self.no_column()),
            },
        }
        sink.end_column(None);
        Ok(true)
    }

    fn no_column(&self) -> Error {
        Error::new(
            ErrorKind::InvalidRecord,
            "a message cannot be a column: nest a field of it",
        )
        .with("field", &self.name)
    }
}

#[inline]
fn encode(scalar: &Scalar<'_>, encoder: &mut Encoder<'_>) {
    match scalar {
        Scalar::Int(value) => encoder.int(*value),
        Scalar::Float(value) => encoder.float(*value),
        Scalar::Double(value) => encoder.double(*value),
        Scalar::Bool(value) => encoder.bool(*value),
        Scalar::String(value) => encoder.string(value),
        Scalar::Bytes(value) => encoder.bytes(value),
        Scalar::Uuid(value) => encoder.uuid(Uuid::from_u128(*value)),
    };
}
