//! Indexes of a `RecordSpace`: what they keep of groups, their uniqueness, their states and their building.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Either, PromiseRaw};
use napi_derive::napi;
use record_store::{Error, IndexState, Result};

use super::{Packed, RecordSpace};
use crate::error::Failure;
use crate::index::{BuildOptions, IndexBuild, to_states};
use crate::packed::{Reader, Writer};
use crate::record::{read_tuple, to_key, write_tuple};
use crate::runtime::{CLOSED, promise, promise_packed};
use crate::transaction::Transaction;

#[napi]
impl RecordSpace {
    /// What an index keeps for the groups whose first columns are `group`; null if there is nothing.
    #[napi]
    pub fn aggregate<'env>(
        &self,
        env: &'env Env,
        name: String,
        group: &[u8],
        tx: Option<&Transaction>,
    ) -> napi::Result<Packed<'env>> {
        let find = to_key(group, None).map(|group| {
            let (same_name, same_group) = (name.clone(), group.clone());
            self.either(
                tx,
                |space| async move { space.aggregate(&name, group).await },
                |store| async move { store.aggregate_index_group(&same_name, same_group).await },
            )
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

    /// Deletes the records that have this value in a unique index, but for the one whose key is `keep`, if there is one.
    #[napi]
    pub fn resolve_uniqueness<'env>(
        &self,
        env: &'env Env,
        name: String,
        value: &[u8],
        keep: Option<&[u8]>,
        tx: Option<&Transaction>,
    ) -> napi::Result<PromiseRaw<'env, Either<(), Failure>>> {
        let given = || -> Result<_> {
            let value = read_tuple(&mut Reader::new(value))?;
            let keep = keep.map(|keep| to_key(keep, None)).transpose()?;
            Ok(Arc::new((name, value, keep)))
        };
        let resolve = given().map(|given| {
            self.run(tx, move |store| {
                let given = given.clone();
                async move {
                    let (name, value, keep) = &*given;
                    let keep = keep.as_ref().map(|keep| keep.resolve(store.metadata())).transpose()?;
                    store.resolve_uniqueness_violation(name, value, keep.as_ref()).await
                }
            })
        });
        promise(env, async move { resolve?.await })
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

    /// The state of an index.
    #[napi]
    pub fn index_state<'env>(
        &self,
        env: &'env Env,
        name: String,
        tx: Option<&Transaction>,
    ) -> napi::Result<PromiseRaw<'env, Either<&'static str, Failure>>> {
        let state = self.run(tx, move |store| {
            let name = name.clone();
            async move { Ok(store.index_state(store.metadata().index(&name)?.name())) }
        });
        promise(env, async move { Ok(state.await?.name()) })
    }

    /// Puts an index into a state, given by its name; says whether that changed anything.
    #[napi]
    pub fn mark_index<'env>(
        &self,
        env: &'env Env,
        name: String,
        state: String,
        tx: Option<&Transaction>,
    ) -> napi::Result<PromiseRaw<'env, Either<bool, Failure>>> {
        let mark = IndexState::from_name(&state).map(|state| {
            self.run(tx, move |store| {
                let name = name.clone();
                async move { store.mark_index(&name, state).await }
            })
        });
        promise(env, async move { mark?.await })
    }

    /// Builds an index again, in one transaction.
    #[napi]
    pub fn rebuild_index<'env>(
        &self,
        env: &'env Env,
        name: String,
        tx: Option<&Transaction>,
    ) -> napi::Result<PromiseRaw<'env, Either<(), Failure>>> {
        let rebuild = self.run(tx, move |store| {
            let name = name.clone();
            async move { store.rebuild_index(&name).await }
        });
        promise(env, rebuild)
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
}
