//! Record-Store against its peers, side by side in one run: the storage library used raw, and SQLite.
//!
//! Every save is synced to disk before it counts. What it prints is Markdown; `cargo xtask bench` keeps it in docs/benchmarks.md.

mod machine;
mod measure;
mod peer;
mod record_store;
mod redb_raw;
mod report;
mod sqlite;
mod user;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use crate::measure::measure;
use crate::peer::{KINDS, Outcome};

#[derive(Parser)]
#[command(about = "Record-Store measured against its peers")]
struct Arguments {
    /// How many records: one table each
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 1_000_000])]
    records: Vec<i64>,
}

fn main() -> Outcome<()> {
    let arguments = Arguments::parse();
    let mut tables = Vec::new();
    for &records in &arguments.records {
        let mut rows = Vec::new();
        for kind in KINDS {
            let style = ProgressStyle::with_template("{msg:>24} {bar:40} {pos}/{len} {per_sec}")?;
            let bar = ProgressBar::new(u64::try_from(records)?).with_style(style);
            bar.set_message(kind.name);
            rows.push((kind.name, measure(kind, records, |done| bar.inc(done))?));
            bar.finish();
        }
        tables.push((records, rows));
    }
    print!("{}", report::markdown(&tables));
    Ok(())
}
