//! The documents that say what the golden cases prove: a table in COMPATIBILITY.md, and docs/golden.md with the reason of
//! every case that does not pass whole.
//!
//! The test below replays all cases and rewrites both; it fails if a case fails, and if a document was stale. So a case that
//! begins to pass must be taken off the list, and one that no longer passes cannot slip by.

use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result};

use super::report::Verdict;
use super::table::Table;
use super::{Checked, table_of};
use crate::workspace;

/// Writes the documents; gives the names of those that were stale.
pub(super) fn write(checked: &[Checked]) -> Result<Vec<&'static str>> {
    let path = workspace::root().join("COMPATIBILITY.md");
    let compatibility = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let compatibility = with_table(&compatibility, &table_of(checked))
        .with_context(|| format!("COMPATIBILITY.md has no table between {BEGIN} and {END}"))?;
    let mut stale = Vec::new();
    for (name, text) in [("COMPATIBILITY.md", compatibility), ("docs/golden.md", list(checked))] {
        let path = workspace::root().join(name);
        if fs::read_to_string(&path).ok().as_deref() != Some(&text) {
            fs::write(&path, text).with_context(|| path.display().to_string())?;
            stale.push(name);
        }
    }
    Ok(stale)
}

/// COMPATIBILITY.md with the table between its marks; `None` if the marks are missing.
fn with_table(document: &str, table: &Table) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}\n{END}{after}", table.markdown()))
}

/// docs/golden.md.
fn list(checked: &[Checked]) -> String {
    let mut text = INTRODUCTION.to_owned();
    let headings = [
        ("In part", "What could be done holds; this was left out:"),
        ("Not applicable", "Nothing in these could be done:"),
    ];
    for (heading, introduction) in headings {
        write!(
            text,
            "\n## {heading}\n\n{introduction}\n\n| Case | Family | Left out |\n|---|---|---|\n"
        )
        .expect(WRITTEN);
        for case in checked {
            let report = match (&case.verdict, heading) {
                (Verdict::InPart(report), "In part") | (Verdict::NotApplicable(report), "Not applicable") => report,
                _ => continue,
            };
            writeln!(text, "| {} | {} | {report} |", case.name, case.family).expect(WRITTEN);
        }
    }
    text
}

const BEGIN: &str = "<!-- golden cases: written by a test of xtask -->";
const END: &str = "<!-- end of the golden cases -->";
const WRITTEN: &str = "a string takes all that is written";
const INTRODUCTION: &str = "# Golden cases that do not pass whole\n\n\
    `cargo xtask golden` replays the cases of `tests/golden`. All that are not listed here pass whole. \
    This page is written by a test of xtask, which fails when it was stale.\n";

#[cfg(test)]
mod tests {
    use super::super::{Arguments, check_all};
    use super::*;

    #[test]
    fn no_case_fails_and_the_documents_say_what_passes() {
        let arguments = Arguments {
            directory: workspace::root().join("tests/golden"),
            url: "memory:".to_owned(),
            only: Vec::new(),
            verbose: false,
            write: false,
        };
        let checked = futures_executor::block_on(check_all(&arguments)).expect("the cases can be read");
        let failed: Vec<String> = checked
            .iter()
            .filter_map(|case| match &case.verdict {
                Verdict::Failed(error) => Some(format!("{}: {error:#}", case.name)),
                _ => None,
            })
            .collect();
        assert!(failed.is_empty(), "{}", failed.join("\n"));
        let stale = write(&checked).expect("the documents can be written");
        assert!(
            stale.is_empty(),
            "what was stale is rewritten, look at it and commit it: {stale:?}"
        );
    }
}
