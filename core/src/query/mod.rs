//! Queries: what is asked of a store. Java: package `query`.
//!
//! A [`RecordQuery`] says which records are wanted and in which order; its filter is a tree of [`QueryComponent`]s, made by
//! builders or from text. How the records are found is the planner's choice.
//!
//! ```
//! use record_store::query::{QueryComponent, field};
//! let built = field("age").ge(18) & field("address.city").is_in(["Oslo", "Bergen"]);
//! let read = QueryComponent::parse("age >= 18 AND address.city IN ('Oslo', 'Bergen')")?;
//! assert_eq!(built, read);
//! # Ok::<(), record_store::Error>(())
//! ```

mod bind;
mod component;
mod delete_where;
mod evaluate;
mod execute;
mod plan;
mod planner;
mod prepared;
mod record_query;
mod text;

pub use bind::Parameters;
pub use component::{
    Comparison, ComparisonKind, FieldPath, KeyColumn, OneOfThem, Operand, ParameterName, QueryComponent,
    RecordVersionOperand, field, is_record_type, key_expression, param, record_version,
};
pub use evaluate::RecordFilter;
pub use execute::{ExecuteOptions, QueryCursor};
pub(crate) use plan::Bindings;
pub use plan::RecordQueryPlan;
pub use planner::PlannerOptions;
pub(crate) use planner::ReadableIndexes;
pub(crate) use prepared::PreparedQuery;
pub use record_query::RecordQuery;
