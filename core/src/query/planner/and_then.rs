//! [`AndThen`]: matching several filters with several columns, one column after the other. Java: `AndWithThenPlanner`.

use super::candidate::{Candidate, fans_out_from};
use super::matching::{ordered_comparison, split_nested};
use super::scored::Match;
use crate::key_expression::{FanType, KeyExpression, TupleOrdering};
use crate::query::plan::{Narrowing, ScanComparison, ScanComparisons};
use crate::query::{Comparison, QueryComponent};

/// The columns of a key and the parts of a filter on the way to each other.
pub(super) struct AndThen<'a> {
    candidate: Candidate<'a>,
    columns: &'a [KeyExpression],
    /// Whether the columns are a list, and not a single one.
    is_list: bool,
    filters: &'a [QueryComponent],
    unsatisfied: Vec<QueryComponent>,
    /// The columns of the order that are still to come.
    unsatisfied_sorts: Vec<KeyExpression>,
    comparisons: ScanComparisons,
}

/// What became of a column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    /// No filter makes it equal to something.
    Nothing,
    /// Part of it has one value.
    Part,
    /// It has one value.
    All,
}

impl<'a> AndThen<'a> {
    pub(super) fn new(
        candidate: Candidate<'a>,
        columns: &'a [KeyExpression],
        is_list: bool,
        filters: &'a [QueryComponent],
        sort: Option<&KeyExpression>,
    ) -> Self {
        let sorts = match sort {
            None => Vec::new(),
            Some(KeyExpression::Then(then)) => then.children().to_vec(),
            Some(other) => vec![other.clone()],
        };
        AndThen {
            candidate,
            columns,
            is_list,
            filters,
            unsatisfied: filters.to_vec(),
            unsatisfied_sorts: sorts,
            comparisons: ScanComparisons::default(),
        }
    }

    /// The match; none if the first column answers nothing or the order is another one.
    pub(super) fn plan(mut self) -> Option<Match> {
        let mut is_done = false;
        let mut columns_before = 0;
        for column in self.columns {
            if !is_done {
                let found = self.plan_column(column);
                is_done = !self.comparisons.is_equality() || found != Found::All;
            }
            if is_done && (self.unsatisfied_sorts.is_empty() || !self.continues_sort(column, columns_before)) {
                break;
            }
            columns_before += column.column_count();
        }
        if !self.unsatisfied_sorts.is_empty() || self.comparisons.is_empty() {
            return None;
        }
        let creates_duplicates = self
            .candidate
            .index
            .is_some_and(|index| index.root_expression().creates_duplicates());
        if creates_duplicates && self.is_list && fans_out_from(self.columns, self.comparisons.size()) {
            return None;
        }
        Some(Match {
            score: self.comparisons.total_size(),
            comparisons: self.comparisons,
            unsatisfied: self.unsatisfied,
            creates_duplicates,
        })
    }

    fn plan_column(&mut self, column: &KeyExpression) -> Found {
        if let KeyExpression::RecordTypeKey(_) = column {
            return match self.candidate.type_comparison() {
                Some(comparison) if self.comparisons.is_equality() => {
                    self.comparisons.equalities.push(comparison);
                    Found::All
                }
                _ => Found::Nothing,
            };
        }
        if let Some(found) = self.plan_joined_nests(column) {
            return found;
        }
        for filter in self.filters {
            let found = self.plan_filter(column, filter);
            if found != Found::Nothing {
                return found;
            }
        }
        Found::Nothing
    }

    /// Several filters of the message in one field, for several columns of that message.
    fn plan_joined_nests(&mut self, column: &KeyExpression) -> Option<Found> {
        let KeyExpression::Nest(nest) = column else { return None };
        let parent = nest.parent();
        if self.filters.len() < 2 || column.column_count() < 2 || parent.fan_type() != FanType::None {
            return None;
        }
        let (nested, _) = split_nested(parent.name(), self.filters);
        if nested.len() < 2 {
            return None;
        }
        let joined = QueryComponent::Nested {
            name: parent.name().to_owned(),
            child: Box::new(QueryComponent::And(nested)),
        };
        let kept = self.unsatisfied.clone();
        self.unsatisfied
            .retain(|filter| !matches!(filter, QueryComponent::Nested { name, .. } if name == parent.name()));
        self.unsatisfied.push(joined.clone());
        let found = self.plan_matched(column, &joined);
        if found.is_none() {
            self.unsatisfied = kept;
        }
        found
    }

