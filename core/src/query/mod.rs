//! Queries: what is asked of a store. Java: package `query`.
//!
//! A [`RecordQuery`] says which records are wanted and in which order; its filter is a tree of [`QueryComponent`]s. How
//! they are found is the planner's choice and no matter of this module.

mod component;
mod record_query;

pub use component::{Comparison, ComparisonKind, Operand, ParameterName, QueryComponent};
pub use record_query::RecordQuery;
