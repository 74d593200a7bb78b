//! A process that loads batches is killed at any moment, again and again: what was acknowledged is there, a batch is there
//! wholly or not at all, and the database opens. The same for one of two processes that hand the directory over to each other.
//!
//! `RECORD_STORE_KILLS` says how many times (10 by default).

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use futures_executor::block_on;
use record_store::ScanOptions;
use record_store_kv::env::Env;
use record_store_tests::load;

/// How many kills a database lives through before the next one begins: what is there is looked at whole after each.
const KILLS_OF_A_DATABASE: u32 = 25;

fn kills() -> u32 {
    std::env::var("RECORD_STORE_KILLS").map_or(10, |text| text.parse().unwrap())
}

/// A time of up to 100 ms; one in eight is up to 400 ms.
fn delay(env: &Env) -> Duration {
    let longest = if env.random_below(8) == 0 { 400_000 } else { 100_000 };
    Duration::from_micros(env.random_below(longest))
}

/// A database, and how many batches each of its spaces has.
struct Loaded {
    directory: tempfile::TempDir,
    batches: [i64; 2],
}

impl Loaded {
    fn new() -> Self {
        Loaded {
            directory: tempfile::tempdir().unwrap(),
            batches: [0; 2],
        }
    }

    fn directory(&self) -> &str {
        self.directory.path().to_str().unwrap()
    }

    fn loader(&self, space: usize) -> Loader {
        Loader::start(self.directory(), space, self.batches[space])
    }

    /// Looks whether a space has what its loader said, and at most one batch more.
    fn check(&mut self, space: usize, said: &[i64], context: &str) {
        let before = self.batches[space];
        let last = said.last().copied().unwrap_or(before - 1);
        let there = whole_batches(self.directory(), space);
        assert!(
            there == last + 1 || there == last + 2,
            "{context}: batches up to {last} were acknowledged, {there} batches are there"
        );
        self.batches[space] = there;
    }
}

/// A process that loads batches.
struct Loader {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    said: Vec<i64>,
}

impl Loader {
    fn start(directory: &str, space: usize, first: i64) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_loader"))
            .args([directory, &name(space), &first.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Loader {
            child,
            lines,
            said: Vec::new(),
        }
    }

    /// Waits until it says that so many more batches were acknowledged.
    fn wait_for(&mut self, batches: usize) {
        let lines = self.lines.by_ref().take(batches);
        self.said
            .extend(lines.map(|line| line.unwrap().parse::<i64>().unwrap()));
    }

    /// Kills it; gives the batches that it said were acknowledged.
    fn kill(mut self) -> Vec<i64> {
        // SIGKILL: the process gets no chance to write or close anything.
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        // A line that the kill cut in two was not said.
        let rest = self.lines.map_while(Result::ok);
        self.said.extend(rest.filter_map(|line| line.parse::<i64>().ok()));
        self.said
    }
}

fn name(space: usize) -> String {
    format!("items{space}")
}

/// How many batches are there; fails if one is there in part or with other contents.
fn whole_batches(directory: &str, space: usize) -> i64 {
    block_on(async {
        let space = load::open(directory, &name(space)).await.unwrap();
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

#[test]
fn what_was_acknowledged_before_a_kill_is_there_after_it() {
    let (env, kills) = (Env::system(), kills());
    let (mut loaded, mut acknowledged) = (Loaded::new(), 0);
    for kill in 1..=kills {
        if kill % KILLS_OF_A_DATABASE == 0 {
            loaded = Loaded::new();
        }
        let delay = delay(&env);
        let mut loader = loaded.loader(0);
        loader.wait_for(1);
        block_on(env.clock().sleep(delay));
        let said = loader.kill();
        acknowledged += said.len();
        loaded.check(0, &said, &format!("kill {kill} after {delay:?}"));
    }
    println!("{kills} kills, {acknowledged} acknowledged batches");
}

#[test]
fn what_two_processes_were_told_is_there_after_one_is_killed_while_they_take_turns() {
    let (env, kills) = (Env::system(), kills() / 2);
    let (mut loaded, mut acknowledged) = (Loaded::new(), 0);
    for kill in 1..=kills {
        if kill % KILLS_OF_A_DATABASE == 0 {
            loaded = Loaded::new();
        }
        let mut loaders = [loaded.loader(0), loaded.loader(1)];
        loaders.iter_mut().for_each(|loader| loader.wait_for(1));
        let delay = delay(&env);
        block_on(env.clock().sleep(delay));
        let first = if env.random_below(2) == 0 { 0 } else { 1 };
        let [zero, one] = loaders;
        let (victim, mut heir) = if first == 0 { (zero, one) } else { (one, zero) };
        let said = victim.kill();
        // The other one goes on, whichever of the two had the database, or was taking or giving it.
        heir.wait_for(3);
        let others = heir.kill();
        acknowledged += said.len() + others.len();
        let context = format!("kill {kill} after {delay:?}");
        loaded.check(first, &said, &context);
        loaded.check(1 - first, &others, &context);
    }
    println!("{kills} kills of one of two, {acknowledged} acknowledged batches");
}
