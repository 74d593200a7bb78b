//! Random queries over random schemas and records give the same records with indexes, without them, and in SQLite: at once, in
//! pages of any size, by text, with parameters, and over a record space.
//!
//! A seed names a world (schema, indexes, records), and a number a question to it. A run that fails prints both. More is run by
//! hand: `RECORD_STORE_QUERIES=10000` says how many questions, `RECORD_STORE_QUERY=17:4` asks that one alone and explains its
//! plan, and `RECORD_STORE_SHOW_QUERIES=1` prints each with its plan and how many records it found.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod check;
mod condition;
mod filters;
mod question;
mod records;
mod shape;
mod sqlite;
mod tally;
mod value;
mod world;

use std::convert::Infallible;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_executor::block_on;
use record_store_tests::chance;

use self::chance::Chance;
use self::check::Check;
use self::question::Question;
use self::sqlite::Sqlite;
use self::tally::Tally;
use self::world::World;

#[test]
fn queries_find_what_sqlite_finds() {
    let mut tally = Tally::default();
    if let Ok(one) = std::env::var("RECORD_STORE_QUERY") {
        let (seed, number) = one.split_once(':').unwrap();
        let number = number.parse().unwrap();
        ask(seed.parse().unwrap(), number..=number, &mut tally);
        return tally.assert_no_failures();
    }
    let all: u64 = std::env::var("RECORD_STORE_QUERIES").map_or(ASKED, |count| count.parse().unwrap());
    for seed in 0..all.div_ceil(QUESTIONS) {
        ask(seed, 0..=QUESTIONS - 1, &mut tally);
    }
    println!("{tally}");
    tally.assert_no_failures();
    tally.assert_all_seen();
}

/// Makes a world and asks it some questions.
fn ask(seed: u64, numbers: RangeInclusive<u64>, tally: &mut Tally) {
    let chance = &mut Chance::of_part(seed, u64::MAX);
    let about = |error: record_store::Error| -> Infallible { panic!("seed {seed}: {error}") };
    let world = World::new(chance).map_err(about).unwrap();
    let (space, kept) = block_on(world.settle(chance)).map_err(about).unwrap();
    let sqlite = Sqlite::new(&world).unwrap();
    for (row, _) in kept.values() {
        sqlite.insert(row).unwrap();
    }
    for number in numbers {
        let chance = &mut Chance::of_part(seed, number);
        let question = Question::random(chance, &world);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let check = Check::new(&space, &sqlite, &kept, &question);
            let plan = block_on(check.run(chance)).unwrap_or_else(|error| panic!("{error}"));
            if let Some(other) = question.with_other_values(chance, &world) {
                let check = Check::new(&space, &sqlite, &kept, &other);
                block_on(check.over_the_space_again()).unwrap_or_else(|error| panic!("{error}: {other}"));
            }
            (check.found(), plan)
        }));
        match outcome {
            Ok((found, plan)) => tally.count(seed, number, found, &plan.to_string()),
            // What went wrong was printed by the panic.
            Err(_) => tally.fail(format!("RECORD_STORE_QUERY={seed}:{number} asks {question}")),
        }
    }
}

/// How many questions a world is asked.
const QUESTIONS: u64 = 25;

/// How many questions are asked if nobody says how many.
const ASKED: u64 = 1_000;
