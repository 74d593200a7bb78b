//! The read checks of a case that are queries: the plan, the records of each page, and where each page stops.

use anyhow::{Context, Result, bail, ensure};
use record_store::query::{ExecuteOptions, Parameters, PlannerOptions, RecordQueryPlan};
use record_store::{Continuation, ErrorKind, NoNextReason, RecordStore};
use serde_json::{Value, json};

use super::bytes::{from_hex, hex, text};
use super::index_reads::stamped;
use super::query_language;
use super::reads::{expect_continuation, scan_options};
use super::report::not_applicable;
use super::scene::Scene;

/// Plans and runs a query as Java did.
pub(super) async fn run(scene: &Scene, store: &RecordStore, read: &Value) -> Result<()> {
    let query = query_language::query(&read["query"])?;
    let plan = store.plan_query_with(&query, &Parameters::default(), PlannerOptions::JAVA)?;
    if read["error"]["message"] == "Comparison value of incorrect type" {
        return Err(not_applicable(
            "integers compared with those of another width, which Java refuses",
        ));
    }
    let scan = scan_options(read)?;
    let mut options = ExecuteOptions {
        limit: scan.limit,
        skip: scan.skip,
        limits: scan.limits,
        continuation: read["continuation"]
            .as_str()
            .map(from_hex)
            .transpose()?
            .map(Continuation::from_bytes),
        planner: PlannerOptions::JAVA,
        ..ExecuteOptions::default()
    };
    let expected = &read["expect"];
    let Some(pages) = expected["pages"].as_array() else {
        let mut records = store.execute_plan(&plan, options)?;
        while records.next().await?.is_some() {}
        return Ok(());
    };
    let javas_plan = text(expected, "plan")?;
    if plan.to_string() != javas_plan || javas_plan.contains('⊎') || is_timed(read, javas_plan) {
        compare_sets(store, &plan, &mut options, pages).await?;
        ensure!(plan.to_string() == javas_plan, not_javas(&plan, javas_plan));
        return Ok(());
    }
    for (number, page) in pages.iter().enumerate() {
        let executed = store.execute_plan(&plan, options.clone());
        let mut records = match executed {
            Err(error) if read.get("continuation").is_some() && error.kind() == ErrorKind::InvalidContinuation => {
                return Err(not_applicable("damaged continuations, which Java takes for the end"));
            }
            executed => executed?,
        };
        let items = page["items"].as_array().context("a page has items")?;
        for (at, item) in items.iter().enumerate() {
            let record = records.next().await?;
            let record = record.with_context(|| format!("page {number} of {plan} ends early, at {at}"))?;
            let ours = json!({"primary_key": hex(&record.primary_key().pack()), "type": record.record_type()});
            ensure!(
                ours == *item,
                "page {number}, item {at} of {plan}: {ours}, Java's {item}"
            );
            if read["each_continuation"] == true {
                let javas = stamped(scene, &page["item_continuations"][at])?;
                expect_continuation(records.continuation(), &javas).context(plan.to_string())?;
            }
        }
        if let Some(more) = records.next().await? {
            bail!("page {number} of {plan} goes on with {}", more.primary_key());
        }
        let reason = records.no_next_reason().map_or("none", NoNextReason::name);
        ensure!(
            page["no_next_reason"] == reason,
            "page {number} of {plan}: {reason}, Java's {}",
            page["no_next_reason"]
        );
        let javas = stamped(scene, &page["continuation"])?;
        expect_continuation(records.continuation(), &javas).with_context(|| format!("page {number} of {plan}"))?;
        options.continuation = records.continuation();
        options.skip = 0;
    }
    Ok(())
}

/// Whether the pages depend on which of Java's futures came first.
fn is_timed(read: &Value, plan: &str) -> bool {
    read.get("scanned_records_limit").is_some() && (plan.contains('∪') || plan.contains('∩'))
}

/// Compares the records of all pages, in whatever order.
async fn compare_sets(
    store: &RecordStore,
    plan: &RecordQueryPlan,
    options: &mut ExecuteOptions,
    pages: &[Value],
) -> Result<()> {
    let mut ours = Vec::new();
    loop {
        let mut records = store.execute_plan(plan, options.clone())?;
        while let Some(record) = records.next().await? {
            ours.push(hex(&record.primary_key().pack()));
        }
        options.continuation = records.continuation();
        options.skip = 0;
        if options.continuation.is_none() {
            break;
        }
    }
    let items = pages
        .iter()
        .flat_map(|page| page["items"].as_array().into_iter().flatten());
    let mut javas: Vec<String> = items
        .map(|item| Ok(text(item, "primary_key")?.to_owned()))
        .collect::<Result<_>>()?;
    // What a plan gives twice when it resumes depends on where it stopped.
    for keys in [&mut ours, &mut javas] {
        keys.sort();
        keys.dedup();
    }
    ensure!(ours == javas, "{plan} gives {ours:?}, Java's plan {javas:?}");
    Ok(())
}

fn not_javas(plan: &RecordQueryPlan, javas: &str) -> anyhow::Error {
    anyhow::anyhow!("another plan with the same records: {plan}, Java's {javas}")
}
