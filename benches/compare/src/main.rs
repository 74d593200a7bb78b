//! Record-Store against its peers, side by side in one run: raw writes of the same keys to its own engine, the storage
//! library under that, and SQLite.
//!
//! What it prints is Markdown; `cargo xtask bench` keeps it in docs/benchmarks.md.

mod kv_raw;
mod machine;
mod measure;
mod peer;
mod question;
mod record_store;
mod redb_raw;
mod report;
mod sqlite;
mod user;
mod workload;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use crate::measure::measure;
use crate::peer::Outcome;
use crate::question::Asked;
use crate::report::Table;
use crate::workload::WORKLOADS;

#[derive(Parser)]
#[command(about = "Record-Store measured against its peers")]
struct Arguments {
    /// How many records: one table each
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 1_000_000])]
    records: Vec<i64>,
    /// Only the workloads with this in their title
    #[arg(long, default_value = "")]
    workload: String,
    /// Only the peers with this in their name
    #[arg(long, default_value = "")]
    peer: String,
    /// Only the questions with this in their head
    #[arg(long, default_value = "")]
    question: String,
    /// Ask each question at most so often, as a profiler wants it
    #[arg(long, default_value_t = usize::MAX)]
    times: usize,
}

fn main() -> Outcome<()> {
    let arguments = Arguments::parse();
    let asked = Asked {
        head: arguments.question,
        times_max: arguments.times,
    };
    let mut tables = Vec::new();
    for workload in WORKLOADS {
        for &records in &arguments.records {
            if !workload.title.contains(&arguments.workload) || records > workload.records_max {
                continue;
            }
            let mut rows = Vec::new();
            for kind in workload.peers {
                if !kind.name.contains(&arguments.peer) {
                    continue;
                }
                let style = ProgressStyle::with_template("{msg:>24} {bar:40} {pos}/{len} {per_sec}")?;
                let bar = ProgressBar::new(u64::try_from(records)?).with_style(style);
                bar.set_message(kind.name);
                rows.push((
                    kind.name,
                    measure(workload, kind, records, &asked, |done| bar.inc(done))?,
                ));
                bar.finish();
            }
            let title = workload.title;
            let columns = measure::columns(workload, &asked);
            tables.push(Table {
                title,
                records,
                columns,
                rows,
            });
        }
    }
    print!("{}", report::markdown(&tables));
    Ok(())
}
