//! Plans over several indexes: unions for *or*, intersections for *and*.

use super::scored::ScoredPlan;
use super::{Planner, ordering};
use crate::query::QueryComponent;
use crate::query::plan::Plan;

impl Planner<'_> {
    /// The plan for an *or*: one plan over which all branches are tested, a union by an order that all have, or one in no
    /// order. Java: `planOr`.
    pub(super) fn plan_or(&self, branches: &[QueryComponent]) -> Option<ScoredPlan> {
        if branches.is_empty() {
            return None;
        }
        let plans: Option<Vec<ScoredPlan>> = branches.iter().map(|branch| self.plan_branch(branch, true)).collect();
        let plans = plans?;
        if let Some(planned) = over_one_plan(&plans) {
            return Some(planned);
        }
        if let Some(planned) = self.ordered_union(&plans) {
            return Some(planned);
        }
        let mut union = ScoredPlan::new(1, self.unordered_union(plans)?);
        union.creates_duplicates = true;
        self.context.remove_duplicates(union)
    }

    fn ordered_union(&self, plans: &[ScoredPlan]) -> Option<ScoredPlan> {
        let orders: Option<Vec<_>> = plans.iter().map(|planned| planned.ordering.as_ref()).collect();
        let orders = orders?;
        let (candidate, only_it) = match (self.context.primary_key(), self.context.sort()) {
            (None, sort) => (sort.cloned(), false),
            (Some(primary_key), None) => (Some(ordering::containing_primary_key(&orders, primary_key)), false),
            (Some(primary_key), Some(sort)) => (Some(ordering::for_merge(Some(sort), primary_key)), true),
        };
        let comparison_key = ordering::merged(&orders, candidate, only_it)?;
        let reverse = plans.first()?.plan.is_reverse()?;
        if plans.iter().any(|planned| planned.plan.is_reverse() != Some(reverse)) {
            return None;
        }
        let union = Plan::Union {
            children: plans.iter().map(|planned| planned.plan.clone()).collect(),
            comparison_key,
            reverse,
        };
        // As the filter of an index, in which lists were tried as unions, it counts for nothing.
        let mut planned = ScoredPlan::new(0, union);
        planned.creates_duplicates = plans.iter().any(|planned| planned.creates_duplicates);
        Some(planned)
    }

    fn unordered_union(&self, plans: Vec<ScoredPlan>) -> Option<Plan> {
        self.context.sort().is_none().then(|| Plan::UnorderedUnion {
            reverse: false,
            children: plans.into_iter().map(|planned| planned.plan).collect(),
        })
    }

    /// The best plan with what it does not answer: as an intersection with other plans, or tested on each record. Java:
    /// `handleNonSargables`.
    pub(super) fn with_rest_of_filter(&self, best: ScoredPlan, candidates: Vec<ScoredPlan>) -> ScoredPlan {
        let mut best = best;
        if let Some(intersection) = self.intersection(candidates) {
            if intersection.unsatisfied.is_empty() {
                return intersection;
            }
            if intersection.unsatisfied.len() < best.unsatisfied.len() {
                best = intersection;
            }
        }
        ScoredPlan {
            plan: best.plan.filtered(best.unsatisfied),
            unsatisfied: Vec::new(),
            ..best
        }
    }

    fn intersection(&self, mut candidates: Vec<ScoredPlan>) -> Option<ScoredPlan> {
        let primary_key = self.context.primary_key()?;
        let comparison_key = ordering::for_merge(self.context.sort(), primary_key);
        let is_mergeable = |planned: &ScoredPlan| {
            let order = planned.ordering.as_ref();
            order.is_some_and(|order| ordering::merged(&[order], Some(comparison_key.clone()), true).is_some())
        };
        candidates.retain(is_mergeable);
        candidates.sort_by_key(|planned| planned.unsatisfied.len());
        let mut candidates = candidates.into_iter();
        let first = candidates.next()?;
        let reverse = first.plan.is_reverse()?;
        let mut unsatisfied = first.unsatisfied;
        let mut children = vec![first.plan];
        for next in candidates {
            let before = unsatisfied.len();
            unsatisfied.retain(|filter| next.unsatisfied.contains(filter));
            if unsatisfied.len() < before {
                if next.plan.is_reverse() != Some(reverse) {
                    return None;
                }
                children.push(next.plan);
            }
        }
        if children.len() < 2 {
            return None;
        }
        let plan = Plan::Intersection {
            children,
            comparison_key,
            reverse,
        };
        Some(ScoredPlan {
            score: first.score,
            plan,
            unsatisfied,
            creates_duplicates: first.creates_duplicates,
            ordering: None,
        })
    }
}

/// All branches as one filter, if each is only a filter over the same plan.
fn over_one_plan(plans: &[ScoredPlan]) -> Option<ScoredPlan> {
    let mut base = None;
    let mut branches = Vec::with_capacity(plans.len());
    for planned in plans {
        let Plan::Filter { child, filters } = &planned.plan else {
            return None;
        };
        if *base.get_or_insert(child) != child {
            return None;
        }
        branches.push(super::normalize::only_or(filters.iter().cloned(), QueryComponent::And));
    }
    let base = (**base?).clone();
    let first = plans.first()?;
    let mut planned = ScoredPlan::new(first.score, base.filtered(vec![QueryComponent::Or(branches)]));
    planned.creates_duplicates = first.creates_duplicates;
    Some(planned)
}
