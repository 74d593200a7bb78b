//! Replaying a case: its transactions in order, into an empty place, with a comparison after each.

use std::cell::RefCell;

use anyhow::{Context, Result, bail};
use record_store::kv::Subspace;
use record_store::{
    Database, Error, FormatVersion, IndexState, RecordContext, RecordStore, StateCacheability, StoreExistenceCheck,
    StoreOptions, kv,
};
use serde_json::Value;

use super::bytes::{from_hex, text};
use super::case::{Case, dump};
use super::compare::{self, Stamps};
use super::report::{self, Part, Report, not_applicable, why_not_applicable};
use super::without::Without;
use super::{concurrent, error, metadata, ops, reads};

/// Where a case lies in the database, and what has happened there.
pub(super) struct Scene {
    pub(super) database: Database,
    /// What is replayed of the case.
    pub(super) part: Without,
    /// The store.
    pub(super) store: Subspace,
    /// The meta-data store.
    pub(super) metadata: Subspace,
    pub(super) stamps: Stamps,
    report: RefCell<Report>,
}

impl Scene {
    /// An empty place for a case: what an earlier run left there is cleared.
    pub(super) async fn empty(database: &Database, part: Without) -> Result<Self> {
        let place = |place: &str| Subspace::from(("golden", part.case.name.as_str(), place));
        let scene = Scene {
            database: database.clone(),
            store: place("s"),
            metadata: place("m"),
            stamps: Stamps::default(),
            report: RefCell::default(),
            part,
        };
        let context = database.transaction();
        for subspace in [&scene.store, &scene.metadata] {
            let range = subspace.prefix_range();
            context.transaction().clear_range(&range.begin, &range.end);
        }
        context.commit().await?;
        Ok(scene)
    }

    /// Keeps the result of a part of the case.
    pub(super) fn keep(&self, part: Part, result: Result<()>) -> Result<()> {
        self.report.borrow_mut().keep(part, result)
    }

    /// What was done and left out.
    pub(super) fn into_report(self) -> Report {
        let mut report = self.part.into_report();
        report.join(self.report.into_inner());
        report
    }

    async fn compare_after(&self, transaction: &Value) -> Result<()> {
        match transaction.get("keys_after") {
            Some(javas) => self.compare(&self.store, javas).await.context("afterwards"),
            None => Ok(()),
        }
    }

    async fn compare_at_the_end(&self) -> Result<()> {
        self.compare(&self.store, &self.part.case.json["keys"])
            .await
            .context("at the end")?;
        match self.part.case.json["areas"].get("m") {
            Some(javas) => self.compare(&self.metadata, javas).await.context("the meta-data store"),
            None => Ok(()),
        }
    }

    /// Compares what lies in a subspace with a dump, but for the keys of the indexes that are left out.
    async fn compare(&self, subspace: &Subspace, javas: &Value) -> Result<()> {
        let context = self.database.transaction();
        let request = subspace.prefix_range().request();
        let rows = context.transaction().get_range_all(&request, true).await?;
        let mut stored = Vec::new();
        for row in rows {
            stored.push((subspace.strip(&row.key)?.to_vec(), row.value.to_vec()));
        }
        let mut javas = dump(javas)?;
        for rows in [&mut stored, &mut javas] {
            rows.retain(|(key, _)| !self.part.leaves_out_key(key));
        }
        compare::dumps(&stored, &javas, &self.stamps)
    }
}

/// Replays a case and runs its reads. Indexes that the record layer does not maintain are left out, one after another as
/// it names them, as long as others are left.
pub(super) async fn replay(database: &Database, case: &Case, report: &mut Report) -> Result<()> {
    if case.json["whole_database"] == true {
        report.leave_out(Part::Transactions(0), "resolvers");
        return Ok(());
    }
    let mut part = Without::nothing(case);
    loop {
        let mut scene = Scene::empty(database, part).await?;
        let replayed = replay_transactions(&mut scene).await;
        let Err(error) = &replayed else {
            report.join(scene.into_report());
            return Ok(());
        };
        let Some((index, why)) = unmaintained_index(error) else {
            return replayed;
        };
        part = scene.part.and_without(&index, why.clone())?;
        if part.has_no_index() {
            report.leave_out(Part::Transactions(0), why);
            report.join(part.into_report());
            return Ok(());
        }
    }
}

/// The index for which the record layer says that it cannot do what was asked, with the reason.
fn unmaintained_index(error: &anyhow::Error) -> Option<(String, String)> {
    let index = report::unsupported(error)?.fact("index")?.to_owned();
    Some((index, why_not_applicable(error)?))
}

