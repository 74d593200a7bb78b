//! How a transaction or a read opens the store.

use anyhow::{Context, Result};
use record_store::{
    Error, FormatVersion, IndexState, RecordContext, RecordMetaData, RecordStore, StateCacheability,
    StoreExistenceCheck, StoreOptions,
};
use serde_json::Value;

use super::report::not_applicable;
use super::scene::Scene;

/// Opens the store as a transaction or a read says; none if it says not to.
pub(super) async fn open(
    scene: &Scene,
    context: &RecordContext,
    how: &Value,
) -> Result<Option<std::result::Result<RecordStore, Error>>> {
    let options = match store_options(scene, how)? {
        None => return Ok(None),
        Some(Err(failure)) => return Ok(Some(Err(failure))),
        Some(Ok(options)) => options,
    };
    let metadata = metadata(scene, how)?;
    Ok(Some(
        RecordStore::open(context, scene.store.clone(), metadata, &options).await,
    ))
}

/// The meta-data with which a store is opened.
pub(super) fn metadata<'a>(scene: &'a Scene, how: &Value) -> Result<&'a RecordMetaData> {
    let number = usize::try_from(how["metadata"].as_u64().unwrap_or(0))?;
    scene
        .part
        .case
        .metadata
        .get(number)
        .context("there is no such meta-data")
}

/// How a store is opened; none if it is not to be.
pub(super) fn store_options(scene: &Scene, how: &Value) -> Result<Option<std::result::Result<StoreOptions, Error>>> {
    let existence = match (how["existence"].as_str(), how["mode"].as_str()) {
        (Some("NONE"), _) => StoreExistenceCheck::None,
        (Some("ERROR_IF_EXISTS"), _) | (None, Some("create")) => StoreExistenceCheck::ErrorIfExists,
        (Some("ERROR_IF_NOT_EXISTS"), _) | (None, Some("open")) => StoreExistenceCheck::ErrorIfNotExists,
        (Some("ERROR_IF_NO_INFO_AND_NOT_EMPTY"), _) | (None, None | Some("create_or_open")) => {
            StoreExistenceCheck::ErrorIfNoInfoAndNotEmpty
        }
        (Some("ERROR_IF_NO_INFO_AND_HAS_RECORDS_OR_INDEXES"), _) => {
            StoreExistenceCheck::ErrorIfNoInfoAndHasRecordsOrIndexes
        }
        (None, Some("none")) => return Ok(None),
        (existence, mode) => {
            return Err(not_applicable(format!(
                "open mode {mode:?}, existence check {existence:?}"
            )));
        }
    };
    if how["serializer"].is_object() || scene.part.case.json["serializer"].is_object() {
        return Err(not_applicable("transformed serializers"));
    }
    let mut options = StoreOptions::default().existence(existence);
    let format = how["format_version"]
        .as_i64()
        .or(scene.part.case.json["format_version"].as_i64());
    if let Some(format) = format {
        match FormatVersion::from_number(i32::try_from(format)?) {
            Ok(format) => options = options.format_version(format),
            Err(failure) => return Ok(Some(Err(failure))),
        }
    }
    if let Some(version) = how["user_version"].as_i64() {
        options = options.user_version(i32::try_from(version)?);
    }
    if let Some(state) = how["index_rebuild_state"].as_str() {
        let state = IndexState::ALL.into_iter().find(|known| known.name() == state);
        options = options.new_index_state(state.context("there is no such index state")?);
    }
    options.state_cacheability = match how["state_cacheability"].as_str() {
        None | Some("DEFAULT") => StateCacheability::Default,
        Some("CACHEABLE_IF_NEW") => StateCacheability::CacheableIfNew,
        Some("CACHEABLE") => StateCacheability::Cacheable,
        Some("NOT_CACHEABLE") => StateCacheability::NotCacheable,
        Some(other) => return Err(not_applicable(format!("cacheability {other}"))),
    };
    options.bypass_full_store_lock_reason = how["bypass_full_store_lock_reason"].as_str().map(str::to_owned);
    Ok(Some(Ok(options)))
}
