//! [`RecordSpace`]: a directory with a schema and the records of it.
//!
//! Below the prefix of the directory, `("m")` holds a [`MetaDataStore`] and `("d")` a [`RecordStore`]: both are Java's
//! classes, so a Java program opens the same space with stock code.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;
use record_store_kv::Subspace;
use record_store_kv::directory::Directory;
use record_store_kv::tuple::Tuple;

use super::{MetaDataStore, SpaceCursor, SpacePath};
use crate::index::IndexState;
use crate::indexing::{IndexBuildSummary, IndexingOptions, OnlineIndexer, OpenStore};
use crate::metadata::{Index, RecordMetaData, Schema};
use crate::serialize::Record;
use crate::store::StoreSchema;
use crate::{
    Database, Error, ErrorKind, RecordContext, RecordKey, RecordStore, Result, SaveOptions, ScanOptions,
    StoreExistenceCheck, StoreOptions, StoredRecord,
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
}

/// What opening a store needs, and costs reads to find out.
struct Resolved {
    data: Subspace,
    metadata: Subspace,
    schema: StoreSchema,
}

/// Opens a [`RecordSpace`]; made by [`Database::space`].
#[must_use = "a space is opened by `open`"]
pub struct RecordSpaceBuilder {
    database: Database,
    path: Result<SpacePath>,
    schema: Option<Schema>,
    options: StoreOptions,
    build_indexes: Option<IndexingOptions>,
}

impl RecordSpaceBuilder {
    pub(crate) fn new(database: Database, path: Result<SpacePath>) -> Self {
        RecordSpaceBuilder {
            database,
            path,
            schema: None,
            options: StoreOptions::default(),
            build_indexes: None,
        }
    }

    /// The schema: the space is created if it is not there, and what the schema adds is added to the stored one.
    pub fn schema(mut self, schema: &Schema) -> Self {
        self.schema = Some(schema.clone());
        self
    }

    /// How the record store of the space is opened. Its existence check is the space's own affair.
    pub fn options(mut self, options: StoreOptions) -> Self {
        self.options = options;
        self
    }

    /// Builds all indexes that are not readable before `open` returns, as [`RecordSpace::build_indexes`] does. Without it a
    /// new index of a space with many records is left disabled, and queries do without.
    pub fn build_indexes(mut self, options: IndexingOptions) -> Self {
        self.build_indexes = Some(options);
        self
    }

    /// Opens the space: creates its directory, brings the stored schema up to date and opens the store, in one transaction.
    ///
    /// **Errors**: `InvalidArgument` for a bad path; `StoreNotFound` without a schema, if there is no such space;
    /// `MetaDataEvolution` for a schema that does not go with the stored one; `Directory` if something else lies there; those
    /// of [`RecordSpace::build_indexes`], if it is to build.
    pub async fn open(self) -> Result<RecordSpace> {
        let RecordSpaceBuilder {
            database,
            path,
            schema,
            options,
            build_indexes,
        } = self;
        let path = path?;
        let opened = {
            let (database, path, schema, options) = (&database, &path, schema.as_ref(), &options);
            database
                .run(|context| async move { resolve(database, &context, path, schema, options).await })
                .await?
        };
        let space = RecordSpace {
            inner: Arc::new(Inner {
                database,
                path,
                options,
                resolved: RwLock::new(Arc::new(opened)),
            }),
        };
        if let Some(options) = build_indexes {
            space.build_indexes(options).await?;
        }
        Ok(space)
    }
}

