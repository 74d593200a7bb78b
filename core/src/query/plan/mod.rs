//! Plans: how the records of a query are found. A plan is data and never chooses; the planner made it, a store executes it.
//!
//! [`RecordQueryPlan`] is what programs see. Inside is a tree of [`Plan`]s, each as Java's plan of the same name.

mod bindings;
mod comparisons;
mod explain;
mod partial_record;
mod shape;
mod text;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

pub(crate) use bindings::Bindings;
pub(crate) use comparisons::{Narrowing, ScanComparison, ScanComparisons, with_zero_continued};
pub(crate) use partial_record::{EntryPart, PartialRecord, is_invertible};

use super::QueryComponent;
use super::component::Operand;
use crate::key_expression::KeyExpression;

/// How the records of a query are found. Java: `RecordQueryPlan`. Clones are cheap.
///
/// It prints as Java's plan does, in one line; [`explain`](RecordQueryPlan::explain) says more.
///
/// ```
/// # futures_executor::block_on(async {
/// # use record_store::query::field;
/// # use record_store::{Database, Schema};
/// # let schema = Schema::builder()
/// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string city = 2; }")
/// #     .record_type("User", |t| t.primary_key("id").index(("by_city", "city")))
/// #     .build()?;
/// # let users = Database::in_memory()?.space("users").schema(&schema).open().await?;
/// let plan = users.query(field("city").eq("Oslo")).plan().await?;
/// assert_eq!(plan.to_string(), "ISCAN(by_city [[Oslo],[Oslo]])");
/// assert!(plan.used_indexes().contains("by_city") && !plan.has_full_scan());
/// # Ok::<(), record_store::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, PartialEq)]
pub struct RecordQueryPlan {
    root: Arc<Plan>,
}

impl RecordQueryPlan {
    pub(crate) fn new(root: Plan) -> Self {
        RecordQueryPlan { root: Arc::new(root) }
    }

    /// The same plan with values in place of slots.
    pub(crate) fn fill_slots(&self, bindings: &Bindings) -> Self {
        match bindings.is_empty() {
            true => self.clone(),
            false => RecordQueryPlan::new(Plan::clone(&self.root).fill_slots(bindings)),
        }
    }

    pub(crate) fn root(&self) -> &Arc<Plan> {
        &self.root
    }

    /// The plan as a tree, one step a line, with what each step does and why it is slow where it is.
    pub fn explain(&self) -> String {
        explain::explain(&self.root)
    }

    /// The names of the indexes that are read.
    pub fn used_indexes(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        self.root.visit(&mut |plan| match plan {
            Plan::Index(scan) | Plan::Covering { scan, .. } => drop(names.insert(scan.index.clone())),
            _ => {}
        });
        names
    }

    /// Whether some step reads all records of the store, or all of a type, whatever the filter.
    pub fn has_full_scan(&self) -> bool {
        let mut found = false;
        self.root.visit(&mut |plan| {
            found |= matches!(plan, Plan::Scan { comparisons, .. } if comparisons.narrows_type_only());
        });
        found
    }

    /// Whether some step remembers the records that it gave, so that none comes twice.
    pub(crate) fn drops_duplicates(&self) -> bool {
        let mut found = false;
        self.root.visit(&mut |plan| found |= matches!(plan, Plan::Distinct(_)));
        found
    }

    /// Whether the records are sorted in memory, because no index has their order.
    pub fn has_memory_sort(&self) -> bool {
        let mut found = false;
        self.root.visit(&mut |plan| found |= matches!(plan, Plan::Sort { .. }));
        found
    }
}

impl fmt::Display for RecordQueryPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::plan(&self.root))
    }
}

impl fmt::Debug for RecordQueryPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordQueryPlan({self})")
    }
}

/// One step of a plan, with the steps that it takes its records from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Plan {
    /// The records of a range of primary keys. Java: `RecordQueryScanPlan`.
    Scan {
        comparisons: ScanComparisons,
        reverse: bool,
    },
    /// The records to which the entries of an index lead. Java: `RecordQueryIndexPlan`.
    Index(IndexScan),
    /// What the entries of an index tell of their records. Java: `RecordQueryCoveringIndexPlan`.
    Covering {
        scan: IndexScan,
        record_type: String,
        record: PartialRecord,
    },
    /// The whole records of those of which a part is known. Java: `RecordQueryFetchFromPartialRecordPlan`.
    Fetch(Box<Plan>),
    /// Only those of which all filters are true. Java: `RecordQueryFilterPlan`.
    Filter {
        child: Box<Plan>,
        filters: Vec<QueryComponent>,
    },
    /// Only those of these types. Java: `RecordQueryTypeFilterPlan`.
    TypeFilter { child: Box<Plan>, types: Vec<String> },
    /// Those of several plans that have one order, each once. Java: `RecordQueryUnionPlan`.
    Union {
        children: Vec<Plan>,
        comparison_key: KeyExpression,
        reverse: bool,
    },
    /// Those of several plans, one after the other. Java: `RecordQueryUnorderedUnionPlan`.
    UnorderedUnion { children: Vec<Plan>, reverse: bool },
    /// Those that several plans of one order have in common. Java: `RecordQueryIntersectionPlan`.
    Intersection {
        children: Vec<Plan>,
        comparison_key: KeyExpression,
        reverse: bool,
    },
    /// Those of the child for each of several values. Java: `RecordQueryInValuesJoinPlan`, `RecordQueryInParameterJoinPlan`.
    InJoin { child: Box<Plan>, source: InSource },
    /// Those of the child for each combination of several values, in one order, each once. Java: `RecordQueryInUnionPlan`.
    InUnion {
        child: Box<Plan>,
        sources: Vec<InSource>,
        comparison_key: KeyExpression,
        reverse: bool,
    },
    /// Each record once. Java: `RecordQueryUnorderedPrimaryKeyDistinctPlan`.
    Distinct(Box<Plan>),
    /// All of them, sorted in memory. Java: `RecordQuerySortPlan`.
    Sort {
        child: Box<Plan>,
        key: KeyExpression,
        reverse: bool,
    },
}

/// A scan of an index.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IndexScan {
    pub(crate) index: String,
    pub(crate) comparisons: ScanComparisons,
    pub(crate) reverse: bool,
}

/// The values for each of which a plan runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct InSource {
    /// The parameter that stands for the value in the child.
    pub(crate) binding: String,
    /// The list, or the parameter that holds it.
    pub(crate) values: Operand,
    pub(crate) order: InOrder,
}

/// In which order the values are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InOrder {
    AsGiven,
    Ascending,
    Descending,
}
