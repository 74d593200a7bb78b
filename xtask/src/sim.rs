//! `cargo xtask sim`: simulations from seeds, as many as one likes.

use crate::step::{Failure, Program};

/// What to simulate.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many seeds of each simulation; records take about ten times as long as transactions and get a tenth of them
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// The first seed: with --seeds 1 it replays one
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Only this simulation
    #[arg(long, value_parser = ["transactions", "records"])]
    only: Option<String>,
}

/// Runs the simulations one after the other, on all processors.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut failed = Vec::new();
    for (what, seeds) in [
        ("transactions", arguments.seeds),
        ("records", arguments.seeds.div_ceil(10)),
    ] {
        if arguments.only.as_ref().is_some_and(|only| only != what) {
            continue;
        }
        println!("{what}:");
        let numbers = [arguments.from.to_string(), seeds.to_string()];
        let simulated = Program::cargo()
            .args([
                "run",
                "--quiet",
                "--release",
                "-p",
                "record-store-tests",
                "--bin",
                "simulate",
                "--",
                what,
            ])
            .args(numbers)
            .run();
        if simulated.is_err() {
            failed.push(what);
        }
    }
    match failed[..] {
        [] => Ok(()),
        _ => Err(format!(
            "{} failed: replay a seed with --from SEED --seeds 1",
            failed.join(" and ")
        )),
    }
}
