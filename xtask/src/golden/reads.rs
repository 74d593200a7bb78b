//! The read checks of a case.

use anyhow::{Context, Result, bail, ensure};
use prost::Message;
use record_store::key_expression::empty;
use record_store::{
    Continuation, Database, EndpointType, Error, MetaDataStore, RecordStore, ScanLimits, ScanOptions, Tuple, TupleRange,
};
use serde_json::Value;

use super::bytes::{from_base64, from_hex, hex, text};
use super::case::Case;
use super::opening::open;
use super::ops::{compare_record, tuple};
use super::report::{Part, Report, not_applicable};
use super::scene::Scene;
use super::without::Without;
use super::{error, index_reads, query_reads};

/// Loads the last dump of a case and runs its reads.
pub(super) async fn load_and_read(database: &Database, case: &Case) -> Result<Report> {
    if case.list("reads").is_empty() {
        return Ok(Report::default());
    }
    let scene = Scene::empty(database, Without::nothing(case)).await?;
    scene.load(&scene.store, &case.json["keys"]).await?;
    if let Some(metadata) = case.json["areas"].get("m") {
        scene.load(&scene.metadata, metadata).await?;
    }
    run(&scene).await?;
    Ok(scene.into_report())
}

/// Runs the reads of a case that we can do.
pub(super) async fn run(scene: &Scene) -> Result<()> {
    for (number, read) in scene.part.case.list("reads").iter().enumerate() {
        let result = match scene.part.leaves_out_index(&read["index"]) {
            Some(why) => Err(not_applicable(why)),
            None => run_one(scene, read).await,
        };
        let kept = scene.keep(Part::Read(number), result);
        kept.with_context(|| format!("read {number} ({})", read["read"]))?;
    }
    Ok(())
}

async fn run_one(scene: &Scene, read: &Value) -> Result<()> {
    let kind = text(read, "read")?;
    let context = scene.database.transaction();
    let done = if kind == "metadata_store_load" {
        let store = MetaDataStore::new(&context, scene.metadata.clone());
        load_metadata(&store, read).await
    } else {
        let mut how = read.get("open").cloned().unwrap_or_else(|| scene.part.case.last_open());
        if how["mode"].is_null() && how["existence"].is_null() {
            if how.is_null() {
                how = Value::Object(Default::default());
            }
            how["mode"] = "open".into();
        }
        match open(scene, &context, &how).await? {
            None => return Err(not_applicable("a read without a store")),
            Some(Ok(store)) => read_store(scene, &store, kind, read).await,
            Some(Err(failure)) => Err(failure.into()),
        }
    };
    match (done, read.get("error")) {
        (Ok(()), None) => Ok(()),
        (Ok(()), Some(javas)) => bail!("it worked, where Java failed with {javas}"),
        (Err(failure), Some(javas)) => match failure.downcast::<Error>() {
            Ok(failure) => error::check(failure, javas),
            Err(failure) => Err(failure),
        },
        (Err(failure), None) => Err(failure),
    }
}

async fn read_store(scene: &Scene, store: &RecordStore, kind: &str, read: &Value) -> Result<()> {
    let expected = &read["expect"];
    match kind {
        "load_record" => match store.load_record(&tuple(read, "primary_key")?).await? {
            Some(record) => compare_record(scene, expected, &record),
            None if expected.is_null() => Ok(()),
            None => bail!("there is no record, Java's {expected}"),
        },
        "load_record_version" => {
            let version = store.load_record_version(&tuple(read, "primary_key")?).await?;
            let javas = match expected.as_str() {
                Some(javas) => Some(scene.stamps.replace(&from_hex(javas)?)),
                None => None,
            };
            let ours = version.map(|version| version.to_bytes().to_vec());
            ensure!(ours == javas, "version {ours:?}, Java's {javas:?}");
            Ok(())
        }
        "scan_records" => scan_records(scene, store, read).await,
        "scan_index" | "scan_index_records" | "scan_uniqueness_violations" => {
            index_reads::scan(scene, store, kind, read).await
        }
        "query" => query_reads::run(scene, store, read).await,
        "aggregate" => index_reads::aggregate(scene, store, read).await,
        "index_states" => index_reads::states(scene, store, expected),
        "first_unbuilt_range" => index_reads::first_unbuilt_range(store, read).await,
        "build_state" => index_reads::build_state(store, read).await,
        "header" => {
            let javas = from_base64(text(expected, "store_info_without_times")?)?;
            let mut ours = record_store::proto::DataStoreInfo::decode(store.header_bytes().as_slice())?;
            ours.last_update_time = None;
            if let Some(lock) = &mut ours.store_lock_state {
                lock.timestamp = None;
            }
            let ours = ours.encode_to_vec();
            ensure!(ours == javas, "header {}, Java's {}", hex(&ours), hex(&javas));
            Ok(())
        }
        "header_user_field" => {
            let header = store.header();
            let ours = header.user_field(text(read, "key")?).map(hex);
            ensure!(
                ours.as_deref() == expected.as_str(),
                "field {ours:?}, Java's {expected}"
            );
            Ok(())
        }
        "snapshot_record_count" => {
            let ours = match read["type"].as_str() {
                Some(record_type) => store.snapshot_record_count_of_type(record_type).await?,
                None => store.snapshot_record_count_by(&empty(), &Tuple::new()).await?,
            };
            ensure!(*expected == ours, "count {ours}, Java's {expected}");
            Ok(())
        }
        "count_records" => {
            let ours = store.count_records(scan_options(read)?).await?;
            ensure!(*expected == ours, "count {ours}, Java's {expected}");
            Ok(())
        }
        "scan_record_keys" => index_reads::record_keys(store, read).await,
        "record_function" => index_reads::record_function(scene, store, read).await,
        other => Err(not_applicable(other)),
    }
}

