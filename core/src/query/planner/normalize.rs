//! Filters in disjunctive form: an *or* of *ands* of comparisons. Java: `BooleanNormalizer`.

use crate::query::QueryComponent;

/// The filter in disjunctive form, unless that would have more than `size_max` branches.
pub(super) fn normalize(filter: &QueryComponent, size_max: usize) -> QueryComponent {
    if !is_deep(filter) || branches(filter, false).is_none_or(|size| size > size_max) {
        return filter.clone();
    }
    let branches = disjunction(filter, false);
    only_or(
        branches.into_iter().map(|branch| only_or(branch, QueryComponent::And)),
        QueryComponent::Or,
    )
}

/// One component is itself; several, or none, are a list.
pub(super) fn only_or(
    components: impl IntoIterator<Item = QueryComponent>,
    list: impl FnOnce(Vec<QueryComponent>) -> QueryComponent,
) -> QueryComponent {
    let mut components: Vec<_> = components.into_iter().collect();
    match components.len() {
        1 => components.remove(0),
        _ => list(components),
    }
}

fn logical_children(filter: &QueryComponent) -> Option<&[QueryComponent]> {
    match filter {
        QueryComponent::And(children) | QueryComponent::Or(children) => Some(children),
        QueryComponent::Not(child) => Some(std::slice::from_ref(child)),
        _ => None,
    }
}

/// Whether logic stands inside logic.
fn is_deep(filter: &QueryComponent) -> bool {
    let children = logical_children(filter).unwrap_or_default();
    children.iter().any(|child| logical_children(child).is_some())
}

/// How many branches the form has; none for too many to count.
fn branches(filter: &QueryComponent, negated: bool) -> Option<usize> {
    let sizes = |children: &[QueryComponent], start: usize, join: fn(usize, usize) -> Option<usize>| {
        children
            .iter()
            .try_fold(start, |size, child| join(size, branches(child, negated)?))
    };
    match (filter, negated) {
        (QueryComponent::And(children), false) | (QueryComponent::Or(children), true) => {
            sizes(children, 1, usize::checked_mul)
        }
        (QueryComponent::Or(children), false) | (QueryComponent::And(children), true) => {
            sizes(children, 0, usize::checked_add)
        }
        (QueryComponent::Not(child), _) => branches(child, !negated),
        _ => Some(1),
    }
}

fn disjunction(filter: &QueryComponent, negated: bool) -> Vec<Vec<QueryComponent>> {
    match (filter, negated) {
        (QueryComponent::Or(children), false) | (QueryComponent::And(children), true) => {
            children.iter().flat_map(|child| disjunction(child, negated)).collect()
        }
        (QueryComponent::And(children), false) | (QueryComponent::Or(children), true) => {
            // The branches of the first child change fastest, as in Java.
            children.iter().fold(vec![Vec::new()], |so_far, child| {
                let mut product = Vec::new();
                for right in disjunction(child, negated) {
                    product.extend(so_far.iter().map(|left| [&left[..], &right[..]].concat()));
                }
                product
            })
        }
        (QueryComponent::Not(child), _) => disjunction(child, !negated),
        (leaf, false) => vec![vec![leaf.clone()]],
        (leaf, true) => vec![vec![QueryComponent::Not(Box::new(leaf.clone()))]],
    }
}

/// *and* over an *or* and one comparison as an *or* of *ands*; other filters stay. Java: `normalizeAndOr`.
pub(super) fn distribute_pair(filter: &QueryComponent) -> Option<QueryComponent> {
    let QueryComponent::And(children) = filter else {
        return None;
    };
    match &children[..] {
        [QueryComponent::Or(branches), single] | [single, QueryComponent::Or(branches)]
            if is_single_field_comparison(single) =>
        {
            Some(distribute(std::slice::from_ref(single), branches))
        }
        _ => None,
    }
}

/// *and* over one *or* and comparisons as an *or* of *ands*; other filters stay. Java: `normalizeAndOrForInAsOr`.
pub(super) fn distribute_all(filter: QueryComponent) -> QueryComponent {
    let QueryComponent::And(children) = &filter else {
        return filter;
    };
    let mut branches = None;
    let mut others = Vec::new();
    for child in children {
        match child {
            QueryComponent::Or(of_child) if branches.is_none() => branches = Some(of_child),
            single if is_single_field_comparison(single) => others.push(single.clone()),
            _ => return filter,
        }
    }
    match branches {
        Some(branches) => distribute(&others, branches),
        None => filter,
    }
}

fn distribute(common: &[QueryComponent], branches: &[QueryComponent]) -> QueryComponent {
    let branches = branches.iter().map(|branch| {
        let own = match branch {
            QueryComponent::And(children) => &children[..],
            other => std::slice::from_ref(other),
        };
        QueryComponent::And([common, own].concat())
    });
    QueryComponent::Or(branches.collect())
}

/// Java: `Query.isSingleFieldComparison`.
fn is_single_field_comparison(component: &QueryComponent) -> bool {
    match component {
        QueryComponent::Field { comparison, .. } => !is_about_emptiness(comparison),
        QueryComponent::Nested { child, .. } => {
            matches!(&**child, QueryComponent::Field { comparison, .. } if !is_about_emptiness(comparison))
        }
        _ => false,
    }
}

/// Java's `EmptyComparison` is no `FieldWithComparison`.
fn is_about_emptiness(comparison: &crate::query::Comparison) -> bool {
    use crate::query::ComparisonKind::{IsEmpty, NotEmpty};
    matches!(comparison.kind(), IsEmpty | NotEmpty)
}
