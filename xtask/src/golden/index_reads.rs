//! The read checks of a case that ask indexes.

use anyhow::{Context, Result, bail, ensure};
use prost::Message;
use record_store::{
    AggregateFunction, Continuation, ErrorKind, IndexCursor, IndexScanType, NoNextReason, RecordStore, ScanOptions,
    Tuple, UniquenessViolation,
};
use record_store::{KeyExpression, proto};
use serde_json::{Map, Value, json};

use super::bytes::{from_base64, from_hex, hex, text};
use super::ops::tuple;
use super::reads::{expect_continuation, range, scan_options};
use super::report::not_applicable;
use super::scene::Scene;

/// A scan of an index, with what it returns as Java describes it.
enum Scan {
    Entries(IndexCursor),
    Records(IndexCursor),
    Violations(IndexCursor<UniquenessViolation>),
}

impl Scan {
    fn start(store: &RecordStore, kind: &str, read: &Value, options: ScanOptions) -> Result<Self> {
        let index = text(read, "index")?;
        let scan_type = match read["scan_type"].as_str() {
            None | Some("BY_VALUE") => IndexScanType::ByValue,
            Some("BY_GROUP") => IndexScanType::ByGroup,
            Some(other) => return Err(not_applicable(format!("scan type {other}"))),
        };
        Ok(match kind {
            "scan_uniqueness_violations" => Scan::Violations(store.scan_uniqueness_violations(index, options)?),
            "scan_index_records" => Scan::Records(store.scan_index(index, scan_type, options)?),
            _ => Scan::Entries(store.scan_index(index, scan_type, options)?),
        })
    }

    async fn next(&mut self, store: &RecordStore) -> Result<Option<Value>> {
        let packed = |tuple: &Tuple| hex(&tuple.pack());
        Ok(match self {
            Scan::Entries(cursor) => cursor.next().await?.map(|entry| {
                json!({
                    "key": packed(entry.key()),
                    "value": packed(entry.value()),
                    "primary_key": packed(entry.primary_key()),
                })
            }),
            Scan::Records(cursor) => match cursor.next().await? {
                None => None,
                Some(entry) => {
                    let record = store.load_record(entry.primary_key()).await?;
                    let record = record.context("the record of an index entry is missing")?;
                    Some(json!({
                        "entry": {
                            "key": packed(entry.key()),
                            "value": packed(entry.value()),
                            "primary_key": packed(entry.primary_key()),
                        },
                        "record": packed(record.primary_key()),
                    }))
                }
            },
            Scan::Violations(cursor) => cursor.next().await?.map(|violation| {
                json!({
                    "value_key": packed(violation.value()),
                    "primary_key": packed(violation.primary_key()),
                    "existing_key": violation.existing_primary_key().map(packed),
                })
            }),
        })
    }

    fn end(&self) -> (Option<NoNextReason>, Option<Continuation>) {
        match self {
            Scan::Entries(cursor) | Scan::Records(cursor) => (cursor.no_next_reason(), cursor.continuation()),
            Scan::Violations(cursor) => (cursor.no_next_reason(), cursor.continuation()),
        }
    }
}

/// Compares the pages of a scan.
pub(super) async fn scan(scene: &Scene, store: &RecordStore, kind: &str, read: &Value) -> Result<()> {
    let mut options = scan_options(read)?;
    let pages = read["expect"].as_array().cloned().unwrap_or_default();
    if pages.is_empty() {
        let mut cursor = Scan::start(store, kind, read, options)?;
        while cursor.next(store).await?.is_some() {}
        return Ok(());
    }
    for (number, page) in pages.iter().enumerate() {
        let mut cursor = Scan::start(store, kind, read, options.clone())?;
        let items = page["items"].as_array().context("a page has items")?;
        for (at, item) in items.iter().enumerate() {
            let mut ours = cursor
                .next(store)
                .await?
                .with_context(|| format!("page {number} ends early, at {at}"))?;
            let javas = stamped(scene, item)?;
            // Java was not asked for the primary keys of groups where its layer has no answer.
            if javas.get("primary_key").is_none() && ours["primary_key"] == "" {
                ours.as_object_mut().map(|fields| fields.remove("primary_key"));
            }
            ensure!(ours == javas, "page {number}, item {at}: {ours}, Java's {javas}");
            if read["each_continuation"] == true {
                expect_stamped_continuation(scene, cursor.end().1, &page["item_continuations"][at])?;
            }
        }
        if let Some(more) = cursor.next(store).await? {
            bail!("page {number} goes on with {more}");
        }
        let (reason, continuation) = cursor.end();
        let reason = reason.map_or("none", NoNextReason::name);
        ensure!(
            page["no_next_reason"] == reason,
            "page {number}: {reason}, Java's {}",
            page["no_next_reason"]
        );
        expect_stamped_continuation(scene, continuation.clone(), &page["continuation"])?;
        options.continuation = continuation;
        options.skip = 0;
    }
    Ok(())
}

