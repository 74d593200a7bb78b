//! [`IndexContext`]: what a maintainer may touch.

use record_store_kv::{Subspace, Transaction};

use super::{IndexLayout, IndexState};
use crate::RecordContext;
use crate::metadata::Index;

/// The place of one index within a transaction: a maintainer sees this, never the store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IndexContext<'a> {
    context: &'a RecordContext,
    layout: IndexLayout<'a>,
    state: IndexState,
}

impl<'a> IndexContext<'a> {
    /// The place of `index` in the store with this subspace.
    pub(crate) fn new(context: &'a RecordContext, store: &'a Subspace, index: &'a Index, state: IndexState) -> Self {
        IndexContext {
            context,
            layout: IndexLayout::new(store, index.packed_subspace_key()),
            state,
        }
    }

    /// The transaction of the record layer.
    pub(crate) fn record_context(&self) -> &'a RecordContext {
        self.context
    }

    /// FoundationDB's transaction.
    pub(crate) fn transaction(&self) -> &'a Transaction {
        self.context.transaction()
    }

    /// The keys of the index.
    pub(crate) fn layout(&self) -> IndexLayout<'a> {
        self.layout
    }

    /// The state of the index.
    pub(crate) fn state(&self) -> IndexState {
        self.state
    }
}
