//! A constant. Java: `LiteralKeyExpression`.

use std::fmt;

use bytes::Bytes;

use super::{KeyExpression, Kind, malformed};
use crate::Result;
use crate::proto;

/// A constant column.
#[derive(Clone, Debug)]
pub enum Literal {
    /// A null that never conflicts in a unique index.
    Null,
    /// A double.
    Double(f64),
    /// A float.
    Float(f32),
    /// A 64-bit integer.
    Long(i64),
    /// A bool.
    Bool(bool),
    /// A text.
    String(String),
    /// Bytes.
    Bytes(Bytes),
    /// A 32-bit integer: the same column as the long, but another expression.
    Int(i32),
}

impl Literal {
    pub(crate) fn from_proto(value: &proto::Value) -> Result<Self> {
        let mut found = Vec::new();
        found.extend(value.double_value.map(Literal::Double));
        found.extend(value.float_value.map(Literal::Float));
        found.extend(value.long_value.map(Literal::Long));
        found.extend(value.bool_value.map(Literal::Bool));
        found.extend(value.string_value.clone().map(Literal::String));
        found.extend(value.bytes_value.clone().map(Literal::Bytes));
        found.extend(value.int_value.map(Literal::Int));
        match (found.pop(), found.is_empty()) {
            (None, _) => Ok(Literal::Null),
            (Some(literal), true) => Ok(literal),
            (Some(_), false) => Err(malformed("a literal has more than one value")),
        }
    }

    pub(crate) fn as_proto(&self) -> proto::Value {
        let mut value = proto::Value::default();
        match self {
            Literal::Null => {}
            Literal::Double(double) => value.double_value = Some(*double),
            Literal::Float(float) => value.float_value = Some(*float),
            Literal::Long(long) => value.long_value = Some(*long),
            Literal::Bool(bool) => value.bool_value = Some(*bool),
            Literal::String(string) => value.string_value = Some(string.clone()),
            Literal::Bytes(bytes) => value.bytes_value = Some(bytes.clone()),
            Literal::Int(int) => value.int_value = Some(*int),
        }
        value
    }
}

impl PartialEq for Literal {
    /// Floats are equal when their bits are, as in Java's messages.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Literal::Null, Literal::Null) => true,
            (Literal::Double(a), Literal::Double(b)) => a.to_bits() == b.to_bits(),
            (Literal::Float(a), Literal::Float(b)) => a.to_bits() == b.to_bits(),
            (Literal::Long(a), Literal::Long(b)) => a == b,
            (Literal::Bool(a), Literal::Bool(b)) => a == b,
            (Literal::String(a), Literal::String(b)) => a == b,
            (Literal::Bytes(a), Literal::Bytes(b)) => a == b,
            (Literal::Int(a), Literal::Int(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Literal {}

impl Kind for Literal {
    fn column_count(&self) -> usize {
        1
    }

    fn children(&self) -> Vec<&KeyExpression> {
        Vec::new()
    }

    fn normalized_columns(&self) -> Vec<KeyExpression> {
        vec![self.clone().into()]
    }

    fn to_proto(&self) -> proto::KeyExpression {
        proto::KeyExpression {
            value: Some(self.as_proto()),
            ..Default::default()
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Null => f.write_str("value(null)"),
            Literal::Double(value) => write!(f, "value({value:?})"),
            Literal::Float(value) => write!(f, "value({value:?})"),
            Literal::Long(value) => write!(f, "value({value})"),
            Literal::Bool(value) => write!(f, "value({value})"),
            Literal::String(value) => write!(f, "value(\"{value}\")"),
            Literal::Bytes(value) => write!(f, "value(b\"{}\")", value.escape_ascii()),
            Literal::Int(value) => write!(f, "value({value})"),
        }
    }
}

macro_rules! literals {
    ($($type:ty => $kind:ident)*) => {
        $(impl From<$type> for Literal {
            fn from(value: $type) -> Self {
                Literal::$kind(value.into())
            }
        })*
    };
}

literals! {
    f64 => Double
    f32 => Float
    i64 => Long
    i32 => Int
    bool => Bool
    &str => String
    String => String
    Bytes => Bytes
    Vec<u8> => Bytes
}
