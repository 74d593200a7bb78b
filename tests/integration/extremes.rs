//! Arguments at the ends of their types, over the embedded engine: every call has an answer or an error of FoundationDB's,
//! and the database goes on.

use futures_executor::block_on;
use record_store_engine::{Engine, EngineOptions, Location};
use record_store_kv::{
    Bytes, ConflictRangeType, Database, KeySelector, RangeRequest, StreamingMode, Transaction, TransactionOption,
};

const OFFSETS: [i32; 8] = [i32::MIN, i32::MIN + 1, -1, 0, 1, 2, i32::MAX - 1, i32::MAX];
const NUMBERS: [i64; 6] = [i64::MIN, -1, 0, 1, i64::MAX - 1, i64::MAX];

/// Keys around the stored ones, around the borders of the key spaces, and too long ones.
fn keys() -> Vec<Vec<u8>> {
    let mut keys: Vec<Vec<u8>> = ["", "k", "k\x07", "k\x07\0", "z"].map(Into::into).to_vec();
    keys.extend([
        vec![0xFF],
        vec![0xFF; 2],
        vec![0xFF; 3],
        vec![b'k'; 10_001],
        vec![0xFF; 30_001],
    ]);
    keys.push(b"\xff\xff/transaction/conflicting_keys/".to_vec());
    keys
}

#[test]
fn selectors_lead_anywhere_and_come_back() {
    let database = database();
    let keys = keys();
    for (key, offset) in keys.iter().flat_map(|key| OFFSETS.map(|offset| (key, offset))) {
        let begin = selector(key, offset);
        for (end, end_offset) in keys
            .iter()
            .flat_map(|key| [i32::MIN, 1, i32::MAX].map(|offset| (key, offset)))
        {
            for reverse in [false, true] {
                let mut request = RangeRequest::new(begin.clone(), selector(end, end_offset)).reverse(reverse);
                (request.mode, request.iteration) = (StreamingMode::Iterator, i32::MAX);
                let batch = block_on(written(&database).get_range(&request, false)).unwrap_or_default();
                let in_order = batch
                    .rows
                    .is_sorted_by(|a, b| if reverse { a.key > b.key } else { a.key < b.key });
                assert!(in_order, "{request:?}");
            }
        }
        if let Ok(found) = block_on(written(&database).get_key(&begin, false)) {
            assert!(found[..] <= b"\xff"[..], "{begin:?} leads to {found:?}");
        }
    }
    is_alive(&database);
}

#[test]
fn ranges_are_cleared_and_noted_or_refused() {
    let database = database();
    for begin in keys() {
        for end in keys() {
            let transaction = written(&database);
            transaction.clear_range(&begin, &end);
            let noted = transaction.add_conflict_range(&begin, &end, ConflictRangeType::Read);
            assert_eq!(noted.is_err(), begin > end);
            let _ = block_on(transaction.get_range(&RangeRequest::keys("", b"\xff".to_vec()), false));
            let _ = block_on(transaction.range_split_points(&begin, &end, i64::MIN));
            let _ = block_on(transaction.estimated_range_size_bytes(&begin, &end));
        }
    }
    is_alive(&database);
}

#[test]
fn mutations_and_options_that_do_not_exist_are_refused() {
    let database = database();
    let operands = [vec![], vec![0; 10], vec![0; 14], vec![0xFF; 14], vec![0x7F; 100_001]];
    for mutation in -1..32 {
        for (key, operand) in keys()
            .iter()
            .flat_map(|key| operands.iter().map(move |operand| (key, operand)))
        {
            let transaction = database.transaction();
            transaction.atomic_op_code(mutation, key, operand);
            transaction.atomic_op_code(mutation, key, operand);
            let _ = block_on(transaction.get(key, false));
            let _ = block_on(transaction.commit());
        }
    }
    for code in -1..4_100 {
        for value in [
            None,
            Some(Bytes::from_static(&[0xFF; 8])),
            Some(Bytes::from_static(&[0x7F; 300])),
        ] {
            let transaction = database.transaction();
            let _ = transaction.set_option(&TransactionOption::Other(code, value));
            transaction.set(b"key", b"value");
            let _ = block_on(transaction.approximate_size());
        }
    }
    is_alive(&database);
}

#[test]
fn numbers_of_any_size_are_taken_or_refused() {
    let database = database();
    for number in NUMBERS {
        let transaction = written(&database);
        transaction.set_read_version(number);
        // Nobody waits for versions of the future.
        drop(transaction.get(b"k\x07", false));
        drop(transaction.commit());
        for option in [
            TransactionOption::Timeout(number),
            TransactionOption::RetryLimit(number),
            TransactionOption::MaxRetryDelay(number),
            TransactionOption::SizeLimit(number),
        ] {
            let transaction = database.transaction();
            let _ = transaction.set_option(&option);
            for code in [1020, 0, -1, i32::MIN, i32::MAX] {
                drop(transaction.on_error_code(code));
            }
        }
    }
    is_alive(&database);
}

fn database() -> Database {
    let database = Engine::open(Location::Memory, EngineOptions::default()).unwrap();
    let transaction = database.transaction();
    for number in 0..50 {
        transaction.set(&[b'k', number], &[number; 100]);
    }
    block_on(transaction.commit()).unwrap();
    database
}

/// A transaction that has written between the stored keys.
fn written(database: &Database) -> Transaction {
    let transaction = database.transaction();
    transaction.set(b"k\x05\x01", b"new");
    transaction.clear_range(b"k\x0a", b"k\x10");
    transaction
}

fn selector(key: &[u8], offset: i32) -> KeySelector {
    KeySelector {
        key: Bytes::copy_from_slice(key),
        or_equal: offset % 2 == 0,
        offset,
    }
}

fn is_alive(database: &Database) {
    let transaction = database.transaction();
    transaction.set(b"alive", b"yes");
    block_on(transaction.commit()).unwrap();
}
