//! Plans and matches of columns with what the planner weighs. Java: `ScoredPlan`, `ScoredMatch`.

use super::ordering::OrderingKey;
use crate::query::QueryComponent;
use crate::query::plan::{Plan, ScanComparisons};

/// A plan for part of a filter.
#[derive(Clone, Debug)]
pub(super) struct ScoredPlan {
    /// How many comparisons the scan answers.
    pub(super) score: usize,
    pub(super) plan: Plan,
    /// The filters that it does not answer.
    pub(super) unsatisfied: Vec<QueryComponent>,
    pub(super) creates_duplicates: bool,
    pub(super) ordering: Option<OrderingKey>,
}

impl ScoredPlan {
    /// A plan that answers everything.
    pub(super) fn new(score: usize, plan: Plan) -> Self {
        ScoredPlan {
            score,
            plan,
            unsatisfied: Vec::new(),
            creates_duplicates: false,
            ordering: None,
        }
    }
}

/// Which comparisons of a filter the columns of a key answer.
#[derive(Clone, Debug)]
pub(super) struct Match {
    pub(super) score: usize,
    pub(super) comparisons: ScanComparisons,
    pub(super) unsatisfied: Vec<QueryComponent>,
    pub(super) creates_duplicates: bool,
}

impl Match {
    /// A match of one comparison.
    pub(super) fn of_one(comparisons: ScanComparisons) -> Self {
        Match {
            score: 1,
            comparisons,
            unsatisfied: Vec::new(),
            creates_duplicates: false,
        }
    }

    pub(super) fn with_unsatisfied(self, unsatisfied: Vec<QueryComponent>) -> Self {
        Match { unsatisfied, ..self }
    }
}
