//! Walks over the tree of a filter: its comparisons, its depth, its equals with other comparisons.

use super::{Comparison, QueryComponent};
use crate::{Error, ErrorKind, Result};

impl QueryComponent {
    /// Calls `each` with every comparison, from left to right.
    pub(crate) fn each_comparison(&self, each: &mut impl FnMut(&Comparison)) {
        match self {
            QueryComponent::And(children) | QueryComponent::Or(children) => {
                for child in children {
                    child.each_comparison(each);
                }
            }
            QueryComponent::Not(child)
            | QueryComponent::Nested { child, .. }
            | QueryComponent::OneOfThemNested { child, .. } => child.each_comparison(each),
            QueryComponent::RecordType(_) => {}
            QueryComponent::Field { comparison, .. }
            | QueryComponent::OneOfThem { comparison, .. }
            | QueryComponent::Version(comparison)
            | QueryComponent::KeyExpression { comparison, .. } => each(comparison),
        }
    }

    /// The same tree with the comparisons that `map` gives for its own, from left to right.
    pub(crate) fn try_map_comparisons(&self, map: &mut impl FnMut(&Comparison) -> Result<Comparison>) -> Result<Self> {
        Ok(match self {
            QueryComponent::And(children) => QueryComponent::And(map_all(children, map)?),
            QueryComponent::Or(children) => QueryComponent::Or(map_all(children, map)?),
            QueryComponent::Not(child) => QueryComponent::Not(Box::new(child.try_map_comparisons(map)?)),
            QueryComponent::Nested { name, child } => QueryComponent::Nested {
                name: name.clone(),
                child: Box::new(child.try_map_comparisons(map)?),
            },
            QueryComponent::OneOfThemNested { name, child } => QueryComponent::OneOfThemNested {
                name: name.clone(),
                child: Box::new(child.try_map_comparisons(map)?),
            },
            QueryComponent::RecordType(name) => QueryComponent::RecordType(name.clone()),
            QueryComponent::Field { name, comparison } => QueryComponent::Field {
                name: name.clone(),
                comparison: map(comparison)?,
            },
            QueryComponent::OneOfThem { name, comparison } => QueryComponent::OneOfThem {
                name: name.clone(),
                comparison: map(comparison)?,
            },
            QueryComponent::Version(comparison) => QueryComponent::Version(map(comparison)?),
            QueryComponent::KeyExpression { expression, comparison } => QueryComponent::KeyExpression {
                expression: expression.clone(),
                comparison: map(comparison)?,
            },
        })
    }

    /// As [`try_map_comparisons`](QueryComponent::try_map_comparisons), where nothing can fail.
    pub(crate) fn map_comparisons(&self, map: &mut impl FnMut(&Comparison) -> Comparison) -> Self {
        self.try_map_comparisons(&mut |comparison| Ok(map(comparison)))
            .expect("no comparison is refused")
    }

    /// Whether it asks nothing, as an empty text does.
    pub(crate) fn is_always_true(&self) -> bool {
        matches!(self, QueryComponent::And(children) if children.is_empty())
    }

    /// Refuses a tree that would take more stack than there may be.
    ///
    /// Errors: `InvalidQuery`.
    pub(crate) fn check_depth(&self) -> Result<()> {
        if self.is_deeper_than(DEPTH_MAX) {
            return Err(Error::new(
                ErrorKind::InvalidQuery,
                "the filter is nested too deeply: join its parts in lists instead of pairs",
            )
            .with("limit", DEPTH_MAX));
        }
        Ok(())
    }

    fn is_deeper_than(&self, levels: usize) -> bool {
        let deeper = |child: &QueryComponent| child.is_deeper_than(levels - 1);
        match self {
            _ if levels == 0 => true,
            QueryComponent::And(children) | QueryComponent::Or(children) => children.iter().any(deeper),
            QueryComponent::Not(child)
            | QueryComponent::Nested { child, .. }
            | QueryComponent::OneOfThemNested { child, .. } => deeper(child),
            _ => false,
        }
    }
}

fn map_all(
    children: &[QueryComponent],
    map: &mut impl FnMut(&Comparison) -> Result<Comparison>,
) -> Result<Vec<QueryComponent>> {
    children.iter().map(|child| child.try_map_comparisons(map)).collect()
}

/// How many components may stand inside each other.
const DEPTH_MAX: usize = 100;
