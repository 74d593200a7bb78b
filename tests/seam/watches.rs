//! Watches: they outlive their transactions, and fail with those that do not commit.

use futures_executor::block_on;
use record_store_kv::fdb_code;

use super::{code, commit, database};

#[test]
fn a_watch_fires_when_the_value_changes_after_the_commit() {
    let database = database();
    commit(&database, |t| t.set(b"k", b"1")).unwrap();
    let transaction = database.transaction();
    let watch = transaction.watch(b"k");
    block_on(transaction.commit()).unwrap();
    drop(transaction);
    // The same value again is no change.
    commit(&database, |t| t.set(b"k", b"1")).unwrap();
    let Err(watch) = watch.try_ready() else {
        panic!("nothing has changed");
    };
    commit(&database, |t| t.clear_range(b"a", b"z")).unwrap();
    block_on(watch).unwrap();
}

#[test]
fn a_watch_fails_with_its_transaction() {
    let database = database();
    let transaction = database.transaction();
    let watch = transaction.watch(b"k");
    drop(transaction);
    assert_eq!(code(block_on(watch)), Some(fdb_code::TRANSACTION_CANCELLED));

    let transaction = database.transaction();
    block_on(transaction.get(b"k", false)).unwrap();
    let watch = transaction.watch(b"k");
    transaction.set(b"other", b"");
    commit(&database, |t| t.set(b"k", b"1")).unwrap();
    assert_eq!(code(block_on(transaction.commit())), Some(fdb_code::NOT_COMMITTED));
    assert_eq!(code(block_on(watch)), Some(fdb_code::NOT_COMMITTED));
}
