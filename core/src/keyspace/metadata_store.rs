//! [`MetaDataStore`]: meta-data kept in the database, with its history.
//!
//! Java class: `FDBMetaDataStore`. Keys: `(null)` holds the current meta-data, `("H", version)` what was current before.

use record_store_kv::tuple::{Element, Tuple};
use record_store_kv::{Bytes, Subspace};

use crate::metadata::{MetaDataEvolutionValidator, RecordMetaData};
use crate::split::{self, Previous, SplitLayout};
use crate::{Error, ErrorKind, RecordContext, Result};

/// Meta-data in a subspace of its own, within one transaction.
#[derive(Clone, Debug)]
pub struct MetaDataStore {
    context: RecordContext,
    subspace: Subspace,
}

impl MetaDataStore {
    /// The meta-data in a subspace.
    pub fn new(context: &RecordContext, subspace: Subspace) -> Self {
        MetaDataStore {
            context: context.clone(),
            subspace,
        }
    }

    /// The current meta-data; none before it was saved first.
    ///
    /// **Errors**: `MetaData` for bytes that are no meta-data.
    pub async fn load(&self) -> Result<Option<RecordMetaData>> {
        self.parse(self.load_bytes().await?)
    }

    /// The meta-data that was current until a later one replaced it.
    ///
    /// **Errors**: `MetaData` for bytes that are no meta-data.
    pub async fn load_version(&self, version: i32) -> Result<Option<RecordMetaData>> {
        let bytes = self.read(&self.history_key(version)).await?;
        self.parse(bytes)
    }

    /// Makes `metadata` current, and keeps what was.
    ///
    /// **Errors**: `MetaData` if its version is not greater; `MetaDataEvolution` for a change that `rules` do not allow.
    pub async fn save(&self, metadata: &RecordMetaData, rules: &MetaDataEvolutionValidator) -> Result<()> {
        let old = self.load_bytes().await?;
        if let Some(old) = old {
            let bytes = old.clone();
            let old = self.located(RecordMetaData::from_proto_bytes(old))?;
            if metadata.version() <= old.version() {
                return Err(
                    Error::new(ErrorKind::MetaData, "the version of the meta-data must increase")
                        .with("stored_version", old.version())
                        .with("version", metadata.version()),
                );
            }
            rules.validate(&old, metadata)?;
            self.write(&self.history_key(old.version()), &bytes)?;
        }
        self.write(&self.current_key(), &metadata.to_proto_bytes())
    }

    /// As [`save`](MetaDataStore::save), for meta-data that was made from the current one by its rules.
    pub(crate) async fn save_successor(
        &self,
        metadata: &RecordMetaData,
        current: Option<&RecordMetaData>,
    ) -> Result<()> {
        if let (Some(current), Some(bytes)) = (current, self.load_bytes().await?) {
            self.write(&self.history_key(current.version()), &bytes)?;
        }
        self.write(&self.current_key(), &metadata.to_proto_bytes())
    }

    /// The bytes of the current meta-data. Those of a store from before there were histories are moved to where they belong.
    async fn load_bytes(&self) -> Result<Option<Bytes>> {
        if let Some(bytes) = self.read(&self.current_key()).await? {
            return Ok(Some(bytes));
        }
        let old_key = self.subspace.prefix();
        let Some(bytes) = self.read(old_key).await? else {
            return Ok(None);
        };
        let range = self.subspace.range();
        self.context.clear_range(&range.begin, &range.end);
        self.write(&self.current_key(), &bytes)?;
        Ok(Some(bytes))
    }

    async fn read(&self, key: &[u8]) -> Result<Option<Bytes>> {
        let raw = split::load(&self.context, key, SplitLayout::SPLIT, false).await?;
        Ok(raw.map(|raw| raw.value))
    }

    fn write(&self, key: &[u8], bytes: &[u8]) -> Result<()> {
        split::save(&self.context, key, bytes, None, SplitLayout::SPLIT, Previous::Unknown).map(drop)
    }

    fn parse(&self, bytes: Option<Bytes>) -> Result<Option<RecordMetaData>> {
        bytes
            .map(|bytes| self.located(RecordMetaData::from_proto_bytes(bytes)))
            .transpose()
    }

    fn located<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|error| error.with("metadata_store", &self.subspace))
    }

    fn current_key(&self) -> Vec<u8> {
        self.subspace.pack(&Tuple::from((Element::Null,)))
    }

    fn history_key(&self, version: i32) -> Vec<u8> {
        self.subspace.pack(&Tuple::from(("H", version)))
    }
}