async fn replay_transactions(scene: &mut Scene) -> Result<()> {
    for (number, transaction) in scene.part.case.clone().list("transactions").iter().enumerate() {
        let replayed = match transaction["concurrent"].as_array() {
            Some(together) => concurrent::run(scene, number, together).await,
            None => run_transaction(scene, number, transaction).await,
        };
        match replayed.and(scene.compare_after(transaction).await) {
            Ok(()) => scene.report.get_mut().done(Part::Transactions(number)),
            Err(error) => match why_not_applicable(&error) {
                // What the record layer cannot do for one index it may do without that index.
                Some(_) if unmaintained_index(&error).is_some() => return Err(error),
                Some(why) => {
                    scene.report.get_mut().leave_out(Part::Transactions(number), why);
                    return Ok(());
                }
                None => return Err(error.context(format!("transaction {number}"))),
            },
        }
    }
    scene.compare_at_the_end().await?;
    reads::run(scene).await
}

async fn run_transaction(scene: &mut Scene, number: usize, transaction: &Value) -> Result<()> {
    let context = scene.database.transaction();
    let finished = run_operations(scene, &context, number, transaction).await?;
    if finished {
        commit(scene, &context, transaction).await?;
    }
    Ok(())
}

/// Commits, with Java's outcome.
pub(super) async fn commit(scene: &mut Scene, context: &RecordContext, transaction: &Value) -> Result<()> {
    let versionstamp = context.transaction().versionstamp();
    let committed = context.commit().await;
    match (committed, transaction.get("commit_error")) {
        (Ok(()), None) => {}
        (Ok(()), Some(javas)) => bail!("committed, where Java failed with {javas}"),
        (Err(failure), Some(javas)) => error::check(failure, javas)?,
        (Err(failure), None) => return Err(failure).context("committing"),
    }
    if let Some(javas) = transaction["versionstamp"].as_str() {
        let javas = from_hex(javas)?;
        let ours = versionstamp.await.context("Java's transaction has a versionstamp")?;
        scene.stamps.add(javas.as_slice().try_into()?, ours);
    }
    Ok(())
}

/// Opens the store and runs the operations; says whether the transaction is to be committed.
pub(super) async fn run_operations(
    scene: &Scene,
    context: &RecordContext,
    transaction_number: usize,
    transaction: &Value,
) -> Result<bool> {
    let store = match open(scene, context, &transaction["open"]).await? {
        None => None,
        Some(opened) => match (opened, transaction.get("open_error")) {
            (Ok(store), None) => Some(store),
            (Ok(_), Some(javas)) => bail!("opened, where Java failed with {javas}"),
            (Err(failure), Some(javas)) => {
                error::check(failure, javas)?;
                return Ok(false);
            }
            (Err(failure), None) => return Err(failure).context("opening"),
        },
    };
    let ops = transaction["ops"].as_array().map_or(&[][..], Vec::as_slice);
    for (number, op) in ops.iter().enumerate() {
        let name = text(op, "op")?;
        let part = Part::Operation(transaction_number, number);
        if let Some(why) = scene.part.leaves_out_index(&op["index"]) {
            scene.keep(part, Err(not_applicable(why)))?;
            continue;
        }
        let done = if name.contains("metadata_store") {
            metadata::run(&scene.part.case, context, &scene.metadata, op).await
        } else {
            ops::run(scene, context, store.as_ref(), op).await
        };
        let done: std::result::Result<(), Error> = match done {
            Ok(done) => done,
            // Java refuses it, so that nothing changes without it.
            Err(error) if op.get("error").is_some() && !OWN_TRANSACTIONS.contains(&name) => {
                scene.keep(part, Err(error))?;
                match op["continue_on_error"] == true {
                    true => continue,
                    false => return Ok(false),
                }
            }
            Err(error) => return Err(error),
        };
        match (done, op.get("error")) {
            (Ok(()), None) => {}
            (Ok(()), Some(javas)) if let Some(why) = scene.part.may_refuse(javas) => {
                scene.keep(part, Err(not_applicable(why)))?;
                if op["continue_on_error"] != true {
                    return Ok(false);
                }
            }
            (Ok(()), Some(javas)) => bail!("{name} worked, where Java failed with {javas}"),
            (Err(failure), Some(javas)) => {
                error::check(failure, javas).with_context(|| name.to_owned())?;
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
    scene: &Scene,
    context: &RecordContext,
    how: &Value,
) -> Result<Option<std::result::Result<RecordStore, Error>>> {
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
    let number = usize::try_from(how["metadata"].as_u64().unwrap_or(0))?;
    let metadata = scene
        .part
        .case
        .metadata
        .get(number)
        .context("there is no such meta-data")?;
    Ok(Some(
        RecordStore::open(context, scene.store.clone(), metadata, &options).await,
    ))
}

/// Loads a dump into the place of the store.
pub(super) async fn load(scene: &Scene, subspace: &Subspace, rows: &[(Vec<u8>, Vec<u8>)]) -> Result<()> {
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

/// Operations that run in transactions of their own: what they did before they failed stays.
const OWN_TRANSACTIONS: [&str; 3] = ["online_build", "scrub", "resolver"];
