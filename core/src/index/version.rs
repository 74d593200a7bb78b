//! Indexes of type `version`: the records in the order of their versions. Java class: `VersionIndexMaintainer`.
//!
//! The version of a record that this transaction saves is known to the commit alone: its entry waits for it in the record
//! context.

use std::sync::Arc;

use record_store_kv::BoxFuture;

use super::registry::{IndexCapabilities, IndexType};
use super::standard::EntryShape;
use super::{IndexContext, IndexEntry, IndexKeyspace, IndexMaintainer, IndexScanType, IndexUpdate};
use crate::Result;
use crate::metadata::{Index, index_type};

/// The type.
pub(crate) const VERSION: IndexType = IndexType {
    name: index_type::VERSION,
    capabilities: IndexCapabilities {
        scan_types: &[IndexScanType::ByValue],
        may_be_unique: false,
        is_idempotent: true,
    },
    make: |index| {
        Ok(Arc::new(VersionIndex {
            shape: EntryShape::new(index),
        }))
    },
};

#[derive(Debug)]
struct VersionIndex {
    shape: EntryShape,
}

impl IndexMaintainer for VersionIndex {
    fn index(&self) -> &Arc<Index> {
        self.shape.index()
    }

    fn capabilities(&self) -> &'static IndexCapabilities {
        &VERSION.capabilities
    }

    fn update(
        &self,
        context: &IndexContext<'_>,
        update: &IndexUpdate<'_>,
        key: &mut Vec<u8>,
    ) -> Result<Option<BoxFuture<Result<()>>>> {
        context.layout().write_prefix(IndexKeyspace::Entries, key);
        let prefix = key.len();
        for row in update.removed() {
            key.truncate(prefix);
            self.shape.append_key(&row, update.primary_key(), key)?;
            match row.incomplete_version() {
                Some(_) => context.record_context().forget_version(key),
                None => context.transaction().clear(key),
            }
        }
        for row in update.added() {
            key.truncate(prefix);
            self.shape.append_key(&row, update.primary_key(), key)?;
            let value = self.shape.value(&row);
            self.shape.check_sizes(key, value, row.bytes(), update.primary_key())?;
            match row.incomplete_version() {
                Some(at) => context
                    .record_context()
                    .set_versionstamped_key(key, prefix + at, value)?,
                None => context.transaction().set(key, value),
            }
        }
        Ok(None)
    }

    fn decode(&self, key: &[u8], value: &[u8]) -> Result<IndexEntry> {
        self.shape.decode(key, value)
    }

    fn extract_primary_key(&self, key: &[u8], primary_key: &mut Vec<u8>) -> Result<()> {
        self.shape.extract_primary_key(key, primary_key)
    }
}
