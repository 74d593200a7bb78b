//! [`Element`]: one value of a tuple, with its order, its looks and its conversions.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use bytes::Bytes;
use uuid::Uuid;

use super::encode::code;
use super::{BigInt, Tuple, Versionstamp};

/// One value of a [`Tuple`]. Equality, order and hash are those of the packed bytes, so an [`Int`](Element::Int) equals
/// the [`BigInt`](Element::BigInt) of the same value.
#[derive(Clone, Default)]
pub enum Element {
    /// No value; less than all others.
    #[default]
    Null,
    /// A byte string.
    Bytes(Bytes),
    /// Text.
    String(String),
    /// A nested tuple.
    Tuple(Tuple),
    /// An integer of 64 bits.
    Int(i64),
    /// An integer of any size up to 255 bytes.
    BigInt(BigInt),
    /// A number of single precision; another type than [`Double`](Element::Double).
    Float(f32),
    /// A number of double precision.
    Double(f64),
    /// False or true.
    Bool(bool),
    /// A UUID; its bytes compare without signs, other than Java's `UUID.compareTo`.
    Uuid(Uuid),
    /// A versionstamp, complete or not.
    Versionstamp(Versionstamp),
}

impl Element {
    /// Whether this is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Element::Null)
    }

    /// The integer, if this is one that fits in 64 bits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Element::Int(value) => Some(*value),
            Element::BigInt(value) => value.to_i64(),
            _ => None,
        }
    }

    /// The byte string, if this is one.
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match self {
            Element::Bytes(value) => Some(value),
            _ => None,
        }
    }

    /// The text, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Element::String(value) => Some(value),
            _ => None,
        }
    }

    /// The nested tuple, if this is one.
    pub fn as_tuple(&self) -> Option<&Tuple> {
        match self {
            Element::Tuple(value) => Some(value),
            _ => None,
        }
    }

    /// The number of single precision, if this is one.
    pub fn as_f32(&self) -> Option<f32> {
        match self {
            Element::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// The number of double precision, if this is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Element::Double(value) => Some(*value),
            _ => None,
        }
    }

    /// The truth value, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Element::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The UUID, if this is one.
    pub fn as_uuid(&self) -> Option<Uuid> {
        match self {
            Element::Uuid(value) => Some(*value),
            _ => None,
        }
    }

    /// The versionstamp, if this is one.
    pub fn as_versionstamp(&self) -> Option<Versionstamp> {
        match self {
            Element::Versionstamp(value) => Some(*value),
            _ => None,
        }
    }

    /// The name of the type, for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Element::Null => "null",
            Element::Bytes(_) => "bytes",
            Element::String(_) => "string",
            Element::Tuple(_) => "tuple",
            Element::Int(_) | Element::BigInt(_) => "integer",
            Element::Float(_) => "float",
            Element::Double(_) => "double",
            Element::Bool(_) => "bool",
            Element::Uuid(_) => "uuid",
            Element::Versionstamp(_) => "versionstamp",
        }
    }

    /// The place of the type among the types. All integers share one.
    fn rank(&self) -> u8 {
        match self {
            Element::Null => code::NULL,
            Element::Bytes(_) => code::BYTES,
            Element::String(_) => code::STRING,
            Element::Tuple(_) => code::NESTED,
            Element::Int(_) | Element::BigInt(_) => code::INT_ZERO,
            Element::Float(_) => code::FLOAT,
            Element::Double(_) => code::DOUBLE,
            Element::Bool(_) => code::FALSE,
            Element::Uuid(_) => code::UUID,
            Element::Versionstamp(_) => code::VERSIONSTAMP,
        }
    }
}

