//! [`PlanCache`]: the plans of the queries that were asked of a space, so that the same query is parsed and planned once.
//!
//! A plan is served only to a store of the very schema and with the states of indexes for which it was made; the states are
//! those that the transaction of the query has read.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;

use super::statement::Statement;
use crate::index::IndexState;
use crate::query::{PlannerOptions, PreparedQuery, QueryComponent, ReadableIndexes};
use crate::store::StoreSchema;
use crate::{RecordStore, Result};

/// The plans of a space. Clones of its handle share them.
#[derive(Debug, Default)]
pub(super) struct PlanCache {
    plans: Mutex<Plans>,
}

#[derive(Debug, Default)]
struct Plans {
    by_hash: HashMap<u64, Kept>,
    /// Counts the uses.
    uses: u64,
}

#[derive(Debug)]
struct Kept {
    statement: Statement,
    options: PlannerOptions,
    schema: StoreSchema,
    states: BTreeMap<String, IndexState>,
    known: Known,
    last_use: u64,
}

/// What is known of a statement.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// Its texts, parsed.
    pub(super) parsed: Arc<[QueryComponent]>,
    /// Its plan for all values, if it has one.
    pub(super) prepared: Option<Arc<PreparedQuery>>,
}

impl PlanCache {
    /// What is known of a statement for this store; finds it out if need be.
    ///
    /// Errors: `InvalidQuery` for texts that cannot be read.
    pub(super) fn look_up(&self, store: &RecordStore, statement: &Statement, options: PlannerOptions) -> Result<Known> {
        if !statement.is_comparable() {
            return Ok(Known {
                parsed: statement.parse_texts()?.into(),
                prepared: None,
            });
        }
        let hash = statement.shape_hash();
        if let Some(known) = self.plans.lock().find(hash, store, statement, options) {
            return Ok(known);
        }
        let parsed = statement.parse_texts()?;
        let states = store.stored_index_states();
        let readable = ReadableIndexes::new(states.clone());
        let metadata = store.metadata();
        // What is wrong with a query is told when it is planned with its values.
        let shape = statement.resolve_shape(metadata, &parsed).ok();
        let prepared = shape.and_then(|shape| PreparedQuery::new(metadata, &readable, &shape, options));
        let known = Known {
            parsed: parsed.into(),
            prepared: prepared.map(Arc::new),
        };
        let kept = Kept {
            statement: statement.clone(),
            options,
            schema: store.schema().clone(),
            states,
            known: known.clone(),
            last_use: 0,
        };
        self.plans.lock().keep(hash, kept);
        Ok(known)
    }
}

impl Plans {
    fn find(
        &mut self,
        hash: u64,
        store: &RecordStore,
        statement: &Statement,
        options: PlannerOptions,
    ) -> Option<Known> {
        let kept = self.by_hash.get_mut(&hash)?;
        let is_same = kept.schema.is_same(store.schema())
            && kept.options == options
            && kept.statement.has_shape_of(statement)
            && store.has_index_states(&kept.states);
        if !is_same {
            return None;
        }
        self.uses += 1;
        kept.last_use = self.uses;
        Some(kept.known.clone())
    }

    fn keep(&mut self, hash: u64, kept: Kept) {
        if self.by_hash.len() >= PLANS_MAX && !self.by_hash.contains_key(&hash) {
            let longest_unused = self.by_hash.iter().min_by_key(|(_, kept)| kept.last_use);
            if let Some(hash) = longest_unused.map(|(hash, _)| *hash) {
                self.by_hash.remove(&hash);
            }
        }
        self.uses += 1;
        let last_use = self.uses;
        self.by_hash.insert(hash, Kept { last_use, ..kept });
    }
}

/// How many plans are kept.
const PLANS_MAX: usize = 256;