fn expect_stamped_continuation(scene: &Scene, ours: Option<Continuation>, javas: &Value) -> Result<()> {
    expect_continuation(ours, &stamped(scene, javas)?)
}

/// Java's hexadecimal texts with our versionstamps.
pub(super) fn stamped(scene: &Scene, javas: &Value) -> Result<Value> {
    Ok(match javas {
        Value::String(text) => match from_hex(text) {
            Ok(bytes) => json!(hex(&scene.stamps.replace(&bytes))),
            Err(_) => javas.clone(),
        },
        Value::Object(fields) => {
            let fields: Result<Map<String, Value>> = fields
                .iter()
                .map(|(name, value)| Ok((name.clone(), stamped(scene, value)?)))
                .collect();
            Value::Object(fields?)
        }
        other => other.clone(),
    })
}

/// Compares the states of all indexes.
pub(super) fn states(scene: &Scene, store: &RecordStore, expected: &Value) -> Result<()> {
    let states: Map<String, Value> = store
        .metadata()
        .indexes()
        .map(|index| (index.name().to_owned(), json!(store.index_state(index.name()).name())))
        .collect();
    let mut expected = expected.as_object().context("the states are no object")?.clone();
    expected.retain(|name, _| scene.part.leaves_out_index(&json!(name)).is_none());
    let (ours, javas) = (Value::Object(states), Value::Object(expected));
    ensure!(ours == javas, "states {ours}, Java's {javas}");
    Ok(())
}

/// Compares the first range of an index that is not built.
pub(super) async fn first_unbuilt_range(store: &RecordStore, read: &Value) -> Result<()> {
    let ours = store.first_unbuilt_range(text(read, "index")?).await?;
    let ours = json!(ours.map(|range| [hex(&range.begin), hex(&range.end)]));
    ensure!(ours == read["expect"], "unbuilt {ours}, Java's {}", read["expect"]);
    Ok(())
}

/// Compares how far the build of an index has come.
pub(super) async fn build_state(store: &RecordStore, read: &Value) -> Result<()> {
    let build = store.index_build_state(text(read, "index")?).await?;
    let ours = json!({
        "state": build.state.name(),
        "records_scanned": build.records_scanned,
        "records_in_total": build.records_total,
    });
    ensure!(ours == read["expect"], "build {ours}, Java's {}", read["expect"]);
    Ok(())
}

/// Compares an aggregate.
pub(super) async fn aggregate(scene: &Scene, store: &RecordStore, read: &Value) -> Result<()> {
    let (name, operand) = (text(read, "name")?, &read["operand"]);
    let operand = proto::KeyExpression::decode(from_base64(text(operand, "proto")?)?.as_slice())?;
    let mut function = AggregateFunction::new(name, KeyExpression::from_proto(&operand)?);
    if let Some(index) = read["index"].as_str() {
        function = function.by_index(index);
    }
    let types: Vec<&str> = read["types"]
        .as_array()
        .map_or(Vec::new(), |types| types.iter().filter_map(Value::as_str).collect());
    let ours = match store.evaluate_aggregate(&function, &types, range(read)?, false).await {
        // Java has an answer: the index that gives it is one that we do not maintain.
        Err(error) if error.kind() == ErrorKind::Unsupported && read.get("error").is_none() => {
            return Err(not_applicable(format!("aggregate {name}")));
        }
        other => json!(other?.map(|tuple| hex(&tuple.pack()))),
    };
    let javas = stamped(scene, &read["expect"]["tuple"])?;
    ensure!(ours == javas, "aggregate {ours}, Java's {javas}");
    Ok(())
}

/// Compares the pages of a scan of record keys.
pub(super) async fn record_keys(store: &RecordStore, read: &Value) -> Result<()> {
    let mut options = scan_options(read)?;
    let pages = read["expect"].as_array().context("a scan of keys has pages")?;
    for (number, page) in pages.iter().enumerate() {
        let mut cursor = store.scan_record_keys(options.clone())?;
        let items = page["items"].as_array().context("a page has items")?;
        for (at, javas) in items.iter().enumerate() {
            let ours = json!(cursor.next().await?.map(|key| hex(&key.pack())));
            ensure!(ours == *javas, "page {number}, item {at}: {ours}, Java's {javas}");
            if read["each_continuation"] == true {
                expect_continuation(cursor.continuation(), &page["item_continuations"][at])?;
            }
        }
        if let Some(more) = cursor.next().await? {
            bail!("page {number} goes on with {more}");
        }
        let reason = cursor.no_next_reason().map_or("none", NoNextReason::name);
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

/// Compares a function of one record.
pub(super) async fn record_function(scene: &Scene, store: &RecordStore, read: &Value) -> Result<()> {
    if text(read, "name")? != "version" {
        return Err(not_applicable("record_function"));
    }
    let version = store.load_record_version(&tuple(read, "primary_key")?).await?;
    let ours = json!(version.map(|version| hex(&version.to_bytes())));
    let javas = stamped(scene, &read["expect"]["record_version"])?;
    ensure!(ours == javas, "version {ours}, Java's {javas}");
    Ok(())
}
