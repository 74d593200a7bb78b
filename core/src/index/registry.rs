//! The registry: the types of indexes that this release maintains, and what each can do, as data.
//!
//! A new type is a file and a line in [`INDEX_TYPES`]. An index of a type that is not here stays in the meta-data; only who
//! writes a record that belongs into it, or scans it, is told that this release cannot.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use record_store_kv::BoxFuture;

use super::atomic::{
    COUNT, COUNT_NOT_NULL, COUNT_UPDATES, MAX_EVER, MAX_EVER_LONG, MAX_EVER_TUPLE, MAX_EVER_VERSION, MIN_EVER,
    MIN_EVER_LONG, MIN_EVER_TUPLE, SUM,
};
use super::value::VALUE;
use super::version::VERSION;
use super::{IndexContext, IndexEntry, IndexMaintainer, IndexScanType, IndexUpdate};
use crate::key_expression::KeyExpression;
use crate::metadata::{Index, RecordMetaData};
use crate::{Error, ErrorKind, Result};

/// A type of indexes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IndexType {
    /// The name in the meta-data.
    pub(crate) name: &'static str,
    /// What its indexes can do.
    pub(crate) capabilities: IndexCapabilities,
    /// Makes the maintainer of an index. Errors: `MetaData` for an index that the type cannot be.
    pub(crate) make: fn(&Arc<Index>) -> Result<Arc<dyn IndexMaintainer>>,
}

/// What the indexes of a type can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IndexCapabilities {
    /// How they may be scanned.
    pub(crate) scan_types: &'static [IndexScanType],
    /// Whether the option `unique` means something.
    pub(crate) may_be_unique: bool,
    /// Whether indexing a record twice is the same as once, so that builders need not know who was first.
    pub(crate) is_idempotent: bool,
}

/// Every type that this release maintains.
pub(crate) const INDEX_TYPES: [&IndexType; 13] = [
    &VALUE,
    &VERSION,
    &COUNT,
    &COUNT_UPDATES,
    &COUNT_NOT_NULL,
    &SUM,
    &MIN_EVER,
    &MAX_EVER,
    &MIN_EVER_LONG,
    &MAX_EVER_LONG,
    &MIN_EVER_TUPLE,
    &MAX_EVER_TUPLE,
    &MAX_EVER_VERSION,
];

/// Whether this release maintains the indexes of a type.
pub(crate) fn is_maintained(kind: &str) -> bool {
    INDEX_TYPES.iter().any(|index_type| index_type.name == kind)
}

/// The error for an index of a type that this release does not maintain.
pub(crate) fn refuse_type(index: &Index) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "this release does not maintain indexes of this type: disable the index, or use Apple's layer for its records",
    )
    .with("index", index.name())
    .with("type", index.kind())
}

/// The maintainers of the indexes of a schema, made when they are first asked for.
#[derive(Debug)]
pub(crate) struct IndexMaintainers {
    by_name: HashMap<String, OnceLock<Arc<dyn IndexMaintainer>>>,
}

impl IndexMaintainers {
    /// For the indexes of a schema.
    pub(crate) fn new(metadata: &RecordMetaData) -> Self {
        let by_name = metadata
            .indexes()
            .map(|index| (index.name().to_owned(), OnceLock::new()))
            .collect();
        IndexMaintainers { by_name }
    }

    /// The maintainer of an index of the schema.
    ///
    /// Errors: `MetaData` for an index that its type cannot be.
    pub(crate) fn get(&self, index: &Arc<Index>) -> Result<&Arc<dyn IndexMaintainer>> {
        let cell = self.by_name.get(index.name()).ok_or_else(|| {
            Error::new(ErrorKind::Internal, "an index is not one of its own schema").with("index", index.name())
        })?;
        if let Some(maintainer) = cell.get() {
            return Ok(maintainer);
        }
        let maintainer = make(index)?;
        Ok(cell.get_or_init(|| maintainer))
    }
}

fn make(index: &Arc<Index>) -> Result<Arc<dyn IndexMaintainer>> {
    match INDEX_TYPES.iter().find(|index_type| index_type.name == index.kind()) {
        Some(index_type) => (index_type.make)(index),
        None => Ok(Arc::new(UnsupportedIndex {
            index: Arc::clone(index),
        })),
    }
}

/// An index of a type that this release does not maintain.
#[derive(Debug)]
struct UnsupportedIndex {
    index: Arc<Index>,
}

impl UnsupportedIndex {
    fn refuse<T>(&self) -> Result<T> {
        Err(refuse_type(&self.index))
    }
}

impl IndexMaintainer for UnsupportedIndex {
    fn index(&self) -> &Arc<Index> {
        &self.index
    }

    fn capabilities(&self) -> &'static IndexCapabilities {
        &IndexCapabilities {
            scan_types: &[],
            may_be_unique: false,
            is_idempotent: true,
        }
    }

    fn update(
        &self,
        _: &IndexContext<'_>,
        _: &IndexUpdate<'_>,
        _: &mut Vec<u8>,
    ) -> Result<Option<BoxFuture<Result<()>>>> {
        self.refuse()
    }

    fn decode(&self, _: &[u8], _: &[u8]) -> Result<IndexEntry> {
        self.refuse()
    }

    fn can_delete_where(&self, _: &[KeyExpression]) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_expression::field;

    #[test]
    fn each_type_makes_the_index_of_its_name() {
        let mut names: Vec<_> = INDEX_TYPES.iter().map(|index_type| index_type.name).collect();
        for index_type in INDEX_TYPES {
            let grouped = field("a").group_by(field("b"));
            let index = Arc::new(Index::new("i", grouped).with_kind(index_type.name));
            let maintainer = make(&index).unwrap();
            assert_eq!(maintainer.index().name(), "i");
            assert_eq!(*maintainer.capabilities(), index_type.capabilities);
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), INDEX_TYPES.len());
    }

    #[test]
    fn an_unknown_type_is_refused_when_it_is_used() {
        let index = Arc::new(Index::new("words", field("text")).with_kind("text"));
        let error = make(&index).unwrap().decode(b"", b"").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!((error.fact("index"), error.fact("type")), (Some("words"), Some("text")));
    }
}
