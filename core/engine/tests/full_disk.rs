//! A disk that is full, for real: the system lets files grow to a limit and no further, so a write is cut short in the middle.
//!
//! The test starts this same program as the process that fills the disk.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "in a test every failure is the end")]

use std::path::Path;
use std::process::Command;

use futures_executor::block_on;
use record_store_engine::{Engine, EngineOptions, Location};
use record_store_kv::{Database, Result, fdb_code};

fn open(path: &Path) -> Database {
    Engine::open(Location::Path(path.to_owned()), EngineOptions::default()).unwrap()
}

fn key(number: u32) -> [u8; 5] {
    let [a, b, c, d] = number.to_be_bytes();
    [b'n', a, b, c, d]
}

fn commit(database: &Database, number: u32) -> Result<()> {
    let transaction = database.transaction();
    transaction.set(&key(number), &[b'x'; 10_000]);
    block_on(transaction.commit())
}

fn is_there(database: &Database, number: u32) -> bool {
    block_on(database.transaction().get(&key(number), false))
        .unwrap()
        .is_some()
}

/// Commits until the disk is full; says how many commits were acknowledged.
fn fill(path: &Path) {
    let database = open(path);
    let mut number = 0;
    let failure = loop {
        match commit(&database, number) {
            Ok(()) => number += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(failure.fdb_code(), Some(fdb_code::COMMIT_UNKNOWN_RESULT), "{failure}");
    let refused = commit(&database, number + 1).unwrap_err();
    assert_eq!(refused.fdb_code(), Some(fdb_code::IO_ERROR), "{refused}");
    assert!((0..number).all(|earlier| is_there(&database, earlier)), "reads go on");
    println!("{SAYS}{number}");
}

#[test]
fn a_full_disk_stops_commits_and_loses_none_that_was_acknowledged() {
    if let Some(path) = std::env::var_os(CHILD) {
        return fill(Path::new(&path));
    }
    for blocks in [4_000, 5_001, 12_345] {
        let directory = tempfile::tempdir().unwrap();
        // Without the signal a write beyond the limit is cut short, and the next one fails.
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let output = Command::new("sh")
            .args(["-c", &script, "sh"])
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "a_full_disk_stops_commits_and_loses_none_that_was_acknowledged",
                "--nocapture",
            ])
            .env(CHILD, directory.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let acknowledged = said.lines().find_map(|line| line.split_once(SAYS));
        let Some((_, number)) = acknowledged else {
            panic!("{blocks} blocks: {said}\n{}", String::from_utf8_lossy(&output.stderr));
        };
        let number: u32 = number.parse().unwrap();
        assert!(number > 10, "{blocks} blocks: the disk was not full from the start");
        let database = open(directory.path());
        assert!(
            (0..number).all(|earlier| is_there(&database, earlier)),
            "{blocks} blocks"
        );
        commit(&database, number + 2).unwrap();
    }
}

/// Names the directory to the process that fills the disk.
const CHILD: &str = "RECORD_STORE_FULL_DISK_TEST_DIRECTORY";
/// Begins the line that says how many commits were acknowledged.
const SAYS: &str = "acknowledged ";
