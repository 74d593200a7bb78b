//! The operations of a case on a record store, with the comparison of their results.

use anyhow::{Context, Result, bail, ensure};
use prost::Message;
use prost_reflect::DynamicMessage;
use record_store::{
    Error, FormatVersion, HeaderRepair, Record, RecordContext, RecordCountState, RecordExistenceCheck, RecordKey,
    RecordStore, RecordVersion, SaveOptions, StoreLock, StoredRecord, Tuple, VersionBehavior,
};
use serde_json::{Value, json};

use super::bytes::{from_base64, from_hex, hex, text};
use super::compare::Stamps;
use super::opening::{metadata, store_options};
use super::query_language;
use super::report::not_applicable;
use super::scene::Scene;

/// Runs an operation. The outer error says that the results differ or the case asks too much, the inner is the operation's.
pub(super) async fn run(
    scene: &Scene,
    context: &RecordContext,
    store: Option<&RecordStore>,
    op: &Value,
) -> Result<std::result::Result<(), Error>> {
    let name = text(op, "op")?;
    match name {
        "raw_set" => {
            let key = [scene.store.prefix(), &from_hex(text(op, "suffix")?)?].concat();
            context.transaction().set(&key, &from_hex(text(op, "value")?)?);
            return Ok(Ok(()));
        }
        "raw_clear" => {
            let key = [scene.store.prefix(), &from_hex(text(op, "suffix")?)?].concat();
            context.transaction().clear(&key);
            return Ok(Ok(()));
        }
        "metadata_version_stamp" => {
            let ours = context.transaction().get(METADATA_VERSION, true).await?;
            let ours = json!(ours.map(|stamp| hex(&stamp)));
            let javas = stamped(&scene.stamps, &op["result"])?;
            ensure!(ours == javas, "{ours}, Java's {javas}");
            return Ok(Ok(()));
        }
        "repair_missing_header" => return repair_missing_header(scene, context, op).await,
        "delete_store" => return Ok(RecordStore::delete_store(context, scene.store.clone()).await),
        _ => {}
    }
    let Some(store) = store else {
        return Err(not_applicable(without_store(name)));
    };
    let done = match name {
        "save" => match store.save_record_with(&record(op)?, &save_options(op)?).await {
            Ok(saved) => Ok(expect_record(scene, op, &saved)?),
            Err(failure) => Err(failure),
        },
        "dry_run_save" => match store.dry_run_save_record(&record(op)?, &save_options(op)?).await {
            Ok(saved) => Ok(expect_record(scene, op, &saved)?),
            Err(failure) => Err(failure),
        },
        "delete" => match store.delete_record(&tuple(op, "primary_key")?).await {
            Ok(existed) => Ok(expect(op, json!(existed))?),
            Err(failure) => Err(failure),
        },
        "delete_all" => store.delete_all_records().await,
        "set_header_user_field" => {
            let value = from_hex(text(op, "value")?)?;
            store.set_header_user_field(text(op, "key")?, &value).await
        }
        "clear_header_user_field" => store.clear_header_user_field(text(op, "key")?).await,
        "set_state_cacheability" => {
            let cacheable = op["cacheable"].as_bool().context("cacheable is missing")?;
            match store.set_state_cacheability(cacheable).await {
                Ok(changed) => Ok(expect(op, json!(changed))?),
                Err(failure) => Err(failure),
            }
        }
        "set_store_lock_state" => {
            let reason = text(op, "reason")?.to_owned();
            let lock = match text(op, "state")? {
                "FORBID_RECORD_UPDATE" => StoreLock::ForbidRecordUpdate { reason },
                "FULL_STORE" => StoreLock::FullStore { reason },
                other => return Err(not_applicable(format!("lock state {other}"))),
            };
            store.set_store_lock(Some(lock)).await
        }
        "clear_store_lock_state" => store.set_store_lock(None).await,
        "update_record_count_state" => {
            let state = match text(op, "state")? {
                "READABLE" => RecordCountState::Readable,
                "WRITE_ONLY" => RecordCountState::WriteOnly,
                "DISABLED" => RecordCountState::Disabled,
                other => bail!("record count state {other}"),
            };
            store.update_record_count_state(state).await
        }
        "update_incarnation" => {
            let to = op["to"].as_i64().context("the incarnation is missing")?;
            store.update_incarnation(i32::try_from(to)?).await
        }
        "index_state" => match set_index_state(store, text(op, "index")?, text(op, "state")?).await? {
            Ok(changed) => Ok(expect(op, json!(changed))?),
            Err(failure) => Err(failure),
        },
        "delete_where" => match (op["filter"].is_null(), op["type"].as_str()) {
            (true, Some(name)) => store.delete_records_where(RecordKey::of(name, ())).await,
            (_, name) => {
                let filter = query_language::component(&op["filter"])?;
                store.delete_records_matching(name, &filter).await
            }
        },
        "rebuild_index" => store.rebuild_index(text(op, "index")?).await,
        "rebuild_all_indexes" => store.rebuild_all_indexes().await,
        "resolve_uniqueness_violation" => {
            let remaining = op
                .get("remain_primary_key")
                .map(|_| tuple(op, "remain_primary_key"))
                .transpose()?;
            let value = tuple(op, "value_key")?;
            store
                .resolve_uniqueness_violation(text(op, "index")?, &value, remaining.as_ref())
                .await
        }
        other if other.starts_with("leaderboard_") => {
            return Err(not_applicable("indexes of type time_window_leaderboard"));
        }
        other => return Err(not_applicable(other)),
    };
    Ok(done)
}

