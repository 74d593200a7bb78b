//! Replaying a case: its transactions in order, into an empty place, with a comparison after each.

use anyhow::{Context, Result, bail};
use record_store::{Database, Error, RecordContext};
use serde_json::Value;

use super::bytes::{from_hex, text};
use super::case::Case;
use super::opening::open;
use super::report::{self, Part, Report, not_applicable, why_not_applicable};
use super::scene::Scene;
use super::without::Without;
use super::{concurrent, error, metadata, online_build, ops, reads};

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
        match replayed.and(scene.compare_after(number, transaction).await) {
            Ok(()) => scene.keep(Part::Transactions(number), Ok(()))?,
            Err(error) => match why_not_applicable(&error) {
                // What the record layer cannot do for one index it may do without that index.
                Some(_) if unmaintained_index(&error).is_some() => return Err(error),
                Some(_) => return scene.keep(Part::Transactions(number), Err(error)),
                None => return Err(error.context(format!("transaction {number}"))),
            },
        }
    }
    scene.compare_at_the_end().await?;
    reads::run(scene).await
}

async fn run_transaction(scene: &mut Scene, number: usize, transaction: &Value) -> Result<()> {
    let ops = transaction["ops"].as_array().map_or(&[][..], Vec::as_slice);
    if ops.iter().any(online_build::is_one) {
        return run_builds(scene, number, &transaction["open"], ops).await;
    }
    let context = scene.database.transaction();
    let finished = run_operations(scene, &context, number, transaction).await?;
    if finished {
        commit(scene, &context, transaction).await?;
    }
    Ok(())
}

/// Builds indexes, each build in transactions of its own.
async fn run_builds(scene: &Scene, transaction_number: usize, open: &Value, ops: &[Value]) -> Result<()> {
    for (number, op) in ops.iter().enumerate() {
        if let Some(why) = online_build::of_left_out(scene, op) {
            scene.keep(Part::Operation(transaction_number, number), Err(not_applicable(why)))?;
            continue;
        }
        match (online_build::run(scene, open, op).await?, op.get("error")) {
            (Ok(()), None) => {}
            (Ok(()), Some(javas)) => bail!("the build worked, where Java failed with {javas}"),
            (Err(failure), Some(javas)) => error::check(failure, javas).context("the build")?,
            (Err(failure), None) => return Err(failure).context("the build"),
        }
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

/// Operations that run in transactions of their own: what they did before they failed stays.
const OWN_TRANSACTIONS: [&str; 3] = ["online_build", "scrub", "resolver"];
