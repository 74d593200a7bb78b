//! The project's commands: `cargo xtask COMMAND`. Each command is a file of its own.

mod dataset;
mod demo;
mod r#gen;
mod python;
mod step;
mod test;
mod tidy;
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
    /// Load the cities of the world and work with them, from Rust and from Python
    Demo {
        /// Where to keep the database; without it, a fresh one in the cache
        directory: Option<std::path::PathBuf>,
    },
    /// Write the generated files
    Gen(r#gen::Arguments),
    /// Run every test: format, lints, house rules, Rust, Python
    Test,
    /// Check the house rules that no compiler checks
    Tidy,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Demo { directory } => demo::run(directory),
        Command::Gen(arguments) => r#gen::run(&arguments, &workspace::root()).map_err(|error| format!("{error:#}").into()),
        Command::Test => test::run(),
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
