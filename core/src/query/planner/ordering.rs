//! [`OrderingKey`]: in which order a plan gives its records, so that several can be merged. Java: `PlanOrderingKey`.

use crate::key_expression::{KeyExpression, Then, list};
use crate::metadata::RecordMetaData;
use crate::query::plan::{IndexScan, Plan};

/// The columns by which the records of a plan are ordered.
#[derive(Clone, Debug)]
pub(super) struct OrderingKey {
    keys: Vec<KeyExpression>,
    /// How many first columns have one value.
    prefix_size: usize,
    /// The first column that belongs to the primary key.
    primary_key_start: usize,
    /// The column from which on all belong to the primary key.
    primary_key_tail: usize,
}

impl OrderingKey {
    /// The order of a plan over records with this primary key, if it has one.
    pub(super) fn of_plan(metadata: &RecordMetaData, plan: &Plan, primary_key: Option<&KeyExpression>) -> Option<Self> {
        let primary_key = primary_key?;
        match plan {
            Plan::Filter { child, .. } | Plan::TypeFilter { child, .. } => {
                OrderingKey::of_plan(metadata, child, Some(primary_key))
            }
            Plan::Index(scan) => OrderingKey::of_index(metadata, scan, primary_key),
            Plan::Scan { comparisons, .. } => Some(OrderingKey {
                keys: primary_key.normalized_columns(),
                prefix_size: comparisons.equalities.len(),
                primary_key_start: 0,
                primary_key_tail: 0,
            }),
            Plan::Union { comparison_key, .. }
            | Plan::InUnion { comparison_key, .. }
            | Plan::Intersection { comparison_key, .. } => {
                Some(OrderingKey::of_comparison_key(comparison_key, primary_key))
            }
            Plan::Covering { .. }
            | Plan::Fetch(_)
            | Plan::UnorderedUnion { .. }
            | Plan::InJoin { .. }
            | Plan::Distinct(_)
            | Plan::Sort { .. } => None,
        }
    }

    fn of_index(metadata: &RecordMetaData, scan: &IndexScan, primary_key: &KeyExpression) -> Option<Self> {
        let index = metadata.index(&scan.index).ok()?;
        let mut keys = index.root_expression().normalized_columns();
        if let KeyExpression::KeyWithValue(covering) = index.root_expression() {
            keys.truncate(covering.split_point());
        }
        let primary_key_tail = keys.len();
        let mut primary_key_start = primary_key_tail;
        let of_primary_key = primary_key.normalized_columns();
        match index.primary_key_component_positions() {
            None => keys.extend(of_primary_key),
            Some(positions) => {
                for (column, position) in of_primary_key.into_iter().zip(positions) {
                    match position {
                        None => keys.push(column),
                        Some(position) => primary_key_start = primary_key_start.min(*position),
                    }
                }
            }
        }
        Some(OrderingKey {
            keys,
            prefix_size: scan.comparisons.equalities.len(),
            primary_key_start,
            primary_key_tail,
        })
    }

    fn of_comparison_key(comparison_key: &KeyExpression, primary_key: &KeyExpression) -> Self {
        let keys = comparison_key.normalized_columns();
        let of_primary_key = primary_key.normalized_columns();
        let belongs = |key: &KeyExpression| of_primary_key.contains(key);
        OrderingKey {
            prefix_size: 0,
            primary_key_start: keys.iter().position(belongs).unwrap_or(keys.len()),
            primary_key_tail: keys.iter().rposition(|key| !belongs(key)).map_or(0, |last| last + 1),
            keys,
        }
    }

    /// Whether the records come in the order of their primary keys.
    pub(super) fn is_primary_key_ordered(&self) -> bool {
        self.prefix_size >= self.primary_key_tail
    }

    /// The order when the plan runs once for each value of some columns, one inside the other.
    pub(super) fn led_by(mut self, columns: &[&KeyExpression]) -> Self {
        if columns.is_empty() {
            return self;
        }
        let tail_from_end = self.keys.len() - self.primary_key_tail;
        for (at, column) in columns.iter().enumerate() {
            if let Some(position) = self.keys.iter().position(|key| key == *column) {
                if position < self.prefix_size {
                    // It has no longer one value.
                    self.prefix_size -= 1;
                }
                self.keys.remove(position);
            }
            let place = (self.prefix_size + at).min(self.keys.len());
            self.keys.insert(place, (*column).clone());
        }
        self.primary_key_tail = self.keys.len().saturating_sub(tail_from_end);
        self
    }

