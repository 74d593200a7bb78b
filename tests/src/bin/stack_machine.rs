//! Runs programs of the stack machine: `cargo xtask bindingtester`. Prints a line of JSON for each seed: the program, those of its
//! threads, and what is in the database after it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use record_store::Database as RecordDatabase;
use record_store_engine::{Engine, EngineOptions, Location};
use record_store_kv::Database;
use record_store_kv::tuple::Tuple;
use record_store_tests::stack_machine::{Test, case, run};
use serde_json::{Value, json};

const USAGE: &str = "stack_machine TEST FIRST_SEED COUNT API_VERSION memory:|DIRECTORY|fdb:... \
                     (everything in the database is removed)";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match work(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn work(arguments: &[String]) -> Result<(), String> {
    let [test, first, count, api_version, database] = arguments else {
        return Err(USAGE.to_owned());
    };
    let test = Test::ALL.into_iter().find(|known| known.name() == test).ok_or(USAGE)?;
    let (Ok(first), Ok(count), Ok(api_version)) = (first.parse::<u64>(), count.parse(), api_version.parse()) else {
        return Err(USAGE.to_owned());
    };
    let database = open(database, api_version)?;
    for seed in first..first.saturating_add(count) {
        let line = line(&database, test, seed, api_version);
        println!("{}", line.map_err(|why| format!("{} seed {seed}: {why}", test.name()))?);
    }
    Ok(())
}

fn open(url: &str, api_version: i32) -> Result<Database, String> {
    let options = EngineOptions {
        api_version,
        ..EngineOptions::default()
    };
    let opened = match url {
        "memory:" => Engine::open(Location::Memory, options),
        _ if url.starts_with("fdb:") => {
            let url = format!("{url}&api_version={api_version}");
            let database = pollster::block_on(RecordDatabase::open(&url)).map_err(|error| error.to_string())?;
            return Ok(database.kv().clone());
        }
        directory => Engine::open(Location::Path(PathBuf::from(directory)), options),
    };
    opened.map_err(|error| error.to_string())
}

fn line(database: &Database, test: Test, seed: u64, api_version: i32) -> Result<Value, String> {
    let case = case(test, seed, api_version);
    let rows = run(database, &case, None)?;
    let rows: Vec<_> = rows.iter().map(|(key, value)| [hex(key), hex(value)]).collect();
    let threads: Vec<_> = case
        .threads
        .iter()
        .map(|(prefix, program)| json!([hex(prefix), packed(program)]))
        .collect();
    Ok(json!({"seed": seed, "program": packed(&case.program), "threads": threads, "rows": rows}))
}

fn packed(program: &[Tuple]) -> Vec<String> {
    program.iter().map(|instruction| hex(&instruction.pack())).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
