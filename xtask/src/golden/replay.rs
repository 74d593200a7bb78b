//! Replaying a case: its transactions in order, into an empty place, with a comparison after each.

use anyhow::{Context, Result, bail};
use record_store::kv::Subspace;
use record_store::{
    Database, Error, FormatVersion, IndexState, RecordContext, RecordMetaData, RecordStore, StateCacheability,
    StoreExistenceCheck, StoreOptions, kv,
};
use serde_json::Value;

use super::bytes::{from_hex, text};
use super::case::{Case, dump};
use super::compare::{self, Stamps};
use super::{error, metadata as metadata_store, not_applicable, online_build, ops, reads};

/// Where a case lies in the database, and what has happened there.
pub(super) struct Scene<'a> {
    pub(super) database: &'a Database,
    pub(super) case: &'a Case,
    /// The store.
    pub(super) store: Subspace,
    /// The meta-data store.
    pub(super) metadata: Subspace,
    pub(super) stamps: Stamps,
}

impl<'a> Scene<'a> {
    /// An empty place for a case: what an earlier run left there is cleared.
    pub(super) async fn empty(database: &'a Database, case: &'a Case) -> Result<Self> {
        let place = |part: &str| Subspace::from(("golden", case.name.as_str(), part));
        let scene = Scene {
            database,
            case,
            store: place("s"),
            metadata: place("m"),
            stamps: Stamps::default(),
        };
        let context = database.transaction();
        for subspace in [&scene.store, &scene.metadata] {
            let range = subspace.prefix_range();
            context.transaction().clear_range(&range.begin, &range.end);
        }
        context.commit().await?;
        Ok(scene)
    }

    /// All keys of a subspace, without its prefix.
    pub(super) async fn dump(&self, subspace: &Subspace) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let context = self.database.transaction();
        let request = subspace.prefix_range().request();
        let rows = context.transaction().get_range_all(&request, true).await?;
        rows.into_iter()
            .map(|row| Ok((subspace.strip(&row.key)?.to_vec(), row.value.to_vec())))
            .collect()
    }
}

/// Replays a case and runs its reads.
pub(super) async fn replay(database: &Database, case: &Case) -> Result<()> {
    check_applicable(case)?;
    let mut scene = Scene::empty(database, case).await?;
    for (number, transaction) in case.list("transactions").iter().enumerate() {
        run_transaction(&mut scene, transaction)
            .await
            .with_context(|| format!("transaction {number}"))?;
    }
    compare_at_the_end(&scene).await?;
    reads::run(&scene).await
}

fn check_applicable(case: &Case) -> Result<()> {
    let serializer = &case.json["serializer"];
    if serializer.is_object() {
        return Err(not_applicable(format!("serializer {serializer}")));
    }
    if case.json["whole_database"] == true {
        return Err(not_applicable("resolvers"));
    }
    Ok(())
}

async fn compare_at_the_end(scene: &Scene<'_>) -> Result<()> {
    let stored = scene.dump(&scene.store).await?;
    compare::dumps(&stored, &dump(&scene.case.json["keys"])?, &scene.stamps).context("at the end")?;
    if let Some(javas) = scene.case.json["areas"].get("m") {
        let stored = scene.dump(&scene.metadata).await?;
        compare::dumps(&stored, &dump(javas)?, &scene.stamps).context("the meta-data store")?;
    }
    Ok(())
}

