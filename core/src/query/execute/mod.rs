//! Execution: a plan becomes a cursor over a store, one for each of its steps.
//!
//! What the steps read is counted together, against the limits of the whole.

mod adapt;
mod cursor;
mod fetch;
mod in_union;
mod options;
mod partial;
mod records;
mod sort;

use std::collections::HashSet;
use std::sync::Arc;

pub use cursor::QueryCursor;
pub use options::ExecuteOptions;

use self::adapt::{EmptyCursor, Mapped};
use self::fetch::FetchCursor;
use self::partial::PartialRecordEncoder;
use self::records::{CompiledByType, is_one_of};
use self::sort::SortCursor;
use super::plan::{Bindings, InSource, IndexScan, Plan, RecordQueryPlan, ScanComparisons, with_zero_continued};
use super::planner::{self, PlannerOptions, ReadableIndexes};
use super::{QueryComponent, RecordFilter, RecordQuery};
use crate::cursor::{Begin, BoxCursor, FilterCursor, FlatMapCursor, LimitCursor, MergeCursor, MergeKind, Scanned};
use crate::index::{EntryRow, IndexMaintainer};
use crate::key_expression::{CompiledExpression, KeyExpression};
use crate::{Continuation, RecordStore, Result, ScanLimits, ScanOptions, StoredRecord, TupleRange};

impl RecordStore {
    /// How the records of a query would be found, with the indexes that are readable now. The query has no parameters.
    ///
    /// **Errors**: `MetaData` and `InvalidQuery` for a query that does not fit the schema.
    pub fn plan_query(&self, query: &RecordQuery) -> Result<RecordQueryPlan> {
        self.plan_query_with(query, &super::Parameters::default(), PlannerOptions::default())
    }

    /// As [`plan_query`](RecordStore::plan_query), with values for the query's parameters, and other options.
    ///
    /// **Errors**: those of [`plan_query`](RecordStore::plan_query); `Unsupported` for an order that no index has, if the
    /// options refuse it.
    pub fn plan_query_with(
        &self,
        query: &RecordQuery,
        parameters: &super::Parameters,
        options: PlannerOptions,
    ) -> Result<RecordQueryPlan> {
        let bound = query.bind(self.metadata(), parameters)?;
        let readable = ReadableIndexes::new(self.index_states());
        planner::plan(self.metadata(), &readable, &bound, options)
    }

    /// The records of a query, within this transaction.
    ///
    /// **Errors**: those of [`plan_query_with`](RecordStore::plan_query_with) and [`execute_plan`](RecordStore::execute_plan).
    pub fn execute_query(&self, query: &RecordQuery, options: ExecuteOptions) -> Result<QueryCursor> {
        let plan = self.plan_query_with(query, &options.parameters, options.planner)?;
        self.execute_plan(&plan, options)
    }

    /// The records that a plan of this store finds, within this transaction.
    ///
    /// A continuation goes on where another execution of the same plan stopped. A plan that drops duplicates remembers them
    /// only within one execution, as in Java.
    ///
    /// **Errors**: `InvalidContinuation`; `MetaData` and `IndexNotReadable` for a plan whose index is gone.
    pub fn execute_plan(&self, plan: &RecordQueryPlan, options: ExecuteOptions) -> Result<QueryCursor> {
        self.execute_plan_with(plan, &Bindings::default(), options)
    }

    /// As [`execute_plan`](RecordStore::execute_plan), with values for the slots of the plan.
    pub(crate) fn execute_plan_with(
        &self,
        plan: &RecordQueryPlan,
        bindings: &Bindings,
        options: ExecuteOptions,
    ) -> Result<QueryCursor> {
        let execution = Execution {
            store: self.clone(),
            snapshot: options.snapshot,
            limits: options.limits,
            scanned: Arc::default(),
            sort_bytes_max: options.sort_bytes_max,
            exact_ranges: options.planner.exact_ranges,
        };
        let wanted = options.limit.map(|limit| limit.saturating_add(options.skip));
        let records = execution.begin(plan.root(), bindings, options.continuation.as_ref(), wanted)?;
        let limited = LimitCursor::new(records, options.skip, options.limit);
        Ok(QueryCursor::new(limited, execution.scanned))
    }
}

/// What all steps of a plan share while it runs.
#[derive(Clone)]
struct Execution {
    store: RecordStore,
    snapshot: bool,
    limits: ScanLimits,
    scanned: Arc<Scanned>,
    sort_bytes_max: usize,
    exact_ranges: bool,
}

