//! Errors that our machine makes on purpose: the comparison must find them, and say where.

use record_store_engine::{Engine, EngineOptions, Location};
use record_store_tests::stack_machine::{Fault, Kind, Row, Test, case, run as run_case};
use serde_json::json;

use super::*;

/// How many errors of a kind are tried, each in a run of its own.
const TRIED: usize = 12;

/// What is found of errors, each in the run of one seed: nothing of those that leave no trace.
fn found(test: Test, seed: u64, kind: Kind) -> Vec<Vec<String>> {
    let database = Engine::open(Location::Memory, EngineOptions::default()).expect("memory opens");
    let case = case(test, seed, NEWEST);
    let left = |fault| {
        json_of(
            seed,
            &case.program,
            run_case(&database, &case, fault).expect("the program runs"),
        )
    };
    let right = left(None);
    (0..TRIED)
        .map(|at| differences(&left(Some(Fault { kind, at })), &right))
        .collect()
}

fn json_of(seed: u64, program: &[Tuple], rows: Vec<Row>) -> Value {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let program: Vec<_> = program.iter().map(|instruction| hex(&instruction.pack())).collect();
    let rows: Vec<_> = rows.iter().map(|(key, value)| [hex(key), hex(value)]).collect();
    json!({"seed": seed, "program": program, "rows": rows})
}

fn seen(found: &[Vec<String>]) -> usize {
    found.iter().filter(|differences| !differences.is_empty()).count()
}

#[test]
fn a_run_without_errors_is_the_same_again() {
    for test in Test::ALL {
        let database = Engine::open(Location::Memory, EngineOptions::default()).expect("memory opens");
        let case = case(test, 3, NEWEST);
        let left = || {
            json_of(
                3,
                &case.program,
                run_case(&database, &case, None).expect("the program runs"),
            )
        };
        assert_eq!(differences(&left(), &left()), Vec::<String>::new(), "{test:?}");
    }
}

#[test]
fn a_change_that_is_not_made_is_found() {
    for test in [Test::Api, Test::Tenant, Test::Threads] {
        let found = found(test, 3, Kind::ForgottenChange);
        assert!(seen(&found) >= TRIED / 4, "{test:?}: {} of {TRIED}", seen(&found));
    }
}

#[test]
fn a_bit_that_is_another_one_is_found() {
    // Not of threads, which wait for each other by keys.
    for test in [Test::Api, Test::Tuple, Test::Directory] {
        let found = found(test, 3, Kind::FlippedBit);
        assert!(seen(&found) >= TRIED / 4, "{test:?}: {} of {TRIED}", seen(&found));
        let places = found.iter().flatten().filter(|place| place.starts_with("instruction "));
        assert!(places.count() > 0, "{test:?} names no instruction");
    }
}

#[test]
fn what_is_found_is_counted_and_names_seed_and_instruction() {
    let log = |value: &str| json!({"seed": 7, "program": ["0247455400"], "rows": [["016c6f671414", value]]});
    let (ours, theirs) = (log("1501"), log("1502"));
    let tally =
        compare("api", &[ours.clone(), ours.clone()], &[theirs.clone(), ours.clone()]).expect("as many on both sides");
    assert_eq!((tally.seeds, tally.different), (2, 1));
    let places = differences(&ours, &theirs);
    assert!(places[0].starts_with("instruction 0: (\"GET\")"), "{places:?}");
    assert!(compare("api", &[ours], &[]).is_err(), "a side that ran less");
}
