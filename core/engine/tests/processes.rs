//! Several processes on one directory: each gets its turn, nothing is lost, versions grow, watches fire; and one that does not let go
//! is named.
//!
//! The tests start this same program as the other processes.

#![allow(clippy::unwrap_used, reason = "in a test every failure is the end")]

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use futures_executor::block_on;
use record_store_engine::{Engine, EngineOptions, Location};
use record_store_kv::{
    Database, Error, ErrorKind, MutationType, RangeRequest, Result, RunOptions, Transaction, fdb_code,
};

fn open(path: &Path, lock_wait: Duration) -> Result<Database> {
    let options = EngineOptions {
        lock_wait,
        ..EngineOptions::default()
    };
    Engine::open(Location::Path(path.to_owned()), options)
}

/// Patience enough for any machine.
const PATIENT: Duration = Duration::from_secs(60);

fn number(value: Option<Bytes>) -> u64 {
    value.map_or(0, |value| u64::from_be_bytes(value[..].try_into().unwrap()))
}

/// Adds one to the counter, and the new sum to a journal in the order of commits.
async fn increment(transaction: &Transaction) -> Result<u64> {
    let sum = number(transaction.get(b"counter", false).await?) + 1;
    transaction.set(b"counter", &sum.to_be_bytes());
    let place = [&b"journal"[..], &[0; 10], &7_u32.to_le_bytes()].concat();
    transaction.atomic_op(MutationType::SetVersionstampedKey, &place, &sum.to_be_bytes());
    Ok(sum)
}

fn run_increment(database: &Database) -> Result<u64> {
    block_on(database.run(&RunOptions::default(), |transaction, _| async move {
        increment(&transaction).await
    }))
}

/// The sums in the journal, which must be those from 1 on, in order.
fn check_journal(database: &Database, at_least: u64) {
    let rows = block_on(
        database
            .transaction()
            .get_range_all(&RangeRequest::keys("journal", "journam"), false),
    )
    .unwrap();
    for (i, row) in (1..).zip(&rows) {
        assert_eq!(
            number(Some(row.value.clone())),
            i,
            "commits in the order of their versionstamps"
        );
    }
    let sum = block_on(database.transaction().get(b"counter", false)).unwrap();
    assert_eq!(u64::try_from(rows.len()).unwrap(), number(sum), "no increment is lost");
    assert!(rows.len() >= usize::try_from(at_least).unwrap());
}

/// Another process, in one of the roles of [`play`].
struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(path: &Path, role: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "role", "--nocapture"])
            .env(ROLE, role)
            .env(DIRECTORY, path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Process { child, lines }
    }

    /// The next thing that it says; nothing when it has ended.
    fn say(&mut self) -> Option<String> {
        loop {
            let line = self.lines.next()?.unwrap();
            if let Some((_, said)) = line.split_once(SAYS) {
                return Some(said.to_owned());
            }
        }
    }

    /// Sends a signal, which the standard library cannot.
    #[cfg(unix)]
    fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    fn end(mut self) {
        while self.say().is_some() {}
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SAYS: &str = "says ";
const ROLE: &str = "RECORD_STORE_TEST_ROLE";
const DIRECTORY: &str = "RECORD_STORE_TEST_DIRECTORY";
/// How often a process that counts increments the counter.
const TURNS: u64 = 200;

/// What the other processes do. It is no test where nobody has given it a role.
#[test]
fn role() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let path = std::env::var_os(DIRECTORY).unwrap();
    let database = open(Path::new(&path), PATIENT).unwrap();
    let say = |what: &str| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{SAYS}{what}").unwrap();
        out.flush().unwrap();
    };
    match role.as_str() {
        "count" => {
            for _ in 0..TURNS {
                run_increment(&database).unwrap();
            }
        }
        "count for ever" => loop {
            say(&run_increment(&database).unwrap().to_string());
        },
        "write in one transaction after the other" => loop {
            let transaction = database.transaction();
            transaction.set(b"busy", &[0; 1_000]);
            block_on(transaction.commit()).unwrap();
            say("committed");
        },
        "watch" => {
            let watch = block_on(database.run(&RunOptions::default(), |transaction, _| async move {
                Ok::<_, Error>(transaction.watch(b"watched"))
            }));
            let watch = watch.unwrap();
            say("watching");
            block_on(watch).unwrap();
            say("fired");
        }
        other => panic!("no role is called {other}"),
    }
}

