//! The indexes of a [`RecordSpace`]: scanning them, what they keep of groups, their states and their building.

use std::collections::BTreeMap;
use std::sync::Arc;

use record_store_kv::tuple::Tuple;

use super::{RecordSpace, SpaceCursor};
use crate::index::{IndexEntry, IndexScanType, IndexState, UniquenessViolation};
use crate::indexing::{IndexBuildSummary, IndexingOptions, OnlineIndexer, OpenStore};
use crate::store::OpenFor;
use crate::{RecordKey, Result, ScanOptions};

impl RecordSpace {
    /// The entries of an index, in one of the ways in which its type can be scanned, or without one in the way of its type. The
    /// bounds of `options` are columns of the index, as a program writes them.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::{Database, IndexScanType, Record, ScanOptions, Schema, Tuple};
    /// # let schema = Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string city = 2; int64 age = 3; }")
    /// #     .record_type("User", |t| t.primary_key("id").index(("by_city", ["city", "age"])))
    /// #     .build()?;
    /// # let users = Database::in_memory()?.space("users").schema(&schema).open().await?;
    /// # for (id, city, age) in [(1, "Oslo", 30), (2, "Rome", 20), (3, "Oslo", 20)] {
    /// #     users.put(Record::from_json("User", format!(r#"{{"id": {id}, "city": "{city}", "age": {age}}}"#))).await?;
    /// # }
    /// let in_oslo = ScanOptions::default().within("Oslo");
    /// let mut entries = users.scan_index("by_city", IndexScanType::ByValue, in_oslo);
    /// let youngest = entries.next().await?.ok_or("nobody lives in Oslo")?;
    /// assert_eq!(youngest.key(), &Tuple::from(("Oslo", 20, 1, 3)));
    /// assert_eq!(youngest.primary_key(), &Tuple::from((1, 3)));
    ///
    /// let grown_up = ScanOptions::default().from(("Oslo", 25)).to("Rome");
    /// assert_eq!(users.scan_index("by_city", None, grown_up).next_batch(10).await?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// **Errors**, when the cursor is asked: those of [`RecordStore::scan_index`](crate::RecordStore::scan_index).
    pub fn scan_index(
        &self,
        index: impl Into<String>,
        scan_type: impl Into<Option<IndexScanType>>,
        options: ScanOptions,
    ) -> SpaceCursor<IndexEntry> {
        let (index, scan_type) = (index.into(), scan_type.into());
        SpaceCursor::new(self, OpenFor::All, options, move |store, options, _| {
            store.scan_index(&index, scan_type, options)
        })
    }

    /// The records to which the entries of an index lead, in the order of the entries; each is read in the transaction of its
    /// entry. A record comes as often as it has entries in the range.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::{Database, Record, ScanOptions, Schema};
    /// # let schema = Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string city = 2; }")
    /// #     .record_type("User", |t| t.primary_key("id").index(("by_city", "city")))
    /// #     .build()?;
    /// # let users = Database::in_memory()?.space("users").schema(&schema).open().await?;
    /// users.put(Record::from_json("User", r#"{"id": 1, "city": "Oslo"}"#)).await?;
    /// users.put(Record::from_json("User", r#"{"id": 2, "city": "Rome"}"#)).await?;
    /// let mut romans = users.scan_index_records("by_city", ScanOptions::default().within("Rome"));
    /// assert_eq!(romans.next().await?.map(|user| user.to_json()).transpose()?.as_deref(), Some(r#"{"id":"2","city":"Rome"}"#));
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// **Errors**, when the cursor is asked: those of [`RecordStore::scan_index_records`](crate::RecordStore::scan_index_records).
    pub fn scan_index_records(&self, index: impl Into<String>, options: ScanOptions) -> SpaceCursor {
        let index = index.into();
        SpaceCursor::new(self, OpenFor::All, options, move |store, options, _| {
            store.scan_index_records(&index, options)
        })
    }

