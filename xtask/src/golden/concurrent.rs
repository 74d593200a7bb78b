//! Transactions that all begin before one of them commits: which of them conflict.

use anyhow::{Context, Result};
use serde_json::Value;

use super::replay::{commit, run_operations};
use super::scene::Scene;

/// Lets all transactions begin, runs one after another, and commits those that Java did not abandon in the same order.
pub(super) async fn run(scene: &mut Scene, number: usize, together: &[Value]) -> Result<()> {
    let mut contexts = Vec::new();
    for _ in together {
        let context = scene.database.transaction();
        context.read_version().await?;
        contexts.push(context);
    }
    let mut finished = Vec::new();
    for (at, (context, transaction)) in contexts.iter().zip(together).enumerate() {
        let ran = run_operations(scene, context, number, transaction).await;
        finished.push(ran.with_context(|| format!("the one at {at}"))?);
    }
    for (at, (context, transaction)) in contexts.iter().zip(together).enumerate() {
        if finished[at] {
            let committed = commit(scene, context, transaction).await;
            committed.with_context(|| format!("the one at {at}"))?;
        }
    }
    Ok(())
}
