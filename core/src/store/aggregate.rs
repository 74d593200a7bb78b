//! Aggregates of records, by an index that keeps them. Java class: `IndexFunctionHelper`.

use std::sync::Arc;

use record_store_kv::tuple::{Tuple, TupleRange};

use super::{RecordKey, RecordStore, ScanOptions, index_range, indexes};
use crate::index::{AggregateFunction, IndexScanType, IndexState, aggregate, is_maintained, refuse_type};
use crate::metadata::Index;
use crate::{Error, ErrorKind, Result};

impl RecordStore {
    /// The sum, or the least or greatest value, of the groups of an index that keeps values of groups: what its type keeps.
    /// None if there are no groups to have a least or greatest value.
    ///
    /// **Errors**: `MetaData` for an unknown index; `IndexNotReadable`; `Unsupported` for an index without such values.
    pub async fn aggregate_index(&self, index: &str, range: TupleRange, snapshot: bool) -> Result<Option<Tuple>> {
        of_groups(self, self.metadata().index(index)?, range, snapshot).await
    }

    /// The aggregate of the groups whose first columns are these, as [`aggregate_index`](RecordStore::aggregate_index) has it;
    /// of all groups for `()`.
    ///
    /// **Errors**: those of [`aggregate_index`](RecordStore::aggregate_index); `InvalidArgument` for columns that do not fit.
    pub async fn aggregate_index_group(&self, index: &str, group: impl Into<RecordKey>) -> Result<Option<Tuple>> {
        let index = self.metadata().index(index)?;
        let mut within = ScanOptions::default().within(group);
        let range = index_range::resolve(self.metadata(), index, IndexScanType::ByGroup, &mut within)?;
        of_groups(self, index, range, false).await
    }

    /// The value of a function over the records of exactly these types, by the index with the fewest columns that knows it:
    /// over the groups or entries in `range`. No types are all types, by an index over all.
    ///
    /// A count, a sum and the values that ever were come from indexes of those types; `min` and `max` from the first entry of a
    /// value index.
    ///
    /// **Errors**: `Unsupported` if no readable index over these types knows it; `MetaData` for an index that is named and does
    /// not; `IndexNotReadable` for an index that is named.
    pub async fn evaluate_aggregate(
        &self,
        function: &AggregateFunction,
        record_types: &[&str],
        range: TupleRange,
        snapshot: bool,
    ) -> Result<Option<Tuple>> {
        for record_type in record_types {
            self.metadata().record_type(record_type)?;
        }
        let index = match function.index() {
            Some(name) => Some(self.metadata().index(name)?),
            None => find(self, function, record_types, &[])?,
        };
        let Some(index) = index else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "no readable index over these record types evaluates the aggregate function: add one, or build it",
            )
            .with("aggregate", function)
            .with("record_types", record_types.join(", ")));
        };
        evaluate(self, index, function, range, snapshot).await
    }
}

/// The index over exactly these types that evaluates a function with the fewest columns and is none of some.
pub(super) fn find<'s>(
    store: &'s RecordStore,
    function: &AggregateFunction,
    record_types: &[&str],
    except: &[&Arc<Index>],
) -> Result<Option<&'s Arc<Index>>> {
    let mut found: Option<&Arc<Index>> = None;
    for index in store.metadata().indexes() {
        let of_types = index.record_types();
        let is_over_types = of_types.len() == record_types.len()
            && record_types
                .iter()
                .all(|name| of_types.iter().any(|of_type| of_type == name));
        // An index that leaves out records, or has some of them several times, counts something else.
        let counts_records = index.predicate().is_none()
            && (!index.root_expression().creates_duplicates() || function.operand().creates_duplicates());
        if !is_over_types
            || !counts_records
            || store.index_state(index.name()) != IndexState::Readable
            || except.contains(&index)
            || store.maintainer(index)?.evaluation(function).is_none()
        {
            continue;
        }
        let columns = |index: &Index| index.root_expression().column_count();
        if found.is_none_or(|found| columns(index) < columns(found)) {
            found = Some(index);
        }
    }
    Ok(found)
}

/// The value of a function over a range of an index. Errors: `IndexNotReadable`, `MetaData`, `Unsupported`.
pub(super) async fn evaluate(
    store: &RecordStore,
    index: &Arc<Index>,
    function: &AggregateFunction,
    range: TupleRange,
    snapshot: bool,
) -> Result<Option<Tuple>> {
    let maintainer = indexes::readable_maintainer(store, index)?;
    if !is_maintained(index.kind()) {
        return Err(refuse_type(index));
    }
    aggregate::evaluate_function(maintainer, &store.index_context(index), function, range, snapshot).await
}

/// The aggregate of the groups in a range. Errors: `IndexNotReadable`, `Unsupported`.
async fn of_groups(
    store: &RecordStore,
    index: &Arc<Index>,
    range: TupleRange,
    snapshot: bool,
) -> Result<Option<Tuple>> {
    let maintainer = indexes::readable_maintainer(store, index)?;
    aggregate::evaluate(maintainer, &store.index_context(index), range, snapshot).await
}
