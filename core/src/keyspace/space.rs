//! [`RecordSpace`]: a directory with a schema and the records of it.
//!
//! Below the prefix of the directory, `("m")` holds a [`MetaDataStore`] and `("d")` a [`RecordStore`]: both are Java's
//! classes, so a Java program opens the same space with stock code.

use std::sync::Arc;

use parking_lot::RwLock;
use record_store_kv::Subspace;
use record_store_kv::tuple::Tuple;

use super::plan_cache::PlanCache;
use super::resolve::{self, Resolved, load_schema, open_directory};
use super::{MetaDataStore, RecordSpaceBuilder, SpaceCursor, SpacePath, plan, tree};
use crate::metadata::{RecordMetaData, Schema, SchemaDiff};
use crate::serialize::Record;
use crate::store::OpenFor;
use crate::{
    Database, Error, ErrorKind, RecordContext, RecordKey, RecordStore, RecordVersion, Result, SaveOptions, ScanOptions,
    StoreOptions, StoredRecord,
};

/// A record space: records of one schema under a path such as `prod/users`. Clones are handles on the same one.
///
/// Each method runs a transaction of its own and tries again where that is right; for several operations in one
/// transaction, see [`Database::run`] and [`RecordSpace::store`].
///
/// ```
/// # futures_executor::block_on(async {
/// use record_store::{Database, Record, RecordKey, ScanOptions, Schema};
///
/// let db = Database::in_memory()?;
/// let schema = Schema::builder()
///     .proto(
///         "shop.proto",
///         "syntax = 'proto3';
///          message User { int64 id = 1; string name = 2; }
///          message Order { string user = 1; int64 number = 2; }",
///     )
///     .record_type("User", |t| t.primary_key("id"))
///     .record_type("Order", |t| t.primary_key(["user", "number"]))
///     .build()?;
/// let shop = db.space("prod/shop").schema(&schema).open().await?;
///
/// shop.put(Record::from_json("User", r#"{"id": 42, "name": "Ada"}"#)).await?;
/// shop.put(Record::from_json("Order", r#"{"user": "Ada", "number": 7}"#)).await?;
/// assert!(shop.get(RecordKey::of("User", 42)).await?.is_some());
/// assert!(shop.get(RecordKey::of("Order", ("Ada", 7))).await?.is_some());
///
/// let mut all = shop.scan(ScanOptions::default());
/// while let Some(record) = all.next().await? {
///     println!("{} {}: {}", record.record_type(), record.primary_key(), record.to_json()?);
/// }
/// # Ok::<(), record_store::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct RecordSpace {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    path: SpacePath,
    options: StoreOptions,
    resolved: RwLock<Arc<Resolved>>,
    plans: PlanCache,
}

impl RecordSpace {
    pub(super) fn new(database: Database, path: SpacePath, options: StoreOptions, resolved: Resolved) -> Self {
        RecordSpace {
            inner: Arc::new(Inner {
                database,
                path,
                options,
                resolved: RwLock::new(Arc::new(resolved)),
                plans: PlanCache::default(),
            }),
        }
    }

    /// The layer of the directory of a record space.
    pub const LAYER: &'static [u8] = b"record_space";

    /// Saves a record over the one with its key, if there is one.
    ///
    /// **Errors**: those of [`RecordStore::save_record`], and FoundationDB's that trying again does not cure.
    pub async fn put(&self, record: impl Into<Record>) -> Result<StoredRecord> {
        self.put_with(record, &SaveOptions::default()).await
    }

    /// Saves a record as `options` say.
    ///
    /// **Errors**: those of [`RecordStore::save_record_with`], and FoundationDB's that trying again does not cure.
    pub async fn put_with(&self, record: impl Into<Record>, options: &SaveOptions) -> Result<StoredRecord> {
        let records = [record.into()];
        let saved = self.save_all(&records, options).await?.pop();
        saved.ok_or_else(|| {
            Error::new(
                ErrorKind::Internal,
                "a record that was saved is not among the saved ones",
            )
        })
    }

    /// Saves records, all or none.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::{Database, Record, Schema};
    /// # let schema = Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string name = 2; }")
    /// #     .record_type("User", |t| t.primary_key("id"))
    /// #     .build()?;
    /// # let users = Database::in_memory()?.space("users").schema(&schema).open().await?;
    /// let records = (1..=3).map(|id| Record::from_json("User", format!(r#"{{"id": {id}}}"#)));
    /// let saved = users.put_all(records).await?;
    /// assert_eq!(saved.len(), 3);
    /// assert!(saved[0].version() < saved[1].version());
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// **Limits**: a transaction takes 10 MB and five seconds; for more, call several times.
    ///
    /// **Errors**: those of [`RecordStore::save_record`], and FoundationDB's that trying again does not cure.
    pub async fn put_all<R: Into<Record>>(&self, records: impl IntoIterator<Item = R>) -> Result<Vec<StoredRecord>> {
        let records: Vec<Record> = records.into_iter().map(Into::into).collect();
        self.save_all(&records, &SaveOptions::default()).await
    }

