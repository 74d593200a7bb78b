//! The shape of a filter: all of it but the values that its comparisons are with. Filters of one shape are planned alike.

use std::hash::{Hash, Hasher};

use record_store_kv::tuple::Element;

use super::{Comparison, ComparisonKind, Operand, ParameterName, QueryComponent};

impl Comparison {
    /// The value that may be another one in a filter of the same shape.
    fn literal(&self) -> Option<&Element> {
        match (self.kind, &self.operand) {
            (ComparisonKind::In | ComparisonKind::Like, _) => None,
            (_, Operand::Value(Element::Null | Element::Tuple(_))) => None,
            (_, Operand::Value(value)) => Some(value),
            _ => None,
        }
    }

    fn has_shape_of(&self, other: &Comparison) -> bool {
        self.kind == other.kind
            && match (self.literal(), other.literal()) {
                (Some(_), Some(_)) => true,
                (None, None) => self.operand == other.operand,
                _ => false,
            }
    }
}

impl QueryComponent {
    /// Whether two filters differ in values only.
    pub(crate) fn has_shape_of(&self, other: &QueryComponent) -> bool {
        use QueryComponent::{
            And, Field, KeyExpression, Nested, Not, OneOfThem, OneOfThemNested, Or, RecordType, Version,
        };
        let all = |own: &[QueryComponent], other: &[QueryComponent]| {
            own.len() == other.len() && own.iter().zip(other).all(|(own, other)| own.has_shape_of(other))
        };
        match (self, other) {
            (And(own), And(other)) | (Or(own), Or(other)) => all(own, other),
            (Not(own), Not(other)) => own.has_shape_of(other),
            (
                Nested { name, child },
                Nested {
                    name: other,
                    child: of_other,
                },
            )
            | (
                OneOfThemNested { name, child },
                OneOfThemNested {
                    name: other,
                    child: of_other,
                },
            ) => name == other && child.has_shape_of(of_other),
            (
                Field { name, comparison },
                Field {
                    name: other,
                    comparison: of_other,
                },
            )
            | (
                OneOfThem { name, comparison },
                OneOfThem {
                    name: other,
                    comparison: of_other,
                },
            ) => name == other && comparison.has_shape_of(of_other),
            (Version(own), Version(other)) => own.has_shape_of(other),
            (RecordType(own), RecordType(other)) => own == other,
            // Expressions that are equal may stand for other values of missing fields.
            (KeyExpression { .. }, KeyExpression { .. }) => false,
            _ => false,
        }
    }

    /// A hash that filters of one shape have in common.
    pub(crate) fn hash_shape(&self, state: &mut impl Hasher) {
        std::mem::discriminant(self).hash(state);
        match self {
            QueryComponent::And(children) | QueryComponent::Or(children) => {
                children.len().hash(state);
                for child in children {
                    child.hash_shape(state);
                }
            }
            QueryComponent::Not(child) => child.hash_shape(state),
            QueryComponent::Nested { name, child } | QueryComponent::OneOfThemNested { name, child } => {
                name.hash(state);
                child.hash_shape(state);
            }
            QueryComponent::RecordType(name) => name.hash(state),
            QueryComponent::Field { name, comparison } | QueryComponent::OneOfThem { name, comparison } => {
                name.hash(state);
                comparison.kind.hash(state);
            }
            QueryComponent::Version(comparison) | QueryComponent::KeyExpression { comparison, .. } => {
                comparison.kind.hash(state);
            }
        }
    }

    /// The values that may be others in a filter of the same shape, in the order of the comparisons.
    pub(crate) fn literals<'a>(&'a self, literals: &mut Vec<&'a Element>) {
        match self {
            QueryComponent::And(children) | QueryComponent::Or(children) => {
                for child in children {
                    child.literals(literals);
                }
            }
            QueryComponent::Not(child)
            | QueryComponent::Nested { child, .. }
            | QueryComponent::OneOfThemNested { child, .. } => child.literals(literals),
            QueryComponent::RecordType(_) => {}
            QueryComponent::Field { comparison, .. }
            | QueryComponent::OneOfThem { comparison, .. }
            | QueryComponent::Version(comparison)
            | QueryComponent::KeyExpression { comparison, .. } => literals.extend(comparison.literal()),
        }
    }

    /// The same filter with parameters in place of those values.
    pub(crate) fn without_literals(&self) -> Self {
        let mut before = 0;
        self.map_comparisons(&mut |comparison| {
            if comparison.literal().is_none() {
                return comparison.clone();
            }
            let name = ParameterName::literal(before);
            before += 1;
            comparison.with_operand(Operand::Parameter(name))
        })
    }
}
