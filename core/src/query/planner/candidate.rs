//! [`Candidate`]: one index, or the records themselves, as a way to find the records of a query.

use super::context::PlanContext;
use super::ordering::parts;
use super::scored::{Match, ScoredPlan};
use crate::key_expression::KeyExpression;
use crate::metadata::Index;
use crate::query::plan::{IndexScan, Plan, ScanComparison, ScanComparisons};

/// An index, or without one the primary key. Java: `CandidateScan`.
#[derive(Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) context: &'a PlanContext<'a>,
    pub(super) index: Option<&'a Index>,
    pub(super) reverse: bool,
}

impl Candidate<'_> {
    /// The key of the only type of the query. Java: `RecordTypeKeyComparison`.
    pub(super) fn type_comparison(&self) -> Option<ScanComparison> {
        self.context.only_type().map(|record_type| ScanComparison::RecordType {
            name: record_type.name().to_owned(),
            key: record_type.record_type_key().clone(),
        })
    }

    /// The range of the records of the only type of the query, if they stand together; else that of all records.
    pub(super) fn type_range(&self) -> ScanComparisons {
        let stands_together = self
            .context
            .primary_key()
            .is_some_and(KeyExpression::has_record_type_prefix);
        ScanComparisons {
            equalities: self.type_comparison().filter(|_| stands_together).into_iter().collect(),
            ..ScanComparisons::default()
        }
    }

    /// The scan of a range, with a filter of types if others may be in it.
    pub(super) fn scan(&self, comparisons: ScanComparisons) -> Plan {
        let metadata = self.context.metadata();
        let types_of_all = || -> Vec<&str> { metadata.record_types().iter().map(|each| each.name()).collect() };
        let (plan, possible) = match self.index {
            None => {
                let only = comparisons.record_type().map(str::to_owned);
                let scan = Plan::Scan {
                    comparisons,
                    reverse: self.reverse,
                };
                match only {
                    Some(only) if metadata.primary_key_has_record_type_prefix() => (scan, vec![only]),
                    _ => (scan, types_of_all().into_iter().map(str::to_owned).collect()),
                }
            }
            Some(index) => {
                let scan = Plan::Index(IndexScan {
                    index: index.name().to_owned(),
                    comparisons,
                    reverse: self.reverse,
                });
                let types = metadata.record_types_for_index(index);
                (scan, types.map(|each| each.name().to_owned()).collect())
            }
        };
        let wanted = self.context.query().types();
        if wanted.is_empty() || possible.iter().all(|name| wanted.contains(name)) {
            return plan;
        }
        Plan::TypeFilter {
            child: Box::new(plan),
            types: wanted.to_vec(),
        }
    }

    /// The plan over the range of a match.
    pub(super) fn plan_of(&self, matched: Match) -> ScoredPlan {
        ScoredPlan {
            score: matched.score,
            plan: self.scan(matched.comparisons),
            unsatisfied: matched.unsatisfied,
            creates_duplicates: matched.creates_duplicates,
            ordering: None,
        }
    }

    /// The whole of it, if it has the order. Java: `planSortOnly`.
    pub(super) fn sort_only(&self, key: &KeyExpression, sort: Option<&KeyExpression>) -> Option<ScoredPlan> {
        let sort = sort?;
        if !sort.is_prefix_of(key) || fans_out_from(parts(key), sort.column_count()) {
            return None;
        }
        let mut planned = ScoredPlan::new(0, self.scan(ScanComparisons::default()));
        planned.creates_duplicates = key.creates_duplicates();
        Some(planned)
    }
}

/// Whether one of these columns, from a place on, fans out. Records whose repeated field is empty have no entry at all, so
/// that a scan which asks nothing of the column would not find them.
pub(super) fn fans_out_from(columns: &[KeyExpression], place: usize) -> bool {
    let mut columns_before = 0;
    columns.iter().any(|column| {
        let is_behind = columns_before >= place;
        columns_before += column.column_count();
        is_behind && column.creates_duplicates()
    })
}
