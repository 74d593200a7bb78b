//! Whether an index with a predicate holds all records that a query asks for: those of which the filter is true meet the
//! predicate. What this does not see it denies, and the index is not used.

use std::mem::discriminant;

use record_store_kv::tuple::{Element, Tuple};

use crate::key_expression::Literal;
use crate::metadata::{self, IndexPredicate};
use crate::query::{Comparison, ComparisonKind, Operand, QueryComponent};

/// Whether records of which `filter` is true meet the predicate.
pub(crate) fn is_implied(predicate: &IndexPredicate, filter: Option<&QueryComponent>) -> bool {
    match predicate {
        IndexPredicate::And(parts) => parts.iter().all(|part| is_implied(part, filter)),
        IndexPredicate::Or(parts) => parts.iter().any(|part| is_implied(part, filter)),
        IndexPredicate::Constant(value) => *value == Some(true),
        IndexPredicate::Value { path, comparison } => filter.is_some_and(|filter| says(filter, path, comparison)),
        IndexPredicate::Not(_) | IndexPredicate::RowNumberWindow(_) => false,
    }
}

/// Whether a filter says this of a field, among other things.
fn says(filter: &QueryComponent, path: &[String], wanted: &metadata::Comparison) -> bool {
    match (filter, path) {
        (QueryComponent::And(children), path) => children.iter().any(|child| says(child, path, wanted)),
        (QueryComponent::Field { name, comparison }, [field]) => name == field && implies(comparison, wanted),
        (QueryComponent::Nested { name, child }, [field, rest @ ..]) if !rest.is_empty() => {
            name == field && says(child, rest, wanted)
        }
        _ => false,
    }
}

/// Whether a value that compares so meets the predicate.
fn implies(known: &Comparison, wanted: &metadata::Comparison) -> bool {
    use ComparisonKind::{IsEmpty, IsNull, NotEmpty};
    use metadata::Comparison as Wanted;
    use metadata::ComparisonType;
    let has_value = !matches!(known.kind(), IsNull | IsEmpty | NotEmpty);
    match wanted {
        Wanted::Null(true) | Wanted::Simple(ComparisonType::IsNull, _) => known.kind() == IsNull,
        Wanted::Null(false) | Wanted::Simple(ComparisonType::NotNull, _) => has_value,
        Wanted::Simple(kind, literal) => {
            let Some(bound) = element(literal) else { return false };
            match known.operand() {
                Operand::Value(value) => narrower(known.kind(), value, *kind, &bound),
                Operand::List(values) => {
                    let equals = |value| narrower(ComparisonKind::Equals, value, *kind, &bound);
                    values.iter().all(equals)
                }
                Operand::None | Operand::Parameter(_) | Operand::Pattern { .. } => false,
            }
        }
    }
}

/// Whether all that compares with `value` as `known` compares with `bound` as `wanted`.
fn narrower(known: ComparisonKind, value: &Element, wanted: metadata::ComparisonType, bound: &Element) -> bool {
    use ComparisonKind as Known;
    use metadata::ComparisonType as Wanted;
    if discriminant(value) != discriminant(bound) {
        return false;
    }
    let order = packed(value).cmp(&packed(bound));
    match (known, wanted) {
        (Known::Equals, Wanted::Equals) => order.is_eq(),
        (Known::Equals, Wanted::NotEquals) => order.is_ne(),
        (Known::Equals, Wanted::LessThan) | (Known::LessThanOrEquals, Wanted::LessThan) => order.is_lt(),
        (Known::Equals, Wanted::GreaterThan) | (Known::GreaterThanOrEquals, Wanted::GreaterThan) => order.is_gt(),
        (Known::LessThan, Wanted::LessThan | Wanted::NotEquals)
        | (Known::Equals | Known::LessThan | Known::LessThanOrEquals, Wanted::LessThanOrEquals) => order.is_le(),
        (Known::GreaterThan, Wanted::GreaterThan | Wanted::NotEquals)
        | (Known::Equals | Known::GreaterThan | Known::GreaterThanOrEquals, Wanted::GreaterThanOrEquals) => {
            order.is_ge()
        }
        (Known::NotEquals, Wanted::NotEquals) => order.is_eq(),
        (Known::Equals | Known::StartsWith, Wanted::StartsWith) => match (value, bound) {
            (Element::String(value), Element::String(prefix)) => value.starts_with(prefix.as_str()),
            (Element::Bytes(value), Element::Bytes(prefix)) => value.starts_with(prefix),
            _ => false,
        },
        _ => false,
    }
}

fn element(literal: &Literal) -> Option<Element> {
    Some(match literal {
        Literal::Null => return None,
        Literal::Double(value) => Element::Double(*value),
        Literal::Float(value) => Element::Float(*value),
        Literal::Long(value) => Element::Int(*value),
        Literal::Bool(value) => Element::Bool(*value),
        Literal::String(value) => Element::String(value.clone()),
        Literal::Bytes(value) => Element::Bytes(value.clone()),
        Literal::Int(value) => Element::Int(i64::from(*value)),
    })
}

fn packed(value: &Element) -> Vec<u8> {
    Tuple::from(vec![value.clone()]).pack()
}
