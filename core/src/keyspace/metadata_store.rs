//! [`MetaDataStore`]: meta-data kept in the database, with its history.
//!
//! Java class: `FDBMetaDataStore`. Keys: `(null)` holds the current meta-data, `("H", version)` what was current before.

use record_store_kv::tuple::{Element, Tuple};
use record_store_kv::{Bytes, RangeRequest, Subspace};

use crate::metadata::{MetaDataEvolutionValidator, RecordMetaData, RecordMetaDataBuilder};
use crate::split::{self, Previous, SplitLayout};
use crate::{Error, ErrorKind, RecordContext, Result};

/// Meta-data in a subspace of its own, within one transaction.
///
/// A program that works with record spaces has one in each; others keep the meta-data of their stores with it.
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

    /// The versions that there are: those of the history, and the current one behind them.
    ///
    /// **Errors**: `MetaData` for bytes that are no meta-data; `Corrupt` for a key of the history that is no version.
    pub async fn versions(&self) -> Result<Vec<i32>> {
        let mut versions = Vec::new();
        let history = self.subspace.sub("H");
        let whole = history.range();
        let mut next = whole.begin.clone();
        loop {
            // One row of each version: its meta-data may have many.
            let request = RangeRequest::keys(next, whole.end.clone()).limit(1);
            let batch = self.context.transaction().get_range(&request, false).await?;
            let Some(row) = batch.rows.first() else { break };
            let version = version_of(&history, &row.key)
                .ok_or_else(|| Error::new(ErrorKind::Corrupt, "a key in the history of meta-data is no version"))
                .map_err(|error| {
                    error
                        .with("key", row.key.escape_ascii())
                        .with("metadata_store", &self.subspace)
                })?;
            versions.push(version);
            next = history.sub(version).prefix_range().end;
        }
        versions.extend(self.load().await?.map(|current| current.version()));
        Ok(versions)
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

    /// Changes the current meta-data: adds or removes indexes, for example. Java: `addIndex`, `dropIndex` and the like.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use record_store::{Database, Index, MetaDataStore, Schema, key_expression::field, kv::Subspace};
    /// # let schema = Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string name = 2; }")
    /// #     .record_type("User", |t| t.primary_key("id"))
    /// #     .build()?;
    /// # let metadata = schema.merge_into(None)?;
    /// let context = Database::in_memory()?.transaction();
    /// let store = MetaDataStore::new(&context, Subspace::from(("schema",)));
    /// store.save(&metadata, &Default::default()).await?;
    /// let changed = store
    ///     .update(&Default::default(), |builder| {
    ///         builder.add_index(Index::new("by_name", field("name")).on("User"))?;
    ///         Ok(())
    ///     })
    ///     .await?;
    /// assert_eq!(changed.version(), metadata.version() + 1);
    /// assert!(changed.index("by_name").is_ok());
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// **Errors**: `StoreNotFound` if there is no meta-data; those of `change`; those of [`save`](MetaDataStore::save).
    pub async fn update(
        &self,
        rules: &MetaDataEvolutionValidator,
        change: impl FnOnce(&mut RecordMetaDataBuilder) -> Result<()>,
    ) -> Result<RecordMetaData> {
        let Some(current) = self.load().await? else {
            return Err(Error::new(
                ErrorKind::StoreNotFound,
                "there is no meta-data to change: save some first",
            )
            .with("metadata_store", &self.subspace));
        };
        let mut builder = RecordMetaDataBuilder::from(&current);
        change(&mut builder)?;
        let changed = builder.build()?;
        self.save(&changed, rules).await?;
        Ok(changed)
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

fn version_of(history: &Subspace, key: &[u8]) -> Option<i32> {
    let version = history.unpack(key).ok()?.first()?.as_i64()?;
    i32::try_from(version).ok()
}
