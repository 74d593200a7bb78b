//! How transactions end: commits, versions and stamps, cancels, timeouts.

use futures_executor::block_on;
use record_store_kv::{Database, MutationType, Transaction, TransactionOption, fdb_code};

use super::{code, commit, database};

/// A transaction that reads at a version of the future, so that its reads have to wait.
fn ahead(database: &Database) -> Transaction {
    let version = block_on(database.transaction().read_version()).unwrap();
    let transaction = database.transaction();
    transaction.set_read_version(version + 100_000_000);
    transaction
}

#[test]
fn versions_go_up_and_stamps_tell_them() {
    let database = database();
    let mut before = 0;
    for _ in 0..3 {
        let transaction = database.transaction();
        let read = block_on(transaction.read_version()).unwrap();
        assert!(read >= before, "a commit that was acknowledged is seen");
        let stamp = transaction.versionstamp();
        transaction.set(b"k", b"");
        block_on(transaction.commit()).unwrap();
        let committed = transaction.committed_version();
        assert!(committed > read);
        assert_eq!(block_on(stamp).unwrap().first_chunk(), Some(&committed.to_be_bytes()));
        before = committed;
    }
    let nothing = database.transaction();
    let stamp = nothing.versionstamp();
    block_on(nothing.get(b"k", false)).unwrap();
    block_on(nothing.commit()).unwrap();
    assert_eq!(code(block_on(stamp)), Some(fdb_code::NO_COMMIT_VERSION));
}

#[test]
fn a_key_and_a_value_get_the_stamp_of_their_commit() {
    let database = database();
    let transaction = database.transaction();
    let stamp = transaction.versionstamp();
    let place = |before: &[u8]| [before, &[0; 10], &u32::try_from(before.len()).unwrap().to_le_bytes()].concat();
    transaction.atomic_op(MutationType::SetVersionstampedKey, &place(b"key"), b"here");
    transaction.atomic_op(MutationType::SetVersionstampedValue, b"value", &place(b"at "));
    block_on(transaction.commit()).unwrap();
    let stamp = block_on(stamp).unwrap();
    let read = database.transaction();
    let key = [&b"key"[..], &stamp].concat();
    assert_eq!(block_on(read.get(&key, false)).unwrap().as_deref(), Some(&b"here"[..]));
    let value = block_on(read.get(b"value", false)).unwrap().unwrap();
    assert_eq!(&value[..], [&b"at "[..], &stamp].concat());
}

#[test]
fn pending_calls_end_when_the_transaction_is_cancelled_reset_or_dropped() {
    let database = database();
    for end in [Transaction::cancel, Transaction::reset, |_: &Transaction| {}] {
        let transaction = ahead(&database);
        let read = transaction.get(b"a", false);
        end(&transaction);
        drop(transaction);
        assert_eq!(code(block_on(read)), Some(fdb_code::TRANSACTION_CANCELLED));
    }
}

#[test]
fn a_cancelled_transaction_is_of_no_use_until_its_reset() {
    let transaction = database().transaction();
    transaction.cancel();
    assert_eq!(
        code(block_on(transaction.get(b"a", false))),
        Some(fdb_code::TRANSACTION_CANCELLED)
    );
    assert_eq!(
        code(block_on(transaction.commit())),
        Some(fdb_code::TRANSACTION_CANCELLED)
    );
    transaction.reset();
    assert_eq!(block_on(transaction.get(b"a", false)).unwrap(), None);
}

#[test]
fn a_timeout_ends_pending_calls_and_everything_after_it() {
    let database = database();
    let transaction = ahead(&database);
    let read = transaction.get(b"a", false);
    transaction.set_option(&TransactionOption::Timeout(10)).unwrap();
    assert_eq!(code(block_on(read)), Some(fdb_code::TRANSACTION_TIMED_OUT));
    assert_eq!(
        code(block_on(transaction.get(b"a", false))),
        Some(fdb_code::TRANSACTION_TIMED_OUT)
    );
    transaction.reset();
    transaction.set_option(&TransactionOption::Timeout(0)).unwrap();
    assert!(block_on(transaction.get(b"a", false)).is_ok());
}

#[test]
fn a_transaction_is_committed_once() {
    let database = database();
    let transaction = database.transaction();
    transaction.set(b"k", b"");
    block_on(transaction.commit()).unwrap();
    assert_eq!(code(block_on(transaction.commit())), Some(fdb_code::USED_DURING_COMMIT));
}

#[test]
fn limits_are_those_of_foundationdb() {
    let database = database();
    let long = vec![b'k'; 10_001];
    assert_eq!(
        code(commit(&database, |t| t.set(&long, b""))),
        Some(fdb_code::KEY_TOO_LARGE)
    );
    let large = vec![b'v'; 100_001];
    assert_eq!(
        code(commit(&database, |t| t.set(b"k", &large))),
        Some(fdb_code::VALUE_TOO_LARGE)
    );
    let limited = |t: &Transaction| {
        t.set_option(&TransactionOption::SizeLimit(1_000)).unwrap();
        t.set(b"k", &[0; 2_000]);
    };
    assert_eq!(code(commit(&database, limited)), Some(fdb_code::TRANSACTION_TOO_LARGE));
}