    fn suffix_size(&self) -> usize {
        self.keys.len().saturating_sub(self.prefix_size)
    }

    fn position(&self, column: &KeyExpression) -> Option<usize> {
        self.keys.iter().position(|key| key == column)
    }

    /// The column behind another one that says anything new.
    fn after(&self, position: usize) -> usize {
        let is_new = |at: &usize| self.keys.get(*at).is_none_or(|key| self.position(key) == Some(*at));
        (position + 1..).find(is_new).unwrap_or(self.keys.len())
    }

    /// Walks the columns of `candidate` through the order; answers with the next column, or none if they are no order of it.
    fn walk(&self, candidate: &[KeyExpression]) -> Option<usize> {
        let mut next = self.prefix_size;
        for column in candidate {
            match self.position(column)? {
                position if position < next => {}
                position if position == next => next = self.after(next),
                _ => return None,
            }
        }
        Some(next)
    }

    fn is_compatible(&self, candidate: &KeyExpression) -> bool {
        self.walk(&candidate.normalized_columns()).is_some()
    }

    /// The columns of `candidate`, and those of the order that it leaves open; none if it is no order of it.
    fn completed(&self, candidate: Option<&KeyExpression>) -> Option<KeyExpression> {
        let mut columns = candidate.map(KeyExpression::normalized_columns).unwrap_or_default();
        let mut next = self.walk(&columns)?;
        while let Some(column) = self.keys.get(next) {
            columns.push(column.clone());
            next = self.after(next);
        }
        Some(combine(columns))
    }
}

/// The key by which plans of these orders are merged, if they all have it. Java: `mergedComparisonKey`.
pub(super) fn merged(
    orders: &[&OrderingKey],
    candidate: Option<KeyExpression>,
    only_it: bool,
) -> Option<KeyExpression> {
    if only_it {
        return candidate.filter(|candidate| orders.iter().all(|order| order.is_compatible(candidate)));
    }
    let mut descending = orders.to_vec();
    descending.sort_by_key(|order| std::cmp::Reverse(order.suffix_size()));
    let mut merged = candidate;
    for order in descending {
        merged = Some(order.completed(merged.as_ref())?);
    }
    merged
}

/// A key that holds the primary key and may be an order of all plans. Java: `candidateContainingPrimaryKey`.
pub(super) fn containing_primary_key(orders: &[&OrderingKey], primary_key: &KeyExpression) -> KeyExpression {
    let mut candidate = primary_key.clone();
    for order in orders {
        if !order.is_compatible(&candidate) {
            let start = order.prefix_size.min(order.primary_key_start);
            candidate = combine(order.keys.get(start..).unwrap_or_default().to_vec());
        }
    }
    candidate
}

fn combine(columns: Vec<KeyExpression>) -> KeyExpression {
    match columns.iter().any(|column| column.column_count() > 1) {
        true => list(columns),
        false => Then::of(columns),
    }
}

/// The key that merges plans ordered by `sort`, each record once. Java: `getKeyForMerge`.
pub(super) fn for_merge(sort: Option<&KeyExpression>, primary_key: &KeyExpression) -> KeyExpression {
    match sort {
        None => primary_key.clone(),
        Some(sort) if sort.is_prefix_of(primary_key) => primary_key.clone(),
        Some(sort) if primary_key.is_prefix_of(sort) => sort.clone(),
        Some(sort) => {
            let mut columns = parts(sort).to_vec();
            for part in parts(primary_key) {
                if !columns.contains(part) {
                    columns.push(part.clone());
                }
            }
            Then::of(columns)
        }
    }
}

/// The columns of a list, or the only one.
pub(super) fn parts(key: &KeyExpression) -> &[KeyExpression] {
    match key {
        KeyExpression::Then(then) => then.children(),
        other => std::slice::from_ref(other),
    }
}
