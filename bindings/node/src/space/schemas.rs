//! The schema of a `RecordSpace`, and the spaces below it.

use napi::Env;
use napi::bindgen_prelude::{Either, PromiseRaw};
use napi_derive::napi;

use super::RecordSpace;
use crate::diff::SchemaDiff;
use crate::error::Failure;
use crate::runtime::{CLOSED, promise};
use crate::schema::Schema;

#[napi]
impl RecordSpace {
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
