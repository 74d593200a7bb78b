//! A process that loads batches is killed at any moment, again and again: what was acknowledged is there, a batch is there
//! wholly or not at all, and the database opens.
//!
//! `RECORD_STORE_KILLS` says how many times (10 by default).

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use futures_executor::block_on;
use record_store::ScanOptions;
use record_store_kv::env::Env;
use record_store_tests::load;

#[test]
fn what_was_acknowledged_before_a_kill_is_there_after_it() {
    let kills: u32 = std::env::var("RECORD_STORE_KILLS").map_or(10, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("database");
    let directory = directory.to_str().unwrap();
    let env = Env::system();
    let (mut batches, mut acknowledged) = (0, 0);
    for kill in 1..=kills {
        let delay = Duration::from_micros(env.random_below(400_000));
        let said = load_until_killed(directory, batches, delay, &env);
        acknowledged += i64::try_from(said.len()).unwrap();
        let after = whole_batches(directory);
        let last = said.last().copied().unwrap_or(batches - 1);
        assert!(
            after == last + 1 || after == last + 2,
            "kill {kill} after {delay:?}: batches up to {last} were acknowledged, {after} batches are there"
        );
        batches = after;
    }
    println!("{kills} kills, {acknowledged} acknowledged batches, {batches} batches are there");
}

/// Starts a loader at batch `first`, kills it `delay` after its first acknowledgement, and
/// gives the batches that it said were acknowledged.
fn load_until_killed(directory: &str, first: i64, delay: Duration, env: &Env) -> Vec<i64> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_loader"))
        .args([directory, &first.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said: Vec<i64> = lines
        .next()
        .into_iter()
        .map(|line| line.unwrap().parse().unwrap())
        .collect();
    block_on(env.clock().sleep(delay));
    // SIGKILL: the process gets no chance to write or close anything.
    child.kill().unwrap();
    child.wait().unwrap();
    // A line that the kill cut in two was not said.
    said.extend(lines.map_while(Result::ok).filter_map(|line| line.parse::<i64>().ok()));
    said
}

/// How many batches are there; fails if one is there in part or with other contents.
fn whole_batches(directory: &str) -> i64 {
    block_on(async {
        let space = load::open(directory).await.unwrap();
        let mut cursor = space.scan(ScanOptions::default());
        let mut count = 0;
        while let Some(record) = cursor.next().await.unwrap() {
            count += 1;
            assert_eq!(record.to_json().unwrap(), load::json(count));
        }
        assert_eq!(count % load::BATCH, 0, "a batch is there in part");
        count / load::BATCH
    })
}
