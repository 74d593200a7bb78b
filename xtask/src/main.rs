//! The project's commands: `cargo xtask COMMAND`. Each command is a file of its own.

mod bench;
mod bindingtester;
mod c;
mod c_scenarios;
mod c_tests;
mod clients;
mod conformance;
mod dataset;
mod demo;
mod dist;
mod r#gen;
mod given;
mod golden;
mod libclang;
mod node;
mod python;
mod relay;
mod sim;
mod step;
mod test;
mod tidy;
mod traces;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure against the peers and rewrite docs/benchmarks.md, or docs/benchmarks-engine.md
    Bench {
        /// What is measured: records, or the engine under them
        #[arg(default_value = "records")]
        what: bench::What,
        /// How many records: one table each
        #[arg(long, value_delimiter = ',', default_values_t = [10_000, 1_000_000])]
        records: Vec<u64>,
        /// How many keys the engine holds
        #[arg(long, default_value_t = 1_000_000)]
        keys: u64,
        /// How many keys the engine alone is loaded with at the end, which takes about 0.6 KB of disk each; 0 for none
        #[arg(long, default_value_t = 10_000_000)]
        large: u64,
        /// How long the engine's loads are sustained, in seconds
        #[arg(long, default_value_t = 120)]
        seconds: u64,
    },
    /// Compare our Rust surface with FoundationDB's client for Python, by programs of FoundationDB's stack machine, from seeds
    Bindingtester(bindingtester::Arguments),
    /// Run FoundationDB's own clients on the drop-in libfdb_c
    Clients {
        /// Only these: c, python, java, record-layer, go, node, rust, soak
        clients: Vec<String>,
        #[command(flatten)]
        soak: clients::Options,
    },
    /// Let Apple's Java Record Layer and this one take turns on the same record spaces, in every format that both have
    Conformance(conformance::Arguments),
    /// Load the cities of the world and work with them, from Rust, Python, JavaScript and C
    Demo {
        /// Where to keep the database; without it, a fresh one in the cache
        directory: Option<std::path::PathBuf>,
    },
    /// Make what people install
    Dist {
        #[command(subcommand)]
        product: dist::Product,
    },
    /// Write the files that are generated from others and committed
    Gen {
        /// Fail when one was stale; it is rewritten all the same
        #[arg(long)]
        check: bool,
    },
    /// Replay the cases that Apple's Java Record Layer wrote, and compare byte for byte
    Golden(golden::Arguments),
    /// Simulate concurrent programs on a database whose power fails, from seeds
    Sim(sim::Arguments),
    /// Run every test: format, lints, house rules, Rust, Python, Node.js, C
    Test {
        /// Only the steps of these names, such as "C tests"
        steps: Vec<String>,
    },
    /// Replay programs recorded from a FoundationDB client
    Traces(traces::Arguments),
    /// Check the house rules that no compiler checks
    Tidy,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Bench {
            what: bench::What::Records,
            records,
            ..
        } => bench::records(&records),
        Command::Bench {
            keys, large, seconds, ..
        } => bench::engine(keys, large, seconds),
        Command::Bindingtester(arguments) => bindingtester::run(&arguments),
        Command::Clients { clients, soak } => clients::run(clients, soak),
        Command::Conformance(arguments) => conformance::run(&arguments),
        Command::Demo { directory } => demo::run(directory),
        Command::Dist { product } => dist::run(&product),
        Command::Gen { check } => r#gen::run(check),
        Command::Golden(arguments) => golden::run(&arguments).map_err(|error| format!("{error:#}")),
        Command::Sim(arguments) => sim::run(&arguments),
        Command::Test { steps } => test::run(steps),
        Command::Traces(arguments) => traces::run(&arguments),
        Command::Tidy => tidy::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
