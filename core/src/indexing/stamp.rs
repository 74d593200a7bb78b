//! [`IndexingStamp`]: how an index is being built, noted down beside it so that nobody goes on in another way.
//!
//! Java message: `IndexBuildIndexingStamp`; Java methods: `IndexingBase.setIndexingTypeOrThrow`, `validateTypeStamp`.

use prost::Message;
use record_store_kv::tuple::Tuple;

use super::IndexingMethod;
use crate::metadata::Index;
use crate::proto::IndexBuildIndexingStamp;
use crate::proto::index_build_indexing_stamp::Method;
use crate::{Error, ErrorKind, RecordStore, Result};

/// How an index is being built.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct IndexingStamp(IndexBuildIndexingStamp);

impl IndexingStamp {
    /// By the records, for one index or several together.
    pub(super) fn by_records<'a>(indexes: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<String> = indexes.into_iter().map(str::to_owned).collect();
        names.sort_unstable();
        let stamp = if names.len() < 2 {
            IndexBuildIndexingStamp {
                method: Some(Method::ByRecords.into()),
                ..Default::default()
            }
        } else {
            IndexBuildIndexingStamp {
                method: Some(Method::MultiTargetByRecords.into()),
                target_index: names,
                ..Default::default()
            }
        };
        IndexingStamp(stamp)
    }

    /// Of a method, for indexes of a store.
    ///
    /// Errors: `MetaData` for an unknown index to build by.
    pub(super) fn new<'a>(
        store: &RecordStore,
        method: &IndexingMethod,
        indexes: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self> {
        Ok(match method {
            IndexingMethod::ByRecords => Self::by_records(indexes),
            IndexingMethod::ByIndex(source) => Self::by_index(store.metadata().index(source)?),
            IndexingMethod::Mutually { .. } => Self::mutual(indexes),
        })
    }

    /// By the entries of another index.
    fn by_index(source: &Index) -> Self {
        IndexingStamp(IndexBuildIndexingStamp {
            method: Some(Method::ByIndex.into()),
            source_index_subspace_key: Some(Tuple::from((source.subspace_key().clone(),)).pack().into()),
            source_index_last_modified_version: Some(source.last_modified_version()),
            ..Default::default()
        })
    }

    /// By the records, shared among builders; it names the indexes even if there is one.
    fn mutual<'a>(indexes: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<String> = indexes.into_iter().map(str::to_owned).collect();
        names.sort_unstable();
        IndexingStamp(IndexBuildIndexingStamp {
            method: Some(Method::MutualByRecords.into()),
            target_index: names,
            ..Default::default()
        })
    }

    /// What is noted down beside an index.
    ///
    /// Errors: `Corrupt`.
    pub(super) async fn load(store: &RecordStore, index: &Index) -> Result<Option<Self>> {
        let key = store.index_context(index).layout().type_stamp_key();
        let Some(bytes) = store.context().transaction().get(&key, false).await? else {
            return Ok(None);
        };
        let stamp = IndexBuildIndexingStamp::decode(bytes).map_err(|error| {
            Error::new(
                ErrorKind::Corrupt,
                "what the build of an index noted down cannot be read: rebuild the index",
            )
            .with("index", index.name())
            .caused_by(error)
        })?;
        Ok(Some(IndexingStamp(stamp)))
    }

    /// Notes it down beside an index.
    pub(super) fn save(&self, store: &RecordStore, index: &Index) {
        let key = store.index_context(index).layout().type_stamp_key();
        store.context().transaction().set(&key, &self.0.encode_to_vec());
    }

    /// The indexes that are built together; none if there is one alone.
    pub(super) fn targets(&self) -> &[String] {
        &self.0.target_index
    }

    /// The name of the way.
    pub(super) fn method_name(&self) -> &'static str {
        self.method().as_str_name()
    }

    /// Notes down that a build in this way goes on with what was begun.
    ///
    /// Errors: `IndexBuild` if it was begun in another way and has come to something, or is blocked.
    pub(super) async fn continue_from(&self, store: &RecordStore, index: &Index) -> Result<()> {
        match IndexingStamp::load(store, index).await? {
            Some(stored) if stored == *self => return Ok(()),
            Some(stored) if stored.is_blocked(store) => return Err(stored.refuse_blocked(index)),
            Some(stored) if self.may_follow(&stored) => {}
            // Older releases of Java's layer build by the records and note nothing down.
            None if self.method() == Method::ByRecords => {}
            stored => {
                if !store
                    .built_ranges(index)
                    .is_empty(store.context().transaction())
                    .await?
                {
                    return Err(stored.unwrap_or_else(|| Self::by_records([])).refuse_other(index));
                }
            }
        }
        self.save(store, index);
        Ok(())
    }

    /// Checks that a build in this way is still what is noted down.
    ///
    /// Errors: `IndexBuild` if another one has taken over, or the build was blocked.
    pub(super) async fn check(&self, store: &RecordStore, index: &Index) -> Result<()> {
        match IndexingStamp::load(store, index).await? {
            Some(stored) if stored.is_blocked(store) => Err(stored.refuse_blocked(index)),
            Some(stored) if stored.method() == self.method() && stored.source() == self.source() => Ok(()),
            None if self.method() == Method::ByRecords => Ok(()),
            stored => Err(stored.unwrap_or_else(|| Self::by_records([])).refuse_other(index)),
        }
    }

    /// The index by whose entries it goes, with the version of its definition.
    fn source(&self) -> (&[u8], i32) {
        (
            self.0.source_index_subspace_key(),
            self.0.source_index_last_modified_version(),
        )
    }

    fn method(&self) -> Method {
        self.0.method()
    }

    /// Whether a build in this way goes on where one in the other way stopped: the ranges mean the same, and an index alone
    /// need not wait for those that were built with it.
    fn may_follow(&self, stored: &IndexingStamp) -> bool {
        let unblocked = IndexBuildIndexingStamp {
            block: None,
            block_expire_epoch_milli_seconds: None,
            block_id: None,
            ..stored.0.clone()
        };
        unblocked == self.0
            || self.method() == Method::ByRecords
                && matches!(stored.method(), Method::MultiTargetByRecords | Method::MutualByRecords)
    }

    fn is_blocked(&self, store: &RecordStore) -> bool {
        let now = store.context().env().clock().unix_time().as_millis();
        let until = self.0.block_expire_epoch_milli_seconds();
        self.0.block() && (until == 0 || u128::from(until) > now)
    }

    fn refuse_blocked(&self, index: &Index) -> Error {
        Error::new(
            ErrorKind::IndexBuild,
            "builds of the index are blocked: wait, or unblock them with Apple's layer",
        )
        .with("index", index.name())
        .with("block_id", self.0.block_id())
        .with("until_unix_ms", self.0.block_expire_epoch_milli_seconds())
    }

    fn refuse_other(&self, index: &Index) -> Error {
        Error::new(
            ErrorKind::IndexBuild,
            "the index was partly built in another way: go on in that way, or rebuild it",
        )
        .with("index", index.name())
        .with("method", self.method().as_str_name())
        .with("together_with", self.targets().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_those_of_java() {
        for (indexes, bytes) in [
            (&["ix"][..], &b"\x08\x01"[..]),
            (&["i2", "i1"], b"\x08\x04\x22\x02i1\x22\x02i2"),
        ] {
            let stamp = IndexingStamp::by_records(indexes.iter().copied());
            assert_eq!(stamp.0.encode_to_vec(), bytes, "{indexes:?}");
        }
        let mutual = IndexingStamp::mutual(["ix"]);
        assert_eq!(mutual.0.encode_to_vec(), b"\x08\x05\x22\x02ix");
        let source = Index::new("src", crate::key_expression::field("a")).with_versions(1, 1);
        let by_index = IndexingStamp::by_index(&source);
        assert_eq!(by_index.0.encode_to_vec(), b"\x08\x02\x12\x05\x02src\x00\x18\x01");
    }

    #[test]
    fn one_index_may_go_on_alone() {
        let alone = IndexingStamp::by_records(["a"]);
        let together = IndexingStamp::by_records(["a", "b"]);
        let others = IndexingStamp::by_records(["a", "c"]);
        let by_index = IndexingStamp(IndexBuildIndexingStamp {
            method: Some(Method::ByIndex.into()),
            ..Default::default()
        });
        for (new, stored, may) in [
            (&alone, &alone, true),
            (&alone, &together, true),
            (&together, &together, true),
            (&together, &alone, false),
            (&together, &others, false),
            (&alone, &by_index, false),
        ] {
            assert_eq!(new.may_follow(stored), may, "{new:?} after {stored:?}");
        }
    }
}
