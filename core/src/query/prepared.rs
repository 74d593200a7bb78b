//! [`PreparedQuery`]: a query planned once for all values of its parameters and literals.
//!
//! The planner compares values of one column for equality only, and asks about them for indexes with a predicate. So the plan
//! with slots is the plan for all values that are told apart where the slots are, and for which the same predicates hold;
//! [`PreparedQuery::fill`] refuses the others, for which the query is planned as it stands.

use record_store_kv::tuple::Element;

use super::bind::Slots;
use super::component::{Comparison, ComparisonKind, Operand, ParameterName, QueryComponent};
use super::plan::{Bindings, RecordQueryPlan};
use super::planner::{self, PlannerOptions, ReadableIndexes, is_implied};
use super::{Parameters, RecordQuery};
use crate::metadata::{IndexPredicate, RecordMetaData};

/// A query with its plan, before it has values.
#[derive(Debug)]
pub(crate) struct PreparedQuery {
    plan: RecordQueryPlan,
    slots: Slots,
    /// Values of one column that are compared in one way.
    told_apart: Vec<(usize, Value)>,
    /// What indexes with a predicate are asked.
    predicates: Predicates,
}

/// A value that a comparison is with.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Slot(usize),
    Constant(Element),
}

#[derive(Debug, Default)]
struct Predicates {
    predicates: Vec<IndexPredicate>,
    filter: Option<QueryComponent>,
}

impl PreparedQuery {
    /// Plans a query of which the [literals](QueryComponent::without_literals) were taken out. None for one that cannot be
    /// planned, and for one whose plan depends on values.
    pub(crate) fn new(
        metadata: &RecordMetaData,
        readable: &ReadableIndexes,
        query: &RecordQuery,
        options: PlannerOptions,
    ) -> Option<Self> {
        let (bound, slots) = query.bind_slots(metadata).ok()?;
        if !slots.are_plannable() || slots.len() > SLOTS_MAX {
            return None;
        }
        let told_apart = bound.filter().map_or(Some(Vec::new()), told_apart)?;
        let predicates = metadata
            .indexes()
            .filter_map(|index| index.predicate().cloned())
            .collect();
        Some(PreparedQuery {
            plan: planner::plan(metadata, readable, &bound, options).ok()?,
            slots,
            told_apart,
            predicates: Predicates {
                predicates,
                filter: bound.filter().cloned(),
            },
        })
    }

    /// The plan, with slots in place of values.
    pub(crate) fn plan(&self) -> &RecordQueryPlan {
        &self.plan
    }

    /// The values with which the plan is the one for the query. None if it is another one, or the values do not fit.
    pub(crate) fn fill(&self, parameters: &Parameters, literals: &[&Element]) -> Option<Bindings> {
        let values = self.slots.fill(parameters, literals)?;
        let are_equal = |(slot, other): &(usize, Value)| {
            let other = match other {
                Value::Slot(other) => values.get(*other),
                Value::Constant(value) => Some(value),
            };
            values.get(*slot) == other
        };
        if self.told_apart.iter().any(are_equal) {
            return None;
        }
        let bindings = Bindings::of_slots(values);
        self.predicates.hold_with(&bindings).then_some(bindings)
    }
}

impl Predicates {
    /// Whether the values say the same of all predicates as the query without them.
    fn hold_with(&self, bindings: &Bindings) -> bool {
        let (Some(filter), false) = (&self.filter, self.predicates.is_empty()) else {
            return true;
        };
        let Ok(filled) = bindings.fill_in(filter) else {
            return false;
        };
        let is_same = |predicate| is_implied(predicate, Some(&filled)) == is_implied(predicate, Some(filter));
        self.predicates.iter().all(is_same)
    }
}

/// The pairs of values that would make one comparison of two if they were equal, at least one of them a slot's. None for too
/// many.
fn told_apart(filter: &QueryComponent) -> Option<Vec<(usize, Value)>> {
    let mut compared: Vec<(Vec<&str>, ComparisonKind, Value)> = Vec::new();
    collect(filter, &mut Vec::new(), &mut compared);
    let mut pairs = Vec::new();
    for (at, (path, kind, value)) in compared.iter().enumerate() {
        for (other_path, other_kind, other) in compared.iter().skip(at + 1) {
            if path != other_path || kind != other_kind {
                continue;
            }
            match (value, other) {
                (Value::Slot(slot), value) | (value, Value::Slot(slot)) => pairs.push((*slot, value.clone())),
                (Value::Constant(_), Value::Constant(_)) => {}
            }
        }
        if pairs.len() > PAIRS_MAX {
            return None;
        }
    }
    Some(pairs)
}

/// The values with which each column is compared. A list counts for a comparison with each of its values.
fn collect<'a>(
    filter: &'a QueryComponent,
    path: &mut Vec<&'a str>,
    compared: &mut Vec<(Vec<&'a str>, ComparisonKind, Value)>,
) {
    let mut add = |path: &[&'a str], comparison: &Comparison| {
        let mut push = |kind, value| compared.push((path.to_vec(), kind, value));
        match comparison.operand() {
            Operand::Parameter(ParameterName::Positional(slot)) => push(comparison.kind(), Value::Slot(*slot)),
            Operand::Value(value) => push(comparison.kind(), Value::Constant(value.clone())),
            Operand::List(values) => {
                for value in values {
                    push(ComparisonKind::Equals, Value::Constant(value.clone()));
                }
            }
            Operand::None | Operand::Parameter(_) | Operand::Pattern { .. } => {}
        }
    };
    match filter {
        QueryComponent::And(children) | QueryComponent::Or(children) => {
            for child in children {
                collect(child, path, compared);
            }
        }
        QueryComponent::Not(child) => collect(child, path, compared),
        QueryComponent::Nested { name, child } | QueryComponent::OneOfThemNested { name, child } => {
            path.push(name);
            collect(child, path, compared);
            path.pop();
        }
        QueryComponent::Field { name, comparison } | QueryComponent::OneOfThem { name, comparison } => {
            path.push(name);
            add(path, comparison);
            path.pop();
        }
        // One path for all of them tells apart more than it must.
        QueryComponent::Version(comparison) | QueryComponent::KeyExpression { comparison, .. } => add(&[], comparison),
        QueryComponent::RecordType(_) => {}
    }
}

/// More values are planned for as they are given.
const SLOTS_MAX: usize = 64;
const PAIRS_MAX: usize = 64;
