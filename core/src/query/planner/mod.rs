//! The planner: chooses how the records of a query are found. Java: `RecordQueryPlanner`, with its default configuration.
//!
//! It sees the schema and which indexes are readable, never a transaction. For the filter it tries the primary key and each
//! index, takes the one whose columns answer most comparisons, and tests what is left on each record.
//!
//! - [`normalize`]: the filter as an *or* of *ands*
//! - [`in_clauses`]: `IN` lists taken out of it
//! - [`matching`], [`and_then`]: which comparisons the columns of one index answer
//! - [`combine`]: unions for *or*, intersections for *and*
//! - [`ordering`]: in which order a plan gives records
//! - [`predicate`]: whether an index with a predicate has all records that are wanted
//! - [`covering`]: which fields an index holds, so that records need not be loaded

mod and_then;
mod candidate;
mod combine;
mod context;
mod covering;
mod in_clauses;
mod matching;
mod normalize;
mod ordering;
mod predicate;
mod scored;

use context::PlanContext;
pub(crate) use context::ReadableIndexes;
use in_clauses::InClauses;
use ordering::OrderingKey;
pub(crate) use predicate::is_implied;
use scored::ScoredPlan;

use super::RecordQuery;
use super::plan::{Plan, RecordQueryPlan, ScanComparisons};
use crate::key_expression::KeyExpression;
use crate::metadata::{Index, RecordMetaData};
use crate::query::QueryComponent;
use crate::{Error, ErrorKind, Result};

/// How queries are planned. Java: `RecordQueryPlannerConfiguration`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannerOptions {
    /// Whether records are sorted in memory where no index has the order that a query asks for. Otherwise such a query is
    /// refused, as Java does by default.
    pub sort_in_memory: bool,
    /// Whether a filter that no index answers is tested on the records of its type alone, where these stand together.
    /// Otherwise it is tested on all records, as Java does.
    pub scan_type_alone: bool,
    /// Whether a record that several values of a list lead to is given once, as any other record. Java gives it for each value.
    pub join_lists_once: bool,
    /// Whether an index is used that keeps the default of a field in place of what is not set
    /// ([`NullStandin::NotNull`](crate::key_expression::NullStandin)), as Java does. It finds and orders such records as if the
    /// default were set, while filters take them for null.
    pub use_defaulted_indexes: bool,
    /// Whether a range behind a text or bytes has those that go on with a zero byte. Java leaves them out.
    pub exact_ranges: bool,
    /// The most combinations of values in `IN` lists whose records are merged where the order of the query is not that of the
    /// lists. With 0 the lists are taken for an *or*, as Java does by default. Java: `attemptFailedInJoinAsUnionMaxSize`.
    pub in_union_max: usize,
    /// The most branches of the *or* into which a filter is turned; a filter with more is tested on each record as it is.
    pub branches_max: usize,
}

impl PlannerOptions {
    /// As Java's planner does by default.
    pub const JAVA: PlannerOptions = PlannerOptions {
        sort_in_memory: false,
        scan_type_alone: false,
        join_lists_once: false,
        use_defaulted_indexes: true,
        exact_ranges: false,
        in_union_max: 0,
        branches_max: 3_000,
    };
}

impl Default for PlannerOptions {
    fn default() -> Self {
        PlannerOptions {
            sort_in_memory: true,
            scan_type_alone: true,
            join_lists_once: true,
            use_defaulted_indexes: false,
            exact_ranges: true,
            in_union_max: 100,
            branches_max: 3_000,
        }
    }
}

/// Plans a query whose types, fields and values were checked against the schema.
///
/// Errors: `Unsupported` for an order that no index has, if records are not sorted in memory; `MetaData` for unknown types.
pub(crate) fn plan(
    metadata: &RecordMetaData,
    readable: &ReadableIndexes,
    query: &RecordQuery,
    options: PlannerOptions,
) -> Result<RecordQueryPlan> {
    let filter = query
        .filter()
        .filter(|filter| !filter.is_always_true())
        .map(|filter| normalize::normalize(filter, options.branches_max));
    let context = PlanContext::new(metadata, readable, query, query.sort(), options)?;
    let planner = |context| Planner { context, options };
    let planned = planner(&context).plan(filter.as_ref());
    let plan = match (planned, query.sort()) {
        (Some(plan), _) => plan,
        (None, Some(sort)) if options.sort_in_memory => {
            let context = PlanContext::new(metadata, readable, query, None, options)?;
            let child = planner(&context).plan(filter.as_ref());
            Plan::Sort {
                child: Box::new(child.ok_or_else(unplanned)?),
                key: sort.clone(),
                reverse: query.is_reverse(),
            }
        }
        (None, Some(sort)) => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "no index has the order of the query: make one, or let the planner sort in memory",
            )
            .with("sort", sort));
        }
        (None, None) => return Err(unplanned()),
    };
    let plan = match query.required_results() {
        Some(required) => covering::without_fetch(&context, plan, required),
        None => plan,
    };
    Ok(RecordQueryPlan::new(plan))
}

