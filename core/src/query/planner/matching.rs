//! Matching one filter with the columns of one key: the methods of [`Candidate`] that Java calls `plan…` after the kind of
//! the filter.

use super::and_then::AndThen;
use super::candidate::Candidate;
use super::normalize::only_or;
use super::scored::Match;
use crate::key_expression::{FanType, KeyExpression, Nest, NullStandin, Then, TupleOrdering};
use crate::query::plan::ScanComparisons;
use crate::query::{Comparison, QueryComponent};

impl Candidate<'_> {
    /// Which comparisons of `filter` the columns of `key` answer, such that the records come ordered by `sort`; none if the
    /// first column answers none. Java: `matchCandidateScan`.
    pub(super) fn match_filter(
        &self,
        key: &KeyExpression,
        filter: &QueryComponent,
        sort: Option<&KeyExpression>,
    ) -> Option<Match> {
        match filter {
            QueryComponent::Field { name, comparison } => self.match_field(key, filter, name, comparison, sort),
            QueryComponent::OneOfThem { name, comparison } => {
                self.match_one_of_them(key, filter, name, comparison, sort)
            }
            QueryComponent::And(children) => self.match_and(key, children, sort),
            QueryComponent::Nested { name, child } => self.match_nested(key, filter, name, child, sort),
            QueryComponent::OneOfThemNested { name, child } => {
                self.match_one_of_them_nested(key, filter, name, child, sort)
            }
            QueryComponent::Version(comparison) => self.match_version(key, filter, comparison, sort),
            QueryComponent::KeyExpression { expression, comparison } => {
                self.match_key_expression(key, filter, expression, comparison, sort)
            }
            QueryComponent::RecordType(_) | QueryComponent::Or(_) | QueryComponent::Not(_) => None,
        }
    }

    fn and_then(&self, then: &Then, filter: &QueryComponent, sort: Option<&KeyExpression>) -> Option<Match> {
        AndThen::new(*self, then.children(), true, std::slice::from_ref(filter), sort).plan()
    }

    fn match_field(
        &self,
        key: &KeyExpression,
        filter: &QueryComponent,
        name: &str,
        comparison: &Comparison,
        sort: Option<&KeyExpression>,
    ) -> Option<Match> {
        let comparisons = ScanComparisons::of(comparison)?;
        match key {
            KeyExpression::Function(_) => match_ordered(key, filter, sort),
            KeyExpression::Field(column) if column.name() == name => match sort {
                None => Some(Match::of_one(comparisons)),
                Some(KeyExpression::Field(sort)) if sort.name() == column.name() => Some(Match::of_one(comparisons)),
                Some(_) => None,
            },
            KeyExpression::Then(then) => {
                let first = then.children().first()?;
                let is_sorted = sort.is_none_or(|sort| sort == first);
                if is_sorted && !key.creates_duplicates() && !matches!(first, KeyExpression::RecordTypeKey(_)) {
                    self.match_field(first, filter, name, comparison, sort)
                } else {
                    self.and_then(then, filter, sort)
                }
            }
            _ => None,
        }
    }

    fn match_one_of_them(
        &self,
        key: &KeyExpression,
        filter: &QueryComponent,
        name: &str,
        comparison: &Comparison,
        sort: Option<&KeyExpression>,
    ) -> Option<Match> {
        let Some(comparisons) = ScanComparisons::of(comparison) else {
            // The order alone may be worth it.
            let planned = self.sort_only(key, sort)?;
            return Some(Match {
                score: 0,
                comparisons: ScanComparisons::default(),
                unsatisfied: vec![filter.clone()],
                creates_duplicates: planned.creates_duplicates,
            });
        };
        match key {
            KeyExpression::Field(column) if column.name() == name && column.fan_type() == FanType::FanOut => {
                let is_sorted = match sort {
                    None => true,
                    Some(KeyExpression::Field(sort)) => sort.name() == column.name(),
                    Some(_) => false,
                };
                is_sorted.then(|| Match {
                    creates_duplicates: true,
                    ..Match::of_one(comparisons)
                })
            }
            KeyExpression::Then(then) => self.and_then(then, filter, sort),
            _ => None,
        }
    }

    fn match_and(
        &self,
        key: &KeyExpression,
        filters: &[QueryComponent],
        sort: Option<&KeyExpression>,
    ) -> Option<Match> {
        match key {
            KeyExpression::Nest(nest) => self.match_and_with_nest(key, nest, filters, sort),
            KeyExpression::Then(then) => AndThen::new(*self, then.children(), true, filters, sort).plan(),
            other => AndThen::new(*self, std::slice::from_ref(other), false, filters, sort).plan(),
        }
    }

    fn match_and_with_nest(
        &self,
        key: &KeyExpression,
        nest: &Nest,
        filters: &[QueryComponent],
        sort: Option<&KeyExpression>,
    ) -> Option<Match> {
        let parent = nest.parent();
        if parent.fan_type() == FanType::None {
            let (nested, remaining) = split_nested(parent.name(), filters);
            if nested.len() > 1 {
                let joined = QueryComponent::Nested {
                    name: parent.name().to_owned(),
                    child: Box::new(QueryComponent::And(nested)),
                };
                let mut matched = self.match_filter(key, &joined, sort)?;
                matched.unsatisfied.extend(remaining);
                return Some(matched);
            }
        }
        for (at, filter) in filters.iter().enumerate() {
            if let QueryComponent::Nested { name, child } = filter
                && let Some(mut matched) = self.match_nested(key, filter, name, child, sort)
            {
                let others = filters.iter().enumerate().filter(|(other, _)| *other != at);
                matched.unsatisfied.extend(others.map(|(_, other)| other.clone()));
                return Some(matched);
            }
        }
        None
    }

    /// As [`Candidate::match_filter`], for a filter of the message in a field.
    pub(super) fn match_nested(
        &self,
        key: &KeyExpression,
        filter: &QueryComponent,
        name: &str,
        child: &QueryComponent,
        sort: Option<&KeyExpression>,
    ) -> Option<Match> {
        match key {
            KeyExpression::Then(then) => {
                if matches!(sort, Some(KeyExpression::Then(_)))
                    || key.creates_duplicates()
                    || matches!(then.children().first(), Some(KeyExpression::RecordTypeKey(_)))
                {
                    return self.and_then(then, filter, sort);
                }
                let (first, second) = (then.children().first()?, then.children().get(1));
                let matched = self.match_nested(first, filter, name, child, sort);
                if matched.is_none() && sort.is_some() && sort == second {
                    let unsorted = self.match_nested(first, filter, name, child, None);
                    return unsorted.filter(|matched| matched.comparisons.is_equality());
                }
                matched
            }
            KeyExpression::Function(_) => match_ordered(key, filter, sort),
            KeyExpression::Nest(nest) if nest.parent().name() == name => {
                let sort = sort_within(sort, name)?;
                let matched = self.match_filter(nest.child(), child, sort)?;
                if matched.unsatisfied.is_empty() {
                    return Some(matched);
                }
                let rest = QueryComponent::Nested {
                    name: name.to_owned(),
                    child: Box::new(only_or(matched.unsatisfied.clone(), QueryComponent::And)),
                };
                Some(matched.with_unsatisfied(vec![rest]))
            }
            _ => None,
        }
    }

    /// As [`Candidate::match_filter`], for a filter of one of the messages in a repeated field.
    pub(super) fn match_one_of_them_nested(
        &self,
        key: &KeyExpression,
        filter: &QueryComponent,
        name: &str,
        child: &QueryComponent,
        sort: Option<&KeyExpression>,
    ) -> Option<Match> {
        match key {
            KeyExpression::Then(then) => {
                let (first, others) = then.children().split_first()?;
                if others.iter().any(KeyExpression::creates_duplicates) {
                    return None;
                }
                self.match_one_of_them_nested(first, filter, name, child, sort)
            }
            KeyExpression::Nest(nest) if nest.parent().name() == name => {
                let sort = sort_within(sort, name)?;
                let matched = self.match_filter(nest.child(), child, sort)?;
                // The rest must be true of the same message: it cannot stand alone.
                let unsatisfied = match matched.unsatisfied.is_empty() {
                    true => Vec::new(),
                    false => vec![filter.clone()],
                };
                Some(Match {
                    unsatisfied,
                    creates_duplicates: true,
                    ..matched
                })
            }
            _ => None,
        }
    }

    fn match_version(
        &self,
        key: &KeyExpression,
        filter: &QueryComponent,
        comparison: &Comparison,
        sort: Option<&KeyExpression>,
    ) -> Option<Match> {
        match key {
            KeyExpression::Version(_) if sort.is_none_or(|sort| matches!(sort, KeyExpression::Version(_))) => {
                ScanComparisons::of(comparison).map(Match::of_one)
            }
            KeyExpression::Then(then) if sort.is_none() => {
                self.match_version(then.children().first()?, filter, comparison, None)
            }
            KeyExpression::Then(then) => self.and_then(then, filter, sort),
            _ => None,
        }
    }

    fn match_key_expression(
        &self,
        key: &KeyExpression,
        filter: &QueryComponent,
        expression: &KeyExpression,
        comparison: &Comparison,
        sort: Option<&KeyExpression>,
    ) -> Option<Match> {
        match key {
            key if key == expression && sort.is_none_or(|sort| sort == key) => {
                ScanComparisons::of(comparison).map(Match::of_one)
            }
            KeyExpression::Then(then) => self.and_then(then, filter, sort),
            _ => None,
        }
    }
}

