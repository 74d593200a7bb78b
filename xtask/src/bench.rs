//! `cargo xtask bench`: Record-Store against its peers, kept in docs/benchmarks.md, and the engine against its own, kept in
//! docs/benchmarks-engine.md; and that engine behind FoundationDB's C API against itself.

mod c_api;

use std::fs;

use crate::step::{Failure, Program};
use crate::workspace;

/// What stands before the tables.
const HEAD: &str = "\
# Benchmarks

`cargo xtask bench` makes this page: Record-Store and its peers one after another in one run on one machine, so that the ratios mean something where the times do not.
Ratios above 1 mean that Record-Store is faster. Except in memory, every save is on disk (fsync) before it counts.

- **Record-Store**: users in a space, protobuf messages in and out, on the embedded engine. A save looks for the record that it replaces, keeps the indexes and gives every record a version.
- **raw writes**: exactly the keys and values that Record-Store writes, to the same engine, without a record layer: made before the clock starts, and nothing is read. What is missing to 1× is what records and indexes cost.
- **redb raw**: the ordered store that the engine uses as its base, by itself, with a cache of 256 MiB as the others: one encoded user under its number, without a version, one commit a batch.
- **SQLite**: a table with columns, `journal_mode = WAL`, `synchronous = FULL`, prepared statements, a cache of 256 MiB; the same three indexes. It keeps no counts.

Users have about 300 bytes and are saved in scattered order, 100 in one transaction. The indexes are by e-mail address, by city and by age, and count the users of a city. Gets and scans are by primary key and decode every user.

Queries run each in a transaction of its own, with the plan that the first of their kind has made, and decode every user that they give: the user with an e-mail address; the hundred users from an age upwards by age, read whole; the numbers of all users of a city, which the index alone has; the users with one of two e-mail addresses; the users of a city by their names, sorted in memory.

";

/// What stands before the tables of the engine.
const ENGINE_HEAD: &str = "\
# Benchmarks of the engine

`cargo xtask bench engine` makes this page: the embedded engine, the storage library under it and SQLite, one after another in one run on one machine, each measurement in a process of its own. All three hold the same keys (24 bytes, scattered) and values (100 bytes), and all three have a cache of 256 MiB. Ratios above 1 mean that the engine is better. Every commit is on disk (fsync) before it counts, unless it says otherwise.

- **the engine**: through the transactions of the seam, as the record layer uses it, with its default options (512 MiB for changes that are not in the base yet).
- **redb raw**: the ordered store that the engine uses as its base, by itself: a read or write transaction for each call.
- **SQLite**: a table `(key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID`, `journal_mode = WAL`, `synchronous = FULL` (`OFF` where nothing is synced), prepared statements; clients queue for one connection.

Random puts mostly replace values. Reads are measured in a hundred short rounds, of which a tenth took less time than what is shown: those that nothing disturbed. \"A bare sleep late by\" is how late the system woke a thread that did nothing but sleep meanwhile: a pause of that length is the machine's, not the store's.

";

/// What is measured.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum What {
    /// Records in a space.
    Records,
    /// The engine, below the record layer.
    Engine,
    /// FoundationDB's C API over the engine.
    CApi,
}

/// Runs the benchmark for these numbers of records and rewrites its page.
pub(crate) fn records(records: &[u64]) -> Result<(), Failure> {
    let records: Vec<String> = records.iter().map(u64::to_string).collect();
    let arguments = ["--records", &records.join(",")];
    run("record-store-compare", &arguments, "docs/benchmarks.md", HEAD)
}

/// Runs the benchmark of the engine and rewrites its page.
pub(crate) fn engine(keys: u64, large: u64, seconds: u64) -> Result<(), Failure> {
    let (keys, large, seconds) = (keys.to_string(), large.to_string(), seconds.to_string());
    let arguments = ["--keys", &keys, "--large", &large, "--seconds", &seconds];
    let page = "docs/benchmarks-engine.md";
    run("record-store-engine-compare", &arguments, page, ENGINE_HEAD)
}

/// Runs the benchmark of the C API and rewrites its page.
pub(crate) fn c_api() -> Result<(), Failure> {
    c_api::run()
}

fn run(package: &str, arguments: &[&str], page: &str, head: &str) -> Result<(), Failure> {
    let tables = Program::cargo()
        .args(["run", "--quiet", "--release", "--package", package, "--"])
        .args(arguments)
        .output()?;
    let page = workspace::root().join(page);
    fs::write(&page, format!("{head}{tables}")).map_err(|error| format!("{}: {error}", page.display()))?;
    println!("{tables}");
    Ok(())
}