fn unplanned() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "each record is to come once, and the record types have different primary keys: allow duplicates, or ask for one type",
    )
}

struct Planner<'a> {
    context: &'a PlanContext<'a>,
    options: PlannerOptions,
}

impl Planner<'_> {
    /// The plan for the whole query; none if no index has its order.
    fn plan(&self, filter: Option<&QueryComponent>) -> Option<Plan> {
        let planned = match filter {
            None => self.plan_no_filter(),
            Some(filter) => self.plan_filter(filter).map(|scored| scored.plan),
        };
        let plan = match (planned, self.context.sort()) {
            (Some(plan), _) => plan,
            (None, Some(_)) => return None,
            (None, None) => {
                let candidate = self.context.candidate(None, false);
                let range = match self.options.scan_type_alone || filter.is_none() {
                    true => candidate.type_range(),
                    false => ScanComparisons::default(),
                };
                let scan = candidate.scan(range);
                match filter {
                    Some(filter) => scan.filtered(vec![filter.clone()]),
                    None => scan,
                }
            }
        };
        Some(covering::filter_entries(self.context, plan))
    }

    fn plan_no_filter(&self) -> Option<Plan> {
        let mut best: Option<(ScoredPlan, Option<&Index>)> = match self.context.sort() {
            None => Some((self.whole_scan(None)?, None)),
            Some(sort) => self.context.primary_key().and_then(|primary_key| {
                let candidate = self.context.candidate(None, self.context.is_reverse());
                Some((candidate.sort_only(primary_key, Some(sort))?, None))
            }),
        };
        for index in self.context.indexes() {
            let planned = match self.context.sort() {
                None => self.whole_scan(Some(index)),
                Some(sort) => {
                    let candidate = self.context.candidate(Some(index), self.context.is_reverse());
                    candidate.sort_only(&self.context.index_key(index), Some(sort))
                }
            };
            let Some(planned) = planned else { continue };
            let is_better = best.as_ref().is_none_or(|(best, best_index)| {
                planned.score > best.score
                    || (planned.score == best.score && self.context.prefers(Some(index), *best_index))
            });
            if is_better {
                best = Some((planned, Some(index)));
            }
        }
        let (best, _) = best?;
        self.context.remove_duplicates(best).map(|best| best.plan)
    }

    /// The whole of an index or of the records, if each record is there once.
    fn whole_scan(&self, index: Option<&Index>) -> Option<ScoredPlan> {
        if index.is_some_and(|index| index.root_expression().creates_duplicates()) {
            return None;
        }
        let candidate = self.context.candidate(index, false);
        let comparisons = match index {
            None => candidate.type_range(),
            Some(_) => ScanComparisons::default(),
        };
        Some(ScoredPlan::new(0, candidate.scan(comparisons)))
    }

    /// The best plan for a filter, perhaps as a union.
    fn plan_filter(&self, filter: &QueryComponent) -> Option<ScoredPlan> {
        let distributed = normalize::distribute_pair(filter);
        let as_or = distributed.as_ref().or(Some(filter));
        if let Some(QueryComponent::Or(branches)) = as_or
            && let Some(planned) = self.plan_or(branches)
        {
            return Some(planned);
        }
        self.plan_branch(filter, false)
    }

    /// The best plan for a filter that is one branch of a union or the whole.
    fn plan_branch(&self, filter: &QueryComponent, needs_ordering: bool) -> Option<ScoredPlan> {
        let mut clauses = InClauses::of(filter, |_| true);
        let mut as_union = None;
        if let Some(sort) = self.context.sort() {
            let as_given = clauses.clone();
            if !clauses.set_sort(sort, self.context.is_reverse()) {
                if let Some(united) = self.plan_in_union(as_given.clone(), sort) {
                    return Some(united);
                }
                let as_or = normalize::distribute_all(as_given.as_or());
                if as_or != *filter {
                    as_union = self.plan_filter(&as_or);
                }
            }
        } else if needs_ordering {
            clauses.sort_all();
        }
        let as_join = self.plan_in_join(clauses, needs_ordering);
        match (as_union, as_join) {
            (Some(union), Some(join))
                if union.score <= join.score && union.plan.compared_fields() >= join.plan.compared_fields() =>
            {
                Some(join)
            }
            (Some(union), _) => Some(union),
            (None, join) => join,
        }
    }

    /// The plan that merges the records of all combinations of values in lists, because the order of the query is not that of
    /// the lists. None if the plan for one combination does not look all of them up. Java: `planFilterWithInUnion`.
    fn plan_in_union(&self, mut clauses: InClauses, sort: &KeyExpression) -> Option<ScoredPlan> {
        if self.options.in_union_max == 0 {
            return None;
        }
        clauses.drop_equal_values();
        let mut planned = self.plan_once(clauses.sub_filter(), true)?;
        if !clauses.bindings().is_subset(&planned.plan.looked_up()) {
            return None;
        }
        let comparison_key = ordering::for_merge(Some(sort), self.context.primary_key()?);
        let comparison_key = ordering::merged(&[planned.ordering.as_ref()?], Some(comparison_key), true)?;
        let reverse = planned.plan.is_reverse()?;
        planned.plan = clauses.unite(planned.plan, comparison_key, reverse, self.options.in_union_max)?;
        planned.ordering = None;
        Some(planned)
    }

    fn plan_in_join(&self, clauses: InClauses, needs_ordering: bool) -> Option<ScoredPlan> {
        let (planned, mut clauses) = self.plan_without_lists(clauses, needs_ordering)?;
        let ordering = planned.ordering.and_then(|ordering| clauses.adjust_ordering(ordering));
        let is_once = self.options.join_lists_once && self.context.query().removes_duplicates();
        if is_once {
            clauses.drop_equal_values();
        }
        let mut joined = ScoredPlan::new(planned.score, clauses.wrap(planned.plan));
        if is_once && clauses.may_repeat_records() {
            joined.creates_duplicates = true;
            joined = self.context.remove_duplicates(joined)?;
        }
        joined.ordering = ordering.filter(|_| needs_ordering);
        Some(joined)
    }

    /// Plans the filter for one value of each list; lists that no scan looks up stay in the filter.
    fn plan_without_lists(&self, clauses: InClauses, needs_ordering: bool) -> Option<(ScoredPlan, InClauses)> {
        let planned = self.plan_once(clauses.sub_filter(), needs_ordering)?;
        if clauses.bindings().is_subset(&planned.plan.looked_up()) {
            return Some((planned, clauses));
        }
        let without = clauses.retain(|_| false);
        match self.plan_once(without.sub_filter(), needs_ordering) {
            Some(planned) => Some((planned, without)),
            None => Some((planned, clauses)),
        }
    }

    /// The best plan over one index, the primary key, or an intersection.
    fn plan_once(&self, filter: &QueryComponent, needs_ordering: bool) -> Option<ScoredPlan> {
        let mut candidates = Vec::new();
        let mut best: Option<(ScoredPlan, Option<&Index>)> = None;
        if let Some(primary_key) = self.context.primary_key() {
            let planned = self.plan_index(filter, None, primary_key, &mut candidates);
            best = planned.map(|planned| (planned, None));
        }
        for index in self.context.indexes() {
            let key = self.context.index_key(index);
            if let Some(planned) = self.plan_index(filter, Some(index), &key, &mut candidates)
                && self.is_better(&planned, index, best.as_ref())
            {
                best = Some((planned, Some(index)));
            }
        }
        let (mut best, _) = best?;
        if !best.unsatisfied.is_empty() {
            best = self.with_rest_of_filter(filter, best, candidates);
        }
        if needs_ordering {
            best.ordering = OrderingKey::of_plan(self.context.metadata(), &best.plan, self.context.primary_key());
        }
        Some(best)
    }

    /// The plan over one index, or over the records.
    fn plan_index(
        &self,
        filter: &QueryComponent,
        index: Option<&Index>,
        key: &KeyExpression,
        intersection_candidates: &mut Vec<ScoredPlan>,
    ) -> Option<ScoredPlan> {
        let sort = self.context.sort();
        let candidate = self.context.candidate(index, self.context.is_reverse());
        let matched = candidate.match_filter(key, filter, sort);
        let planned = match matched {
            Some(matched) => candidate.plan_of(matched),
            None => {
                let mut planned = candidate.sort_only(key, sort)?;
                planned.unsatisfied = conjuncts(filter).to_vec();
                planned
            }
        };
        let mut planned = self.context.remove_duplicates(planned)?;
        if !planned.unsatisfied.is_empty()
            && let Some(ordering) =
                OrderingKey::of_plan(self.context.metadata(), &planned.plan, self.context.primary_key())
            && (sort.is_some() || ordering.is_primary_key_ordered())
        {
            planned.ordering = Some(ordering);
            intersection_candidates.push(planned.clone());
        }
        Some(planned)
    }

    /// Java: `isBetterThanOther`.
    fn is_better(&self, planned: &ScoredPlan, index: &Index, best: Option<&(ScoredPlan, Option<&Index>)>) -> bool {
        let Some((best, best_index)) = best else {
            return true;
        };
        let (left, best_left) = (planned.unsatisfied.len(), best.unsatisfied.len());
        planned.score > best.score
            || left < best_left
            || (planned.score == best.score && left == best_left && self.context.prefers(Some(index), *best_index))
    }
}

/// The parts of a filter all of which must be true.
fn conjuncts(filter: &QueryComponent) -> &[QueryComponent] {
    match filter {
        QueryComponent::And(children) => children,
        other => std::slice::from_ref(other),
    }
}

impl Plan {
    /// With filters on top; with the plan itself if there are none.
    fn filtered(self, filters: Vec<QueryComponent>) -> Plan {
        match filters.is_empty() {
            true => self,
            false => Plan::Filter {
                child: Box::new(self),
                filters,
            },
        }
    }
}