pub(super) fn scan_options(read: &Value) -> Result<ScanOptions> {
    Ok(ScanOptions {
        range: range(read)?,
        reverse: read["reverse"] == true,
        limit: read["page_limit"].as_u64().map(usize::try_from).transpose()?,
        skip: usize::try_from(read["skip"].as_u64().unwrap_or(0))?,
        limits: ScanLimits {
            scanned_rows_max: read["scanned_records_limit"].as_u64(),
            ..ScanLimits::default()
        },
        ..ScanOptions::default()
    })
}

async fn scan_records(scene: &Scene, store: &RecordStore, read: &Value) -> Result<()> {
    let each_continuation = read["each_continuation"] == true;
    let mut options = scan_options(read)?;
    let pages = match read["expect"].as_array() {
        Some(pages) => pages.clone(),
        None => Vec::new(),
    };
    if pages.is_empty() {
        let mut cursor = store.scan_records(options)?;
        while cursor.next().await?.is_some() {}
        return Ok(());
    }
    for (number, page) in pages.iter().enumerate() {
        let mut cursor = store.scan_records(options.clone())?;
        let items = page["items"].as_array().context("a page has items")?;
        for (at, item) in items.iter().enumerate() {
            let record = cursor.next().await?;
            let record = record.with_context(|| format!("page {number} ends early, at {at}"))?;
            compare_record(scene, item, &record)?;
            if each_continuation {
                expect_continuation(cursor.continuation(), &page["item_continuations"][at])?;
            }
        }
        if let Some(more) = cursor.next().await? {
            bail!("page {number} goes on with {}", more.primary_key());
        }
        let reason = cursor.no_next_reason().map_or("none", |reason| reason.name());
        ensure!(
            page["no_next_reason"] == reason,
            "page {number}: {reason}, Java's {}",
            page["no_next_reason"]
        );
        expect_continuation(cursor.continuation(), &page["continuation"])?;
        options.continuation = cursor.continuation();
        options.skip = 0;
    }
    Ok(())
}

pub(super) fn expect_continuation(ours: Option<Continuation>, javas: &Value) -> Result<()> {
    let ours = ours.map(|continuation| hex(continuation.as_bytes()));
    ensure!(
        ours.as_deref() == javas.as_str(),
        "continuation {ours:?}, Java's {javas}"
    );
    Ok(())
}

pub(super) fn range(read: &Value) -> Result<TupleRange> {
    let end = |name: &str| -> Result<Option<Tuple>> {
        read.get(name)
            .filter(|end| !end.is_null())
            .map(|_| tuple(read, name))
            .transpose()
    };
    let endpoint = |name: &str, default| match read[name].as_str() {
        None => Ok(default),
        Some("TREE_START") => Ok(EndpointType::TreeStart),
        Some("TREE_END") => Ok(EndpointType::TreeEnd),
        Some("RANGE_INCLUSIVE") => Ok(EndpointType::RangeInclusive),
        Some("RANGE_EXCLUSIVE") => Ok(EndpointType::RangeExclusive),
        Some("PREFIX_STRING") => Ok(EndpointType::PrefixString),
        Some(other) => Err(not_applicable(format!("endpoint {other}"))),
    };
    Ok(TupleRange::new(
        end("low")?,
        end("high")?,
        endpoint("low_endpoint", EndpointType::TreeStart)?,
        endpoint("high_endpoint", EndpointType::TreeEnd)?,
    ))
}

async fn load_metadata(store: &MetaDataStore, read: &Value) -> Result<()> {
    let loaded = match read["version"].as_i64() {
        Some(version) => store.load_version(i32::try_from(version)?).await?,
        None => store.load().await?,
    };
    let loaded = loaded.context("there is no meta-data")?;
    let expected = &read["expect"];
    ensure!(expected["version"] == loaded.version(), "version {}", loaded.version());
    let javas = from_base64(text(expected, "metadata")?)?;
    ensure!(loaded.to_proto_bytes() == javas, "other bytes than Java's");
    Ok(())
}
