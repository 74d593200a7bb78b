//! One field of a message. Java: `FieldKeyExpression`.

use std::fmt;

use prost_reflect::{Cardinality, FieldDescriptor, MessageDescriptor};

use super::{CUT_OFF, KeyExpression, Kind, malformed, too_deep};
use crate::proto;
use crate::wire::TupleField;
use crate::{Error, ErrorKind, Result};

/// One field of a message, by name.
#[derive(Clone, Debug)]
pub struct Field {
    name: String,
    fan_type: FanType,
    null_standin: NullStandin,
}

/// What becomes of the elements of a repeated field. Java: `KeyExpression.FanType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FanType {
    /// The field is not repeated.
    None,
    /// Each element is a row.
    FanOut,
    /// All elements are one column, a nested tuple.
    Concatenate,
}

/// What stands for a field that the record does not have. Java: `Key.Evaluated.NullStandin`; the persisted form calls it
/// null interpretation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NullStandin {
    /// A null that never conflicts in a unique index.
    #[default]
    Null,
    /// A null that is a value like others in a unique index.
    NullUnique,
    /// The field's default value.
    NotNull,
}

impl Field {
    /// The field `name`, which is not repeated.
    pub fn new(name: impl Into<String>) -> Self {
        Field {
            name: name.into(),
            fan_type: FanType::None,
            null_standin: NullStandin::Null,
        }
    }

    /// Each element of the repeated field is a row.
    #[must_use]
    pub fn fan_out(self) -> Self {
        self.with_fan_type(FanType::FanOut)
    }

    /// All elements of the repeated field are one column.
    #[must_use]
    pub fn concatenate(self) -> Self {
        self.with_fan_type(FanType::Concatenate)
    }

    /// The field with this fan type.
    #[must_use]
    pub fn with_fan_type(mut self, fan_type: FanType) -> Self {
        self.fan_type = fan_type;
        self
    }

    /// The field with this stand-in when the record does not have it.
    #[must_use]
    pub fn with_null_standin(mut self, null_standin: NullStandin) -> Self {
        self.null_standin = null_standin;
        self
    }

    /// The field's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What becomes of several elements.
    pub fn fan_type(&self) -> FanType {
        self.fan_type
    }

    /// What stands for a missing field.
    pub fn null_standin(&self) -> NullStandin {
        self.null_standin
    }

    /// Checks name and fan type; a message is taken only where something nests in it.
    pub(super) fn descriptor(&self, message: &MessageDescriptor, nests: bool) -> Result<FieldDescriptor> {
        let refuse = |reason| {
            Err(Error::new(ErrorKind::InvalidExpression, reason)
                .with("field", &self.name)
                .with("message", message.full_name()))
        };
        if self.name == CUT_OFF {
            return Err(too_deep());
        }
        let Some(field) = message.get_field_by_name(&self.name) else {
            let fields: Vec<_> = message.fields().map(|field| field.name().to_owned()).collect();
            return refuse("the message has no such field: name one that it has")
                .map_err(|error| error.with("fields", fields.join(", ")));
        };
        match (self.fan_type, field.cardinality() == Cardinality::Repeated) {
            (FanType::None, true) => return refuse("the field is repeated: let it fan out or concatenate it"),
            (FanType::FanOut | FanType::Concatenate, false) => {
                return refuse("the field is not repeated: it can neither fan out nor be concatenated");
            }
            _ => {}
        }
        match (field.kind().as_message(), nests) {
            (Some(inner), false) if TupleField::of(inner).is_none() => {
                refuse("the field is a message: nest a field of that message in it")
            }
            (None, true) => refuse("the field is no message: nothing can nest in it"),
            _ => Ok(field),
        }
    }

    pub(super) fn from_proto(field: &proto::Field) -> Result<Self> {
        let fan_type = match proto::field::FanType::try_from(field.fan_type) {
            Ok(proto::field::FanType::Scalar) => FanType::None,
            Ok(proto::field::FanType::FanOut) => FanType::FanOut,
            Ok(proto::field::FanType::Concatenate) => FanType::Concatenate,
            Err(_) => {
                return Err(malformed("the field of a key expression has no fan type").with("field", &field.field_name));
            }
        };
        if field.field_name.is_empty() {
            return Err(malformed("the field of a key expression has no name"));
        }
        let null_standin = match field.null_interpretation() {
            proto::field::NullInterpretation::NotUnique => NullStandin::Null,
            proto::field::NullInterpretation::Unique => NullStandin::NullUnique,
            proto::field::NullInterpretation::NotNull => NullStandin::NotNull,
        };
        Ok(Field::new(&field.field_name)
            .with_fan_type(fan_type)
            .with_null_standin(null_standin))
    }

    pub(super) fn as_proto(&self) -> proto::Field {
        let fan_type = match self.fan_type {
            FanType::None => proto::field::FanType::Scalar,
            FanType::FanOut => proto::field::FanType::FanOut,
            FanType::Concatenate => proto::field::FanType::Concatenate,
        };
        let null_interpretation = match self.null_standin {
            NullStandin::Null => proto::field::NullInterpretation::NotUnique,
            NullStandin::NullUnique => proto::field::NullInterpretation::Unique,
            NullStandin::NotNull => proto::field::NullInterpretation::NotNull,
        };
        proto::Field {
            field_name: self.name.clone(),
            fan_type: fan_type.into(),
            null_interpretation: Some(null_interpretation.into()),
        }
    }
}

impl PartialEq for Field {
    /// The stand-in for null is not compared, as in Java.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.fan_type == other.fan_type
    }
}

impl Eq for Field {}

impl Kind for Field {
    fn column_count(&self) -> usize {
        1
    }

    fn children(&self) -> Vec<&KeyExpression> {
        Vec::new()
    }

    fn creates_duplicates(&self) -> bool {
        self.fan_type == FanType::FanOut
    }

    fn validate(&self, message: &MessageDescriptor) -> Result<Vec<FieldDescriptor>> {
        Ok(vec![self.descriptor(message, false)?])
    }

    fn normalized_columns(&self) -> Vec<KeyExpression> {
        vec![self.clone().into()]
    }

    fn to_proto(&self) -> proto::KeyExpression {
        proto::KeyExpression {
            field: Some(self.as_proto()),
            ..Default::default()
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fan_type = match self.fan_type {
            FanType::None => "None",
            FanType::FanOut => "FanOut",
            FanType::Concatenate => "Concatenate",
        };
        write!(f, "Field {{ '{}' {fan_type}}}", self.name)
    }
}
