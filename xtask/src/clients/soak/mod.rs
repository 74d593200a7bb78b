//! `cargo xtask clients soak`: processes of several languages work on one directory at a time, which the engine hands over between them,
//! and one of them is killed. All of them keep the sum of the accounts, write logs in the order of their commits, and watch each other.
//! Each holds one transaction open for longer than FoundationDB allows.

mod judge;
mod process;

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use clap::Args;
use futures_executor::block_on;
use record_store_engine::{Engine, EngineOptions, Location};
use record_store_kv::{Database, Error, RunOptions};
use serde_json::Value;

use self::process::{Heard, Process, Roles};
use super::{go, java, node, python};
use crate::c_tests::empty_folder;
use crate::step::{Failure, Program};
use crate::workspace;

/// How long the soak lasts.
#[derive(Args, Clone, Copy)]
pub(crate) struct Options {
    /// How many seconds the processes of the soak work
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Where the chance of the soak begins; how the processes meet is up to the machine
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Default for Options {
    /// What is right among other tests.
    fn default() -> Self {
        Options { seconds: 10, seed: 1 }
    }
}

/// How many accounts there are, and how many transactions a process runs at a time.
const ACCOUNTS: usize = 20;
const WORKERS: u64 = 3;

/// How long to wait for what must happen, on any machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the soak; an error says what was not as it should be.
pub(crate) fn run(library: &Path, options: Options) -> Result<(), Failure> {
    let folder = empty_folder(&workspace::cache().join("soak"))?;
    let directory = folder.join("database");
    let database = open(&directory)?;
    write(&database, |set| {
        for account in 0..ACCOUNTS {
            set(&format!("account/{account:02}"), "0");
        }
    })?;
    let url = format!("embedded:{}?lock_wait_ms={}", directory.display(), PATIENCE.as_millis());
    let python = python::Client::install(library)?;
    let classes = java::compile(&workspace::root().join("tests/clients/java/src"), "Soak")?;
    let java = || {
        let java = Program::new("java").args(["--class-path", &classes, "Soak", &url]);
        java.env("LD_LIBRARY_PATH", library)
    };
    let go = go::build(library, "./soak", "soak-go")?;
    let go_process = || Program::new(&go).args([&url]).env("LD_LIBRARY_PATH", library);
    let modules = node::install()?;
    let rust = rust_process()?;
    let roles: Roles<'_> = vec![
        (
            "python",
            Box::new(|| python.program().args(["tests/clients/python/soak.py", &url])),
        ),
        ("java", Box::new(java)),
        ("go", Box::new(go_process)),
        (
            "node",
            Box::new(|| node::program(library, &modules, "tests/clients/node/soak.cjs").args([&url])),
        ),
        ("rust", Box::new(|| Program::new(&rust).args([&directory]))),
    ];
    let processes = soak(&database, &roles, options).map_err(|why| format!("seed {}: {why}", options.seed))?;
    let verdict = block_on(judge::judge(&database, &processes));
    verdict.map_err(|why| format!("seed {}: {why}", options.seed))
}

/// Lets a process of each role work, kills one of them half way, and another one takes its place.
fn soak(database: &Database, roles: &Roles<'_>, options: Options) -> Result<Vec<Process>, Failure> {
    let (told, hears) = mpsc::channel();
    let mut processes = Vec::new();
    for place in 0..roles.len() {
        processes.push(Process::start(roles, place, place, options.seed, &told)?);
    }
    let mut room = Room { processes, hears };
    let half = Duration::from_secs(options.seconds) / 2;
    room.listen(half, |_| false)?;
    let place = usize::try_from(options.seed).unwrap_or(0) % roles.len();
    room.processes[place].kill()?;
    let successor = Process::start(roles, place, room.processes.len(), options.seed, &told)?;
    room.processes.push(successor);
    room.listen(half, |_| false)?;

    write(database, |set| set("stop", "now"))?;
    room.expect("does not stop", Process::has_stopped)?;
    // What is watched now changes for the last time.
    write(database, |set| {
        (0..roles.len()).for_each(|place| set(&process::beat(place), "end"))
    })?;
    room.expect("has not seen the last change of the key that it watches", |process| {
        process.has_ended
    })?;
    for process in &mut room.processes {
        process.wait()?;
    }
    Ok(std::mem::take(&mut room.processes))
}

/// The processes, and what they say.
struct Room {
    processes: Vec<Process>,
    hears: mpsc::Receiver<Heard>,
}

impl Room {
    /// Hears what the processes say, for some time or until `enough` of each; true if that is so.
    #[allow(
        clippy::disallowed_methods,
        reason = "the processes work in real time, and nothing but their end depends on it"
    )]
    fn listen(&mut self, time: Duration, enough: impl Fn(&Process) -> bool) -> Result<bool, Failure> {
        let until = Instant::now() + time;
        while !self.processes.iter().all(&enough) {
            let left = until.saturating_duration_since(Instant::now());
            let Ok((process, line)) = self.hears.recv_timeout(left) else {
                return Ok(false);
            };
            self.processes[process].hear(line)?;
        }
        Ok(true)
    }

    fn expect(&mut self, otherwise: &str, enough: impl Fn(&Process) -> bool) -> Result<(), Failure> {
        if self.listen(PATIENCE, &enough)? {
            return Ok(());
        }
        let late = self.processes.iter().find(|process| !enough(process));
        Err(format!("{} {otherwise}", late.map_or("nobody", |late| &late.name)))
    }
}

fn open(directory: &Path) -> Result<Database, Failure> {
    let options = EngineOptions {
        lock_wait: PATIENCE,
        ..EngineOptions::default()
    };
    Engine::open(Location::Path(directory.to_owned()), options).map_err(|error| error.to_string())
}

/// Sets some keys in one transaction.
fn write(database: &Database, work: impl Fn(&dyn Fn(&str, &str))) -> Result<(), Failure> {
    let options = RunOptions::default();
    let written = database.run(&options, |transaction, _| {
        work(&|key, value| transaction.set(key.as_bytes(), value.as_bytes()));
        async { Ok::<_, Error>(()) }
    });
    block_on(written).map_err(|error| error.to_string())
}

/// Where cargo has put the program in Rust.
fn rust_process() -> Result<PathBuf, Failure> {
    let messages = Program::cargo()
        .args(["build", "--quiet", "--package", "record-store-tests", "--bin", "soak"])
        .args(["--message-format=json-render-diagnostics"])
        .output()?;
    let file = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)));
    file.ok_or_else(|| "cargo did not say where it has put the soak's program in Rust".to_owned())
}
