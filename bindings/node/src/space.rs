//! `RecordSpace`: the records of one schema under a path.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{BufferSlice, Either, PromiseRaw};
use napi_derive::napi;
use record_store::{
    Error, RecordContext, RecordSpaceBuilder, RecordStore, RecordVersion, Result, SaveOptions, SpaceCursor,
};

use crate::cursor::{Cursor, Source};
use crate::diff::SchemaDiff;
use crate::error::Failure;
use crate::index::{BuildOptions, IndexBuild, to_states};
use crate::packed::Writer;
use crate::query::to_query;
use crate::record::{to_key, to_records, write_record, write_saved, write_tuple};
use crate::runtime::{CLOSED, Family, Handle, promise, promise_packed};
use crate::scan::ScanArguments;
use crate::schema::Schema;
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

    /// Runs `operation` in the transaction `tx`, or else in one of its own.
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

    /// A cursor over what `in_space` or, in the transaction `tx`, `in_store` gives for what `asked` makes of the space.
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

    /// Saves records, all or none, converted by the schema that the store has. Gives a list of what was saved.
    #[napi]
    pub fn put<'env>(
        &self,
        env: &'env Env,
        records: &[u8],
        version: Option<&[u8]>,
        tx: Option<&Transaction>,
    ) -> napi::Result<Packed<'env>> {
        let records: Arc<[u8]> = records.into();
        let version = version.map(RecordVersion::from_bytes).transpose();
        let save = version.map(|version| {
            let options = SaveOptions {
                version,
                ..SaveOptions::default()
            };
            self.run(tx, move |store| {
                let records = records.clone();
                async move {
                    let records = to_records(&records, store.metadata())?;
                    let saved = store.save_records_with(&records, &options).await?;
                    Ok((saved, store.context().clone()))
                }
            })
        });
        promise_packed(env, async move {
            let (mut saved, context) = save?.await?;
            if let Some(versionstamp) = context.committed_versionstamp() {
                for record in &mut saved {
                    record.complete_version(versionstamp)?;
                }
            }
            let mut writer = Writer::default();
            writer.list(saved.len());
            saved.iter().for_each(|record| write_saved(&mut writer, record));
            Ok(writer.into_bytes())
        })
    }

    /// The record with this key, or null.
    #[napi]
    pub fn get<'env>(
        &self,
        env: &'env Env,
        key: &[u8],
        record_type: Option<String>,
        tx: Option<&Transaction>,
    ) -> napi::Result<Packed<'env>> {
        let key = to_key(key, record_type).map(Arc::new);
        let find = key.map(|key| {
            self.run(tx, move |store| {
                let key = key.clone();
                async move { store.load_record(&key.resolve(store.metadata())?).await }
            })
        });
        promise_packed(env, async move {
            let mut writer = Writer::default();
            match find?.await? {
                Some(stored) => write_record(&mut writer, &stored)?,
                None => writer.null(),
            }
            Ok(writer.into_bytes())
        })
    }

    /// Deletes the record with this key; says whether there was one.
    #[napi]
    pub fn delete<'env>(
        &self,
        env: &'env Env,
        key: &[u8],
        record_type: Option<String>,
        tx: Option<&Transaction>,
    ) -> napi::Result<PromiseRaw<'env, Either<bool, Failure>>> {
        let key = to_key(key, record_type).map(Arc::new);
        let delete = key.map(|key| {
            self.run(tx, move |store| {
                let key = key.clone();
                async move { store.delete_record(&key.resolve(store.metadata())?).await }
            })
        });
        promise(env, async move { delete?.await })
    }

    /// Whether there is a record with this key.
    #[napi]
    pub fn exists<'env>(
        &self,
        env: &'env Env,
        key: &[u8],
        record_type: Option<String>,
        tx: Option<&Transaction>,
    ) -> napi::Result<PromiseRaw<'env, Either<bool, Failure>>> {
        let key = to_key(key, record_type).map(Arc::new);
        let look = key.map(|key| {
            self.run(tx, move |store| {
                let key = key.clone();
                async move { store.record_exists(&key.resolve(store.metadata())?).await }
            })
        });
        promise(env, async move { look?.await })
    }

    /// The version of the record with this key, or null.
    #[napi]
    pub fn version<'env>(
        &self,
        env: &'env Env,
        key: &[u8],
        record_type: Option<String>,
        tx: Option<&Transaction>,
    ) -> napi::Result<Packed<'env>> {
        let key = to_key(key, record_type).map(Arc::new);
        let find = key.map(|key| {
            self.run(tx, move |store| {
                let key = key.clone();
                async move { store.load_record_version(&key.resolve(store.metadata())?).await }
            })
        });
        promise_packed(env, async move {
            let mut writer = Writer::default();
            match find?.await? {
                Some(version) => writer.version(version),
                None => writer.null(),
            }
            Ok(writer.into_bytes())
        })
    }

    /// The records in the order of their primary keys. See `ScanArguments::with_bounds` for the bounds.
    #[napi]
    pub fn scan(
        &self,
        record_type: Option<String>,
        bounds: &[u8],
        arguments: ScanArguments,
        tx: Option<&Transaction>,
    ) -> Cursor {
        let bounds = bounds.to_vec();
        self.cursor(tx, move |space| {
            Ok(space.scan(arguments.with_bounds(&bounds, record_type.as_deref())?))
        })
    }

    /// The entries of an index in its order. See `ScanArguments::with_bounds` for the bounds.
    #[napi]
    pub fn scan_index(
        &self,
        name: String,
        bounds: &[u8],
        arguments: ScanArguments,
        tx: Option<&Transaction>,
    ) -> Cursor {
        let bounds = bounds.to_vec();
        self.cursor(tx, move |space| {
            Ok(space.scan_index(name, None, arguments.with_bounds(&bounds, None)?))
        })
    }

    /// The records in the order of an index. See `ScanArguments::with_bounds` for the bounds.
    #[napi]
    pub fn scan_by(&self, name: String, bounds: &[u8], arguments: ScanArguments, tx: Option<&Transaction>) -> Cursor {
        let bounds = bounds.to_vec();
        self.cursor(tx, move |space| {
            Ok(space.scan_index_records(name, arguments.with_bounds(&bounds, None)?))
        })
    }

    /// The records that a query asks for. See `to_query` for how it is packed.
    #[napi]
    pub fn query(&self, query: &[u8], arguments: ScanArguments, tx: Option<&Transaction>) -> Cursor {
        let query = query.to_vec();
        self.cursor(tx, move |space| {
            let options = arguments.to_core()?;
            let query = to_query(space, &query)?.limits(options.limits);
            Ok(query
                .snapshot(options.snapshot)
                .continuation(options.continuation)
                .execute())
        })
    }

    /// How the records of a query would be found. See `to_query` for how it is packed.
    #[napi]
    pub fn explain<'env>(
        &self,
        env: &'env Env,
        query: &[u8],
    ) -> napi::Result<PromiseRaw<'env, Either<String, Failure>>> {
        let (space, query) = (self.handle.get(CLOSED), query.to_vec());
        promise(env, async move { to_query(&space?, &query)?.explain().await })
    }

    /// What an index keeps for the groups whose first columns are `group`; null if there is nothing.
    #[napi]
    pub fn aggregate<'env>(
        &self,
        env: &'env Env,
        name: String,
        group: &[u8],
        tx: Option<&Transaction>,
    ) -> napi::Result<Packed<'env>> {
        let wanted = to_key(group, None).map(|group| Arc::new((name, group)));
        let find = wanted.map(|wanted| {
            self.run(tx, move |store| {
                let wanted = wanted.clone();
                async move { store.aggregate_index_group(&wanted.0, wanted.1.clone()).await }
            })
        });
        promise_packed(env, async move {
            let mut writer = Writer::default();
            match find?.await? {
                Some(value) => write_tuple(&mut writer, &value),
                None => writer.null(),
            }
            Ok(writer.into_bytes())
        })
    }

    /// How many records there are, as the schema counts them.
    #[napi]
    pub fn count<'env>(
        &self,
        env: &'env Env,
        tx: Option<&Transaction>,
    ) -> napi::Result<PromiseRaw<'env, Either<i64, Failure>>> {
        let count = self.run(tx, |store| async move { store.snapshot_record_count_of_all().await });
        promise(env, count)
    }

    /// The states of all indexes: names and states.
    #[napi]
    pub fn index_states<'env>(
        &self,
        env: &'env Env,
        tx: Option<&Transaction>,
    ) -> napi::Result<PromiseRaw<'env, Either<Vec<Vec<String>>, Failure>>> {
        let states = self.run(tx, |store| async move { Ok(store.index_states()) });
        promise(env, async move { Ok(to_states(&states.await?)) })
    }

    /// Builds all indexes that are not readable, or those that are named.
    #[napi]
    pub fn build_indexes(&self, names: Vec<String>, options: BuildOptions) -> Either<IndexBuild, Failure> {
        let build = || {
            let indexer = self.handle.get(CLOSED)?.indexer().options(options.to_core()?);
            Ok(IndexBuild::start(
                names.into_iter().fold(indexer, |indexer, name| indexer.index(name)),
            ))
        };
        match build() {
            Ok(build) => Either::A(build),
            Err::<_, Error>(error) => Either::B(error.into()),
        }
    }

    /// Opens the record space at `path` below this one.
    #[napi]
    pub fn child<'env>(
        &self,
        env: &'env Env,
        path: String,
        schema: Option<&Schema>,
    ) -> napi::Result<PromiseRaw<'env, Either<RecordSpace, Failure>>> {
        let (family, space) = (self.family.clone(), self.handle.get(CLOSED));
        let schema = schema.map(|schema| schema.core().clone());
        promise(env, async move {
            RecordSpace::open(family, space?.child(&path), schema).await
        })
    }

    /// The paths of the record spaces below this one, at any depth.
    #[napi]
    pub fn children<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, Either<Vec<String>, Failure>>> {
        let space = self.handle.get(CLOSED);
        promise(env, async move {
            let paths = space?.children().await?;
            Ok(paths.iter().map(ToString::to_string).collect::<Vec<_>>())
        })
    }

    /// What would change if the space got this schema. It changes nothing.
    #[napi]
    pub fn plan<'env>(
        &self,
        env: &'env Env,
        schema: &Schema,
    ) -> napi::Result<PromiseRaw<'env, Either<SchemaDiff, Failure>>> {
        let (space, schema) = (self.handle.get(CLOSED), schema.core().clone());
        promise(env, async move { Ok(SchemaDiff::from(&space?.plan(&schema).await?)) })
    }

    /// The versions of the schemas that the space had, from the oldest to the current one.
    #[napi]
    pub fn schema_versions<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, Either<Vec<i32>, Failure>>> {
        let space = self.handle.get(CLOSED);
        promise(env, async move { space?.schema_versions().await })
    }
}
