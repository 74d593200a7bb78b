//! Where a case is replayed: its place in the database, and what has happened there.

use std::cell::RefCell;

use anyhow::{Context, Result};
use record_store::Database;
use record_store::kv::Subspace;
use serde_json::Value;

use super::case::dump;
use super::compare::{self, Stamps};
use super::report::{Part, Report};
use super::without::Without;

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

    /// Compares with the dump after a transaction, if there is one that is the same whenever Java runs it.
    pub(super) async fn compare_after(&self, number: usize, transaction: &Value) -> Result<()> {
        let here = format!("transactions[{number}].keys_after");
        let unstable = self.part.case.list("unstable");
        let is_stable = unstable.iter().all(|unstable| unstable["in"] != here.as_str());
        match transaction.get("keys_after").filter(|_| is_stable) {
            Some(javas) => self.compare(&self.store, javas).await.context("afterwards"),
            None => Ok(()),
        }
    }

    /// Compares with the dumps after the last transaction.
    pub(super) async fn compare_at_the_end(&self) -> Result<()> {
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

    /// Loads a dump.
    pub(super) async fn load(&self, subspace: &Subspace, rows: &Value) -> Result<()> {
        // Some dumps are larger than a transaction may be.
        for part in dump(rows)?.chunks(20) {
            let context = self.database.transaction();
            for (key, value) in part {
                context.transaction().set(&[subspace.prefix(), key].concat(), value);
            }
            context.commit().await?;
        }
        Ok(())
    }
}
