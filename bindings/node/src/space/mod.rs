//! `RecordSpace`: the records of one schema under a path, and how its calls reach the core.
//!
//! The methods that the package calls are in `records`, `scans`, `indexes` and `schemas`.

mod indexes;
mod records;
mod scans;
mod schemas;

use std::sync::Arc;

use napi::bindgen_prelude::{BufferSlice, Either, PromiseRaw};
use napi_derive::napi;
use record_store::{RecordContext, RecordSpaceBuilder, RecordStore, Result, SpaceCursor};

use crate::cursor::{Cursor, Source};
use crate::error::Failure;
use crate::runtime::{CLOSED, Family, Handle};
use crate::transaction::Transaction;

type Packed<'env> = PromiseRaw<'env, Either<BufferSlice<'env>, Failure>>;

/// The records of one schema under a path.
#[napi]
pub struct RecordSpace {
    handle: Arc<Handle<record_store::RecordSpace>>,
    family: Arc<Family>,
    path: String,
    record_types: Vec<String>,
}

impl RecordSpace {
    /// Opens a space with a schema, or with the one that is stored.
    pub(crate) async fn open(
        family: Arc<Family>,
        opening: RecordSpaceBuilder,
        schema: Option<record_store::Schema>,
    ) -> Result<Self> {
        let opening = match &schema {
            Some(schema) => opening.schema(schema),
            None => opening,
        };
        let space = opening.open().await?;
        let metadata = space.metadata();
        let types = metadata.record_types().iter();
        Ok(RecordSpace {
            path: space.path().to_string(),
            record_types: types.map(|record_type| record_type.name().to_owned()).collect(),
            handle: family.adopt(space),
            family,
        })
    }

    /// What `within` does to the store in the transaction `tx`, or what `alone` does in transactions of the space's own.
    fn either<T, A, W>(
        &self,
        tx: Option<&Transaction>,
        alone: impl FnOnce(record_store::RecordSpace) -> A + Send + 'static,
        within: impl FnOnce(RecordStore) -> W + Send + 'static,
    ) -> impl Future<Output = Result<T>> + Send + 'static
    where
        T: Send + 'static,
        A: Future<Output = Result<T>> + Send + 'static,
        W: Future<Output = Result<T>> + Send + 'static,
    {
        let space = self.handle.get(CLOSED);
        let context = tx.map(|tx| tx.context_for(&self.family)).transpose();
        async move {
            let space = space?;
            match context? {
                None => alone(space).await,
                Some(context) => within(space.store(&context).await?).await,
            }
        }
    }

    /// Runs `operation` in the transaction `tx`, or else in one of its own, tried again where that is right.
    fn run<T, F>(
        &self,
        tx: Option<&Transaction>,
        operation: impl Fn(RecordStore) -> F + Send + Sync + 'static,
    ) -> impl Future<Output = Result<T>> + Send + 'static
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let space = self.handle.get(CLOSED);
        let context = tx.map(|tx| tx.context_for(&self.family)).transpose();
        async move {
            let (space, operation) = (&space?, &operation);
            let attempt = |context: RecordContext| async move { operation(space.store(&context).await?).await };
            match context? {
                None => space.database().run(attempt).await,
                Some(context) => attempt(context).await,
            }
        }
    }

    /// A cursor over what `scan` makes of the space, in the transaction `tx` if there is one.
    fn cursor<T>(
        &self,
        tx: Option<&Transaction>,
        scan: impl FnOnce(&record_store::RecordSpace) -> Result<SpaceCursor<T>> + Send + 'static,
    ) -> Cursor
    where
        T: Send + 'static,
        SpaceCursor<T>: Source,
    {
        let space = self.handle.get(CLOSED);
        let context = tx.map(|tx| tx.context_for(&self.family)).transpose();
        Cursor::new(&self.family, tx, async move {
            let cursor = scan(&space?)?;
            let source: Box<dyn Source> = match context? {
                None => Box::new(cursor),
                Some(context) => Box::new(cursor.within(&context)),
            };
            Ok(source)
        })
    }
}

#[napi]
impl RecordSpace {
    /// The path of the space.
    #[napi(getter)]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The names of the record types that the space had when it was opened.
    #[napi(getter)]
    pub fn record_types(&self) -> Vec<String> {
        self.record_types.clone()
    }
}
