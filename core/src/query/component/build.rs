//! Functions, methods and operators that write a filter down in a program. Java: `Query`, `Field`, `OneOfThem`.

use std::ops::{BitAnd, BitOr, Not};

use record_store_kv::tuple::Element;

use super::{Comparison, ComparisonKind, Operand, ParameterName, QueryComponent};
use crate::key_expression::KeyExpression;

/// A field of the record; dots lead into the messages in its fields. Java: `Query.field`.
///
/// ```
/// use record_store::query::{field, param};
/// let filter = field("age").ge(18) & field("address.city").eq(param("city")) & !field("name").is_null();
/// assert_eq!(filter.to_string(), "age >= 18 AND address.city = :city AND NOT name IS NULL");
/// ```
pub fn field(path: impl AsRef<str>) -> FieldPath {
    FieldPath(path.as_ref().split('.').map(str::to_owned).collect())
}

/// The version of the record. Java: `Query.version`.
///
/// ```
/// use record_store::RecordVersion;
/// use record_store::query::record_version;
/// let filter = record_version().gt(RecordVersion::complete([1; 10], 2)?);
/// assert_eq!(filter.to_string(), "record_version() > versionstamp(X'010101010101010101010002')");
/// # Ok::<(), record_store::Error>(())
/// ```
pub fn record_version() -> RecordVersionOperand {
    RecordVersionOperand
}

/// The one column of a key expression, so that an index on it answers. Java: `Query.keyExpression`.
///
/// ```
/// use record_store::key_expression::{concat, field, function, literal};
/// use record_store::query::key_expression;
/// let filter = key_expression(function("add", concat((field("price"), field("tax"))))?).lt(100);
/// assert_eq!(filter.to_string(), "add(price, tax) < 100");
/// # Ok::<(), record_store::Error>(())
/// ```
pub fn key_expression(expression: impl Into<KeyExpression>) -> KeyColumn {
    KeyColumn(expression.into())
}

/// The record is of the type `name`. Java: `RecordTypeKeyComparison`.
pub fn is_record_type(name: impl Into<String>) -> QueryComponent {
    QueryComponent::RecordType(name.into())
}

/// A value that is given by its name when the query runs. Java: `equalsParameter` and its like.
pub fn param(name: impl Into<String>) -> ParameterName {
    ParameterName::Named(name.into())
}

/// A field to be compared; from [`field`]. Java: `query.expressions.Field`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a field alone asks nothing: compare it"]
pub struct FieldPath(Vec<String>);

/// The values of a repeated field, of which one must compare so; from [`FieldPath::one_of_them`]. Java: `OneOfThem`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "values alone ask nothing: compare them"]
pub struct OneOfThem(Vec<String>);

/// The record's version to be compared; from [`record_version`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a version alone asks nothing: compare it"]
pub struct RecordVersionOperand;

/// A column to be compared; from [`key_expression`]. Java: `QueryKeyExpression`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a column alone asks nothing: compare it"]
pub struct KeyColumn(KeyExpression);

impl FieldPath {
    /// Of the values of the repeated field, one compares as what follows says. A field without values is null.
    ///
    /// ```
    /// use record_store::query::field;
    /// assert_eq!(field("tags").one_of_them().eq("new").to_string(), "any(tags) = 'new'");
    /// ```
    pub fn one_of_them(self) -> OneOfThem {
        OneOfThem(self.0)
    }

    /// Of the message in the field, `child` is true. Java: `matches`.
    ///
    /// ```
    /// use record_store::query::field;
    /// let oslo = field("address").matches(field("city").eq("Oslo") | field("zip").starts_with("0"));
    /// assert_eq!(oslo.to_string(), "matches(address, city = 'Oslo' OR starts_with(zip, '0'))");
    /// ```
    pub fn matches(self, child: QueryComponent) -> QueryComponent {
        let child = Box::new(child);
        nest(self.0, |name| QueryComponent::Nested { name, child })
    }

    /// Of one of the messages in the repeated field, `child` is true. Java: `oneOfThem().matches`.
    ///
    /// ```
    /// use record_store::query::field;
    /// let filter = field("lines").any(field("article").eq(7) & field("count").gt(1));
    /// assert_eq!(filter.to_string(), "any(lines, article = 7 AND count > 1)");
    /// ```
    pub fn any(self, child: QueryComponent) -> QueryComponent {
        let child = Box::new(child);
        nest(self.0, |name| QueryComponent::OneOfThemNested { name, child })
    }

    /// The repeated field has no values. Java: `isEmpty`.
    pub fn is_empty(self) -> QueryComponent {
        self.compare(Comparison::unary(ComparisonKind::IsEmpty))
    }

    /// The repeated field has values. Java: `notEmpty`.
    pub fn is_not_empty(self) -> QueryComponent {
        self.compare(Comparison::unary(ComparisonKind::NotEmpty))
    }

    /// The component that compares the field so.
    pub fn compare(self, comparison: Comparison) -> QueryComponent {
        nest(self.0, |name| QueryComponent::Field { name, comparison })
    }
}

impl OneOfThem {
    /// The component that compares the values so.
    pub fn compare(self, comparison: Comparison) -> QueryComponent {
        nest(self.0, |name| QueryComponent::OneOfThem { name, comparison })
    }
}

