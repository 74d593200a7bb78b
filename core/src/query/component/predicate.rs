//! A filter as the condition of an index of some records only.

use record_store_kv::tuple::Element;

use super::{Comparison, ComparisonKind, Operand, QueryComponent};
use crate::key_expression::Literal;
use crate::metadata::{self, ComparisonType, IndexPredicate};
use crate::{Error, ErrorKind, Result};

impl TryFrom<&QueryComponent> for IndexPredicate {
    type Error = Error;

    /// The condition that a filter is, for [`IndexSchema::condition`](crate::metadata::IndexSchema::condition).
    ///
    /// ```
    /// use record_store::metadata::{IndexPredicate, IndexSchema};
    /// use record_store::query::field;
    /// let grown_up = IndexPredicate::try_from(&field("age").ge(18))?;
    /// let index = IndexSchema::new("grown_up_by_city", "city").on("User").condition(grown_up);
    /// # let _ = index;
    /// assert!(IndexPredicate::try_from(&field("tags").one_of_them().eq("new")).is_err());
    /// # Ok::<(), record_store::Error>(())
    /// ```
    ///
    /// **Errors**: [`ErrorKind::InvalidQuery`] for what the condition of an index cannot ask: repeated fields, patterns, record
    /// types, versions, key expressions and parameters.
    fn try_from(filter: &QueryComponent) -> Result<Self> {
        predicate(filter, &[])
    }
}

/// The condition of a filter over the message to which `path` leads.
fn predicate(filter: &QueryComponent, path: &[String]) -> Result<IndexPredicate> {
    let all = |children: &[QueryComponent]| {
        children
            .iter()
            .map(|child| predicate(child, path))
            .collect::<Result<Vec<_>>>()
    };
    let below = |name: &String| [path, std::slice::from_ref(name)].concat();
    match filter {
        QueryComponent::And(children) => Ok(IndexPredicate::And(all(children)?)),
        QueryComponent::Or(children) => Ok(IndexPredicate::Or(all(children)?)),
        QueryComponent::Not(child) => Ok(IndexPredicate::Not(Box::new(predicate(child, path)?))),
        QueryComponent::Nested { name, child } => predicate(child, &below(name)),
        QueryComponent::Field { name, comparison } => {
            compared(&below(name), comparison).ok_or_else(|| refused(filter))?
        }
        _ => Err(refused(filter)),
    }
}

/// The condition that a field compares so; none if the condition of an index cannot ask that.
fn compared(path: &[String], comparison: &Comparison) -> Option<Result<IndexPredicate>> {
    let value = |comparison| IndexPredicate::Value {
        path: path.to_vec(),
        comparison,
    };
    let simple =
        |kind, operand: &Element| literal(operand).map(|literal| value(metadata::Comparison::Simple(kind, literal)));
    let kind = match comparison.kind() {
        ComparisonKind::IsNull => return Some(Ok(value(metadata::Comparison::Null(true)))),
        ComparisonKind::NotNull => return Some(Ok(value(metadata::Comparison::Null(false)))),
        ComparisonKind::In => {
            let Operand::List(values) = comparison.operand() else {
                return None;
            };
            let each = values.iter().map(|operand| simple(ComparisonType::Equals, operand));
            return Some(each.collect::<Result<_>>().map(IndexPredicate::Or));
        }
        ComparisonKind::Equals => ComparisonType::Equals,
        ComparisonKind::NotEquals => ComparisonType::NotEquals,
        ComparisonKind::LessThan => ComparisonType::LessThan,
        ComparisonKind::LessThanOrEquals => ComparisonType::LessThanOrEquals,
        ComparisonKind::GreaterThan => ComparisonType::GreaterThan,
        ComparisonKind::GreaterThanOrEquals => ComparisonType::GreaterThanOrEquals,
        ComparisonKind::StartsWith => ComparisonType::StartsWith,
        _ => return None,
    };
    match comparison.operand() {
        Operand::Value(operand) => Some(simple(kind, operand)),
        _ => None,
    }
}

fn literal(value: &Element) -> Result<Literal> {
    Ok(match value {
        Element::Null => Literal::Null,
        Element::Bytes(value) => Literal::Bytes(value.clone()),
        Element::String(value) => Literal::String(value.clone()),
        Element::Int(value) => Literal::Long(*value),
        Element::Float(value) => Literal::Float(*value),
        Element::Double(value) => Literal::Double(*value),
        Element::Bool(value) => Literal::Bool(*value),
        other => {
            return Err(Error::new(
                ErrorKind::InvalidQuery,
                "the condition of an index cannot hold such a value",
            )
            .with("value", other));
        }
    })
}

fn refused(filter: &QueryComponent) -> Error {
    Error::new(
        ErrorKind::InvalidQuery,
        "the condition of an index compares fields that are not repeated with values, and nothing else",
    )
    .with("filter", filter)
}