async fn repair_missing_header(
    scene: &Scene,
    context: &RecordContext,
    op: &Value,
) -> Result<std::result::Result<(), Error>> {
    let options = match store_options(scene, op)?.context("a repair opens the store")? {
        Ok(options) => options,
        Err(failure) => return Ok(Err(failure)),
    };
    let least = i32::try_from(
        op["minimum_format_version"]
            .as_i64()
            .context("there is no least format")?,
    )?;
    let repair = HeaderRepair::new(FormatVersion::from_number(least)?);
    let (store, metadata) = (scene.store.clone(), metadata(scene, op)?);
    Ok(
        match RecordStore::repair_missing_header(context, store, metadata, &options, &repair).await {
            Ok((_, repaired)) => Ok(expect(op, json!(repaired))?),
            Err(failure) => Err(failure),
        },
    )
}

/// Why an operation that needs no store is left out.
fn without_store(name: &str) -> &str {
    match name.split_once("_set_") {
        Some(("range", _)) => "range sets alone: a unit test of the core replays them",
        Some(("ranked", _)) => "indexes of type rank",
        _ => name,
    }
}

async fn set_index_state(store: &RecordStore, index: &str, state: &str) -> Result<std::result::Result<bool, Error>> {
    Ok(match state {
        "READABLE" => store.mark_index_readable(index).await,
        "READABLE_OR_UNIQUE_PENDING" => store.mark_index_readable_or_unique_pending(index).await,
        "UNCHECKED_READABLE" => store.mark_index_readable_unchecked(index).await,
        "WRITE_ONLY" => store.mark_index_write_only(index).await,
        "CLEAR_AND_WRITE_ONLY" => store.clear_and_mark_index_write_only(index).await,
        "DISABLED" => store.mark_index_disabled(index).await,
        other => return Err(not_applicable(format!("index state {other}"))),
    })
}

fn record(op: &Value) -> Result<Record> {
    Ok(Record::from_bytes(text(op, "type")?, from_base64(text(op, "record")?)?))
}

