//! `cargo xtask golden`: replays what Apple's Java Record Layer wrote and read, and compares byte for byte.
//!
//! A case of a store is replayed from nothing, transaction by transaction; and its last dump is loaded and read without
//! writing. A case without a database is a list of vectors. What the record layer does not do yet is left out, with the
//! reason, and a case of which something is left out does not count as passed.

mod bytes;
mod case;
mod compare;
mod concurrent;
mod documents;
mod error;
mod index_reads;
mod metadata;
mod online_build;
mod opening;
mod ops;
mod query_language;
mod query_reads;
mod reads;
mod replay;
mod report;
mod round_trip;
mod scene;
mod table;
mod vectors;
mod without;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use record_store::Database;

use case::Case;
use report::{Report, Verdict};
use table::Table;

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
    /// Print what was left out of each case, and why
    #[arg(long)]
    verbose: bool,
    /// Write the results of all cases into COMPATIBILITY.md and docs/golden.md
    #[arg(long, conflicts_with = "only")]
    write: bool,
}

/// A case with its verdict.
struct Checked {
    name: String,
    family: String,
    verdict: Verdict,
}

/// Replays the cases and prints a table; fails if a case fails.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let checked = futures_executor::block_on(check_all(arguments))?;
    for case in &checked {
        match &case.verdict {
            Verdict::Failed(error) => println!("FAILED {}: {error:#}", case.name),
            Verdict::InPart(left_out) if arguments.verbose => println!("in part {}: without {left_out}", case.name),
            Verdict::NotApplicable(why) if arguments.verbose => println!("not applicable {}: {why}", case.name),
            _ => {}
        }
    }
    let table = table_of(&checked);
    print!("{table}");
    if table.failed() > 0 {
        bail!("{} failed", table.failed());
    }
    if arguments.write {
        for name in documents::write(&checked)? {
            println!("rewrote {name}");
        }
    }
    Ok(())
}

async fn check_all(arguments: &Arguments) -> Result<Vec<Checked>> {
    let mut checked = Vec::new();
    for entry in case::index(&arguments.directory)? {
        let wanted = |word: &String| entry.name.contains(word) || entry.family.contains(word);
        if !(arguments.only.is_empty() || arguments.only.iter().any(wanted)) {
            continue;
        }
        let mut report = Report::default();
        let result = match Case::read(&arguments.directory, &entry.name) {
            Ok(case) => check(&arguments.url, &case, &entry.kind, &mut report).await,
            Err(error) => Err(error),
        };
        checked.push(Checked {
            verdict: Verdict::new(result, report),
            name: entry.name,
            family: entry.family,
        });
    }
    Ok(checked)
}

/// Checks one case in every way that there is for its kind.
async fn check(url: &str, case: &Case, kind: &str, report: &mut Report) -> Result<()> {
    round_trip::check(case)?;
    if kind != "store" {
        return vectors::check(case, kind, report);
    }
    replay::replay(&open(url).await?, case, report).await?;
    let read = reads::load_and_read(&open(url).await?, case).await;
    report.join(read.context("the dump, loaded")?);
    Ok(())
}

fn table_of(checked: &[Checked]) -> Table {
    let mut table = Table::default();
    for case in checked {
        table.add(&case.family, &case.verdict);
    }
    table
}

async fn open(url: &str) -> Result<Database> {
    Database::open(url).await.with_context(|| format!("opening {url}"))
}
