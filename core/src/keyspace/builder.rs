//! [`RecordSpaceBuilder`]: how a record space is opened.

use super::{RecordSpace, SpacePath, resolve};
use crate::indexing::IndexingOptions;
use crate::metadata::Schema;
use crate::{Database, Result, StoreOptions};

/// Opens a [`RecordSpace`]; made by [`Database::space`] and [`RecordSpace::child`].
#[must_use = "a space is opened by `open`"]
pub struct RecordSpaceBuilder {
    database: Database,
    path: Result<SpacePath>,
    /// The space below which this one lies, if it was asked for it.
    parent: Option<RecordSpace>,
    schema: Option<Schema>,
    options: StoreOptions,
    build_indexes: Option<IndexingOptions>,
}

impl RecordSpaceBuilder {
    pub(crate) fn new(database: Database, path: Result<SpacePath>) -> Self {
        RecordSpaceBuilder {
            database,
            path,
            parent: None,
            schema: None,
            options: StoreOptions::default(),
            build_indexes: None,
        }
    }

    pub(super) fn below(parent: &RecordSpace, path: Result<SpacePath>) -> Self {
        RecordSpaceBuilder {
            parent: Some(parent.clone()),
            ..RecordSpaceBuilder::new(parent.database().clone(), path)
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
    /// **Errors**: `InvalidArgument` for a bad path; `StoreNotFound` without a schema, if there is no such space, and for the
    /// child of a space that was moved or removed; `MetaDataEvolution` for a schema that does not go with the stored one, with
    /// all `changes`; `Directory` if something else lies there; those of [`RecordSpace::build_indexes`], if it is to build.
    pub async fn open(self) -> Result<RecordSpace> {
        let RecordSpaceBuilder {
            database,
            path,
            parent,
            schema,
            options,
            build_indexes,
        } = self;
        let path = path?;
        let resolved = {
            let (database, path, parent) = (&database, &path, parent.as_ref());
            let (schema, options) = (schema.as_ref(), &options);
            database
                .run(|context| async move {
                    if let Some(parent) = parent {
                        parent.check_in_place(&context).await?;
                    }
                    resolve::resolve(database, &context, path, schema, options).await
                })
                .await?
        };
        let space = RecordSpace::new(database, path, options, resolved);
        if let Some(options) = build_indexes {
            space.build_indexes(options).await?;
        }
        Ok(space)
    }
}