impl RecordSpace {
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
        self.with_store(|store| async move { store.load_record(&key.resolve(store.metadata())?).await })
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
        self.with_store(|store| async move { store.record_exists(&key.resolve(store.metadata())?).await })
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
        SpaceCursor::new(self.clone(), options)
    }

    /// The states of all indexes, by their names.
    ///
    /// **Errors**: those of [`store`](RecordSpace::store).
    pub async fn index_states(&self) -> Result<BTreeMap<String, IndexState>> {
        self.with_store(|store| async move {
            let state = |index: &Arc<Index>| (index.name().to_owned(), store.index_state(index.name()));
            Ok(store.metadata().indexes().map(state).collect())
        })
        .await
    }

    /// A builder of indexes of this space, for one that is not to be built as all others or tells its progress.
    pub fn indexer(&self) -> OnlineIndexer {
        let space = self.clone();
        let open: OpenStore = Arc::new(move |context| {
            let space = space.clone();
            Box::pin(async move { space.store(&context).await })
        });
        OnlineIndexer::with_open(&self.inner.database, open)
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

    /// The record store of this space within a transaction. It costs one read.
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
        let resolved = self.inner.resolved.read().clone();
        let error = match self.open_store(context, &resolved).await {
            Ok(store) => return Ok(store),
            Err(error) => error,
        };
        let fresh = match error.kind() {
            // The directory may have been removed and created anew: it has another prefix then.
            ErrorKind::StoreNotFound => {
                resolve(
                    &self.inner.database,
                    context,
                    &self.inner.path,
                    None,
                    &self.inner.options,
                )
                .await?
            }
            // Somebody else extended the schema.
            ErrorKind::StaleMetaData => Resolved {
                schema: load_schema(context, &self.inner.path, resolved.metadata.clone()).await?,
                data: resolved.data.clone(),
                metadata: resolved.metadata.clone(),
            },
            _ => return Err(error),
        };
        let fresh = Arc::new(fresh);
        let store = self.open_store(context, &fresh).await?;
        let inner = self.inner.clone();
        context.after_commit(move || *inner.resolved.write() = fresh);
        Ok(store)
    }

    /// The whole primary key of a record, for the record store: with the key of the record type where the schema has it.
    ///
    /// **Errors**: `InvalidArgument` for a key that does not fit the schema as this handle last saw it.
    pub fn primary_key(&self, key: impl Into<RecordKey>) -> Result<Tuple> {
        key.into().resolve(self.inner.resolved.read().schema.metadata())
    }

    /// The path of the space.
    pub fn path(&self) -> &SpacePath {
        &self.inner.path
    }

    /// The database of the space.
    pub fn database(&self) -> &Database {
        &self.inner.database
    }

    /// The schema as this handle last saw it.
    pub fn metadata(&self) -> RecordMetaData {
        self.inner.resolved.read().schema.metadata().clone()
    }

    /// The subspace of the record store.
    pub fn subspace(&self) -> Subspace {
        self.inner.resolved.read().data.clone()
    }

    async fn open_store(&self, context: &RecordContext, resolved: &Resolved) -> Result<RecordStore> {
        let options = self
            .inner
            .options
            .clone()
            .existence(StoreExistenceCheck::ErrorIfNotExists);
        RecordStore::open_with_schema(context, resolved.data.clone(), resolved.schema.clone(), &options)
            .await
            .map_err(|error| error.with("space", &self.inner.path))
    }

    async fn with_store<T, F, Fut>(&self, operation: F) -> Result<T>
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

    async fn save_all(&self, records: &[Record], options: &SaveOptions) -> Result<Vec<StoredRecord>> {
        let (mut saved, context) = self
            .inner
            .database
            .run(|context| async move {
                let store = self.store(&context).await?;
                let mut saved = Vec::with_capacity(records.len());
                for record in records {
                    saved.push(store.save_record_with(record, options).await?);
                }
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

/// Finds the directory, brings the stored schema up to date with `schema` and opens the store once.
async fn resolve(
    database: &Database,
    context: &RecordContext,
    path: &SpacePath,
    schema: Option<&Schema>,
    options: &StoreOptions,
) -> Result<Resolved> {
    let located = |error: Error| error.with("space", path);
    let directory = find_directory(database, context, path, schema.is_some())
        .await
        .map_err(located)?;
    let subspace = directory.subspace()?;
    let (metadata, data) = (subspace.sub("m"), subspace.sub("d"));
    let store_schema = match schema {
        None => load_schema(context, path, metadata.clone()).await?,
        Some(schema) => {
            let stored = MetaDataStore::new(context, metadata.clone());
            let old = stored.load().await.map_err(located)?;
            let new = schema.merge_into(old.as_ref()).map_err(located)?;
            if old.as_ref().is_none_or(|old| old.version() != new.version()) {
                stored.save_successor(&new, old.as_ref()).await.map_err(located)?;
            }
            StoreSchema::new(new)
        }
    };
    let options = options.clone().existence(StoreExistenceCheck::ErrorIfNoInfoAndNotEmpty);
    RecordStore::open_with_schema(context, data.clone(), store_schema.clone(), &options)
        .await
        .map_err(located)?;
    Ok(Resolved {
        data,
        metadata,
        schema: store_schema,
    })
}

async fn find_directory(
    database: &Database,
    context: &RecordContext,
    path: &SpacePath,
    create: bool,
) -> Result<Directory> {
    let directories = database.directories();
    let full_path = database.directory_path(path.names());
    let transaction = context.transaction();
    if create {
        return Ok(directories
            .create_or_open(transaction, full_path, RecordSpace::LAYER)
            .await?);
    }
    if !directories.exists(transaction, &full_path).await? {
        return Err(Error::new(
            ErrorKind::StoreNotFound,
            "there is no such record space: give a schema to create it",
        ));
    }
    Ok(directories.open(transaction, full_path, RecordSpace::LAYER).await?)
}

async fn load_schema(context: &RecordContext, path: &SpacePath, metadata: Subspace) -> Result<StoreSchema> {
    let stored = MetaDataStore::new(context, metadata).load().await?;
    stored.map(StoreSchema::new).ok_or_else(|| {
        Error::new(
            ErrorKind::StoreNotFound,
            "the record space has no schema yet: give one to create it",
        )
        .with("space", path)
    })
}