#[test]
fn processes_that_count_together_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let others: Vec<_> = (0..2).map(|_| Process::start(directory.path(), "count")).collect();
    let database = open(directory.path(), PATIENT).unwrap();
    for _ in 0..TURNS {
        run_increment(&database).unwrap();
    }
    others.into_iter().for_each(Process::end);
    check_journal(&database, 3 * TURNS);
}

#[test]
fn a_watch_fires_on_a_commit_of_another_process() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(directory.path(), PATIENT).unwrap();
    let mut other = Process::start(directory.path(), "watch");
    assert_eq!(other.say().as_deref(), Some("watching"));
    let set = block_on(database.run(&RunOptions::default(), |transaction, _| async move {
        transaction.set(b"watched", b"new");
        Ok::<_, Error>(())
    }));
    set.unwrap();
    assert_eq!(other.say().as_deref(), Some("fired"));
    other.end();
}

#[test]
fn a_busy_process_lets_others_in() {
    let directory = tempfile::tempdir().unwrap();
    let mut other = Process::start(directory.path(), "write in one transaction after the other");
    assert!(other.say().is_some());
    let database = open(directory.path(), PATIENT).unwrap();
    for _ in 0..3 {
        run_increment(&database).unwrap();
        // It goes on as well.
        for _ in 0..20 {
            assert!(other.say().is_some());
        }
    }
    check_journal(&database, 3);
}

#[test]
fn what_a_killed_process_had_is_taken_over() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(directory.path(), PATIENT).unwrap();
    for round in 1..4 {
        let mut other = Process::start(directory.path(), "count for ever");
        let mut acknowledged = 0;
        for _ in 0..(5 * round) {
            acknowledged = other.say().unwrap().parse().unwrap();
        }
        other.child.kill().unwrap();
        other.child.wait().unwrap();
        assert!(run_increment(&database).unwrap() > acknowledged);
        check_journal(&database, acknowledged);
    }
}

#[test]
#[cfg(unix)]
fn a_process_that_is_stuck_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(directory.path(), Duration::from_millis(300)).unwrap();
    run_increment(&database).unwrap();
    let mut other = Process::start(directory.path(), "write in one transaction after the other");
    assert!(other.say().is_some());
    other.signal("-STOP");
    let refused = run_increment(&database).unwrap_err();
    assert_eq!(
        (refused.kind(), refused.fdb_code()),
        (ErrorKind::Locked, Some(fdb_code::LOCK_FILE_FAILURE))
    );
    let process = format!("process: {}", other.child.id());
    assert!(refused.to_string().contains(&process), "{refused}");
    other.signal("-CONT");
    // Once it goes on, it lets others in.
    while let Err(error) = run_increment(&database) {
        assert_eq!(error.kind(), ErrorKind::Locked, "{error}");
    }
    check_journal(&database, 2);
}

#[test]
fn a_transaction_that_is_open_while_another_process_commits_is_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(directory.path(), PATIENT).unwrap();
    let mut others = Vec::new();
    let mut start = || {
        let mut process = Process::start(directory.path(), "count for ever");
        process.say().unwrap();
        others.push(process);
    };
    let options = RunOptions::default();
    let counted = database.run(&options, |transaction, attempt| {
        // It reads at a version from before the other's commits.
        let version = transaction.read_version();
        if attempt.number == 1 {
            start();
        }
        async move {
            version.await?;
            let sum = increment(&transaction).await.inspect_err(|error| {
                assert_eq!(error.fdb_code(), Some(fdb_code::TRANSACTION_TOO_OLD), "{error}");
            })?;
            Ok::<_, Error>((sum, attempt.number))
        }
    });
    let (sum, attempts) = block_on(counted).unwrap();
    assert!(sum > 1 && attempts > 1, "{sum} after {attempts} attempts");
}
