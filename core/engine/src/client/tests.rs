//! What goes on after a call: futures and their transactions. What single calls see is held by the recorded programs
//! (`tests/traces`).

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_executor::block_on;
use record_store_kv::{Database, Read, Result, Transaction, fdb_code};

use super::*;
use crate::cluster::testing::ManualClock;
use crate::{Engine, EngineOptions, Location};

/// A database in memory whose clock only sleeps move.
fn database() -> Database {
    let (env, _) = ManualClock::env();
    let options = EngineOptions {
        env,
        ..EngineOptions::default()
    };
    Engine::open(Location::Memory, options).unwrap()
}

fn commit(database: &Database, write: impl FnOnce(&Transaction)) -> Result<()> {
    let transaction = database.transaction();
    write(&transaction);
    block_on(transaction.commit())
}

/// Whether a future is there when it is asked once.
fn poll<T: Unpin>(read: &mut Read<T>) -> Option<Result<T>> {
    match pin!(read).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

fn code<T: std::fmt::Debug>(result: Result<T>) -> Option<i32> {
    result.unwrap_err().fdb_code()
}

/// A transaction that reads at a version of the future.
fn ahead(database: &Database, by: i64) -> Transaction {
    let version = block_on(database.transaction().read_version()).unwrap();
    let transaction = database.transaction();
    transaction.set_read_version(version + by);
    transaction
}

#[test]
fn a_watch_outlives_its_committed_transaction_and_fires_on_another_value() {
    let database = database();
    commit(&database, |transaction| transaction.set(b"k", b"1")).unwrap();
    let transaction = database.transaction();
    let mut watch = transaction.watch(b"k");
    block_on(transaction.commit()).unwrap();
    drop(transaction);
    commit(&database, |transaction| transaction.set(b"k", b"1")).unwrap();
    assert!(poll(&mut watch).is_none());
    commit(&database, |transaction| transaction.clear_range(b"a", b"z")).unwrap();
    assert!(poll(&mut watch).is_some_and(|result| result.is_ok()));
}

#[test]
fn a_watch_fires_at_once_when_its_own_transaction_writes_another_value() {
    let database = database();
    let transaction = database.transaction();
    let (mut same, mut other) = (transaction.watch(b"same"), transaction.watch(b"other"));
    block_on(transaction.get(b"k", false)).unwrap();
    transaction.clear(b"same");
    transaction.set(b"other", b"1");
    assert!(poll(&mut same).is_none());
    assert!(poll(&mut other).is_some_and(|result| result.is_ok()));
}

#[test]
fn the_value_of_a_watch_is_on_its_way_until_somebody_waits() {
    let database = database();
    let transaction = database.transaction();
    let mut written = transaction.watch(b"written");
    transaction.set(b"written", b"1");
    let size = || block_on(transaction.approximate_size()).unwrap();
    let before = size();
    assert!(poll(&mut written).is_none());
    // Whose call it is does not matter.
    block_on(database.transaction().get(b"k", false)).unwrap();
    assert!(size() > before, "the read of the watch counts");
    assert!(poll(&mut written).is_some_and(|result| result.is_ok()));
}

#[test]
fn a_cancel_takes_along_the_watches_whose_value_is_on_its_way() {
    let database = database();
    let cancelled = |transaction: Transaction| {
        transaction.cancel();
        transaction
    };
    let transaction = database.transaction();
    let mut at_once = transaction.watch(b"k");
    let _cancelled = cancelled(transaction);
    assert_eq!(poll(&mut at_once).and_then(code), Some(fdb_code::TRANSACTION_CANCELLED));
    let transaction = database.transaction();
    let mut later = transaction.watch(b"k");
    block_on(database.env().clock().sleep(Duration::from_millis(1)));
    let _cancelled = cancelled(transaction);
    assert!(poll(&mut later).is_none());
}

#[test]
fn a_watch_fails_with_its_transaction() {
    let database = database();
    let transaction = database.transaction();
    let mut watch = transaction.watch(b"k");
    drop(transaction);
    assert_eq!(poll(&mut watch).and_then(code), Some(fdb_code::TRANSACTION_CANCELLED));
    let transaction = database.transaction();
    let mut watch = transaction.watch(b"k");
    transaction.set(b"other", b"");
    commit(&database, |transaction| transaction.set(b"k", b"1")).unwrap();
    assert_eq!(code(block_on(transaction.commit())), Some(fdb_code::NOT_COMMITTED));
    assert_eq!(poll(&mut watch).and_then(code), Some(fdb_code::NOT_COMMITTED));
}

#[test]
fn a_read_waits_for_its_version_and_sees_the_writes_before_it_only() {
    let database = database();
    let transaction = ahead(&database, 1_000);
    transaction.set(b"y", b"1");
    let read = transaction.get_range(&RangeRequest::keys("a", "z"), false);
    transaction.set(b"b", b"2");
    block_on(database.env().clock().sleep(Duration::from_millis(2)));
    commit(&database, |transaction| transaction.set(b"d", b"4")).unwrap();
    assert_eq!(block_on(read).unwrap().rows.len(), 1);
    // The version has arrived, and the read takes part in conflicts.
    commit(&database, |transaction| transaction.set(b"c", b"3")).unwrap();
    assert_eq!(code(block_on(transaction.commit())), Some(fdb_code::NOT_COMMITTED));
}

#[test]
fn a_commit_waits_for_its_reads_and_fails_with_them() {
    let database = database();
    let transaction = ahead(&database, 100_000_000);
    let read = transaction.get(b"a", false);
    transaction.set(b"a", b"1");
    assert_eq!(code(block_on(transaction.commit())), Some(fdb_code::FUTURE_VERSION));
    assert_eq!(code(block_on(read)), Some(fdb_code::FUTURE_VERSION));
}

#[test]
fn an_abandoned_read_still_conflicts() {
    let database = database();
    let transaction = ahead(&database, 1_000);
    drop(transaction.get(b"k", false));
    transaction.set(b"other", b"");
    block_on(database.env().clock().sleep(Duration::from_secs(1)));
    commit(&database, |transaction| transaction.set(b"k", b"1")).unwrap();
    assert_eq!(code(block_on(transaction.commit())), Some(fdb_code::NOT_COMMITTED));
}

#[test]
fn a_versionstamp_tells_the_version_of_its_commit() {
    let database = database();
    let transaction = database.transaction();
    let mut stamp = transaction.versionstamp();
    transaction.set(b"k", b"");
    assert!(poll(&mut stamp).is_none());
    block_on(transaction.commit()).unwrap();
    let stamp = poll(&mut stamp).unwrap().unwrap();
    assert_eq!(
        stamp.first_chunk(),
        Some(&transaction.committed_version().to_be_bytes())
    );
    let transaction = database.transaction();
    let mut stamp = transaction.versionstamp();
    transaction.reset();
    assert_eq!(poll(&mut stamp).and_then(code), Some(fdb_code::BROKEN_PROMISE));
}
