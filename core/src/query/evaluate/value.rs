//! [`ValueTest`]: one comparison, asked of one value. Java: `Comparisons.evalComparison`.

use std::borrow::Cow;
use std::cmp::Ordering;

use record_store_kv::tuple::Element;

use crate::query::component::LikePattern;
use crate::query::{Comparison, ComparisonKind, Operand};
use crate::wire::{Scalar, double_order};
use crate::{Error, ErrorKind, Result};

/// What is asked of a value.
#[derive(Clone, Debug)]
pub(super) enum ValueTest {
    Null(bool),
    /// A comparison with null.
    Unknown,
    Order(ComparisonKind, Scalar<'static>),
    StartsWith(Scalar<'static>),
    /// In order.
    In(Vec<Scalar<'static>>),
    Like(LikePattern),
}

impl ValueTest {
    /// Errors: `InvalidQuery` for a parameter, and for an operand that its kind does not take.
    pub(super) fn new(comparison: &Comparison) -> Result<Self> {
        let refuse = |reason| Error::new(ErrorKind::InvalidQuery, reason).with("kind", comparison.kind().name());
        let no_scalar = || refuse("a comparison has an operand that no field can hold");
        Ok(match (comparison.kind(), comparison.operand()) {
            (ComparisonKind::IsNull, Operand::None) => ValueTest::Null(true),
            (ComparisonKind::NotNull, Operand::None) => ValueTest::Null(false),
            (_, Operand::Parameter(name)) => {
                return Err(refuse("a parameter of the query has no value").with("parameter", name));
            }
            (_, Operand::Value(Element::Null)) => ValueTest::Unknown,
            (ComparisonKind::StartsWith, Operand::Value(prefix)) => {
                ValueTest::StartsWith(constant(prefix).ok_or_else(no_scalar)?)
            }
            (ComparisonKind::In, Operand::List(values)) => {
                let scalars: Option<Vec<Scalar<'static>>> = values.iter().map(constant).collect();
                let mut scalars = scalars.ok_or_else(no_scalar)?;
                scalars.sort_by(order_of_all);
                ValueTest::In(scalars)
            }
            (ComparisonKind::Like, Operand::Pattern { pattern, escape }) => {
                ValueTest::Like(LikePattern::new(pattern, *escape)?)
            }
            (kind, Operand::Value(value)) if is_order(kind) => {
                ValueTest::Order(kind, constant(value).ok_or_else(no_scalar)?)
            }
            _ => return Err(refuse("a comparison has an operand of another form than its kind")),
        })
    }

    /// Of a value, or of none.
    pub(super) fn evaluate(&self, value: Option<&Scalar<'_>>) -> Option<bool> {
        let Some(value) = value else {
            return match self {
                ValueTest::Null(null) => Some(*null),
                _ => None,
            };
        };
        match self {
            ValueTest::Null(null) => Some(!null),
            ValueTest::Unknown => None,
            ValueTest::Order(kind, operand) => match (kind, order(value, operand)) {
                (ComparisonKind::Equals, order) => Some(order == Some(Ordering::Equal)),
                (ComparisonKind::NotEquals, order) => Some(order != Some(Ordering::Equal)),
                (ComparisonKind::LessThan, order) => order.map(Ordering::is_lt),
                (ComparisonKind::LessThanOrEquals, order) => order.map(Ordering::is_le),
                (ComparisonKind::GreaterThan, order) => order.map(Ordering::is_gt),
                (_, order) => order.map(Ordering::is_ge),
            },
            ValueTest::StartsWith(prefix) => match (value, prefix) {
                (Scalar::String(value), Scalar::String(prefix)) => Some(value.starts_with(&**prefix)),
                (Scalar::Bytes(value), Scalar::Bytes(prefix)) => Some(value.starts_with(prefix)),
                _ => None,
            },
            ValueTest::In(values) => Some(values.binary_search_by(|known| order_of_all(known, value)).is_ok()),
            ValueTest::Like(pattern) => match value {
                Scalar::String(text) => Some(pattern.matches(text)),
                _ => None,
            },
        }
    }
}

/// The element as a field would hold it; none for a null and for what is in no field. A version is its bytes.
pub(super) fn scalar_of(element: &Element) -> Option<Scalar<'_>> {
    Some(match element {
        Element::Int(value) => Scalar::Int(*value),
        Element::Float(value) => Scalar::Float(*value),
        Element::Double(value) => Scalar::Double(*value),
        Element::Bool(value) => Scalar::Bool(*value),
        Element::String(value) => Scalar::String(Cow::Borrowed(value)),
        Element::Bytes(value) => Scalar::Bytes(Cow::Borrowed(value)),
        Element::Uuid(value) => Scalar::Uuid(value.as_u128()),
        Element::Versionstamp(value) => Scalar::Bytes(Cow::Borrowed(value.as_bytes())),
        Element::Null | Element::Tuple(_) | Element::BigInt(_) => return None,
    })
}

fn constant(element: &Element) -> Option<Scalar<'static>> {
    Some(match scalar_of(element)? {
        Scalar::String(text) => Scalar::String(Cow::Owned(text.into_owned())),
        Scalar::Bytes(bytes) => Scalar::Bytes(Cow::Owned(bytes.into_owned())),
        Scalar::Int(value) => Scalar::Int(value),
        Scalar::Float(value) => Scalar::Float(value),
        Scalar::Double(value) => Scalar::Double(value),
        Scalar::Bool(value) => Scalar::Bool(value),
        Scalar::Uuid(value) => Scalar::Uuid(value),
    })
}

fn is_order(kind: ComparisonKind) -> bool {
    matches!(
        kind,
        ComparisonKind::Equals
            | ComparisonKind::NotEquals
            | ComparisonKind::LessThan
            | ComparisonKind::LessThanOrEquals
            | ComparisonKind::GreaterThan
            | ComparisonKind::GreaterThanOrEquals
    )
}

/// The order of two values, none if they are of different types. Texts are in the order of keys (by their bytes); numbers in
/// that of Java's `compareTo`: −0.0 before 0.0, and NaN, which equals itself, last.
fn order(left: &Scalar<'_>, right: &Scalar<'_>) -> Option<Ordering> {
    Some(match (left, right) {
        (Scalar::Int(left), Scalar::Int(right)) => left.cmp(right),
        (Scalar::Float(left), Scalar::Float(right)) => double_order((*left).into(), (*right).into()),
        (Scalar::Double(left), Scalar::Double(right)) => double_order(*left, *right),
        (Scalar::Bool(left), Scalar::Bool(right)) => left.cmp(right),
        (Scalar::String(left), Scalar::String(right)) => left.cmp(right),
        (Scalar::Bytes(left), Scalar::Bytes(right)) => left.cmp(right),
        (Scalar::Uuid(left), Scalar::Uuid(right)) => left.cmp(right),
        _ => return None,
    })
}

/// The order of a list that may hold values of several types.
fn order_of_all(left: &Scalar<'_>, right: &Scalar<'_>) -> Ordering {
    order(left, right).unwrap_or_else(|| rank(left).cmp(&rank(right)))
}

fn rank(value: &Scalar<'_>) -> u8 {
    match value {
        Scalar::Bytes(_) => 0,
        Scalar::String(_) => 1,
        Scalar::Int(_) => 2,
        Scalar::Float(_) => 3,
        Scalar::Double(_) => 4,
        Scalar::Bool(_) => 5,
        Scalar::Uuid(_) => 6,
    }
}
