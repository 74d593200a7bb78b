//! Indexes of type `value`: the records in the order of their values. Java class: `ValueIndexMaintainer`.

use std::sync::Arc;

use record_store_kv::BoxFuture;

use super::registry::{IndexCapabilities, IndexType};
use super::standard::EntryShape;
use super::unique;
use super::{
    AggregateFunction, DirectEntries, Evaluation, IndexContext, IndexEntry, IndexKeyspace, IndexMaintainer,
    IndexScanType, IndexUpdate,
};
use crate::Result;
use crate::key_expression::KeyExpression;
use crate::metadata::{Index, index_type};

/// The type.
pub(crate) const VALUE: IndexType = IndexType {
    name: index_type::VALUE,
    capabilities: IndexCapabilities {
        scan_types: &[IndexScanType::ByValue],
        may_be_unique: true,
        is_idempotent: true,
    },
    make: |index| Ok(Arc::new(ValueIndex::new(index))),
};

#[derive(Debug)]
struct ValueIndex {
    shape: EntryShape,
    is_unique: bool,
    /// Whether it is neither unique nor covering.
    is_direct: bool,
}

impl ValueIndex {
    fn new(index: &Arc<Index>) -> Self {
        ValueIndex {
            shape: EntryShape::new(index),
            is_unique: index.is_unique(),
            is_direct: !index.is_unique() && !matches!(index.root_expression(), KeyExpression::KeyWithValue(_)),
        }
    }
}

impl DirectEntries for ValueIndex {
    fn insert(&self, context: &IndexContext<'_>, key: &mut Vec<u8>, columns: usize, primary_key: &[u8]) -> Result<()> {
        let end = key.len();
        self.shape.append_primary_key(primary_key, key)?;
        let columns = key.get(columns..end).unwrap_or_default();
        self.shape.check_sizes(key, &[], columns, primary_key)?;
        context.transaction().set(key, &[]);
        Ok(())
    }
}

impl IndexMaintainer for ValueIndex {
    fn index(&self) -> &Arc<Index> {
        self.shape.index()
    }

    fn capabilities(&self) -> &'static IndexCapabilities {
        &VALUE.capabilities
    }

    fn direct(&self) -> Option<&dyn DirectEntries> {
        self.is_direct.then_some(self)
    }

    fn update(
        &self,
        context: &IndexContext<'_>,
        update: &IndexUpdate<'_>,
        key: &mut Vec<u8>,
    ) -> Result<Option<BoxFuture<Result<()>>>> {
        if self.is_unique {
            return unique::update(&self.shape, context, update, key);
        }
        context.layout().write_prefix(IndexKeyspace::Entries, key);
        let prefix = key.len();
        for row in update.removed() {
            key.truncate(prefix);
            self.shape.append_key(&row, update.primary_key(), key)?;
            context.transaction().clear(key);
        }
        for row in update.added() {
            key.truncate(prefix);
            row.refuse_incomplete_version()?;
            self.shape.append_key(&row, update.primary_key(), key)?;
            let value = self.shape.value(&row);
            self.shape.check_sizes(key, value, row.bytes(), update.primary_key())?;
            context.transaction().set(key, value);
        }
        Ok(None)
    }

    fn decode(&self, key: &[u8], value: &[u8]) -> Result<IndexEntry> {
        self.shape.decode(key, value)
    }

    fn extract_primary_key(&self, key: &[u8], primary_key: &mut Vec<u8>) -> Result<()> {
        self.shape.extract_primary_key(key, primary_key)
    }

    fn evaluation(&self, function: &AggregateFunction) -> Option<Evaluation> {
        function.first_entry_of(self.index().root_expression())
    }
}
