//! A process that dies at any moment leaves every acknowledged commit behind.
//!
//! The test starts this same program as the process to kill: it commits numbers, one after the other, and prints each when
//! its commit is acknowledged.

#![allow(clippy::unwrap_used, reason = "in a test every failure is the end")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use futures_executor::block_on;
use record_store_engine::{Durability, Engine, EngineOptions, Location};
use record_store_kv::{Database, RangeRequest};

fn open(path: &Path, durability: Durability) -> Database {
    let options = EngineOptions {
        durability,
        ..EngineOptions::default()
    };
    Engine::open(Location::Path(path.to_owned()), options).unwrap()
}

/// The numbers committed so far; all of them, from 0 on, or the test fails.
fn committed(database: &Database) -> u64 {
    let rows = block_on(
        database
            .transaction()
            .get_range_all(&RangeRequest::keys("n", "o"), false),
    )
    .unwrap();
    for (i, row) in (0_u64..).zip(&rows) {
        assert_eq!(row.key[1..], i.to_be_bytes(), "no number is missing");
    }
    rows.len().try_into().unwrap()
}

/// What the killed process does.
fn commit_until_killed(path: &Path, durability: Durability) {
    let database = open(path, durability);
    let mut out = std::io::stdout().lock();
    for number in committed(&database).. {
        let transaction = database.transaction();
        transaction.set(&[b"n", &number.to_be_bytes()[..]].concat(), &[0; 1_000]);
        block_on(transaction.commit()).unwrap();
        writeln!(out, "{PRINTED}{number}").unwrap();
        out.flush().unwrap();
    }
}

/// Starts the test `name` of this program as the process to kill, again and again.
fn kill_and_look(name: &str, durability: Durability) {
    if let Some(path) = std::env::var_os(CHILD) {
        commit_until_killed(Path::new(&path), durability);
    }
    let directory = tempfile::tempdir().unwrap();
    let mut version = 0;
    for round in 0..6 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut acknowledged = None;
        let mut seen = 0;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let Some((_, number)) = line.split_once(PRINTED) else {
                continue;
            };
            acknowledged = Some(number.parse::<u64>().unwrap());
            seen += 1;
            if seen == 7 * (round + 1) {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let acknowledged = acknowledged.expect("the process has committed before it was killed");
        let database = open(directory.path(), durability);
        assert!(
            committed(&database) > acknowledged,
            "round {round}: {acknowledged} was acknowledged"
        );
        let now = block_on(database.transaction().read_version()).unwrap();
        assert!(now > version, "round {round}: versions grow");
        version = now;
    }
}

#[test]
fn a_killed_process_loses_no_acknowledged_commit() {
    kill_and_look("a_killed_process_loses_no_acknowledged_commit", Durability::Sync);
}

#[test]
fn a_killed_process_that_does_not_sync_loses_no_acknowledged_commit() {
    kill_and_look(
        "a_killed_process_that_does_not_sync_loses_no_acknowledged_commit",
        Durability::None,
    );
}

/// Names the directory to the process that is killed.
const CHILD: &str = "RECORD_STORE_KILL_TEST_DIRECTORY";
/// Begins a line that acknowledges a number.
const PRINTED: &str = "acknowledged ";
