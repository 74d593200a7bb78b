//! [`Planned`]: the plan of one execution of a query, for all its batches.

use std::sync::Arc;

use super::SpaceQuery;
use crate::cursor::{Envelope, Identify, ScanIdentity};
use crate::query::{Bindings, RecordQueryPlan};
use crate::store::StoreSchema;
use crate::{Error, ErrorKind, RecordStore, Result};

/// A plan with the values of its slots.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) plan: RecordQueryPlan,
    pub(super) bindings: Bindings,
    pub(super) drops_duplicates: bool,
    pub(super) has_memory_sort: bool,
    schema: StoreSchema,
}

impl Planned {
    /// Plans a query; one that is resumed as it was planned before.
    ///
    /// Errors: `InvalidContinuation` if it cannot be planned so any more.
    pub(super) fn new(query: &SpaceQuery, store: &RecordStore, resumed: Option<&Envelope>) -> Result<Self> {
        let (plan, bindings) = query.plan_with_slots(store)?;
        let planned = Planned::of(plan, bindings, store);
        let Some(resumed) = resumed else {
            return Ok(planned);
        };
        if planned.identity().plan_hash == resumed.plan_hash() {
            return Ok(planned);
        }
        let changed = || {
            Error::new(
                ErrorKind::InvalidContinuation,
                "the continuation is of another query, or its plan cannot be made any more: start again",
            )
        };
        let as_before = query
            .plan_in(store, Some(resumed.indexes()))
            .map_err(|error| changed().caused_by(error))?;
        let as_before = Planned::of(as_before, Bindings::default(), store);
        match as_before.identity().plan_hash == resumed.plan_hash() {
            true => Ok(as_before),
            false => Err(changed().with("plan", &as_before.plan)),
        }
    }

    fn of(plan: RecordQueryPlan, bindings: Bindings, store: &RecordStore) -> Self {
        Planned {
            drops_duplicates: plan.drops_duplicates(),
            has_memory_sort: plan.has_memory_sort(),
            plan,
            bindings,
            schema: store.schema().clone(),
        }
    }
}

impl Identify for Planned {
    fn identity(&self) -> ScanIdentity {
        let indexes: Vec<String> = self.plan.used_indexes().into_iter().collect();
        let changed_in = |name: &String| {
            let index = self.schema.metadata().index(name).ok();
            index.map(|index| index.last_modified_version())
        };
        let plan = self.plan.fill_slots(&self.bindings);
        ScanIdentity {
            // The line alone does not say in which direction records are scanned.
            plan_hash: crc32c::crc32c(plan.explain().as_bytes()),
            since: indexes.iter().filter_map(changed_in).max().unwrap_or_default(),
            indexes,
        }
    }
}

/// What the first batch has planned, for those behind it.
pub(super) type PlannedOnce = Arc<std::sync::OnceLock<Arc<Planned>>>;
