//! `cargo xtask golden`: replays what Apple's Java Record Layer wrote and read, and compares byte for byte.
//!
//! A case is replayed from nothing, transaction by transaction; and its last dump is loaded and read without writing.
//! What the record layer does not do yet is counted apart, with the reason, and never as passed.

mod bytes;
mod case;
mod compare;
mod error;
mod index_reads;
mod metadata;
mod online_build;
mod ops;
mod reads;
mod replay;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use record_store::Database;

use case::Case;

/// What to replay.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The folder with index.json and cases/
    #[arg(default_value = "tests/golden")]
    directory: PathBuf,
    /// The database to replay into, for each case a part of its own; without it, one in memory
    #[arg(long, default_value = "memory:")]
    url: String,
    /// Only cases whose name or family contains one of these
    #[arg(long)]
    only: Vec<String>,
    /// Print why each case is not applicable
    #[arg(long)]
    verbose: bool,
}

/// What became of one way to use a case.
enum Outcome {
    Passed,
    Failed(anyhow::Error),
    NotApplicable(String),
}

/// What the record layer does not do: the case proves nothing about it.
#[derive(Debug)]
struct NotApplicable(String);

impl std::fmt::Display for NotApplicable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotApplicable {}

impl From<Result<()>> for Outcome {
    fn from(result: Result<()>) -> Self {
        match result {
            Ok(()) => Outcome::Passed,
            Err(error) => match why_not_applicable(&error) {
                Some(why) => Outcome::NotApplicable(why),
                None => Outcome::Failed(error),
            },
        }
    }
}

#[derive(Default)]
struct Counts {
    passed: usize,
    failed: usize,
    not_applicable: usize,
}

impl Counts {
    fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed(_) => self.failed += 1,
            Outcome::NotApplicable(_) => self.not_applicable += 1,
        }
    }
}

/// Replays the cases and prints a table; fails if a case fails.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    futures_executor::block_on(run_all(arguments))
}

async fn run_all(arguments: &Arguments) -> Result<()> {
    let mut families: BTreeMap<String, [Counts; 2]> = BTreeMap::new();
    for entry in case::index(&arguments.directory)? {
        let wanted = |word: &String| entry.name.contains(word) || entry.family.contains(word);
        if entry.kind != "store" || !(arguments.only.is_empty() || arguments.only.iter().any(wanted)) {
            continue;
        }
        let case = Case::read(&arguments.directory, &entry.name)?;
        let replayed = replay::replay(&open(&arguments.url).await?, &case).await.into();
        let read = reads::load_and_read(&open(&arguments.url).await?, &case).await.into();
        let counts = families.entry(entry.family.clone()).or_default();
        for ((way, outcome), counts) in [("replayed", replayed), ("read", read)].iter().zip(counts) {
            counts.add(outcome);
            match outcome {
                Outcome::Passed => {}
                Outcome::Failed(error) => println!("FAILED {} ({way}): {error:#}", entry.name),
                Outcome::NotApplicable(why) if arguments.verbose => println!("n/a {} ({way}): {why}", entry.name),
                Outcome::NotApplicable(_) => {}
            }
        }
    }
    print_table(&families);
    let failed: usize = families.values().flatten().map(|counts| counts.failed).sum();
    match failed {
        0 => Ok(()),
        failed => bail!("{failed} failed"),
    }
}

async fn open(url: &str) -> Result<Database> {
    Database::open(url).await.with_context(|| format!("opening {url}"))
}

fn print_table(families: &BTreeMap<String, [Counts; 2]>) {
    println!("{:<22}{:>30}{:>30}", "", "replayed", "dump loaded and read");
    let heading = format!("{:>10}{:>10}{:>10}", "passed", "failed", "n/a");
    println!("{:<22}{heading}{heading}", "family");
    let row = |name: &str, counts: [&Counts; 2]| {
        let columns = counts.map(|counts| {
            format!(
                "{:>10}{:>10}{:>10}",
                counts.passed, counts.failed, counts.not_applicable
            )
        });
        println!("{name:<22}{}", columns.concat());
    };
    let mut totals: [Counts; 2] = Default::default();
    for (name, counts) in families {
        row(name, [&counts[0], &counts[1]]);
        for (total, counts) in totals.iter_mut().zip(counts) {
            total.passed += counts.passed;
            total.failed += counts.failed;
            total.not_applicable += counts.not_applicable;
        }
    }
    row("all", [&totals[0], &totals[1]]);
}

/// Why an error proves nothing: the case asks what we do not do, or the record layer itself says that it does not.
fn why_not_applicable(error: &anyhow::Error) -> Option<String> {
    if let Some(NotApplicable(why)) = error.downcast_ref() {
        return Some(why.clone());
    }
    let unsupported = |error: &&record_store::Error| error.kind() == record_store::ErrorKind::Unsupported;
    error.downcast_ref().filter(unsupported).map(ToString::to_string)
}

fn not_applicable(why: impl Into<String>) -> anyhow::Error {
    NotApplicable(why.into()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the record layer does, it does as Java does.
    #[test]
    fn no_case_fails() {
        let arguments = Arguments {
            directory: crate::workspace::root().join("tests/golden"),
            url: "memory:".to_owned(),
            only: Vec::new(),
            verbose: false,
        };
        run(&arguments).expect("no case fails");
    }
}
