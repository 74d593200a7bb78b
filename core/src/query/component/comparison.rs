//! [`Comparison`]: what is asked of one value, against an operand that is given with the query or when it runs.

use std::fmt;

use record_store_kv::tuple::Element;

use crate::RecordVersion;

/// What is asked of a value. Java: `Comparisons.Comparison`.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    pub(super) kind: ComparisonKind,
    pub(super) operand: Operand,
}

/// How a value is compared. Java: `Comparisons.Type`, and `EmptyComparison`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ComparisonKind {
    /// `=`
    Equals,
    /// `<>`
    NotEquals,
    /// `<`
    LessThan,
    /// `<=`
    LessThanOrEquals,
    /// `>`
    GreaterThan,
    /// `>=`
    GreaterThanOrEquals,
    /// The text or the bytes begin so.
    StartsWith,
    /// It is one of a list.
    In,
    /// There is no value.
    IsNull,
    /// There is a value.
    NotNull,
    /// The repeated field has no values.
    IsEmpty,
    /// The repeated field has values.
    NotEmpty,
    /// The text has the form of a pattern of SQL.
    Like,
}

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// Nothing: the question is about the value alone.
    None,
    /// A value. The name of an enum's value may stand for its number, and the text of a UUID for the UUID. Compared with
    /// null, everything is null: never true, and no range of an index.
    Value(Element),
    /// A list of values.
    List(Vec<Element>),
    /// A value, or for [`ComparisonKind::In`] a list of values as a tuple, that is given when the query runs.
    Parameter(ParameterName),
    /// A pattern of SQL: `%` stands for any text and `_` for one character; after the escape character both stand for
    /// themselves.
    Pattern {
        /// The pattern.
        pattern: String,
        /// The character that takes the meaning from the one behind it.
        escape: Option<char>,
    },
}

/// Which of the values that are given when a query runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParameterName {
    /// `:name`
    Named(String),
    /// The `?` with this many before it.
    Positional(usize),
}

impl Comparison {
    /// Compares with a value or a parameter.
    pub fn new(kind: ComparisonKind, operand: impl Into<Operand>) -> Self {
        Comparison {
            kind,
            operand: operand.into(),
        }
    }

    /// Asks about the value alone: [`ComparisonKind::IsNull`] and its like.
    pub fn unary(kind: ComparisonKind) -> Self {
        Comparison {
            kind,
            operand: Operand::None,
        }
    }

    /// Whether the value is one of a list.
    pub fn one_of(values: impl IntoIterator<Item = impl Into<Element>>) -> Self {
        Comparison {
            kind: ComparisonKind::In,
            operand: Operand::List(values.into_iter().map(Into::into).collect()),
        }
    }

    /// How the value is compared.
    pub fn kind(&self) -> ComparisonKind {
        self.kind
    }

    /// With what the value is compared.
    pub fn operand(&self) -> &Operand {
        &self.operand
    }

    /// The same question, against another operand.
    #[must_use]
    pub fn with_operand(&self, operand: Operand) -> Self {
        Comparison {
            kind: self.kind,
            operand,
        }
    }
}

impl ComparisonKind {
    /// Whether it is of one value: an index on it gives one range. Java: `Comparisons.Type.isEquality`.
    pub fn is_equality(self) -> bool {
        matches!(self, ComparisonKind::Equals | ComparisonKind::IsNull)
    }

    /// Whether the question is about the value alone. Java: `Comparisons.Type.isUnary`.
    pub fn is_unary(self) -> bool {
        matches!(
            self,
            ComparisonKind::IsNull | ComparisonKind::NotNull | ComparisonKind::IsEmpty | ComparisonKind::NotEmpty
        )
    }

    /// The name in Java and in plans, for example `GREATER_THAN`.
    pub fn name(self) -> &'static str {
        match self {
            ComparisonKind::Equals => "EQUALS",
            ComparisonKind::NotEquals => "NOT_EQUALS",
            ComparisonKind::LessThan => "LESS_THAN",
            ComparisonKind::LessThanOrEquals => "LESS_THAN_OR_EQUALS",
            ComparisonKind::GreaterThan => "GREATER_THAN",
            ComparisonKind::GreaterThanOrEquals => "GREATER_THAN_OR_EQUALS",
            ComparisonKind::StartsWith => "STARTS_WITH",
            ComparisonKind::In => "IN",
            ComparisonKind::IsNull => "IS_NULL",
            ComparisonKind::NotNull => "NOT_NULL",
            ComparisonKind::IsEmpty => "IS_EMPTY",
            ComparisonKind::NotEmpty => "NOT_EMPTY",
            ComparisonKind::Like => "LIKE",
        }
    }
}

impl<V: Into<Element>> From<V> for Operand {
    fn from(value: V) -> Self {
        Operand::Value(value.into())
    }
}

impl From<RecordVersion> for Operand {
    fn from(version: RecordVersion) -> Self {
        Operand::Value(Element::Versionstamp(version.into()))
    }
}

impl From<ParameterName> for Operand {
    fn from(name: ParameterName) -> Self {
        Operand::Parameter(name)
    }
}

impl fmt::Display for ParameterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParameterName::Named(name) => write!(f, ":{name}"),
            ParameterName::Positional(before) => write!(f, "?{}", before.saturating_add(1)),
        }
    }
}
