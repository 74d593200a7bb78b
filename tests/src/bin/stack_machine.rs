//! Runs programs of the stack machine: `cargo xtask bindingtester`. Prints a line of JSON for each seed: the program, and what is
//! in the database after it.

use std::fmt::Write as _;
use std::process::ExitCode;

use record_store_engine::{Engine, EngineOptions, Location};
use record_store_tests::stack_machine::{Test, program, run};
use serde_json::json;

/// Arguments: `api`, `tuple` or `directory`, the first seed, how many.
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let parsed = match &arguments[..] {
        [test, first, count] => Test::ALL
            .into_iter()
            .find(|known| known.name() == test)
            .zip(first.parse::<u64>().ok())
            .zip(count.parse::<u64>().ok()),
        _ => None,
    };
    let Some(((test, first), count)) = parsed else {
        eprintln!("stack_machine api|tuple|directory FIRST_SEED COUNT");
        return ExitCode::FAILURE;
    };
    for seed in first..first.saturating_add(count) {
        match line(test, seed) {
            Ok(line) => println!("{line}"),
            Err(why) => {
                eprintln!("{} seed {seed}: {why}", test.name());
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

fn line(test: Test, seed: u64) -> Result<serde_json::Value, String> {
    let program = program(test, seed);
    let database = Engine::open(Location::Memory, EngineOptions::default()).map_err(|error| error.to_string())?;
    let rows = run(&database, &program, seed)?;
    let rows: Vec<_> = rows.iter().map(|(key, value)| [hex(key), hex(value)]).collect();
    let program: Vec<_> = program.iter().map(|instruction| hex(&instruction.pack())).collect();
    Ok(json!({"seed": seed, "program": program, "rows": rows}))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
