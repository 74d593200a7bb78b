//! The verdicts by family: as a table at the terminal, and as one in Markdown.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use super::report::Verdict;

/// The verdicts of a family.
#[derive(Default)]
struct Row {
    cases: usize,
    passed: usize,
    in_part: usize,
    not_applicable: usize,
    failed: usize,
    /// Why something was left out, with the number of cases.
    reasons: BTreeMap<String, usize>,
}

impl Row {
    fn add(&mut self, verdict: &Verdict) {
        self.cases += 1;
        let report = match verdict {
            Verdict::Passed => return self.passed += 1,
            Verdict::Failed(_) => return self.failed += 1,
            Verdict::InPart(report) => {
                self.in_part += 1;
                report
            }
            Verdict::NotApplicable(report) => {
                self.not_applicable += 1;
                report
            }
        };
        for reason in report.reasons() {
            *self.reasons.entry(reason.to_owned()).or_default() += 1;
        }
    }

    fn reasons(&self) -> String {
        let reasons: Vec<String> = self
            .reasons
            .iter()
            .map(|(reason, cases)| format!("{reason} ({cases})"))
            .collect();
        reasons.join(", ")
    }
}

/// The verdicts by family.
#[derive(Default)]
pub(super) struct Table {
    families: BTreeMap<String, Row>,
    all: Row,
}

impl Table {
    pub(super) fn add(&mut self, family: &str, verdict: &Verdict) {
        self.families.entry(family.to_owned()).or_default().add(verdict);
        self.all.add(verdict);
    }

    pub(super) fn failed(&self) -> usize {
        self.all.failed
    }

    /// The table for a document, with the reasons.
    pub(super) fn markdown(&self) -> String {
        let mut text = "| Family | Cases | Passed | In part | Not applicable | Left out (in how many cases) |\n\
             |---|--:|--:|--:|--:|---|\n"
            .to_owned();
        let all = [("**all**", &self.all, String::new())];
        let families = self.families.iter();
        let families = families.map(|(name, row)| (name.as_str(), row, row.reasons()));
        for (name, row, reasons) in families.chain(all) {
            writeln!(
                text,
                "| {name} | {} | {} | {} | {} | {reasons} |",
                row.cases, row.passed, row.in_part, row.not_applicable
            )
            .expect("a string takes all that is written");
        }
        text
    }
}

/// The table for the terminal.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<22}{:>8}{:>8}{:>9}{:>8}{:>16}",
            "family", "cases", "passed", "in part", "failed", "not applicable"
        )?;
        let families = self.families.iter().map(|(name, row)| (name.as_str(), row));
        for (name, row) in families.chain([("all", &self.all)]) {
            writeln!(
                f,
                "{name:<22}{:>8}{:>8}{:>9}{:>8}{:>16}",
                row.cases, row.passed, row.in_part, row.failed, row.not_applicable
            )?;
        }
        Ok(())
    }
}
