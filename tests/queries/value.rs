//! The scalar types of fields, and their values: for records, for queries and for SQLite.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use record_store::kv::tuple::Element;
use rusqlite::types::Value as SqlValue;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::chance::Chance;

/// What a field holds. There are no unsigned integers: neither Apple's layer nor this one takes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Int32(&'static str),
    Int64(&'static str),
    Bool,
    Text,
    Bytes,
    Float,
    Double,
    Enum,
    Uuid,
}

/// A value of a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Int(i64),
    Bool(bool),
    Text(String),
    Bytes(Vec<u8>),
    Float(f32),
    Double(f64),
    Uuid(u128),
}

impl Scalar {
    pub(crate) fn any(chance: &mut Chance) -> Self {
        match chance.below(14) {
            0 => Scalar::Int32(chance.pick(&["int32", "sint32", "sfixed32"])),
            1..4 => Scalar::Int64(chance.pick(&["int64", "sint64", "sfixed64"])),
            4 => Scalar::Bool,
            5..8 => Scalar::Text,
            8 => Scalar::Bytes,
            9 => Scalar::Float,
            10 => Scalar::Double,
            11 => Scalar::Enum,
            12 => Scalar::Uuid,
            _ => Scalar::Int32("int32"),
        }
    }

    /// The type in a `.proto` file.
    pub(crate) fn proto(self) -> &'static str {
        match self {
            Scalar::Int32(name) | Scalar::Int64(name) => name,
            Scalar::Bool => "bool",
            Scalar::Text => "string",
            Scalar::Bytes => "bytes",
            Scalar::Float => "float",
            Scalar::Double => "double",
            Scalar::Enum => "Shade",
            Scalar::Uuid => "com.apple.foundationdb.record.UUID",
        }
    }

    /// Whether a beginning can be asked for.
    pub(crate) fn has_prefixes(self) -> bool {
        matches!(self, Scalar::Text | Scalar::Bytes)
    }

    /// Values that are worth a test, those at the edges and beside each other among them. `odd` ones are those of which
    /// SQL thinks otherwise.
    fn values(self, odd: bool) -> Vec<Value> {
        let ints = |values: &[i64]| values.iter().copied().map(Value::Int).collect();
        let numbers = || {
            let even = [-1e300, -1.5, -1.0, 0.0, 0.1, 0.5, 1.0, 1.5, 3.0, 16_777_217.0, 1e300];
            let odd_ones = [-0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE];
            let odd_ones = odd_ones.into_iter().filter(move |_| odd);
            even.into_iter().chain(odd_ones)
        };
        match self {
            Scalar::Int32(_) => ints(&[-2_147_483_648, -256, -1, 0, 1, 2, 3, 255, 256, 65_535, 2_147_483_647]),
            Scalar::Int64(_) => ints(&[
                i64::MIN,
                i64::MIN + 1,
                -4_294_967_296,
                -256,
                -255,
                -1,
                0,
                1,
                2,
                3,
                65_536,
                9_007_199_254_740_993,
                i64::MAX - 1,
                i64::MAX,
            ]),
            Scalar::Bool => vec![Value::Bool(false), Value::Bool(true)],
            Scalar::Text => {
                let even = [
                    "", "a", "aa", "ab", "abc", "b", "A", "é", "z\u{7f}", "%", "\u{ffff}", "😀", "it's",
                ];
                let odd_ones = ["\0", "a\0", "a\0b", "\u{10ffff}"].into_iter().filter(|_| odd);
                even.into_iter()
                    .chain(odd_ones)
                    .map(|text| Value::Text(text.to_owned()))
                    .collect()
            }
            Scalar::Bytes => [
                &b""[..],
                b"\0",
                b"\0\0",
                b"\0\xff",
                b"\x01",
                b"a",
                b"a\0",
                b"ab",
                b"\xfe",
                b"\xff",
                b"\xff\xff",
                b"\xff\0",
            ]
            .into_iter()
            .map(|bytes| Value::Bytes(bytes.to_vec()))
            .collect(),
            Scalar::Float => numbers()
                .map(|number| number as f32)
                .filter(|number| odd || number.is_finite())
                .map(Value::Float)
                .collect(),
            Scalar::Double => numbers().map(Value::Double).collect(),
            Scalar::Enum => ints(&[-1, 0, 1, 2, 7]),
            Scalar::Uuid => [0, 1, 1 << 63, 1 << 64, 1 << 127, u128::MAX]
                .into_iter()
                .map(Value::Uuid)
                .collect(),
        }
    }
}

/// The values of a world: few of each type, so that many are equal.
pub(crate) struct Pools {
    /// Whether there are numbers and texts of which SQL thinks otherwise.
    pub(crate) odd: bool,
    few: Vec<(Scalar, Vec<Value>)>,
}

impl Pools {
    pub(crate) fn new(chance: &mut Chance) -> Self {
        let odd = chance.one_in(3);
        let few = ALL.map(|scalar| {
            let mut values = scalar.values(odd);
            chance.shuffle(&mut values);
            values.truncate(3 + chance.below(4));
            (scalar, values)
        });
        let few = few.to_vec();
        Pools { odd, few }
    }