    /// The record with this key.
    ///
    /// **Errors**: `InvalidArgument` for a key that does not fit the schema; those of [`RecordStore::load_record`].
    pub async fn get(&self, key: impl Into<RecordKey>) -> Result<Option<StoredRecord>> {
        let key = &key.into();
        self.with_records(|store| async move { store.load_record(&key.resolve(store.metadata())?).await })
            .await
    }

    /// Deletes the record with this key; says whether there was one.
    ///
    /// **Errors**: `InvalidArgument` for a key that does not fit the schema; those of [`RecordStore::delete_record`].
    pub async fn delete(&self, key: impl Into<RecordKey>) -> Result<bool> {
        let key = &key.into();
        self.with_store(|store| async move { store.delete_record(&key.resolve(store.metadata())?).await })
            .await
    }

    /// Whether there is a record with this key.
    ///
    /// **Errors**: `InvalidArgument` for a key that does not fit the schema.
    pub async fn exists(&self, key: impl Into<RecordKey>) -> Result<bool> {
        let key = &key.into();
        self.with_records(|store| async move { store.record_exists(&key.resolve(store.metadata())?).await })
            .await
    }

    /// Deletes all records. The schema stays.
    ///
    /// **Errors**: those of [`RecordStore::delete_all_records`].
    pub async fn delete_all(&self) -> Result<()> {
        self.with_store(|store| async move { store.delete_all_records().await })
            .await
    }

    /// The records in the order of their primary keys, or as `options` say.
    pub fn scan(&self, options: ScanOptions) -> SpaceCursor {
        SpaceCursor::new(self, OpenFor::Records, options, |store, options, _| {
            store.scan_records(options)
        })
    }

    /// How many records there are, by what counts them: the record count key of the schema, or count indexes.
    ///
    /// **Errors**: `Unsupported` if nothing counts all records.
    pub async fn record_count(&self) -> Result<i64> {
        self.with_store(|store| async move { store.snapshot_record_count_of_all().await })
            .await
    }

    /// The version of the record with this key: none if there is no such record, or it was saved without one.
    ///
    /// **Errors**: `InvalidArgument` for a key that does not fit the schema; those of [`RecordStore::load_record_version`].
    pub async fn load_version(&self, key: impl Into<RecordKey>) -> Result<Option<RecordVersion>> {
        let key = &key.into();
        self.with_records(|store| async move { store.load_record_version(&key.resolve(store.metadata())?).await })
            .await
    }

    /// The record store of this space within a transaction. It costs one read, or two that are issued together if the schema
    /// has indexes; a second time in the same transaction none.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::{Database, Error, Record, Schema};
    /// # let schema = Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string name = 2; }")
    /// #     .record_type("User", |t| t.primary_key("id"))
    /// #     .build()?;
    /// # let db = Database::in_memory()?;
    /// # let users = &db.space("users").schema(&schema).open().await?;
    /// # users.put(Record::from_json("User", r#"{"id": 1}"#)).await?;
    /// // Moves a user to another id, or does nothing.
    /// db.run(|tx| async move {
    ///     let store = users.store(&tx).await?;
    ///     if store.delete_record(&users.primary_key(1)?).await? {
    ///         store.save_record(&Record::from_json("User", r#"{"id": 2}"#)).await?;
    ///     }
    ///     Ok::<_, Error>(())
    /// })
    /// .await?;
    /// assert!(users.exists(2).await? && !users.exists(1).await?);
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// **Errors**: `StoreNotFound` if the space was removed; those of [`RecordStore::open`].
    pub async fn store(&self, context: &RecordContext) -> Result<RecordStore> {
        self.store_for(context, OpenFor::All).await
    }

    /// The record store within a transaction, for what a purpose needs of it.
    pub(super) async fn store_for(&self, context: &RecordContext, purpose: OpenFor) -> Result<RecordStore> {
        Ok(self.resolve(context, purpose).await?.1)
    }

    /// As [`store_for`](RecordSpace::store_for), in a transaction that opens nothing else.
    pub(super) async fn store_once(&self, context: &RecordContext, purpose: OpenFor) -> Result<RecordStore> {
        let resolved = self.inner.resolved.read().clone();
        match RecordStore::open_once(context, &resolved.store, purpose).await {
            Ok(store) => Ok(store),
            Err(error) => {
                let error = error.with("space", &self.inner.path);
                let (_, store) = Box::pin(self.resolve_anew(context, &resolved, purpose, error)).await?;
                Ok(store)
            }
        }
    }