/// The match of a filter with the column of a function that orders what the filter compares.
fn match_ordered(key: &KeyExpression, filter: &QueryComponent, sort: Option<&KeyExpression>) -> Option<Match> {
    let (ordering, comparison) = ordered_comparison(key, filter)?;
    let comparisons = ScanComparisons::of_ordered(ordering, comparison)?;
    sort.is_none_or(|sort| sort == key).then(|| Match::of_one(comparisons))
}

/// What a filter asks of the column that a function orders, if it asks of that column alone.
pub(super) fn ordered_comparison<'f>(
    key: &KeyExpression,
    filter: &'f QueryComponent,
) -> Option<(TupleOrdering, &'f Comparison)> {
    let KeyExpression::Function(function) = key else {
        return None;
    };
    let comparison = comparison_of(function.arguments(), filter)?;
    Some((function.ordering()?, comparison))
}

fn comparison_of<'f>(column: &KeyExpression, filter: &'f QueryComponent) -> Option<&'f Comparison> {
    match (column, filter) {
        (KeyExpression::Field(field), QueryComponent::Field { name, comparison })
            if field.name() == name
                && field.fan_type() == FanType::None
                && field.null_standin() != NullStandin::NotNull =>
        {
            Some(comparison)
        }
        (KeyExpression::Nest(nest), QueryComponent::Nested { name, child })
            if nest.parent().name() == name && nest.parent().fan_type() == FanType::None =>
        {
            comparison_of(nest.child(), child)
        }
        _ => None,
    }
}

/// The order within the message in a field; none if the order is of something else.
fn sort_within<'s>(sort: Option<&'s KeyExpression>, name: &str) -> Option<Option<&'s KeyExpression>> {
    match sort {
        None => Some(None),
        Some(KeyExpression::Nest(sort)) if sort.parent().name() == name => Some(Some(sort.child())),
        Some(_) => None,
    }
}

/// The filters of the message in a field, without the field, and the others.
pub(super) fn split_nested(name: &str, filters: &[QueryComponent]) -> (Vec<QueryComponent>, Vec<QueryComponent>) {
    let mut nested = Vec::new();
    let mut remaining = Vec::new();
    for filter in filters {
        match filter {
            QueryComponent::Nested { name: of_filter, child } if of_filter == name => nested.push((**child).clone()),
            other => remaining.push(other.clone()),
        }
    }
    (nested, remaining)
}
