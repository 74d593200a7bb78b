//! Building an index by the entries of another one: only the records of its type are read, where they lie among others of a
//! store. Java class: `IndexingByIndex`.

use std::sync::Arc;

use record_store_kv::Bytes;

use crate::index::{IndexKeyspace, IndexState};
use crate::metadata::{Index, index_type};
use crate::store::IndexRecordCursor;
use crate::{Error, ErrorKind, FormatVersion, RecordStore, Result};

/// The index by whose entries a build goes.
pub(super) struct Source {
    index: Arc<Index>,
}

impl Source {
    /// The index of this name, from which these can be built.
    ///
    /// Errors: `MetaData` for an unknown index; `IndexNotReadable`; `InvalidArgument` for one that does not lead to each record
    /// of the others once; `Unsupported` for a store whose writers do not ask how an index is built.
    pub(super) fn find(store: &RecordStore, name: &str, targets: &[&Arc<Index>]) -> Result<Self> {
        let metadata = store.metadata();
        let source = metadata.index(name)?;
        let state = store.index_state(name);
        let types = |index: &Index| -> Vec<String> {
            let types = metadata.record_types_for_index(index);
            types.map(|record_type| record_type.name().to_owned()).collect()
        };
        let source_types = types(source);
        let refuse = |message| Err(Error::new(ErrorKind::InvalidArgument, message).with("source_index", name));
        if source_types.len() != 1 {
            return refuse("indexes are built by an index over one record type only: build by the records");
        }
        if source.kind() != index_type::VALUE || source.root_expression().creates_duplicates() {
            return refuse("indexes are built by a value index with one entry for each record: build by the records");
        }
        if source.predicate().is_some() {
            return refuse(
                "the index leaves out some records, so that another one cannot be built by it: build by the records",
            );
        }
        let [target] = targets else {
            return refuse("one index alone is built by another one: build them one by one, or by the records");
        };
        if types(target) != source_types {
            return refuse("an index is built by one over the same record type: build by the records")
                .map_err(|error: Error| error.with("index", target.name()));
        }
        if !state.is_scannable() {
            return Err(Error::new(
                ErrorKind::IndexNotReadable,
                "the index by which another one is to be built does not have all records: build it first",
            )
            .with("source_index", name)
            .with("state", IndexState::name(state)));
        }
        let asks_how = FormatVersion::CheckIndexBuildTypeDuringUpdate;
        if !store.format_version().is_at_least(asks_how) && !store.are_idempotent(targets)? {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "older programs do not know that the index is built by another one: build it by the records, or upgrade the \
                 format of the store",
            )
            .with("index", target.name())
            .with("format_version", store.format_version().number())
            .with("needed", asks_how.number()));
        }
        Ok(Source {
            index: Arc::clone(source),
        })
    }

    pub(super) fn index(&self) -> &Arc<Index> {
        &self.index
    }

    /// The packed key of the entry that led to the last record.
    pub(super) fn place(&self, store: &RecordStore, entries: &IndexRecordCursor) -> Bytes {
        let prefix = store
            .index_context(&self.index)
            .layout()
            .subspace(IndexKeyspace::Entries);
        let key = entries.last_entry_key().unwrap_or_default();
        key.slice(prefix.prefix().len().min(key.len())..)
    }
}
