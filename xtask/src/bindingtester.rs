//! `cargo xtask bindingtester`: programs of FoundationDB's stack machine, from seeds, over our Rust surface and over FoundationDB's
//! client for Python on the drop-in library; what both leave in the database must be the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use record_store_kv::tuple::Tuple;
use serde_json::Value;
use tempfile::TempDir;

use crate::clients::{library, python};
use crate::libclang;
use crate::step::Failure;

/// A name, and the oldest version of the API for which it is: tuples end in positions of stamps as of version 520, and there are no
/// tenants before 710.
const TESTS: [(&str, i32); 5] = [
    ("api", 510),
    ("tuple", 520),
    ("directory", 510),
    ("tenant", 710),
    ("threads", 510),
];

/// How many differences of a seed are shown.
const SHOWN: usize = 5;

/// What to run.
#[derive(clap::Args, Clone)]
pub(crate) struct Arguments {
    /// How many seeds of each test
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed: with --seeds 1 it replays one
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Only this test: api, tuple, directory, tenant, threads
    #[arg(long, value_parser = TESTS.map(|(test, _)| test))]
    test: Option<String>,
    /// Where our side of it runs; the client's runs in memory
    #[arg(long, value_enum, default_value_t = On::Memory)]
    on: On,
    /// The version of the API that both sides select
    #[arg(long, default_value_t = NEWEST)]
    api_version: i32,
}

const NEWEST: i32 = 730;

/// A database for our side.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum On {
    /// The engine, in memory
    Memory,
    /// The engine, in a directory
    Directory,
    /// The FoundationDB backend, on the drop-in library
    Fdb,
}

/// As much as is run with all tests.
pub(crate) fn test() -> Result<(), Failure> {
    let tester = Tester::new()?;
    let some = |seeds, on, api_version| Arguments {
        seeds,
        from: 0,
        test: None,
        on,
        api_version,
    };
    tester.run(&some(20, On::Memory, NEWEST))?;
    tester.run(&some(5, On::Directory, NEWEST))?;
    tester.run(&some(5, On::Fdb, NEWEST))?;
    for older in [610, 630, 710] {
        tester.run(&some(5, On::Memory, older))?;
        tester.run(&some(2, On::Fdb, older))?;
    }
    Ok(())
}

/// Runs the tests one after the other.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    Tester::new()?.run(arguments)
}

/// Both sides, ready to run.
struct Tester {
    library: PathBuf,
    client: python::Client,
    folder: TempDir,
}

impl Tester {
    fn new() -> Result<Self, Failure> {
        let library = library::build()?;
        Ok(Tester {
            client: python::Client::install(&library)?,
            library,
            folder: tempfile::tempdir().map_err(|error| error.to_string())?,
        })
    }

    fn run(&self, arguments: &Arguments) -> Result<(), Failure> {
        let mut failed = Vec::new();
        for (test, since) in TESTS {
            if arguments.test.as_ref().is_some_and(|only| only != test) || arguments.api_version < since {
                continue;
            }
            let ours = self.ours(test, arguments)?;
            let theirs = self.theirs(&ours, arguments.api_version)?;
            let tally = compare(test, &lines(&ours)?, &lines(&theirs)?)?;
            println!(
                "{test:10} {} {:9} {:6} seeds {:8} instructions {:6} different",
                arguments.api_version,
                arguments.on.name(),
                tally.seeds,
                tally.instructions,
                tally.different
            );
            if tally.different > 0 {
                failed.push(format!("{} of {test}", tally.different));
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

    /// The programs of the seeds, and what our machine leaves.
    fn ours(&self, test: &str, arguments: &Arguments) -> Result<String, Failure> {
        let numbers = [arguments.from, arguments.seeds].map(|number| number.to_string());
        libclang::cargo()?
            .args(["run", "--quiet", "--package=record-store-tests"])
            .args(["--features=record-store/fdb", "--bin=stack_machine", "--"])
            .args([test])
            .args(numbers)
            .args([arguments.api_version.to_string(), self.database(arguments.on)?])
            .output()
    }

    fn database(&self, on: On) -> Result<String, Failure> {
        Ok(match on {
            On::Memory => "memory:".to_owned(),
            On::Directory => self.folder.path().join("data").display().to_string(),
            On::Fdb => {
                let file = self.folder.path().join("fdb.cluster");
                fs::write(&file, "memory:tests").map_err(|error| format!("{}: {error}", file.display()))?;
                let library = self.library.join("libfdb_c.so");
                format!("fdb:{}?library={}", file.display(), library.display())
            }
        })
    }

    /// What the client leaves of the same programs.
    fn theirs(&self, programs: &str, api_version: i32) -> Result<String, Failure> {
        let file = self.folder.path().join("programs");
        fs::write(&file, programs).map_err(|error| format!("{}: {error}", file.display()))?;
        let program = self.client.program().args(["tests/stack_machine/machine.py"]);
        program.args([api_version.to_string()]).args([file]).output()
    }
}

impl On {
    fn name(self) -> &'static str {
        match self {
            On::Memory => "memory",
            On::Directory => "directory",
            On::Fdb => "fdb",
        }
    }
}

#[derive(Default)]
struct Tally {
    seeds: usize,
    instructions: usize,
    different: usize,
}

/// Compares what both sides have left, and prints what differs.
fn compare(test: &str, ours: &[Value], theirs: &[Value]) -> Result<Tally, Failure> {
    if ours.len() != theirs.len() || ours.is_empty() {
        return Err(format!("{test}: {} programs here, {} there", ours.len(), theirs.len()));
    }
    let mut tally = Tally::default();
    for (ours, theirs) in ours.iter().zip(theirs) {
        let length = |program: &Value| program.as_array().map_or(0, Vec::len);
        let threads = ours["threads"].as_array().into_iter().flatten();
        tally.seeds += 1;
        tally.instructions += length(&ours["program"]) + threads.map(|thread| length(&thread[1])).sum::<usize>();
        let differences = differences(ours, theirs);
        if differences.is_empty() {
            continue;
        }
        tally.different += 1;
        println!("{test} seed {}: {} differences", ours["seed"], differences.len());
        for difference in differences.iter().take(SHOWN) {
            println!("  {difference}");
        }
    }
    Ok(tally)
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

/// A key; for one of a log, the instruction that left the item, and those before it.
fn place(run: &Value, key: &[u8]) -> String {
    let threads = run["threads"].as_array().into_iter().flatten();
    let threads = threads.map(|thread| (unhex(&thread[0]), &thread[1]));
    let mut machines = threads.chain([(Vec::new(), &run["program"])]);
    let found = machines.find_map(|(thread, program)| {
        let place = key.strip_prefix(b"\x01log")?.strip_prefix(&thread[..])?;
        let number = usize::try_from(Tuple::unpack(place).ok()?.get(1)?.as_i64()?).ok()?;
        Some((thread, program, number))
    });
    let Some((thread, program, number)) = found else {
        return format!("key {}", key.escape_ascii());
    };
    let around = (number.saturating_sub(5)..=number).map(|number| tuple(&unhex(&program[number])));
    let thread = if thread.is_empty() {
        String::new()
    } else {
        format!(" of {}", thread.escape_ascii())
    };
    format!("instruction {number}{thread}: {}", around.collect::<Vec<_>>().join(" "))
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

#[cfg(test)]
mod tests;