    /// Where the space is and what its schema is, as this transaction sees it, and its store.
    async fn resolve(&self, context: &RecordContext, purpose: OpenFor) -> Result<(Arc<Resolved>, RecordStore)> {
        let resolved = self.inner.resolved.read().clone();
        match self.open_store(context, &resolved, purpose).await {
            Ok(store) => Ok((resolved, store)),
            // Boxed, because it is rare and would make the future of every operation large.
            Err(error) => Box::pin(self.resolve_anew(context, &resolved, purpose, error)).await,
        }
    }

    /// As [`resolve`](RecordSpace::resolve), after the store could not be opened as this handle last saw it.
    async fn resolve_anew(
        &self,
        context: &RecordContext,
        resolved: &Resolved,
        purpose: OpenFor,
        error: Error,
    ) -> Result<(Arc<Resolved>, RecordStore)> {
        let fresh = match error.kind() {
            // The directory may have been removed and created anew: it has another prefix then.
            ErrorKind::StoreNotFound => {
                resolve::resolve(
                    &self.inner.database,
                    context,
                    &self.inner.path,
                    None,
                    &self.inner.options,
                )
                .await?
            }
            // Somebody else extended the schema.
            ErrorKind::StaleMetaData => {
                let schema = load_schema(context, &self.inner.path, resolved.metadata.clone()).await?;
                resolved.with_schema(schema)
            }
            _ => return Err(error),
        };
        let fresh = Arc::new(fresh);
        let store = self.open_store(context, &fresh, purpose).await?;
        let (inner, seen) = (self.inner.clone(), fresh.clone());
        context.after_commit(move || *inner.resolved.write() = seen);
        Ok((fresh, store))
    }

    /// The whole primary key of a record, for the record store: with the key of the record type where the schema has it.
    ///
    /// **Errors**: `InvalidArgument` for a key that does not fit the schema as this handle last saw it.
    pub fn primary_key(&self, key: impl Into<RecordKey>) -> Result<Tuple> {
        key.into().resolve(self.inner.resolved.read().store.schema().metadata())
    }

    /// A space below this one, to be opened: `shop.child("archive").schema(&schema).open().await`. `path` is a name, or names
    /// between slashes.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::{Database, Schema};
    /// # let schema = Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; }")
    /// #     .record_type("User", |t| t.primary_key("id"))
    /// #     .build()?;
    /// # let db = Database::in_memory()?;
    /// let users = db.space("prod/users").schema(&schema).open().await?;
    /// let archive = users.child("archive").schema(&schema).open().await?;
    /// assert_eq!(archive.path().to_string(), "prod/users/archive");
    /// assert_eq!(users.children().await?, [archive.path().clone()]);
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn child(&self, path: &str) -> RecordSpaceBuilder {
        let path = path.parse().map(|below| self.path().join(&below));
        RecordSpaceBuilder::below(self, path)
    }

    /// The paths of the record spaces below this one, at any depth, in order.
    ///
    /// **Errors**: `StoreNotFound` if this one was moved or removed.
    pub async fn children(&self) -> Result<Vec<SpacePath>> {
        let database = &self.inner.database;
        database
            .run(|context| async move {
                self.check_in_place(&context).await?;
                tree::list(database, &context, self.path().names()).await
            })
            .await
    }

    /// What would change if this space got `schema`: each change with its cost, such as an index built over so many records,
    /// or with the rule that it breaks. It changes nothing.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::{Database, Record, Schema};
    /// # let db = Database::in_memory()?;
    /// let schema = |index: bool| {
    ///     Schema::builder()
    ///         .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string city = 2; }")
    ///         .record_type("User", |t| match index {
    ///             true => t.primary_key("id").index(("by_city", "city")),
    ///             false => t.primary_key("id"),
    ///         })
    ///         .build()
    /// };
    /// let users = db.space("users").schema(&schema(false)?).open().await?;
    /// users.put_all((1..=3).map(|id| Record::from_json("User", format!(r#"{{"id": {id}}}"#)))).await?;
    ///
    /// let plan = users.plan(&schema(true)?).await?;
    /// assert!(plan.is_allowed());
    /// assert_eq!(plan.to_string(), "index by_city added: the index is built over 3 records");
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// **Errors**: `MetaData` and `InvalidExpression` for a schema that does not go with the stored one at all; those of
    /// [`store`](RecordSpace::store).
    pub async fn plan(&self, schema: &Schema) -> Result<SchemaDiff> {
        self.inner
            .database
            .run(|context| async move {
                let (resolved, store) = self.resolve(&context, OpenFor::All).await?;
                let stored = load_schema(&context, self.path(), resolved.metadata.clone()).await?;
                let plan = plan::plan(&store, stored.metadata(), schema).await;
                plan.map_err(|error| error.with("space", self.path()))
            })
            .await
    }