type Records = BoxCursor<StoredRecord>;

/// The entries of an index, with what reads them.
type Entries = (BoxCursor<EntryRow>, Arc<dyn IndexMaintainer>);

impl Execution {
    /// Begins a step. `wanted` tells how many records will be asked for, if that is known.
    fn begin(
        &self,
        plan: &Plan,
        bindings: &Bindings,
        continuation: Option<&Continuation>,
        wanted: Option<usize>,
    ) -> Result<Records> {
        match plan {
            Plan::Scan { comparisons, reverse } => {
                let Some(range) = self.range(comparisons, bindings)? else {
                    return Ok(Box::new(EmptyCursor::default()));
                };
                let options = self.scan_options(*reverse, continuation, wanted).range(range);
                let mut records = self.store.scan_records(options)?;
                records.share_limits(self.limits, &self.scanned);
                Ok(Box::new(records))
            }
            Plan::Index(scan) => {
                let Some((entries, maintainer)) = self.entries(scan, bindings, continuation, wanted)? else {
                    return Ok(Box::new(EmptyCursor::default()));
                };
                let key_of =
                    move |entry: &EntryRow, key: &mut Vec<u8>| maintainer.extract_primary_key(entry.key(), key);
                Ok(Box::new(FetchCursor::new(self, entries, wanted, key_of)))
            }
            Plan::Covering {
                scan,
                record_type,
                record,
            } => {
                let Some((entries, maintainer)) = self.entries(scan, bindings, continuation, wanted)? else {
                    return Ok(Box::new(EmptyCursor::default()));
                };
                let descriptor = self.store.metadata().record_type(record_type)?.descriptor().clone();
                let mut encoder = PartialRecordEncoder::new(record, &descriptor, maintainer);
                Ok(Box::new(Mapped::new(entries, move |entry: EntryRow| {
                    let (primary_key, bytes) = encoder.encode(&entry)?;
                    StoredRecord::of_part(descriptor.clone(), primary_key, bytes)
                })))
            }
            Plan::Fetch(child) => {
                let partial = self.begin(child, bindings, continuation, wanted)?;
                let key_of = |record: &StoredRecord, key: &mut Vec<u8>| {
                    key.extend_from_slice(record.packed_primary_key());
                    Ok(())
                };
                Ok(Box::new(FetchCursor::new(self, partial, wanted, key_of)))
            }
            Plan::Filter { child, filters } => {
                let records = self.begin(child, bindings, continuation, None)?;
                self.filter(records, filters, bindings)
            }
            Plan::TypeFilter { child, types } => {
                let records = self.begin(child, bindings, continuation, None)?;
                let types = types.clone();
                Ok(Box::new(FilterCursor::new(records, move |record| {
                    Ok(is_one_of(record, &types))
                })))
            }
            Plan::Distinct(child) => {
                let records = self.begin(child, bindings, continuation, None)?;
                let mut seen = HashSet::new();
                Ok(Box::new(FilterCursor::new(records, move |record: &StoredRecord| {
                    Ok(seen.insert(record.packed_primary_key().clone()))
                })))
            }
            Plan::Union {
                children,
                comparison_key,
                reverse,
            } => {
                let kind = MergeKind::Union { reverse: *reverse };
                self.merge(kind, children, bindings, continuation, Some(comparison_key), wanted)
            }
            Plan::UnorderedUnion { children, .. } => self.merge(
                MergeKind::UnorderedUnion,
                children,
                bindings,
                continuation,
                None,
                wanted,
            ),
            Plan::Intersection {
                children,
                comparison_key,
                reverse,
            } => {
                let kind = MergeKind::Intersection { reverse: *reverse };
                self.merge(kind, children, bindings, continuation, Some(comparison_key), None)
            }
            Plan::InJoin { child, source } => self.in_join(child, source, bindings, continuation),
            Plan::InUnion {
                child,
                sources,
                comparison_key,
                reverse,
            } => {
                let kind = MergeKind::Union { reverse: *reverse };
                let each = in_union::combinations(sources, bindings)?;
                let children: Vec<Begin<'_, StoredRecord>> = each
                    .iter()
                    .map(|bindings| -> Begin<'_, StoredRecord> {
                        Box::new(move |continuation| self.begin(child, bindings, continuation, wanted))
                    })
                    .collect();
                let key_of = self.key_of(Some(comparison_key));
                Ok(Box::new(MergeCursor::new(kind, &children, continuation, key_of)?))
            }
            Plan::Sort { child, key, reverse } => {
                let sort = SortCursor::new(self, child, bindings, key, *reverse, continuation, wanted)?;
                Ok(Box::new(sort))
            }
        }
    }

    fn scan_options(&self, reverse: bool, continuation: Option<&Continuation>, wanted: Option<usize>) -> ScanOptions {
        ScanOptions {
            reverse,
            limit: wanted,
            snapshot: self.snapshot,
            continuation: continuation.cloned(),
            ..ScanOptions::default()
        }
    }

    /// The range that a scan reads; none if it is empty.
    fn range(&self, comparisons: &ScanComparisons, bindings: &Bindings) -> Result<Option<TupleRange>> {
        let range = comparisons.to_range(bindings)?;
        Ok(match self.exact_ranges {
            true => range.map(with_zero_continued),
            false => range,
        })
    }

    /// The entries of a scan; none if there can be none.
    fn entries(
        &self,
        scan: &IndexScan,
        bindings: &Bindings,
        continuation: Option<&Continuation>,
        wanted: Option<usize>,
    ) -> Result<Option<Entries>> {
        let Some(range) = self.range(&scan.comparisons, bindings)? else {
            return Ok(None);
        };
        let options = self.scan_options(scan.reverse, continuation, wanted).range(range);
        let (mut entries, maintainer) = self.store.scan_entry_rows(&scan.index, options)?;
        entries.share_limits(self.limits, &self.scanned);
        Ok(Some((Box::new(entries), Arc::clone(maintainer))))
    }

    fn filter(&self, records: Records, filters: &[QueryComponent], bindings: &Bindings) -> Result<Records> {
        let bound = |filter: &QueryComponent| match bindings.is_empty() {
            true => Ok(filter.clone()),
            false => bindings.fill_in(filter),
        };
        let filters: Result<Vec<QueryComponent>> = filters.iter().map(bound).collect();
        let filter = QueryComponent::and(filters?);
        let mut compiled = CompiledByType::new(self.store.clone(), move |record_type| {
            RecordFilter::new(&filter, record_type)
        });
        Ok(Box::new(FilterCursor::new(records, move |record: &StoredRecord| {
            compiled.with(record, |filter, view| filter.holds(view))
        })))
    }

    fn merge(
        &self,
        kind: MergeKind,
        children: &[Plan],
        bindings: &Bindings,
        continuation: Option<&Continuation>,
        comparison_key: Option<&KeyExpression>,
        wanted: Option<usize>,
    ) -> Result<Records> {
        let children: Vec<Begin<'_, StoredRecord>> = children
            .iter()
            .map(|child| -> Begin<'_, StoredRecord> {
                Box::new(move |continuation| self.begin(child, bindings, continuation, wanted))
            })
            .collect();
        let key_of = self.key_of(comparison_key);
        Ok(Box::new(MergeCursor::new(kind, &children, continuation, key_of)?))
    }

    /// The packed columns by which records are compared.
    fn key_of(&self, key: Option<&KeyExpression>) -> impl FnMut(&StoredRecord) -> Result<Vec<u8>> + Send + 'static {
        let mut compiled = key.cloned().map(|key| {
            CompiledByType::new(self.store.clone(), move |record_type| {
                if key == *record_type.primary_key() {
                    return Ok(None);
                }
                CompiledExpression::new(&key, record_type.descriptor()).map(Some)
            })
        });
        move |record| {
            let mut packed = Vec::new();
            if let Some(compiled) = &mut compiled {
                compiled.with(record, |key, view| match key {
                    Some(key) => key.append_key(view, &mut packed),
                    None => {
                        packed.extend_from_slice(record.packed_primary_key());
                        Ok(())
                    }
                })?;
            }
            Ok(packed)
        }
    }

    fn in_join(
        &self,
        child: &Plan,
        source: &InSource,
        bindings: &Bindings,
        continuation: Option<&Continuation>,
    ) -> Result<Records> {
        let mut values = in_union::values_of(source, bindings)?;
        source.order.sort(&mut values);
        let (execution, child, bindings) = (self.clone(), child.clone(), bindings.clone());
        let binding = source.binding.clone();
        let joined = FlatMapCursor::new(values, continuation, move |value, continuation| {
            let bindings = bindings.with(&binding, value.clone());
            execution.begin(&child, &bindings, continuation, None)
        })?;
        Ok(Box::new(joined))
    }
}
