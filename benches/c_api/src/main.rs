//! One get, one commit and a range of 1,000 rows, asked of the engine directly; `client.c` makes the same calls through FoundationDB's
//! C API. Takes `memory:` or a directory and how many commits a round has, and prints a line for each: what, and nanoseconds.

use std::time::Instant;

use futures_executor::block_on;
use record_store_engine::{Engine, EngineOptions, Location};
use record_store_kv::{Database, RangeRequest, StreamingMode, Transaction};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const ROWS: u32 = 1_000;
const ROUNDS: u32 = 40;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, commits] = &arguments[..] else {
        return Err("a database and a number of commits are wanted".into());
    };
    let location = match name.as_str() {
        "memory:" => Location::Memory,
        directory => Location::Path(directory.into()),
    };
    let database = Engine::open(location, EngineOptions::default())?;
    let all = database.transaction();
    (0..ROWS).for_each(|number| set(&all, number));
    block_on(all.commit())?;
    let mut turn = 0;
    measure("get", 2_000, || {
        turn += 1;
        get_one(&database, turn * 7)
    })?;
    measure("commit", commits.parse()?, || {
        turn += 1;
        let transaction = database.transaction();
        set(&transaction, turn);
        Ok(block_on(transaction.commit())?)
    })?;
    measure("range", 50, || read_range(&database))
}

fn key(number: u32) -> String {
    format!("k{:07}", number % ROWS)
}

fn set(transaction: &Transaction, number: u32) {
    let filling = u8::try_from(number % 251).unwrap_or_default();
    transaction.set(key(number).as_bytes(), &[filling; 32]);
}

fn get_one(database: &Database, number: u32) -> Outcome<()> {
    let found = block_on(database.transaction().get(key(number).as_bytes(), false))?;
    is(found.map_or(0, |value| value.len()), 32)
}

fn read_range(database: &Database) -> Outcome<()> {
    let request = RangeRequest::copy_keys(b"k", b"l")
        .limit(1_000)
        .mode(StreamingMode::Exact);
    let found = block_on(database.transaction().get_range(&request, false))?;
    is(found.rows.len(), 1_000)
}

fn is(found: usize, expected: usize) -> Outcome<()> {
    match found == expected {
        true => Ok(()),
        false => Err(format!("{found} instead of {expected}").into()),
    }
}

/// Prints the time that the call takes in the round that was disturbed least.
#[allow(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn measure(what: &str, in_round: u32, mut call: impl FnMut() -> Outcome<()>) -> Outcome<()> {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for _ in 0..in_round {
            call()?;
        }
        best = best.min(started.elapsed().as_secs_f64() * 1e9 / f64::from(in_round));
    }
    println!("{what} {best:.1}");
    Ok(())
}
