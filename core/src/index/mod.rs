//! Indexes: what stands beside the records so that they are found by other things than their keys.
//!
//! Each type of index has a file here and a line in the registry; `store` keeps the states of indexes and calls what is
//! here. A maintainer sees an [`IndexContext`] (the transaction, the keys of its index, the state), never the store.
//!
//! What the store does for one saved or deleted record:
//!
//! 1. It makes each index of the record's type a [`TypeIndex`] once per schema: the expression and the predicate, compiled.
//! 2. [`TypeIndex::evaluate`] turns the old and the new record into rows of packed columns, no values in between;
//!    [`IndexUpdate`] tells which of them come and go.
//! 3. [`IndexMaintainer::update`] writes, and starts the reads that it needs; it waits for none. The future that it may
//!    return does what the reads are for. The store calls all maintainers first and then awaits what they returned, so that
//!    the reads of one save are under way together. What must hold at the commit only (uniqueness of a readable index) is a
//!    check of the [`RecordContext`](crate::RecordContext).
//! 4. An index that is being built and not idempotent is asked about by a [`BuildGate`] first; a disabled one is left out.
//!
//! Scans ([`scan()`], [`scan_uniqueness_violations`]) and aggregates ([`aggregate::evaluate`]) take a maintainer and a context;
//! whether the state of the index allows a scan is the store's question. Java packages: `provider.foundationdb`,
//! `provider.foundationdb.indexes`.

pub(crate) mod aggregate;
mod atomic;
mod context;
mod entries;
mod entry;
mod layout;
mod predicate;
mod registry;
mod scan;
mod standard;
mod state;
pub(crate) mod structure;
mod unique;
mod value;
mod version;
mod write_only;

use std::fmt;
use std::sync::Arc;

use record_store_kv::BoxFuture;
use record_store_kv::KeyRange;
use record_store_kv::tuple::Tuple;

use crate::Result;
use crate::key_expression::KeyExpression;
use crate::metadata::Index;

pub use aggregate::AggregateFunction;
pub(crate) use entry::EntryRow;
pub use entry::{IndexEntry, IndexScanType};
pub use scan::IndexCursor;
pub use state::IndexState;
pub use unique::UniquenessViolation;

pub(crate) use aggregate::{Aggregate, Evaluation};
pub(crate) use context::IndexContext;
pub(crate) use entries::{IndexUpdate, TypeIndex};
pub(crate) use layout::{IndexKeyspace, IndexLayout};
pub(crate) use registry::{IndexCapabilities, IndexMaintainers, is_maintained, refuse_type};
pub(crate) use scan::{EntryScan, scan, scan_packed_keys, scan_rows, scan_uniqueness_violations};
pub(crate) use write_only::{BuildGate, BuildMethod, goes_by_index};

/// Entries that are written as soon as their columns are packed, without rows in between.
pub(crate) trait DirectEntries {
    /// Puts in an entry of a record that was not there before. `key` is the prefix of the index and, from `columns` on, the
    /// columns of the only row.
    ///
    /// Errors: `TooLarge`; `Corrupt` for a primary key that is no tuple.
    fn insert(&self, context: &IndexContext<'_>, key: &mut Vec<u8>, columns: usize, primary_key: &[u8]) -> Result<()>;
}

/// What keeps one index as its records change. Java: `IndexMaintainer`.
pub(crate) trait IndexMaintainer: fmt::Debug + Send + Sync {
    /// The index.
    fn index(&self) -> &Arc<Index>;

    /// What the index can do.
    fn capabilities(&self) -> &'static IndexCapabilities;

    /// Whether entries that a record had before and has now are left alone.
    fn keeps_common_entries(&self) -> bool {
        true
    }

    /// What puts in entries that are nothing but keys, if those of the index are, and need no look at others.
    fn direct(&self) -> Option<&dyn DirectEntries> {
        None
    }

    /// Applies the change of one record. `key` is room to build keys in; what it holds before and after means nothing.
    ///
    /// Writes at once where no read must come first; reads are under way when this returns, and the future, if there is one,
    /// does the rest.
    ///
    /// Errors: `TooLarge`, `InvalidRecord`, `Unsupported`.
    fn update(
        &self,
        context: &IndexContext<'_>,
        update: &IndexUpdate<'_>,
        key: &mut Vec<u8>,
    ) -> Result<Option<BoxFuture<Result<()>>>>;

    /// Reads an entry from its key, behind the prefix of the index, and its value.
    ///
    /// Errors: `Corrupt`.
    fn decode(&self, key: &[u8], value: &[u8]) -> Result<IndexEntry>;

    /// Appends the packed primary key of the record to which an entry leads, from the entry's key behind the prefix of the index;
    /// nothing where entries are groups. What else the key holds is not checked.
    ///
    /// Errors: `Corrupt`.
    fn extract_primary_key(&self, key: &[u8], primary_key: &mut Vec<u8>) -> Result<()> {
        let _ = (key, primary_key);
        Ok(())
    }

    /// Whether all entries of the records with the same values in these columns stand together.
    fn can_delete_where(&self, columns: &[KeyExpression]) -> bool {
        self.index().root_expression().normalized_columns().starts_with(columns)
    }

    /// Deletes the entries that begin with `prefix`, an entry at exactly this key included.
    fn delete_where(&self, context: &IndexContext<'_>, prefix: &Tuple) {
        let key = context.layout().subspace(IndexKeyspace::Entries).pack(prefix);
        let range = KeyRange::starting_with(&key);
        context.record_context().clear_range(&range.begin, &range.end);
    }

    /// How the values of several groups make one, if entries are groups.
    fn aggregate(&self) -> Option<Aggregate> {
        None
    }

    /// How the index evaluates an aggregate function; none if it does not.
    fn evaluation(&self, function: &AggregateFunction) -> Option<Evaluation> {
        let _ = function;
        None
    }
}
