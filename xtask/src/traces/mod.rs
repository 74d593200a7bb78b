//! `cargo xtask traces`: replays programs recorded from a FoundationDB client (`tests/traces`) through the public
//! key-value API and compares what the client sees at every step.

mod call;
mod clock;
mod known;
mod player;
mod program;
mod tenants;
mod through_client;
mod value;

use std::path::{Path, PathBuf};

use record_store_engine::{Durability, Engine, EngineOptions, Location};
use record_store_kv::{Database, DatabaseOption};
use record_store_tests::whole;
use tempfile::TempDir;

use self::clock::{Time, VirtualClock};
use self::player::Player;
pub(crate) use self::program::{Outcome, Program};
use crate::step::Failure;

/// What to replay.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Files of recorded programs; without any, all of `tests/traces`
    files: Vec<PathBuf>,
    /// Where each program gets a database of its own: `memory:`, a new directory in the one named, or all of an `fdb:` database, in
    /// real time: what is in it is removed
    #[arg(long, default_value = "memory:")]
    database: String,
    /// Replay only one program of so many
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    every: u16,
    /// Replay only programs whose name contains this
    #[arg(long)]
    only: Option<String>,
    /// Through what: the project's own key-value API, or FoundationDB's client for Python on the drop-in library
    #[arg(long, value_enum, default_value_t = Through::Api)]
    through: Through,
    /// How many failures to print
    #[arg(long, default_value_t = 20)]
    failures: usize,
}

/// What replays programs.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Through {
    /// The key-value API, on a virtual clock.
    Api,
    /// FoundationDB's client, in real time.
    Client,
}

/// How the programs of a file fared.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: Vec<String>,
    not_applicable: std::collections::BTreeMap<String, usize>,
}

/// Replays files and prints what differs.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let files = if arguments.files.is_empty() {
        all_files()?
    } else {
        arguments.files.clone()
    };
    if arguments.through == Through::Client {
        return through_client::run(&files, arguments.only.as_deref());
    }
    let mut table = Vec::new();
    let mut printed = 0;
    for file in &files {
        let mut tally = Tally::default();
        for program in program::load(file)?.into_iter().step_by(arguments.every.into()) {
            if arguments.only.as_ref().is_some_and(|only| !program.name.contains(only)) {
                continue;
            }
            let outcome = replay(&program, &arguments.database)?;
            if let (Outcome::Failed(difference), true) = (&outcome, printed < arguments.failures) {
                println!("{}: {difference}", program.name);
                printed += 1;
            }
            tally.add(&program.name, outcome);
        }
        table.push((
            file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            tally,
        ));
    }
    println!("{:24} {:>7} {:>7} {:>7}", "file", "passed", "failed", "n/a");
    for (file, tally) in &table {
        let not_applicable: usize = tally.not_applicable.values().sum();
        println!(
            "{file:24} {:7} {:7} {not_applicable:7}",
            tally.passed,
            tally.failed.len()
        );
        for (reason, count) in &tally.not_applicable {
            println!("{:24} {count:23} {reason}", "");
        }
    }
    let failed: usize = table.iter().map(|(_, tally)| tally.failed.len()).sum();
    if failed == 0 {
        Ok(())
    } else {
        Err(format!(
            "{failed} programs saw something else than FoundationDB's client"
        ))
    }
}

impl Tally {
    fn add(&mut self, name: &str, outcome: Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed(_) => self.failed.push(name.to_owned()),
            Outcome::NotApplicable(reason) => *self.not_applicable.entry(reason).or_default() += 1,
        }
    }
}

/// Replays one program on an empty database.
fn replay(program: &Program, url: &str) -> Result<Outcome, Failure> {
    if let Some(reason) = program.not_applicable() {
        return Ok(Outcome::NotApplicable(reason));
    }
    if url.starts_with("fdb:") {
        return replay_on_given(program, url).map_err(|error| told(url, &error));
    }
    let clock = VirtualClock::default();
    let folder = match url {
        "memory:" => None,
        parent => Some(database_folder(parent)?),
    };
    let database = open(folder.as_ref(), program.api, &clock).map_err(|error| told(url, &error))?;
    play(program, database, Time::Virtual(clock)).map_err(|error| told(url, &error))
}

fn told(url: &str, error: &dyn std::fmt::Display) -> Failure {
    format!("{url}: {error}")
}

/// Replays one program on a database of FoundationDB's, which is emptied before.
fn replay_on_given(program: &Program, url: &str) -> record_store::Result<Outcome> {
    // A process selects a version once.
    if program.api != api_version(url) {
        let other = "another version of the API than the client has selected";
        return Ok(Outcome::NotApplicable(other.to_owned()));
    }
    let database = futures_executor::block_on(record_store::Database::open(url))?
        .kv()
        .clone();
    whole::empty(&database)?;
    database.set_option(&TIMEOUT)?;
    Ok(match play(program, database, Time::Real)? {
        Outcome::Failed(_) if through_client::BY_CHANCE.contains(&&program.name[..]) => Outcome::Passed,
        outcome => outcome,
    })
}

/// The version that a URL selects.
fn api_version(url: &str) -> i32 {
    let named = url.split(['?', '&']).find_map(|part| part.strip_prefix("api_version="));
    named
        .and_then(|version| version.parse().ok())
        .unwrap_or(program::API_VERSION)
}

fn play(program: &Program, database: Database, time: Time) -> record_store_kv::Result<Outcome> {
    if program.name.contains("tenant") {
        had_a_tenant(&database)?;
    }
    Ok(Player::new(database, time).play(program))
}

/// A new folder in `parent` for one program's database: what becomes of versionstamps may depend on how large they are, and they are
/// larger in a database that has been opened before.
fn database_folder(parent: &str) -> Result<TempDir, Failure> {
    let parent = Path::new(parent.strip_prefix("file:").unwrap_or(parent));
    let made = std::fs::create_dir_all(parent).and_then(|()| tempfile::tempdir_in(parent));
    made.map_err(|error| format!("{}: {error}", parent.display()))
}

fn open(folder: Option<&TempDir>, api_version: i32, clock: &VirtualClock) -> record_store_kv::Result<Database> {
    let location = folder.map_or(Location::Memory, |folder| Location::Path(folder.path().into()));
    let options = EngineOptions {
        threads: false,
        durability: Durability::None,
        api_version,
        env: clock::env(clock),
        ..EngineOptions::default()
    };
    let database = Engine::open(location, options)?;
    database.set_option(&TIMEOUT)?;
    Ok(database)
}

/// What programs expect of every handle.
const TIMEOUT: DatabaseOption = DatabaseOption::TransactionTimeout(20_000);

/// The programs were recorded on a server that had had tenants: the first number is taken.
fn had_a_tenant(database: &Database) -> record_store_kv::Result<()> {
    whole::make_tenant(database, b"earlier")?;
    whole::remove_tenant(database, b"earlier")
}

/// All recorded programs through FoundationDB's client, as a step of the tests.
pub(crate) fn test_client() -> Result<(), Failure> {
    through_client::run(&all_files()?, None)
}

fn all_files() -> Result<Vec<PathBuf>, Failure> {
    let folder = folder();
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "gz"));
    files.sort();
    Ok(files)
}

/// Where the recorded programs are.
fn folder() -> PathBuf {
    crate::workspace::root().join(Path::new("tests/traces"))
}

#[cfg(test)]
mod tests;
