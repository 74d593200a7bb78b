//! Building indexes in many transactions, while records are saved and deleted.
//!
//! A build goes through the records of the store from one end to the other, a few in each transaction, and notes down in
//! the same transaction which range of primary keys the index has. So it may be stopped at any moment, by
//! whatever, and another one goes on. Whoever saves a record meanwhile keeps the index up to date as well; an index that
//! must not see a record twice is left alone by who saves one that the builder has yet to come to.
//!
//! A build may go by the entries of another index instead, or be shared by several builders. Everything that is stored is
//! Java's: builders of both kinds go on with each other's work. The queue of pending writes is Java's alone.

mod by_index;
mod by_records;
mod chunk;
mod heartbeat;
mod mutual;
mod options;
mod progress;
mod session;
mod stamp;
mod target;
mod throttle;

use std::ops::ControlFlow;
use std::sync::Arc;

use record_store_kv::{BoxFuture, Subspace};

use crate::metadata::RecordMetaData;
use crate::store::{OpenFor, StoreSchema};
use crate::{Database, RecordContext, RecordStore, Result, StoreOptions};

pub use options::{IndexingAction, IndexingMethod, IndexingOptions};
pub use progress::{IndexBuildProgress, IndexBuildSummary};

use progress::OnProgress;
use session::Session;

/// Opens the store in a transaction of a build.
pub(crate) type OpenStore = Arc<dyn Fn(RecordContext) -> BoxFuture<Result<RecordStore>> + Send + Sync>;

/// Builds indexes of a record store, in many transactions.
///
/// A program that works with record spaces gets one from [`RecordSpace::indexer`](crate::RecordSpace::indexer), or calls
/// [`RecordSpace::build_indexes`](crate::RecordSpace::build_indexes).
///
/// Java class: `OnlineIndexer`.
///
/// ```
/// # futures_executor::block_on(async {
/// use std::ops::ControlFlow;
/// use record_store::key_expression::field;
/// use record_store::indexing::IndexingOptions;
/// use record_store::{Database, Index, IndexState, Record, Schema};
///
/// let db = Database::in_memory()?;
/// let schema = |indexes: Option<Index>| {
///     let schema = Schema::builder()
///         .proto("users.proto", "syntax = 'proto3'; message User { int64 id = 1; string city = 2; }")
///         .record_type("User", |t| t.primary_key("id"));
///     indexes.into_iter().fold(schema, |schema, index| schema.index(index)).build()
/// };
/// let users = db.space("users").schema(&schema(None)?).open().await?;
/// let record = |id| Record::from_json("User", format!(r#"{{"id": {id}, "city": "c{}"}}"#, id % 7));
/// users.put_all((1..=500).map(record)).await?;
///
/// let users = db.space("users").schema(&schema(Some(Index::new("by_city", field("city")).on("User")))?).open().await?;
/// assert_eq!(users.index_states().await?["by_city"], IndexState::Disabled);
/// let built = users
///     .indexer()
///     .index("by_city")
///     .options(IndexingOptions::default().limit(200))
///     .on_progress(|progress| {
///         println!("{} records", progress.records_scanned);
///         ControlFlow::Continue(())
///     })
///     .build()
///     .await?;
/// assert_eq!((built.records_scanned, built.transactions), (500, 3));
/// assert_eq!(built.states["by_city"], IndexState::Readable);
/// # Ok::<(), record_store::Error>(())
/// # }).unwrap();
/// ```
#[must_use = "a builder does nothing until `build`"]
pub struct OnlineIndexer {
    database: Database,
    open: OpenStore,
    indexes: Vec<String>,
    options: IndexingOptions,
    on_progress: Option<OnProgress>,
}

impl OnlineIndexer {
    /// For the store in a subspace, opened as `options` say.
    pub fn new(database: &Database, subspace: Subspace, metadata: &RecordMetaData, options: &StoreOptions) -> Self {
        let (schema, options) = (StoreSchema::new(metadata.clone()), options.clone());
        let open: OpenStore = Arc::new(move |context| {
            let (subspace, schema, options) = (subspace.clone(), schema.clone(), options.clone());
            Box::pin(
                async move { RecordStore::open_with_schema(&context, subspace, schema, &options, OpenFor::All).await },
            )
        });
        Self::with_open(database, open)
    }

    pub(crate) fn with_open(database: &Database, open: OpenStore) -> Self {
        OnlineIndexer {
            database: database.clone(),
            open,
            indexes: Vec::new(),
            options: IndexingOptions::default(),
            on_progress: None,
        }
    }

    /// An index to build. Several are built together, in one pass over the records; without any, all that are not readable
    /// are built, but for those that others replace and those of types that this release does not maintain.
    pub fn index(mut self, name: impl Into<String>) -> Self {
        self.indexes.push(name.into());
        self
    }

    /// How to build.
    pub fn options(mut self, options: IndexingOptions) -> Self {
        self.options = options;
        self
    }

    /// Calls `callback` after each transaction that has indexed records; it breaks to stop the build.
    pub fn on_progress(
        mut self,
        callback: impl Fn(&IndexBuildProgress) -> ControlFlow<()> + Send + Sync + 'static,
    ) -> Self {
        self.on_progress = Some(Box::new(callback));
        self
    }

    /// Builds, and makes the indexes readable. What was stopped before goes on.
    ///
    /// When the indexes are built in several passes, one that fails does not keep the others from being built.
    ///
    /// **Errors**: `MetaData` for an unknown index; `IndexBuild` if another builder is at work, the options say not to build,
    /// or the build was stopped; `UniquenessViolation` for a unique index with records of the same value, which stays
    /// write-only; `Unsupported` for an index of a type that this release does not maintain; those of indexing a record;
    /// FoundationDB's.
    pub async fn build(&self) -> Result<IndexBuildSummary> {
        self.options.check()?;
        Session::new(self).build().await
    }
}

impl std::fmt::Debug for OnlineIndexer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OnlineIndexer")
            .field("indexes", &self.indexes)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
