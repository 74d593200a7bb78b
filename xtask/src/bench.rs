//! `cargo xtask bench`: Record-Store against its peers, kept in docs/benchmarks.md.

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
- **redb raw**: the ordered store that the engine uses as its base, by itself: one encoded user under its number, one commit a batch.
- **SQLite**: a table with columns, `journal_mode = WAL`, `synchronous = FULL`, prepared statements, a cache of 256 MiB; the same three indexes. It keeps no counts.

Users have about 300 bytes and are saved in scattered order, 100 in one transaction. The indexes are by e-mail address, by city and by age, and count the users of a city. Gets and scans are by primary key and decode every user.

Queries run each in a transaction of its own, planned anew each time, and decode every user that they give: the user with an e-mail address; the hundred users from an age upwards by age, read whole; the numbers of all users of a city, which the index alone has; the users with one of two e-mail addresses; the users of a city by their names, sorted in memory.

";

/// Runs the benchmark for these numbers of records and rewrites the page.
pub(crate) fn run(records: &[u64]) -> Result<(), Failure> {
    let records: Vec<String> = records.iter().map(u64::to_string).collect();
    let tables = Program::cargo()
        .args([
            "run",
            "--quiet",
            "--release",
            "--package",
            "record-store-compare",
            "--",
            "--records",
            &records.join(","),
        ])
        .output()?;
    let page = workspace::root().join("docs/benchmarks.md");
    fs::write(&page, format!("{HEAD}{tables}")).map_err(|error| format!("{}: {error}", page.display()))?;
    println!("{tables}");
    Ok(())
}
