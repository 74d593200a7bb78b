//! What a transaction has read shows in where later reads end their batches, and in nothing else.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use futures_executor::block_on;
use record_store_engine::{Engine, EngineOptions, Location};
use record_store_kv::{Database, KeyValue, RangeBatch, RangeRequest, Transaction};

fn letters() -> Database {
    let database = Engine::open(Location::Memory, EngineOptions::default()).unwrap();
    let transaction = database.transaction();
    for key in b'a'..=b'z' {
        transaction.set(&[key], &[key; 10]);
    }
    block_on(transaction.commit()).unwrap();
    database
}

fn keys(batch: &RangeBatch) -> (String, bool) {
    let letter = |row: &KeyValue| String::from_utf8_lossy(&row.key).into_owned();
    (batch.rows.iter().map(letter).collect(), batch.more)
}

fn read(transaction: &Transaction, begin: &str, end: &str, reverse: bool) -> (String, bool) {
    let request = RangeRequest::keys(begin.to_owned(), end.to_owned()).reverse(reverse);
    keys(&block_on(transaction.get_range(&request, false)).unwrap())
}

#[test]
fn a_batch_ends_where_known_keys_end_that_hold_nothing() {
    let database = letters();
    type Case = (&'static str, fn(&Transaction), bool, &'static str);
    let cases: [Case; 5] = [
        ("nothing", |_| {}, false, "abcdefg"),
        // A single key is read over, whether or not it is there.
        ("a key", |t| drop(block_on(t.get(b"d", false))), false, "abcdefg"),
        (
            "an absent key",
            |t| drop(block_on(t.get(b"dd", false))),
            false,
            "abcdefg",
        ),
        ("a range", |t| drop(read(t, "c", "e", false)), false, "abcd"),
        ("a range, downwards", |t| drop(read(t, "c", "e", false)), true, "gfedc"),
    ];
    for (what, earlier, reverse, expected) in cases {
        let transaction = database.transaction();
        earlier(&transaction);
        let (found, more) = read(&transaction, "a", "h", reverse);
        assert_eq!(found, expected, "{what}");
        assert_eq!(more, found.len() < 7, "{what}");
    }
}

#[test]
fn all_batches_together_are_the_range_whatever_was_read_before() {
    let database = letters();
    for begin in b'a'..=b'y' {
        for end in begin + 1..=b'z' {
            let transaction = database.transaction();
            block_on(transaction.get(&[begin], begin % 2 == 0)).unwrap();
            let earlier = RangeRequest::keys(vec![begin], vec![end])
                .limit(3)
                .reverse(end % 2 == 0);
            block_on(transaction.get_range(&earlier, end % 3 == 0)).unwrap();
            transaction.set(&[end, b'x'], b"");
            for reverse in [false, true] {
                let all = RangeRequest::keys("a", "{").reverse(reverse);
                let rows = block_on(transaction.get_range_all(&all, false)).unwrap();
                assert_eq!(rows.len(), 27, "{begin} {end}");
                assert!(rows.windows(2).all(|pair| (pair[0].key < pair[1].key) != reverse));
            }
        }
    }
}

/// A task that uses its transaction as soon as it is woken, on the thread that wakes it.
struct Eager {
    transaction: Transaction,
    wakes: AtomicUsize,
}

impl Wake for Eager {
    fn wake(self: Arc<Self>) {
        self.transaction.committed_version();
        self.wakes.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn whoever_is_woken_may_use_the_transaction_at_once() {
    let transaction = letters().transaction();
    let eager = Arc::new(Eager {
        transaction: transaction.clone(),
        wakes: AtomicUsize::new(0),
    });
    let waker = Waker::from(eager.clone());
    let mut cx = Context::from_waker(&waker);
    let mut watch = transaction.watch(b"a");
    assert!(Future::poll(std::pin::Pin::new(&mut watch), &mut cx).is_pending());
    let mut stamp = transaction.versionstamp();
    assert!(Future::poll(std::pin::Pin::new(&mut stamp), &mut cx).is_pending());
    transaction.set(b"a", b"another value");
    block_on(transaction.commit()).unwrap();
    transaction.cancel();
    assert!(eager.wakes.load(Ordering::SeqCst) >= 2);
}