    /// The versions of the schemas that the space had, from the oldest to the current one.
    ///
    /// **Errors**: `StoreNotFound` if the space was removed; `MetaData` for bytes that are no meta-data.
    pub async fn schema_versions(&self) -> Result<Vec<i32>> {
        self.with_metadata_store(|stored| async move { stored.versions().await })
            .await
    }

    /// The schema of this version; none if the space never had it.
    ///
    /// **Errors**: `StoreNotFound` if the space was removed; `MetaData` for bytes that are no meta-data.
    pub async fn load_schema_version(&self, version: i32) -> Result<Option<RecordMetaData>> {
        self.with_metadata_store(|stored| async move {
            match stored.load().await? {
                Some(current) if current.version() == version => Ok(Some(current)),
                _ => stored.load_version(version).await,
            }
        })
        .await
    }

    /// The path at which the space was opened. A space that is moved stays open; its path is then out of date.
    pub fn path(&self) -> &SpacePath {
        &self.inner.path
    }

    /// The database of the space.
    pub fn database(&self) -> &Database {
        &self.inner.database
    }

    /// The schema as this handle last saw it.
    pub fn metadata(&self) -> RecordMetaData {
        self.inner.resolved.read().store.schema().metadata().clone()
    }

    /// The subspace of the record store.
    pub fn subspace(&self) -> Subspace {
        self.inner.resolved.read().store.layout().store().clone()
    }

    /// The plans of its queries.
    pub(super) fn plans(&self) -> &PlanCache {
        &self.inner.plans
    }

    async fn open_store(&self, context: &RecordContext, resolved: &Resolved, purpose: OpenFor) -> Result<RecordStore> {
        RecordStore::open_in_session(context, &resolved.store, purpose)
            .await
            .map_err(|error| error.with("space", &self.inner.path))
    }

    /// Errors: `StoreNotFound` if the space is no longer at its path.
    pub(super) async fn check_in_place(&self, context: &RecordContext) -> Result<()> {
        let (resolved, _) = self.resolve(context, OpenFor::All).await?;
        let there = open_directory(&self.inner.database, context, &self.inner.path).await;
        match there {
            Ok(directory) if directory.subspace()?.prefix() == resolved.directory.prefix() => Ok(()),
            Err(error) if error.kind() != ErrorKind::StoreNotFound => Err(error),
            _ => Err(Error::new(
                ErrorKind::StoreNotFound,
                "the record space was moved: open it at its new path",
            )
            .with("space", &self.inner.path)),
        }
    }

    async fn with_metadata_store<T, F, Fut>(&self, operation: F) -> Result<T>
    where
        F: Fn(MetaDataStore) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let operation = &operation;
        self.inner
            .database
            .run(|context| async move {
                let (resolved, _) = self.resolve(&context, OpenFor::All).await?;
                operation(MetaDataStore::new(&context, resolved.metadata.clone())).await
            })
            .await
    }

    pub(super) async fn with_store<T, F, Fut>(&self, operation: F) -> Result<T>
    where
        F: Fn(RecordStore) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let operation = &operation;
        self.inner
            .database
            .run(|context| async move { operation(self.store(&context).await?).await })
            .await
    }

    /// As [`with_store`](RecordSpace::with_store), for what has nothing to do with indexes.
    async fn with_records<T, F, Fut>(&self, operation: F) -> Result<T>
    where
        F: Fn(RecordStore) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let operation = &operation;
        self.inner
            .database
            .run(|context| async move { operation(self.store_once(&context, OpenFor::Records).await?).await })
            .await
    }

    pub(super) async fn save_all(&self, records: &[Record], options: &SaveOptions) -> Result<Vec<StoredRecord>> {
        let (mut saved, context) = self
            .inner
            .database
            .run(|context| async move {
                let store = self.store(&context).await?;
                let saved = store.save_records_with(records, options).await?;
                Ok::<_, Error>((saved, context))
            })
            .await?;
        if let Some(versionstamp) = context.committed_versionstamp() {
            for record in &mut saved {
                record.complete_version(versionstamp)?;
            }
        }
        Ok(saved)
    }
}

impl std::fmt::Debug for RecordSpace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RecordSpace({})", self.inner.path)
    }
}