    fn plan_filter(&mut self, column: &KeyExpression, filter: &QueryComponent) -> Found {
        if let Some((ordering, comparison)) = ordered_comparison(column, filter) {
            return self.add_ordered(column, ordering, comparison, filter);
        }
        match filter {
            QueryComponent::Field { name, comparison } => match column {
                KeyExpression::Field(field) if field.name() == name => self.add(column, comparison, filter),
                _ => Found::Nothing,
            },
            QueryComponent::OneOfThem { name, comparison } => match column {
                KeyExpression::Field(field) if field.name() == name && field.fan_type() == FanType::FanOut => {
                    self.add(column, comparison, filter)
                }
                _ => Found::Nothing,
            },
            QueryComponent::Nested { .. } | QueryComponent::OneOfThemNested { .. } => {
                self.plan_matched(column, filter).unwrap_or(Found::Nothing)
            }
            QueryComponent::Version(comparison) => match column {
                KeyExpression::Version(_) => self.add(column, comparison, filter),
                _ => Found::Nothing,
            },
            QueryComponent::KeyExpression { expression, comparison } if expression == column => {
                self.add(column, comparison, filter)
            }
            _ => Found::Nothing,
        }
    }

    /// Adds the comparison of a column. Java: `addToComparisons`, `addedComparison`.
    fn add(&mut self, column: &KeyExpression, comparison: &Comparison, filter: &QueryComponent) -> Found {
        match Narrowing::of(comparison) {
            Narrowing::Equality if self.comparisons.is_equality() => {
                self.comparisons
                    .equalities
                    .push(ScanComparison::Value(comparison.clone()));
                self.satisfy(filter);
                self.unsatisfied_sorts.retain(|sort| sort != column);
                Found::All
            }
            Narrowing::Inequality => {
                self.comparisons.add_inequality(comparison);
                self.satisfy(filter);
                Found::Nothing
            }
            Narrowing::Equality | Narrowing::None => Found::Nothing,
        }
    }

    /// Adds the comparison of a column that a function orders.
    fn add_ordered(
        &mut self,
        column: &KeyExpression,
        ordering: TupleOrdering,
        comparison: &Comparison,
        filter: &QueryComponent,
    ) -> Found {
        let Some(added) = ScanComparisons::of_ordered(ordering, comparison) else {
            return Found::Nothing;
        };
        let is_equality = added.is_equality();
        if is_equality && !self.comparisons.is_equality() {
            return Found::Nothing;
        }
        self.comparisons.append(added);
        self.satisfy(filter);
        if !is_equality {
            return Found::Nothing;
        }
        self.unsatisfied_sorts.retain(|sort| sort != column);
        Found::All
    }

    /// Adds the comparisons of a column that is several itself. None if the filter does not match it. Java:
    /// `planNestedFieldOrComponentChild`.
    fn plan_matched(&mut self, column: &KeyExpression, filter: &QueryComponent) -> Option<Found> {
        let mut matched = self.match_column(column, filter, None)?;
        if !self.comparisons.is_equality() && !matched.comparisons.equalities.is_empty() {
            return None;
        }
        if let Some(sort) = self.unsatisfied_sorts.first()
            && !matched.comparisons.is_equality()
        {
            matched = self.match_column(column, filter, Some(sort))?;
        }
        self.satisfy(filter);
        self.unsatisfied.extend(matched.unsatisfied);
        let is_equality = matched.comparisons.is_equality();
        let columns = matched.comparisons.equalities.len();
        self.comparisons.append(matched.comparisons);
        if !is_equality {
            return Some(Found::Nothing);
        }
        self.unsatisfied_sorts.retain(|sort| sort != column);
        Some(match columns == column.column_count() {
            true => Found::All,
            false => Found::Part,
        })
    }

    fn match_column(
        &self,
        column: &KeyExpression,
        filter: &QueryComponent,
        sort: Option<&KeyExpression>,
    ) -> Option<Match> {
        match filter {
            QueryComponent::Nested { name, child } => self.candidate.match_nested(column, filter, name, child, sort),
            QueryComponent::OneOfThemNested { name, child } => self
                .candidate
                .match_one_of_them_nested(column, filter, name, child, sort),
            _ => None,
        }
    }

    /// Takes one filter from those that are left.
    fn satisfy(&mut self, filter: &QueryComponent) {
        if let Some(at) = self.unsatisfied.iter().position(|left| left == filter) {
            self.unsatisfied.remove(at);
        }
    }

    /// Whether a column is the next one of the order; takes it from those that are to come. Java: `nextSortSatisfied`.
    fn continues_sort(&mut self, column: &KeyExpression, columns_before: usize) -> bool {
        if self.unsatisfied_sorts.first() == Some(column) {
            self.unsatisfied_sorts.remove(0);
            return true;
        }
        let parts = column.normalized_columns();
        if parts.len() < 2 {
            return false;
        }
        let equal = self.comparisons.equalities.len().saturating_sub(columns_before);
        let rest = parts.get(equal..).unwrap_or_default();
        for part in rest {
            if self.unsatisfied_sorts.first() != Some(part) {
                return false;
            }
            self.unsatisfied_sorts.remove(0);
        }
        !rest.is_empty()
    }
}
