//! The operation of a case that runs transactions of its own: building indexes.

use anyhow::{Context, Result};
use record_store::indexing::{IndexingAction, IndexingOptions, OnlineIndexer};
use record_store::{Error, ErrorKind, Tuple};
use serde_json::Value;

use super::bytes::from_hex;
use super::opening::{metadata, store_options};
use super::report::not_applicable;
use super::scene::Scene;

/// Whether an operation is such a one.
pub(super) fn is_one(op: &Value) -> bool {
    op["op"] == "online_build"
}

/// Runs the operation. The outer error says that the case asks too much, the inner is the operation's.
pub(super) async fn run(scene: &Scene, open: &Value, op: &Value) -> Result<std::result::Result<(), Error>> {
    let store_options = match store_options(scene, open)?.context("a build opens the store")? {
        Ok(options) => options,
        Err(failure) => return Ok(Err(failure)),
    };
    let mut indexer = OnlineIndexer::new(
        &scene.database,
        scene.store.clone(),
        metadata(scene, open)?,
        &store_options,
    )
    .options(options(op)?);
    for name in names(op) {
        indexer = indexer.index(name.as_str().context("the name of an index")?);
    }
    match indexer.build().await {
        // An index that we do not maintain stays as it is, whatever error the case means.
        Err(failure) if failure.kind() == ErrorKind::Unsupported => Err(failure.into()),
        other => Ok(other.map(drop)),
    }
}

/// The reason, if the indexes to build are left out of the case.
pub(super) fn of_left_out<'a>(scene: &'a Scene, op: &Value) -> Option<&'a str> {
    let reasons: Option<Vec<&str>> = names(op).map(|name| scene.part.leaves_out_index(name)).collect();
    reasons?.first().copied()
}

/// The indexes that an operation builds.
fn names(op: &Value) -> impl Iterator<Item = &Value> {
    match op["indexes"].as_array() {
        Some(names) => names.iter(),
        None => std::slice::from_ref(&op["index"]).iter(),
    }
}

fn options(op: &Value) -> Result<IndexingOptions> {
    let mut options = IndexingOptions::default();
    if let Some(limit) = op["limit"].as_u64() {
        options.limit = usize::try_from(limit)?;
    }
    options.stop_after = op["stop_after"].as_u64();
    if let Some(source) = op["source_index"].as_str() {
        options = options.by_index(source);
    }
    if op["mutual"] == true {
        let boundaries = op["mutual_boundaries"].as_array().into_iter().flatten();
        let boundaries = boundaries.filter_map(Value::as_str).map(|boundary| {
            let boundary = Tuple::unpack(&from_hex(boundary)?)?;
            Ok(boundary)
        });
        options = options.mutually(boundaries.collect::<Result<Vec<_>>>()?);
    }
    options.reverse = op["reverse"] == true;
    options.allow_unique_pending = op["allow_unique_pending"] == true;
    options.mark_readable = op["mark_readable"] != false;
    let action = |name: &str, default| match op[name].as_str() {
        None => Ok(default),
        Some("REBUILD") => Ok(IndexingAction::Rebuild),
        Some("CONTINUE") => Ok(IndexingAction::Continue),
        Some("ERROR") => Ok(IndexingAction::Error),
        Some("MARK_READABLE") => Ok(IndexingAction::MarkReadable),
        Some(other) => Err(not_applicable(format!("{name} {other}"))),
    };
    options.if_readable = action("if_readable", options.if_readable)?;
    options.if_write_only = action("if_write_only", options.if_write_only)?;
    options.if_disabled = action("if_disabled", options.if_disabled)?;
    Ok(options)
}