fn save_options(op: &Value) -> Result<SaveOptions> {
    let existence = match op["existence"].as_str() {
        None | Some("NONE") => RecordExistenceCheck::None,
        Some("ERROR_IF_EXISTS") => RecordExistenceCheck::ErrorIfExists,
        Some("ERROR_IF_NOT_EXISTS") => RecordExistenceCheck::ErrorIfNotExists,
        Some("ERROR_IF_RECORD_TYPE_CHANGED") => RecordExistenceCheck::ErrorIfRecordTypeChanged,
        Some("ERROR_IF_NOT_EXISTS_OR_RECORD_TYPE_CHANGED") => RecordExistenceCheck::ErrorIfNotExistsOrRecordTypeChanged,
        Some(other) => bail!("existence check {other}"),
    };
    let version_behavior = match op["version_behavior"].as_str() {
        None | Some("DEFAULT") => VersionBehavior::Default,
        Some("WITH_VERSION") => VersionBehavior::WithVersion,
        Some("NO_VERSION") => VersionBehavior::NoVersion,
        Some("IF_PRESENT") => VersionBehavior::IfPresent,
        Some(other) => bail!("version behavior {other}"),
    };
    let version = match op["version"].as_str() {
        None => None,
        Some(version) => Some(RecordVersion::from_bytes(&from_hex(version)?)?),
    };
    Ok(SaveOptions {
        existence,
        version,
        version_behavior,
    })
}

fn expect(op: &Value, result: Value) -> Result<()> {
    if op.get("error").is_some() {
        return Ok(());
    }
    let javas = op.get("result").unwrap_or(&Value::Null);
    ensure!(*javas == result, "result {result}, Java's {javas}");
    Ok(())
}

fn expect_record(scene: &Scene, op: &Value, record: &StoredRecord) -> Result<()> {
    // Java refused what worked here: that is the difference to tell of, and there is nothing to compare.
    if op.get("error").is_some() {
        return Ok(());
    }
    let javas = op.get("result").context("Java's result is missing")?;
    compare_record(scene, javas, record)
}

/// Compares a stored record with Java's description of it.
pub(super) fn compare_record(scene: &Scene, javas: &Value, record: &StoredRecord) -> Result<()> {
    let expected = |name: &str| javas.get(name).cloned().unwrap_or(Value::Null);
    let check = |name: &str, ours: Value, javas: Value| {
        ensure!(
            ours == javas,
            "{name} {ours}, Java's {javas}, in {}",
            record.primary_key()
        );
        Ok(())
    };
    let primary_key = stamped(&scene.stamps, &expected("primary_key"))?;
    check("primary key", json!(hex(&record.primary_key().pack())), primary_key)?;
    check("type", json!(record.record_type()), expected("type"))?;
    let version = record.version().map(|version| hex(&version.to_bytes()));
    check("version", json!(version), stamped(&scene.stamps, &expected("version"))?)?;
    let sizes = record.sizes();
    let sizes = json!({
        "key_count": sizes.key_count,
        "key_size": sizes.key_size - sizes.key_count * scene.store.prefix().len(),
        "value_size": sizes.value_size,
        "split": sizes.split,
        "versioned_inline": sizes.versioned_inline,
    });
    check("sizes", sizes, expected("sizes"))?;
    if let Some(bytes) = javas["record"].as_str() {
        // Encoded again, both have their fields in one order, and a NaN equals itself.
        let descriptor = record.descriptor().clone();
        let javas = DynamicMessage::decode(descriptor, from_base64(bytes)?.as_slice())?.encode_to_vec();
        let ours = record.to_dynamic()?.encode_to_vec();
        check("record", json!(hex(&ours)), json!(hex(&javas)))?;
    }
    Ok(())
}

/// Java's hexadecimal text with our versionstamps.
fn stamped(stamps: &Stamps, javas: &Value) -> Result<Value> {
    match javas.as_str() {
        Some(text) => Ok(json!(hex(&stamps.replace(&from_hex(text)?)))),
        None => Ok(javas.clone()),
    }
}

pub(super) fn tuple(value: &Value, name: &str) -> Result<Tuple> {
    Ok(Tuple::unpack(&from_hex(text(value, name)?)?)?)
}

/// FoundationDB's key for the version of the meta-data of everything in the database.
const METADATA_VERSION: &[u8] = b"\xff/metadataVersion";