    /// What breaks the uniqueness of an index that is being built, or is not yet unique, by value and primary key.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::indexing::IndexingOptions;
    /// # use record_store::metadata::IndexSchema;
    /// # use record_store::{Database, Record, ScanOptions, Schema};
    /// # let db = Database::in_memory()?;
    /// # let files = || Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string email = 2; }")
    /// #     .record_type("User", |t| t.primary_key("id"));
    /// # let users = db.space("users").schema(&files().build()?).open().await?;
    /// # users.put_all((1..=3).map(|id| Record::from_json("User", format!(r#"{{"id": {id}, "email": "a@b.c"}}"#)))).await?;
    /// let schema = files().index(IndexSchema::new("by_email", "email").unique()).build()?;
    /// let users = db.space("users").schema(&schema).open().await?;
    /// assert!(users.build_indexes(IndexingOptions::default()).await.is_err());
    /// let violations = users.scan_uniqueness_violations("by_email", ScanOptions::default()).next_batch(10).await?;
    /// assert_eq!(violations.len(), 3);
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// **Errors**, when the cursor is asked: those of
    /// [`RecordStore::scan_uniqueness_violations`](crate::RecordStore::scan_uniqueness_violations).
    pub fn scan_uniqueness_violations(
        &self,
        index: impl Into<String>,
        options: ScanOptions,
    ) -> SpaceCursor<UniquenessViolation> {
        let index = index.into();
        SpaceCursor::new(self, OpenFor::All, options, move |store, options, _| {
            store.scan_uniqueness_violations(&index, options)
        })
    }

    /// The count, sum, or least or greatest value that an index keeps for the groups whose first columns are these; for `()` that
    /// of all groups.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::key_expression::{Grouping, field};
    /// # use record_store::metadata::index_type;
    /// # use record_store::{Database, Index, Record, Schema, Tuple};
    /// # let schema = Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string city = 2; }")
    /// #     .record_type("User", |t| t.primary_key("id"))
    /// #     .index(Index::new("count", Grouping::new(field("city").into(), 0)).on("User").with_kind(index_type::COUNT))
    /// #     .build()?;
    /// # let users = Database::in_memory()?.space("users").schema(&schema).open().await?;
    /// for (id, city) in [(1, "Oslo"), (2, "Rome"), (3, "Oslo")] {
    ///     users.put(Record::from_json("User", format!(r#"{{"id": {id}, "city": "{city}"}}"#))).await?;
    /// }
    /// assert_eq!(users.aggregate("count", "Oslo").await?, Some(Tuple::from((2,))));
    /// assert_eq!(users.aggregate("count", ()).await?, Some(Tuple::from((3,))));
    /// assert_eq!(users.record_count().await?, 3);
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// **Errors**: those of [`RecordStore::aggregate_index_group`](crate::RecordStore::aggregate_index_group).
    pub async fn aggregate(&self, index: &str, group: impl Into<RecordKey>) -> Result<Option<Tuple>> {
        let group = &group.into();
        self.with_store(|store| async move { store.aggregate_index_group(index, group).await })
            .await
    }

    /// The states of all indexes, by their names.
    ///
    /// **Errors**: those of [`store`](RecordSpace::store).
    pub async fn index_states(&self) -> Result<BTreeMap<String, IndexState>> {
        self.with_store(|store| async move { Ok(store.index_states()) }).await
    }

    /// The state of an index.
    ///
    /// **Errors**: `MetaData` for an unknown index; those of [`store`](RecordSpace::store).
    pub async fn index_state(&self, index: &str) -> Result<IndexState> {
        self.with_store(|store| async move {
            let index = store.metadata().index(index)?;
            Ok(store.index_state(index.name()))
        })
        .await
    }

