//! `Database`: opening by URL, spaces, and the one retry loop, which is the core's.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Either, PromiseRaw};
use napi_derive::napi;
use record_store::kv::RunOptions;
use record_store::{DatabaseOptions, Result};

use crate::error::Failure;
use crate::index::milliseconds;
use crate::run::Run;
use crate::runtime::{CLOSED, Family, Handle, blocking, promise};
use crate::schema::Schema;
use crate::space::RecordSpace;
use crate::transaction::{CommitVersion, Transaction};

/// Opens the database that `url` names; all record spaces lie below the directory `root`, if it is given.
#[napi]
pub fn open(env: &Env, url: String, root: Option<String>) -> napi::Result<PromiseRaw<'_, Either<Database, Failure>>> {
    promise(env, async move {
        let options = DatabaseOptions {
            root: root.as_deref().map(str::parse).transpose()?,
            ..DatabaseOptions::default()
        };
        let database = record_store::Database::open_with(&url, options).await?;
        let family = Arc::new(Family::default());
        Ok(Database {
            name: database.name(),
            handle: family.adopt(database),
            family,
        })
    })
}

/// An open database.
#[napi]
pub struct Database {
    handle: Arc<Handle<record_store::Database>>,
    family: Arc<Family>,
    name: String,
}

#[napi]
impl Database {
    /// A short name for messages.
    #[napi(getter)]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Opens the record space at `path`.
    #[napi]
    pub fn space<'env>(
        &self,
        env: &'env Env,
        path: String,
        schema: Option<&Schema>,
    ) -> napi::Result<PromiseRaw<'env, Either<RecordSpace, Failure>>> {
        let (family, database) = (self.family.clone(), self.handle.get(CLOSED));
        let schema = schema.map(|schema| schema.core().clone());
        promise(env, async move {
            RecordSpace::open(family, database?.space(&path), schema).await
        })
    }

    /// The paths of the record spaces below `prefix`, at any depth; all of them for an empty one.
    #[napi]
    pub fn spaces<'env>(
        &self,
        env: &'env Env,
        prefix: String,
    ) -> napi::Result<PromiseRaw<'env, Either<Vec<String>, Failure>>> {
        let database = self.handle.get(CLOSED);
        promise(env, async move {
            let paths = database?.spaces(&prefix).await?;
            Ok(paths.iter().map(ToString::to_string).collect::<Vec<_>>())
        })
    }

    /// Removes a record space with all that is in it and below it; says whether there was one.
    #[napi]
    pub fn remove_space<'env>(
        &self,
        env: &'env Env,
        path: String,
    ) -> napi::Result<PromiseRaw<'env, Either<bool, Failure>>> {
        let database = self.handle.get(CLOSED);
        promise(env, async move { database?.remove_space(&path).await })
    }

    /// Moves a record space, or a folder of some, with all spaces below it.
    #[napi]
    pub fn move_space<'env>(
        &self,
        env: &'env Env,
        source: String,
        target: String,
    ) -> napi::Result<PromiseRaw<'env, Either<(), Failure>>> {
        let database = self.handle.get(CLOSED);
        promise(env, async move { database?.move_space(&source, &target).await })
    }

    /// Begins to run something in a transaction. An infinite `timeout_ms` means that there is no deadline.
    #[napi]
    pub fn run(&self, timeout_ms: Option<f64>, max_attempts: Option<u32>) -> Either<Run, Failure> {
        let start = || -> Result<Run> {
            let options = RunOptions {
                timeout: match timeout_ms {
                    Some(f64::INFINITY) => None,
                    Some(limited) => Some(milliseconds(limited)?),
                    None => RunOptions::default().timeout,
                },
                max_attempts,
            };
            Ok(Run::start(&self.family, self.handle.get(CLOSED)?, options))
        };
        start().map_or_else(|error| Either::B(error.into()), Either::A)
    }

    /// A transaction that its user commits.
    #[napi]
    pub fn transaction(&self) -> Either<Transaction, Failure> {
        match self.handle.get(CLOSED) {
            Ok(database) => Either::A(Transaction::new(
                &self.family,
                database.transaction(),
                CommitVersion::default(),
            )),
            Err(error) => Either::B(error.into()),
        }
    }

    /// Closes the database, and with it everything that came from it. A second time does nothing.
    #[napi]
    pub fn close<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, Either<(), Failure>>> {
        let family = self.family.clone();
        promise(
            env,
            blocking(move || {
                family.close();
                Ok(())
            }),
        )
    }
}
