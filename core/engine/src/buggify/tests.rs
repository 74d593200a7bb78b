//! What clients see of made-up failures.

use std::collections::BTreeSet;

use futures_executor::block_on;
use record_store_kv::{Database, RangeRequest, Result, RunOptions, TransactionOption};

use super::*;
use crate::cluster::testing::SplitMix;
use crate::{Engine, EngineOptions, Location};

/// A database whose chance begins with a seed.
fn database(seed: u64) -> (Database, ClientBuggify) {
    let buggify = ClientBuggify::default();
    let options = EngineOptions {
        client_buggify: Some(buggify.clone()),
        env: Env::system().with_rng(Arc::new(SplitMix::new(seed))),
        ..EngineOptions::default()
    };
    (Engine::open(Location::Memory, options).unwrap(), buggify)
}

/// Every section is active, and fires so often.
fn always(buggify: &ClientBuggify, percent: u8) {
    buggify.set_section_activated_probability(100);
    buggify.set_section_fired_probability(percent);
    buggify.enable(true);
}

fn code<T>(result: Result<T>) -> i32 {
    result.err().and_then(|error| error.fdb_code()).unwrap_or_default()
}

/// With which codes `attempt` ends in a thousand times, 0 for none.
fn codes(database: &Database, attempt: impl Fn(&Database, i32) -> i32) -> BTreeSet<i32> {
    (0..1_000).map(|number| attempt(database, number)).collect()
}

#[test]
fn nothing_fails_until_it_is_enabled() {
    let (database, buggify) = database(1);
    buggify.set_section_activated_probability(100);
    buggify.set_section_fired_probability(100);
    let write = |database: &Database, number: i32| {
        let transaction = database.transaction();
        transaction.set(&number.to_be_bytes(), b"");
        code(block_on(transaction.commit()))
    };
    assert_eq!(codes(&database, write), BTreeSet::from([0]));
    buggify.enable(true);
    assert!(!codes(&database, write).contains(&0));
    buggify.enable(false);
    assert_eq!(codes(&database, write), BTreeSet::from([0]));
}

#[test]
fn commits_fail_before_and_after_they_are_done() {
    let (database, buggify) = database(2);
    always(&buggify, 25);
    let mut done = [0; 2];
    let mut seen = BTreeSet::new();
    for number in 0_i32..1_000 {
        let transaction = database.transaction();
        transaction.set(&number.to_be_bytes(), b"");
        let stamp = transaction.versionstamp();
        let code = code(block_on(transaction.commit()));
        seen.insert(code);
        buggify.enable(false);
        let is_there = block_on(database.transaction().get(&number.to_be_bytes(), false))
            .unwrap()
            .is_some();
        buggify.enable(true);
        match code {
            0 => assert!(is_there && block_on(stamp).is_ok()),
            1021 => {
                assert!(block_on(stamp).is_err());
                done[usize::from(is_there)] += 1;
            }
            _ => assert!(!is_there && block_on(stamp).is_err(), "{code}"),
        }
    }
    assert_eq!(seen, BTreeSet::from([0, 1007, 1020, 1021, 1042, 1078]));
    assert!(done[0] > 0 && done[1] > 0, "{done:?}");
}

#[test]
fn reads_of_the_database_fail_now_and_then_and_the_commit_with_them() {
    let (database, buggify) = database(3);
    always(&buggify, 0);
    let get = |database: &Database, _| {
        let transaction = database.transaction();
        let read = code(block_on(transaction.get(b"k", false)));
        assert_eq!(code(block_on(transaction.commit())), read);
        read
    };
    let get_range = |database: &Database, _| {
        let request = RangeRequest::keys("a", "z");
        code(block_on(database.transaction().get_range(&request, true)))
    };
    let expected = BTreeSet::from([0, 1007, 1009]);
    assert_eq!(
        (codes(&database, get), codes(&database, get_range)),
        (expected.clone(), expected)
    );
    let own = |database: &Database, _| {
        let transaction = database.transaction();
        transaction.set(b"k", b"");
        code(block_on(transaction.get(b"k", false)))
    };
    assert_eq!(codes(&database, own), BTreeSet::from([0]));
}

#[test]
fn a_timeout_may_hide_a_commit_that_is_done() {
    let (database, buggify) = database(4);
    buggify.set_section_activated_probability(100);
    buggify.set_section_fired_probability(100);
    let transaction = database.transaction();
    transaction.set_option(&TransactionOption::Timeout(100_000)).unwrap();
    transaction.set(b"k", b"");
    buggify.enable(true);
    assert_eq!(code(block_on(transaction.commit())), 1031);
    assert_eq!(code(block_on(transaction.get(b"k", false))), 2017);
    buggify.enable(false);
    assert!(block_on(database.transaction().get(b"k", false)).unwrap().is_some());
}

#[test]
fn what_is_tried_again_is_done_in_the_end() {
    let (database, buggify) = database(5);
    always(&buggify, 25);
    for number in 0_i32..100 {
        let write = |transaction: record_store_kv::Transaction, _| async move {
            transaction.get(b"other", false).await?;
            transaction.set(&number.to_be_bytes(), b"");
            Ok::<(), record_store_kv::Error>(())
        };
        block_on(database.run(&RunOptions::default(), write)).unwrap();
    }
    buggify.enable(false);
    let all = RangeRequest::keys("", b"\x01".as_slice());
    assert_eq!(
        block_on(database.transaction().get_range_all(&all, false))
            .unwrap()
            .len(),
        100
    );
}

#[test]
fn a_section_is_active_or_not_until_the_probability_is_set() {
    let buggify = ClientBuggify::default();
    buggify.enable(true);
    buggify.set_section_fired_probability(100);
    let mut active = 0;
    for seed in 0..1_000 {
        let env = Env::system().with_rng(Arc::new(SplitMix::new(seed)));
        buggify.set_section_activated_probability(25);
        let first = buggify.failure(Section::AfterCommit, &env);
        assert!((0..10).all(|_| buggify.failure(Section::AfterCommit, &env) == first));
        active += u32::from(first.is_some());
    }
    assert!((200..300).contains(&active), "{active}");
}