async fn run_transaction(scene: &mut Scene<'_>, transaction: &Value) -> Result<()> {
    if transaction.get("concurrent").is_some() {
        return Err(not_applicable("concurrent transactions"));
    }
    let ops = transaction["ops"].as_array().map_or(&[][..], Vec::as_slice);
    if ops.iter().any(online_build::is_one) {
        for op in ops {
            let name = text(op, "op")?;
            let done = online_build::run(scene, &transaction["open"], op).await?;
            match (done, op.get("error")) {
                (Ok(()), None) => {}
                (Ok(()), Some(javas)) => bail!("{name} worked, where Java failed with {javas}"),
                (Err(failure), Some(javas)) => error::check(&failure, javas).with_context(|| name.to_owned())?,
                (Err(failure), None) => return Err(failure).with_context(|| name.to_owned()),
            }
        }
        return compare_afterwards(scene, transaction).await;
    }
    let context = scene.database.transaction();
    let finished = run_operations(scene, &context, transaction).await?;
    if finished {
        let committed = context.commit().await;
        match (committed, transaction.get("commit_error")) {
            (Ok(()), None) => {}
            (Ok(()), Some(javas)) => bail!("committed, where Java failed with {javas}"),
            (Err(failure), Some(javas)) => error::check(&failure, javas)?,
            (Err(failure), None) => return Err(failure).context("committing"),
        }
        if let (Some(ours), Some(javas)) = (context.committed_versionstamp(), transaction["versionstamp"].as_str()) {
            let javas = from_hex(javas)?;
            scene.stamps.add(javas.as_slice().try_into()?, ours);
        }
    }
    compare_afterwards(scene, transaction).await
}

async fn compare_afterwards(scene: &Scene<'_>, transaction: &Value) -> Result<()> {
    if let Some(javas) = transaction.get("keys_after") {
        let stored = scene.dump(&scene.store).await?;
        compare::dumps(&stored, &dump(javas)?, &scene.stamps).context("afterwards")?;
    }
    Ok(())
}

/// Opens the store and runs the operations; says whether the transaction is to be committed.
async fn run_operations(scene: &Scene<'_>, context: &RecordContext, transaction: &Value) -> Result<bool> {
    let store = match open(scene, context, &transaction["open"]).await? {
        None => None,
        Some(opened) => match (opened, transaction.get("open_error")) {
            (Ok(store), None) => Some(store),
            (Ok(_), Some(javas)) => bail!("opened, where Java failed with {javas}"),
            (Err(failure), Some(javas)) => {
                error::check(&failure, javas)?;
                return Ok(false);
            }
            (Err(failure), None) => return Err(failure).context("opening"),
        },
    };
    for op in transaction["ops"].as_array().map_or(&[][..], Vec::as_slice) {
        let name = text(op, "op")?;
        let done: std::result::Result<(), Error> = if name.contains("metadata_store") {
            metadata_store::run(scene.case, context, &scene.metadata, op).await?
        } else {
            ops::run(scene, context, store.as_ref(), op).await?
        };
        match (done, op.get("error")) {
            (Ok(()), None) => {}
            (Ok(()), Some(javas)) => bail!("{name} worked, where Java failed with {javas}"),
            (Err(failure), Some(javas)) => {
                error::check(&failure, javas).with_context(|| name.to_owned())?;
                if op["continue_on_error"] != true {
                    return Ok(false);
                }
            }
            (Err(failure), None) => return Err(failure).with_context(|| name.to_owned()),
        }
    }
    Ok(true)
}

/// Opens the store as a transaction or a read says; none if it says not to.
pub(super) async fn open(
    scene: &Scene<'_>,
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
pub(super) fn metadata<'a>(scene: &Scene<'a>, how: &Value) -> Result<&'a RecordMetaData> {
    let number = usize::try_from(how["metadata"].as_u64().unwrap_or(0))?;
    scene.case.metadata.get(number).context("there is no such meta-data")
}

/// How a store is opened; none if it is not to be.
pub(super) fn store_options(
    scene: &Scene<'_>,
    how: &Value,
) -> Result<Option<std::result::Result<StoreOptions, Error>>> {
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
    if how["serializer"].is_object() {
        return Err(not_applicable(format!("serializer {}", how["serializer"])));
    }
    let mut options = StoreOptions::default().existence(existence);
    let format = how["format_version"]
        .as_i64()
        .or(scene.case.json["format_version"].as_i64());
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

/// Loads a dump into the place of the store.
pub(super) async fn load(scene: &Scene<'_>, subspace: &Subspace, rows: &[(Vec<u8>, Vec<u8>)]) -> Result<()> {
    // Some dumps are larger than a transaction may be.
    for part in rows.chunks(20) {
        let context = scene.database.transaction();
        let transaction: &kv::Transaction = context.transaction();
        for (key, value) in part {
            transaction.set(&[subspace.prefix(), key].concat(), value);
        }
        context.commit().await?;
    }
    Ok(())
}