    /// A value as records have it.
    pub(crate) fn value(&self, chance: &mut Chance, scalar: Scalar) -> Value {
        let is_same = |other: &Scalar| std::mem::discriminant(other) == std::mem::discriminant(&scalar);
        let of_type = self.few.iter().find(|(other, _)| is_same(other));
        let (_, values) = of_type.expect("all types have values");
        chance.of(values).clone()
    }

    /// A value that may stand where another one of a filter does; none for null.
    pub(crate) fn alike(&self, chance: &mut Chance, value: &Element) -> Option<Element> {
        let scalar = match value {
            Element::Int(value) => return Some(Element::Int(value.checked_add(chance.below(3) as i64 - 1)?)),
            Element::Bool(_) => Scalar::Bool,
            Element::String(_) => Scalar::Text,
            Element::Bytes(_) => Scalar::Bytes,
            Element::Float(_) => Scalar::Float,
            Element::Double(_) => Scalar::Double,
            Element::Uuid(_) => Scalar::Uuid,
            _ => return None,
        };
        Some(self.value(chance, scalar).element())
    }

    /// A value to ask for, which records may not have.
    pub(crate) fn asked(&self, chance: &mut Chance, scalar: Scalar) -> Value {
        match chance.one_in(4) {
            true => chance.of(&scalar.values(self.odd)).clone(),
            false => self.value(chance, scalar),
        }
    }
}

const ALL: [Scalar; 9] = [
    Scalar::Int32("int32"),
    Scalar::Int64("int64"),
    Scalar::Bool,
    Scalar::Text,
    Scalar::Bytes,
    Scalar::Float,
    Scalar::Double,
    Scalar::Enum,
    Scalar::Uuid,
];

impl Value {
    /// In the JSON of protobuf.
    pub(crate) fn json(&self) -> Json {
        let number = |value: f64| match value {
            _ if value.is_nan() => json!("NaN"),
            f64::INFINITY => json!("Infinity"),
            f64::NEG_INFINITY => json!("-Infinity"),
            value => json!(value),
        };
        match self {
            Value::Int(value) => json!(value),
            Value::Bool(value) => json!(value),
            Value::Text(value) => json!(value),
            Value::Bytes(value) => json!(STANDARD.encode(value)),
            Value::Float(value) => number((*value).into()),
            Value::Double(value) => number(*value),
            Value::Uuid(value) => json!({
                "mostSignificantBits": ((value >> 64) as i64),
                "leastSignificantBits": (*value as i64),
            }),
        }
    }

    /// What proto3 takes for no value.
    pub(crate) fn is_default(&self) -> bool {
        match self {
            Value::Int(value) => *value == 0,
            Value::Bool(value) => !value,
            Value::Text(value) => value.is_empty(),
            Value::Bytes(value) => value.is_empty(),
            Value::Float(value) => *value == 0.0,
            Value::Double(value) => *value == 0.0,
            // A message.
            Value::Uuid(_) => false,
        }
    }

    /// In a filter and in keys.
    pub(crate) fn element(&self) -> Element {
        match self {
            Value::Int(value) => Element::Int(*value),
            Value::Bool(value) => Element::Bool(*value),
            Value::Text(value) => Element::String(value.clone()),
            Value::Bytes(value) => Element::Bytes(value.clone().into()),
            Value::Float(value) => Element::Float(*value),
            Value::Double(value) => Element::Double(*value),
            Value::Uuid(value) => Element::Uuid(Uuid::from_u128(*value)),
        }
    }

    /// In SQLite. See [`of_element`].
    pub(crate) fn sql(&self, odd: bool) -> SqlValue {
        of_element(&self.element(), odd)
    }

    /// As the default of a field in a `.proto` file; none if that cannot be said.
    pub(crate) fn proto_default(&self) -> Option<String> {
        match self {
            Value::Int(value) => Some(value.to_string()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Text(value) if value.chars().all(|one| one.is_ascii_alphanumeric()) => Some(format!("\"{value}\"")),
            Value::Double(value) if value.is_finite() && value.abs() < 1e6 => Some(format!("{value:?}")),
            _ => None,
        }
    }
}

/// A value of a filter as SQLite compares it.
///
/// SQLite takes NaN for null and −0.0 for 0.0, where Apple's layer, as Java's `compareTo`, orders −0.0 before 0.0 and NaN
/// behind all. So where there are such `odd` numbers, all become the integers that have that order.
pub(crate) fn of_element(element: &Element, odd: bool) -> SqlValue {
    let number = |value: f64| match odd {
        false => SqlValue::Real(value),
        true => {
            let bits = value.to_bits() as i64;
            SqlValue::Integer(bits ^ ((bits >> 63) as u64 >> 1) as i64)
        }
    };
    match element {
        Element::Null => SqlValue::Null,
        Element::Int(value) => SqlValue::Integer(*value),
        Element::Bool(value) => SqlValue::Integer((*value).into()),
        Element::String(value) => SqlValue::Text(value.clone()),
        Element::Bytes(value) => SqlValue::Blob(value.to_vec()),
        Element::Float(value) => number((*value).into()),
        Element::Double(value) => number(*value),
        Element::Uuid(value) => SqlValue::Blob(value.as_bytes().to_vec()),
        other => panic!("no field holds {other}"),
    }
}
