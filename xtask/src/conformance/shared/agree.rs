//! What both programs must see of a space: the same, and what was done to it.

use std::collections::BTreeMap;

use record_store::{RecordKey, RecordSpace, Tuple};

use super::Shared;
use crate::conformance::dump::{dump, hex};
use crate::conformance::shop;
use crate::step::Failure;

impl Shared<'_> {
    /// Java, whose every index is what the records make of it, and Rust see the same; and that is of the records that must be
    /// there.
    pub(in crate::conformance) async fn agree(&mut self, when: &str) -> Result<(), Failure> {
        let space = self.open().await?;
        let by_rust = dump(self.database, &space).await;
        let by_rust = by_rust.map_err(|error| self.told(when, error))?;
        let by_java = self.ask("dump", "")?;
        if let Some(line) = by_rust.iter().find(|line| !by_java.contains(line)) {
            let others = similar(line, &by_java);
            return self.that(false, &format!("{when}: only Rust sees {line:.300}\n{others}"));
        }
        if let Some(line) = by_java.iter().find(|line| !by_rust.contains(line)) {
            return self.that(false, &format!("{when}: only Java sees {line:.300}"));
        }
        // What both see is what was done.
        self.holds(&space, &by_rust, when).await
    }

    async fn holds(&self, space: &RecordSpace, lines: &[String], when: &str) -> Result<(), Failure> {
        let format = format!("header {} ", self.format.number());
        self.that(
            lines.iter().any(|line| line.starts_with(&format)),
            &format!("{when}: the store is of its {format}"),
        )?;
        let records = lines.iter().filter(|line| line.starts_with("record ")).count();
        let expected = self.items.len() + self.others.len();
        self.that(
            records == expected,
            &format!("{when}: {records} records, not {expected}"),
        )?;
        let counted = format!("records {expected} {} ", self.items.len());
        self.that(
            lines.iter().any(|line| line.starts_with(&counted)),
            &format!(
                "{when}: not counted: {counted}: {:?}",
                lines
                    .iter()
                    .filter(|line| line.starts_with("records "))
                    .collect::<Vec<_>>()
            ),
        )?;
        let (mut counts, mut sums) = (BTreeMap::new(), BTreeMap::new());
        for (id, round) in &self.items {
            let city = shop::city(*id, *round);
            *counts.entry(city).or_insert(0) += 1;
            *sums.entry(city).or_insert(0) += shop::quantity(*id, *round);
            let found = space.get(RecordKey::of("Item", i64::from(*id))).await;
            let found = found.map_err(|error| self.told(when, error))?;
            let quantity = format!(r#""qty":"{}""#, shop::quantity(*id, *round));
            let text = found.map(|found| found.to_json()).transpose();
            let text = text.map_err(|error| self.told(when, error))?.unwrap_or_default();
            self.that(
                text.contains(&quantity),
                &format!("{when}: item {id} has {quantity}: {text:.200}"),
            )?;
        }
        for (name, groups) in [("count", counts), ("sum", sums)] {
            for (city, expected) in groups {
                let line = format!("value {name} of {city}: {}", hex(&Tuple::from((expected,)).pack()));
                self.that(lines.contains(&line), &format!("{when}: not {line}"))?;
            }
        }
        Ok(())
    }
}

/// What the other says where this is said.
fn similar(line: &str, lines: &[String]) -> String {
    let subject: String = line.split_inclusive(' ').take(2).collect();
    let found = lines.iter().filter(|line| line.starts_with(&subject)).take(3);
    found.map(|line| format!("{line:.300}\n")).collect()
}