    /// Puts an index into a state, such as [`Disabled`](IndexState::Disabled), in which it costs nothing until it is built
    /// again. Says whether that changed anything.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::{Database, ErrorKind, IndexState, ScanOptions, Schema};
    /// # let schema = Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string city = 2; }")
    /// #     .record_type("User", |t| t.primary_key("id").index(("by_city", "city")))
    /// #     .build()?;
    /// # let users = Database::in_memory()?.space("users").schema(&schema).open().await?;
    /// assert!(users.mark_index("by_city", IndexState::Disabled).await?);
    /// assert_eq!(users.index_state("by_city").await?, IndexState::Disabled);
    /// let scanned = users.scan_index("by_city", None, ScanOptions::default()).next().await;
    /// assert_eq!(scanned.unwrap_err().kind(), ErrorKind::IndexNotReadable);
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// **Errors**: those of [`RecordStore::mark_index`](crate::RecordStore::mark_index).
    pub async fn mark_index(&self, index: &str, state: IndexState) -> Result<bool> {
        self.with_store(|store| async move { store.mark_index(index, state).await })
            .await
    }

    /// Deletes all records with a value that breaks the uniqueness of an index, but for the one with the key `remaining`, if
    /// one is to remain. The index is made readable by [`build_indexes`](RecordSpace::build_indexes) when no violation is left.
    ///
    /// **Errors**: `MetaData` for an unknown index; `InvalidArgument` for a key that does not fit the schema; those of
    /// [`delete`](RecordSpace::delete).
    pub async fn resolve_uniqueness_violation(
        &self,
        index: &str,
        value: impl Into<Tuple>,
        remaining: Option<RecordKey>,
    ) -> Result<()> {
        let (value, remaining) = (&value.into(), &remaining);
        self.with_store(|store| async move {
            let remaining = remaining
                .as_ref()
                .map(|key| key.resolve(store.metadata()))
                .transpose()?;
            store
                .resolve_uniqueness_violation(index, value, remaining.as_ref())
                .await
        })
        .await
    }

    /// Builds an index again, in one transaction: for spaces of few records. [`indexer`](RecordSpace::indexer) does it in many,
    /// with [`IndexingAction::Rebuild`](crate::indexing::IndexingAction::Rebuild).
    ///
    /// **Errors**: those of [`RecordStore::rebuild_index`](crate::RecordStore::rebuild_index).
    pub async fn rebuild_index(&self, index: &str) -> Result<()> {
        self.with_store(|store| async move { store.rebuild_index(index).await })
            .await
    }

    /// A builder of indexes of this space, for one that is not to be built as all others or tells its progress.
    pub fn indexer(&self) -> OnlineIndexer {
        let space = self.clone();
        let open: OpenStore = Arc::new(move |context| {
            let space = space.clone();
            Box::pin(async move { space.store(&context).await })
        });
        OnlineIndexer::with_open(self.database(), open)
    }

    /// Builds all indexes that are not readable, in many transactions, while others use the space. A build that was stopped
    /// goes on.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::key_expression::field;
    /// # use record_store::indexing::IndexingOptions;
    /// # use record_store::{Database, Index, IndexState, Record, Schema};
    /// # let db = Database::in_memory()?;
    /// # let schema = |index: Option<Index>| {
    /// #     let schema = Schema::builder()
    /// #         .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string city = 2; }")
    /// #         .record_type("User", |t| t.primary_key("id"));
    /// #     index.into_iter().fold(schema, |schema, index| schema.index(index)).build()
    /// # };
    /// # let users = db.space("users").schema(&schema(None)?).open().await?;
    /// # users.put_all((1..=500).map(|id| Record::from_json("User", format!(r#"{{"id": {id}}}"#)))).await?;
    /// # let extended = schema(Some(Index::new("by_city", field("city")).on("User")))?;
    /// let users = db.space("users").schema(&extended).open().await?;
    /// assert_eq!(users.index_states().await?["by_city"], IndexState::Disabled);
    /// let built = users.build_indexes(IndexingOptions::default()).await?;
    /// assert_eq!(built.states["by_city"], IndexState::Readable);
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// **Errors**: those of [`OnlineIndexer::build`].
    pub async fn build_indexes(&self, options: IndexingOptions) -> Result<IndexBuildSummary> {
        self.indexer().options(options).build().await
    }
}
