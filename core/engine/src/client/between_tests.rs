//! A range read between two keys is the range read of the request that says the same, to the last conflict.

use futures_executor::block_on;
use record_store_kv::{ConflictRangeType, Database, MutationType, RangeRequest, Transaction, TransactionOption};

use crate::cluster::testing::SplitMix;
use crate::{Engine, EngineOptions, Location};

/// What a client can see of a read: its rows or its error, what it conflicts with, what of it counts for the size.
fn seen(transaction: &Transaction, read: impl FnOnce(&Transaction) -> String) -> (String, String, String) {
    let rows = read(transaction);
    let conflicts = RangeRequest::keys(
        &b"\xff\xff/transaction/read_conflict_range/"[..],
        &b"\xff\xff/transaction/read_conflict_range/\xff\xff"[..],
    );
    let conflicts = block_on(transaction.get_range(&conflicts, true));
    let size = block_on(transaction.approximate_size());
    (rows, format!("{conflicts:?}"), format!("{size:?}"))
}

fn key(rng: &SplitMix) -> Vec<u8> {
    let letter = |rng: &SplitMix| b'a' + u8::try_from(rng.below(4)).unwrap();
    match rng.below(40) {
        0 => vec![b'a'; 10_001],
        1 => vec![b'a'; 20_000],
        2 => b"\xff".to_vec(),
        3 => b"\xff\x02".to_vec(),
        4 => b"\xff\xff/transaction/".to_vec(),
        5 => Vec::new(),
        _ => (0..1 + rng.below(3)).map(|_| letter(rng)).collect(),
    }
}

/// Writes the same at random to all of them, or sets the same option.
fn write(rng: &SplitMix, transactions: &[Transaction]) {
    let (kind, mut one, mut other) = (rng.below(9), key(rng), key(rng));
    if one > other && rng.below(10) > 0 {
        std::mem::swap(&mut one, &mut other);
    }
    let value = vec![b'v'; [0, 10, 30_000][usize::try_from(rng.below(3)).unwrap()]];
    for transaction in transactions {
        match kind {
            0 | 1 => transaction.set(&one, &value),
            2 => transaction.clear(&one),
            3 => transaction.clear_range(&one, &other),
            4 => transaction.atomic_op(MutationType::Add, &one, b"\x01"),
            5 => transaction.atomic_op(MutationType::SetVersionstampedValue, &one, &[0; 14]),
            6 => drop(transaction.add_conflict_range(&one, &other, ConflictRangeType::Write)),
            7 => drop(transaction.set_option(&TransactionOption::SnapshotRywDisable)),
            _ => drop(transaction.set_option(&TransactionOption::ReadYourWritesDisable)),
        }
    }
}

fn filled(rng: &SplitMix) -> Database {
    let database = Engine::open(Location::Memory, EngineOptions::default()).unwrap();
    for _ in 0..rng.below(20) {
        let transaction = database.transaction();
        write(rng, std::slice::from_ref(&transaction));
        drop(block_on(transaction.commit()));
    }
    database
}

#[test]
fn it_is_the_range_read_of_its_request() {
    for seed in 0..500 {
        let rng = SplitMix::new(seed);
        let database = filled(&rng);
        let twins = [database.transaction(), database.transaction()];
        let version = block_on(twins[0].read_version()).unwrap();
        twins[1].set_read_version(version);
        for step in 0..12 {
            if rng.below(3) == 0 {
                write(&rng, &twins);
                continue;
            }
            let (begin, end, snapshot) = (key(&rng), key(&rng), rng.below(4) == 0);
            let request = RangeRequest::copy_keys(&begin, &end);
            let expected = seen(&twins[0], |twin| {
                format!("{:?}", block_on(twin.get_range(&request, snapshot)))
            });
            let found = seen(&twins[1], |twin| {
                format!("{:?}", block_on(twin.get_range_between(&begin, &end, snapshot)))
            });
            assert!(
                expected == found,
                "seed {seed}, step {step}, {} to {}",
                begin.escape_ascii(),
                end.escape_ascii()
            );
        }
    }
}