/// The packed bits of a float: their unsigned order is the order of the numbers.
pub(super) fn float_bits(value: f32) -> u32 {
    let bits = value.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

/// The packed bits of a double: their unsigned order is the order of the numbers.
pub(super) fn double_bits(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

impl Ord for Element {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Element::Bytes(a), Element::Bytes(b)) => a.cmp(b),
            (Element::String(a), Element::String(b)) => a.cmp(b),
            (Element::Tuple(a), Element::Tuple(b)) => a.cmp(b),
            (Element::Int(a), Element::Int(b)) => a.cmp(b),
            (Element::BigInt(a), Element::BigInt(b)) => a.cmp(b),
            (Element::Int(a), Element::BigInt(b)) => BigInt::from(*a).cmp(b),
            (Element::BigInt(a), Element::Int(b)) => a.cmp(&BigInt::from(*b)),
            (Element::Float(a), Element::Float(b)) => float_bits(*a).cmp(&float_bits(*b)),
            (Element::Double(a), Element::Double(b)) => double_bits(*a).cmp(&double_bits(*b)),
            (Element::Bool(a), Element::Bool(b)) => a.cmp(b),
            (Element::Uuid(a), Element::Uuid(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Element::Versionstamp(a), Element::Versionstamp(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Element {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Element {}

impl Hash for Element {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.rank().hash(state);
        match self {
            Element::Null => {}
            Element::Bytes(value) => value.hash(state),
            Element::String(value) => value.hash(state),
            Element::Tuple(value) => value.hash(state),
            Element::Int(value) => value.hash(state),
            Element::BigInt(value) => match value.to_i64() {
                Some(small) => small.hash(state),
                None => value.hash(state),
            },
            Element::Float(value) => value.to_bits().hash(state),
            Element::Double(value) => value.to_bits().hash(state),
            Element::Bool(value) => value.hash(state),
            Element::Uuid(value) => value.hash(state),
            Element::Versionstamp(value) => value.hash(state),
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Element::Null => f.write_str("null"),
            Element::Bytes(value) => write!(f, "b\"{}\"", value.escape_ascii()),
            Element::String(value) => write!(f, "{value:?}"),
            Element::Tuple(value) => value.fmt(f),
            Element::Int(value) => value.fmt(f),
            Element::BigInt(value) => value.fmt(f),
            Element::Float(value) => write!(f, "{value:?}f"),
            Element::Double(value) => write!(f, "{value:?}"),
            Element::Bool(value) => value.fmt(f),
            Element::Uuid(value) => value.fmt(f),
            Element::Versionstamp(value) => value.fmt(f),
        }
    }
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! from_values {
    ($($source:ty => |$value:ident| $element:expr;)*) => {$(
        impl From<$source> for Element {
            fn from($value: $source) -> Self {
                $element
            }
        }
    )*};
}

from_values! {
    Bytes => |value| Element::Bytes(value);
    Vec<u8> => |value| Element::Bytes(value.into());
    &[u8] => |value| Element::Bytes(Bytes::copy_from_slice(value));
    String => |value| Element::String(value);
    &str => |value| Element::String(value.to_owned());
    Tuple => |value| Element::Tuple(value);
    i8 => |value| Element::Int(value.into());
    i16 => |value| Element::Int(value.into());
    i32 => |value| Element::Int(value.into());
    i64 => |value| Element::Int(value);
    u8 => |value| Element::Int(value.into());
    u16 => |value| Element::Int(value.into());
    u32 => |value| Element::Int(value.into());
    u64 => |value| i64::try_from(value).map_or_else(|_| Element::BigInt(value.into()), Element::Int);
    i128 => |value| BigInt::from(value).into();
    u128 => |value| BigInt::from(value).into();
    BigInt => |value| value.to_i64().map_or(Element::BigInt(value), Element::Int);
    f32 => |value| Element::Float(value);
    f64 => |value| Element::Double(value);
    bool => |value| Element::Bool(value);
    Uuid => |value| Element::Uuid(value);
    Versionstamp => |value| Element::Versionstamp(value);
}

impl<const N: usize> From<&[u8; N]> for Element {
    fn from(value: &[u8; N]) -> Self {
        Element::from(value.as_slice())
    }
}

impl From<&Element> for Element {
    fn from(value: &Element) -> Self {
        value.clone()
    }
}

impl<T: Into<Element>> From<Option<T>> for Element {
    /// `None` is null.
    fn from(value: Option<T>) -> Self {
        value.map_or(Element::Null, Into::into)
    }
}