impl RecordVersionOperand {
    /// The component that compares the version so.
    pub fn compare(self, comparison: Comparison) -> QueryComponent {
        QueryComponent::Version(comparison)
    }
}

impl KeyColumn {
    /// The component that compares the column so.
    pub fn compare(self, comparison: Comparison) -> QueryComponent {
        QueryComponent::KeyExpression {
            expression: self.0,
            comparison,
        }
    }
}

macro_rules! comparisons {
    ($($operand:ident)*) => {$(
        impl $operand {
            /// Equal to a value or a parameter.
            pub fn eq(self, operand: impl Into<Operand>) -> QueryComponent {
                self.compare(Comparison::new(ComparisonKind::Equals, operand))
            }

            /// Not null, and not equal to a value or a parameter.
            pub fn ne(self, operand: impl Into<Operand>) -> QueryComponent {
                self.compare(Comparison::new(ComparisonKind::NotEquals, operand))
            }

            /// Less than a value or a parameter.
            pub fn lt(self, operand: impl Into<Operand>) -> QueryComponent {
                self.compare(Comparison::new(ComparisonKind::LessThan, operand))
            }

            /// Less than a value or a parameter, or equal to it.
            pub fn le(self, operand: impl Into<Operand>) -> QueryComponent {
                self.compare(Comparison::new(ComparisonKind::LessThanOrEquals, operand))
            }

            /// Greater than a value or a parameter.
            pub fn gt(self, operand: impl Into<Operand>) -> QueryComponent {
                self.compare(Comparison::new(ComparisonKind::GreaterThan, operand))
            }

            /// Greater than a value or a parameter, or equal to it.
            pub fn ge(self, operand: impl Into<Operand>) -> QueryComponent {
                self.compare(Comparison::new(ComparisonKind::GreaterThanOrEquals, operand))
            }

            /// From `low` to `high`, both included.
            pub fn between(self, low: impl Into<Operand>, high: impl Into<Operand>) -> QueryComponent {
                self.clone().ge(low) & self.le(high)
            }

            /// One of some values.
            pub fn is_in(self, values: impl IntoIterator<Item = impl Into<Element>>) -> QueryComponent {
                self.compare(Comparison::one_of(values))
            }

            /// One of the values of a parameter, which is a list (as a tuple).
            pub fn is_in_param(self, parameter: ParameterName) -> QueryComponent {
                self.compare(Comparison::new(ComparisonKind::In, parameter))
            }

            /// A text or bytes that begin so.
            pub fn starts_with(self, prefix: impl Into<Operand>) -> QueryComponent {
                self.compare(Comparison::new(ComparisonKind::StartsWith, prefix))
            }

            /// A text in the form of a pattern of SQL, without an escape character; see [`Comparison::like`].
            pub fn like(self, pattern: impl Into<String>) -> QueryComponent {
                self.compare(Comparison::like(pattern, None))
            }

            /// There is no value.
            pub fn is_null(self) -> QueryComponent {
                self.compare(Comparison::unary(ComparisonKind::IsNull))
            }

            /// There is a value.
            pub fn is_not_null(self) -> QueryComponent {
                self.compare(Comparison::unary(ComparisonKind::NotNull))
            }
        }
    )*};
}

comparisons! { FieldPath OneOfThem RecordVersionOperand KeyColumn }

impl QueryComponent {
    /// All of `children`: lists of the same kind among them are laid flat, and one child is itself. None is always true.
    pub fn and(children: impl IntoIterator<Item = QueryComponent>) -> Self {
        let children = children.into_iter().flat_map(|child| match child {
            QueryComponent::And(children) => children,
            child => vec![child],
        });
        only_or(children.collect(), QueryComponent::And)
    }

    /// One of `children`: lists of the same kind among them are laid flat, and one child is itself. None is never true.
    pub fn or(children: impl IntoIterator<Item = QueryComponent>) -> Self {
        let children = children.into_iter().flat_map(|child| match child {
            QueryComponent::Or(children) => children,
            child => vec![child],
        });
        only_or(children.collect(), QueryComponent::Or)
    }
}

impl BitAnd for QueryComponent {
    type Output = QueryComponent;

    fn bitand(self, other: QueryComponent) -> QueryComponent {
        QueryComponent::and([self, other])
    }
}

impl BitOr for QueryComponent {
    type Output = QueryComponent;

    fn bitor(self, other: QueryComponent) -> QueryComponent {
        QueryComponent::or([self, other])
    }
}

impl Not for QueryComponent {
    type Output = QueryComponent;

    fn not(self) -> QueryComponent {
        QueryComponent::Not(Box::new(self))
    }
}

fn only_or(
    mut children: Vec<QueryComponent>,
    list: impl FnOnce(Vec<QueryComponent>) -> QueryComponent,
) -> QueryComponent {
    match (children.pop(), children.is_empty()) {
        (Some(only), true) => only,
        (Some(last), false) => {
            children.push(last);
            list(children)
        }
        (None, _) => list(children),
    }
}

/// The component of the last field of a path, within the messages that lead to it.
fn nest(mut path: Vec<String>, last: impl FnOnce(String) -> QueryComponent) -> QueryComponent {
    let innermost = last(path.pop().unwrap_or_default());
    path.into_iter()
        .rev()
        .fold(innermost, |child, name| QueryComponent::Nested {
            name,
            child: Box::new(child),
        })
}
