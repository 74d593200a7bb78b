//! Where a record space is and what its schema is: finding its directory, and bringing its schema up to date.

use std::sync::Arc;

use record_store_kv::Subspace;
use record_store_kv::directory::Directory;

use super::dropped_type;
use super::{MetaDataStore, RecordSpace, SpacePath};
use crate::metadata::Schema;
use crate::store::{OpenFor, StorePlace, StoreSchema};
use crate::{Database, Error, ErrorKind, RecordContext, RecordStore, Result, StoreExistenceCheck, StoreOptions};

/// What opening a store needs, and costs reads to find out.
pub(super) struct Resolved {
    pub(super) directory: Subspace,
    pub(super) metadata: Subspace,
    /// The record store, with the schema.
    pub(super) store: Arc<StorePlace>,
}

impl Resolved {
    /// The same place with another schema.
    pub(super) fn with_schema(&self, schema: StoreSchema) -> Self {
        Resolved {
            directory: self.directory.clone(),
            metadata: self.metadata.clone(),
            store: Arc::new(self.store.with_schema(schema)),
        }
    }
}

/// Finds the directory, brings the stored schema up to date with `schema` and opens the store once.
pub(super) async fn resolve(
    database: &Database,
    context: &RecordContext,
    path: &SpacePath,
    schema: Option<&Schema>,
    options: &StoreOptions,
) -> Result<Resolved> {
    let located = |error: Error| error.with("space", path);
    let directory = match schema {
        Some(_) => create_or_open_directory(database, context, path).await,
        None => open_directory(database, context, path).await,
    };
    let directory = directory.map_err(located)?.subspace()?.clone();
    let metadata = directory.sub("m");
    let data = directory.sub("d");
    let schema = match schema {
        None => load_schema(context, path, metadata.clone()).await?,
        Some(schema) => bring_up_to_date(context, &metadata, &data, schema, options)
            .await
            .map_err(located)?,
    };
    let or_created = options.clone().existence(StoreExistenceCheck::ErrorIfNoInfoAndNotEmpty);
    RecordStore::open_with_schema(context, data.clone(), schema.clone(), &or_created, OpenFor::All)
        .await
        .map_err(located)?;
    let existing = options.clone().existence(StoreExistenceCheck::ErrorIfNotExists);
    Ok(Resolved {
        directory,
        metadata,
        store: Arc::new(StorePlace::new(data, schema, existing)),
    })
}

/// Adds to the stored schema what `schema` adds, and takes what it drops.
async fn bring_up_to_date(
    context: &RecordContext,
    metadata: &Subspace,
    data: &Subspace,
    schema: &Schema,
    options: &StoreOptions,
) -> Result<StoreSchema> {
    let stored = MetaDataStore::new(context, metadata.clone());
    let old = stored.load().await?;
    let new = schema.merge_into(old.as_ref())?;
    match &old {
        Some(old) if old.version() == new.version() => {}
        None => stored.save_successor(&new, None).await?,
        Some(old) => {
            dropped_type::check_unused(context, data, old, &new, options).await?;
            stored.save_successor(&new, Some(old)).await?;
        }
    }
    Ok(StoreSchema::new(new))
}

async fn create_or_open_directory(database: &Database, context: &RecordContext, path: &SpacePath) -> Result<Directory> {
    let full_path = database.directory_path(path.names());
    let directories = database.directories();
    let opened = directories
        .create_or_open(context.transaction(), full_path, RecordSpace::LAYER)
        .await;
    opened.map_err(refuse_folder)
}

/// A directory without a layer is a folder, which other spaces below it have made.
fn refuse_folder(error: record_store_kv::Error) -> Error {
    let error = Error::from(error);
    let has_no_layer = error.kind() == ErrorKind::Directory && error.fact("layer") == Some("");
    match has_no_layer {
        true => Error::new(
            ErrorKind::Directory,
            "there is a folder here, made for the record spaces below it: choose another path, or open the upper space before \
             those below it",
        )
        .caused_by(error),
        false => error,
    }
}

/// Errors: `StoreNotFound`, `Directory`.
pub(super) async fn open_directory(
    database: &Database,
    context: &RecordContext,
    path: &SpacePath,
) -> Result<Directory> {
    let directories = database.directories();
    let full_path = database.directory_path(path.names());
    let transaction = context.transaction();
    if !directories.exists(transaction, &full_path).await? {
        return Err(Error::new(
            ErrorKind::StoreNotFound,
            "there is no such record space: give a schema to create it",
        ));
    }
    let opened = directories.open(transaction, full_path, RecordSpace::LAYER).await;
    opened.map_err(refuse_folder)
}

/// Errors: `StoreNotFound`.
pub(super) async fn load_schema(context: &RecordContext, path: &SpacePath, metadata: Subspace) -> Result<StoreSchema> {
    let stored = MetaDataStore::new(context, metadata).load().await?;
    stored.map(StoreSchema::new).ok_or_else(|| {
        Error::new(
            ErrorKind::StoreNotFound,
            "the record space has no schema yet: give one to create it",
        )
        .with("space", path)
    })
}
