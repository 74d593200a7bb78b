//! The embedded engine against the storage library under it and SQLite, with the same keys and values and caches of the same
//! size.
//!
//! Each measurement runs in a process of its own, so that memory is that of one store and nothing is left over. What it
//! prints is Markdown; `cargo xtask bench engine` keeps it in docs/benchmarks-engine.md.

mod figure;
mod load;
#[path = "../../compare/src/machine.rs"]
mod machine;
mod report;
mod store;
mod stores;
mod task;

use clap::{Parser, Subcommand};

use crate::store::Outcome;
use crate::task::Task;

#[derive(Parser)]
#[command(about = "The engine measured against the storage library under it and SQLite")]
struct Arguments {
    #[command(subcommand)]
    alone: Option<Alone>,
    /// How many keys the stores hold
    #[arg(long, default_value_t = 1_000_000)]
    keys: u64,
    /// How long loads are sustained, in seconds
    #[arg(long, default_value_t = 120)]
    seconds: u64,
    /// How many keys the engine alone is loaded with, after all else, to see how much memory that takes; none if it is 0
    #[arg(long, default_value_t = 10_000_000)]
    large: u64,
    /// How much memory the caches may take, in MiB
    #[arg(long, default_value_t = 256)]
    cache: usize,
    /// Only the tasks with this in their name
    #[arg(long, default_value = "")]
    task: String,
    /// Only the stores with this in their name
    #[arg(long, default_value = "")]
    store: String,
}

#[derive(Subcommand)]
enum Alone {
    /// One measurement in this process
    #[command(hide = true)]
    Measure(Task),
}

fn main() -> Outcome<()> {
    let arguments = Arguments::parse();
    match arguments.alone {
        Some(Alone::Measure(task)) => task.run(),
        None => report::all(&arguments),
    }
}
