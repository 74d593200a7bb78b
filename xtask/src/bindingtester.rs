//! `cargo xtask bindingtester`: programs of FoundationDB's stack machine, from seeds, over our Rust surface and over FoundationDB's
//! client for Python on the drop-in library; what both leave in the database must be the same.

use std::collections::BTreeMap;
use std::fs;

use record_store_kv::tuple::Tuple;
use serde_json::Value;

use crate::clients::{library, python};
use crate::step::{Failure, Program};

const TESTS: [&str; 3] = ["api", "tuple", "directory"];

/// How many differences of a seed are shown.
const SHOWN: usize = 5;

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many seeds of each test
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed: with --seeds 1 it replays one
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Only this test
    #[arg(long, value_parser = TESTS)]
    test: Option<String>,
}

/// As much as is run with all tests.
pub(crate) fn test() -> Result<(), Failure> {
    run(&Arguments {
        seeds: 20,
        from: 0,
        test: None,
    })
}

/// Runs the tests one after the other.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let client = python::Client::install(&library::build()?)?;
    let file = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    let mut failed = Vec::new();
    for test in TESTS {
        if arguments.test.as_ref().is_some_and(|only| only != test) {
            continue;
        }
        let ours = Program::cargo()
            .args([
                "run",
                "--quiet",
                "-p",
                "record-store-tests",
                "--bin",
                "stack_machine",
                "--",
            ])
            .args([test, &arguments.from.to_string(), &arguments.seeds.to_string()])
            .output()?;
        fs::write(file.path(), &ours).map_err(|error| error.to_string())?;
        let theirs = client
            .program()
            .args(["tests/stack_machine/machine.py".as_ref(), file.path().as_os_str()])
            .output()?;
        let (ours, theirs) = (lines(&ours)?, lines(&theirs)?);
        if ours.len() != theirs.len() || ours.is_empty() {
            return Err(format!("{test}: {} programs here, {} there", ours.len(), theirs.len()));
        }
        let mut instructions = 0;
        let mut different = 0;
        for (ours, theirs) in ours.iter().zip(&theirs) {
            instructions += ours["program"].as_array().map_or(0, Vec::len);
            let differences = differences(ours, theirs);
            if differences.is_empty() {
                continue;
            }
            different += 1;
            println!("{test} seed {}: {} differences", ours["seed"], differences.len());
            for difference in differences.iter().take(SHOWN) {
                println!("  {difference}");
            }
        }
        println!(
            "{test:10} {:6} seeds {instructions:8} instructions {different:6} different",
            ours.len()
        );
        if different > 0 {
            failed.push(format!("{different} of {test}"));
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    let failed = failed.join(", ");
    Err(format!(
        "programs came out differently: {failed}; replay one with --test TEST --from SEED --seeds 1"
    ))
}

fn lines(output: &str) -> Result<Vec<Value>, Failure> {
    output
        .lines()
        .map(|line| serde_json::from_str(line).map_err(|error| format!("{line}: {error}")))
        .collect()
}

/// The rows that are not the same in both, as a person reads them.
fn differences(ours: &Value, theirs: &Value) -> Vec<String> {
    let (here, there) = (rows(ours), rows(theirs));
    let keys: std::collections::BTreeSet<_> = here.keys().chain(there.keys()).collect();
    keys.into_iter()
        .filter(|key| here.get(*key) != there.get(*key))
        .map(|key| {
            let shown =
                |rows: &BTreeMap<Vec<u8>, Vec<u8>>| rows.get(key).map_or("nothing".to_owned(), |value| tuple(value));
            format!(
                "{}\n    ours   {}\n    client {}",
                place(ours, key),
                shown(&here),
                shown(&there)
            )
        })
        .collect()
}

fn rows(run: &Value) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let rows = run["rows"].as_array().into_iter().flatten();
    rows.map(|row| (unhex(&row[0]), unhex(&row[1]))).collect()
}

/// A key; for one of the log, the instruction that left the item.
fn place(run: &Value, key: &[u8]) -> String {
    let number = key
        .strip_prefix(b"\x01log")
        .and_then(|rest| Tuple::unpack(rest).ok())
        .and_then(|place| usize::try_from(place.get(1)?.as_i64()?).ok());
    match number {
        Some(number) => {
            let around = (number.saturating_sub(5)..=number).map(|number| tuple(&unhex(&run["program"][number])));
            format!("instruction {number}: {}", around.collect::<Vec<_>>().join(" "))
        }
        None => format!("key {}", key.escape_ascii()),
    }
}

fn tuple(bytes: &[u8]) -> String {
    let mut text = Tuple::unpack(bytes).map_or_else(|_| bytes.escape_ascii().to_string(), |tuple| tuple.to_string());
    if let Some((cut, _)) = text.char_indices().nth(300) {
        text.truncate(cut);
        text.push('…');
    }
    text
}

fn unhex(text: &Value) -> Vec<u8> {
    let digits = text.as_str().unwrap_or_default();
    (0..digits.len() / 2)
        .filter_map(|i| u8::from_str_radix(digits.get(2 * i..2 * i + 2)?, 16).ok())
        .collect()
}
