//! [`ExecuteOptions`]: how far a query goes, where it goes on, and what its parameters are.

use crate::query::Parameters;
use crate::query::planner::PlannerOptions;
use crate::{Continuation, ScanLimits};

/// How a query is executed. Java: `ExecuteProperties`, with the bindings of an `EvaluationContext`.
///
/// ```
/// use record_store::query::{ExecuteOptions, Parameters};
/// let first_page = ExecuteOptions {
///     limit: Some(20),
///     parameters: Parameters::new().with("city", "Oslo"),
///     ..ExecuteOptions::default()
/// };
/// assert_eq!(first_page.skip, 0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ExecuteOptions {
    /// The most records to return.
    pub limit: Option<usize>,
    /// How many records to leave out first.
    pub skip: usize,
    /// How much to read before stopping; all steps of a plan count together.
    pub limits: ScanLimits,
    /// Reads without conflicts with those who write.
    pub snapshot: bool,
    /// Where the query goes on; it must come from the same query with the same plan.
    pub continuation: Option<Continuation>,
    /// The values of the query's parameters.
    pub parameters: Parameters,
    /// The most bytes of records that a sort in memory may hold at once.
    pub sort_bytes_max: usize,
    /// How the query is planned.
    pub planner: PlannerOptions,
}

impl Default for ExecuteOptions {
    fn default() -> Self {
        ExecuteOptions {
            limit: None,
            skip: 0,
            limits: ScanLimits::default(),
            snapshot: false,
            continuation: None,
            parameters: Parameters::default(),
            sort_bytes_max: 10_000_000,
            planner: PlannerOptions::default(),
        }
    }
}
