//! Ranges in batches, and selectors: what a transaction has read shows in where later reads end their batches, and in nothing else.

use futures_executor::block_on;
use record_store_kv::{Database, KeySelector, KeyValue, RangeBatch, RangeRequest, StreamingMode, Transaction};

fn letters() -> Database {
    let database = super::database();
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

#[test]
fn a_range_is_read_in_pages_of_every_size() {
    let database = letters();
    let transaction = database.transaction();
    for mode in [StreamingMode::Iterator, StreamingMode::Small, StreamingMode::WantAll] {
        for (limit, reverse) in [(0, false), (5, false), (5, true), (0, true)] {
            let mut request = RangeRequest::keys("c", "x").limit(limit).reverse(reverse).mode(mode);
            let mut found = String::new();
            loop {
                let batch = block_on(transaction.get_range(&request, false)).unwrap();
                found += &keys(&batch).0;
                match request.after(&batch) {
                    Some(next) => request = next,
                    None => break,
                }
            }
            let all: String = match reverse {
                false => ('c'..'x').collect(),
                true => ('c'..'x').rev().collect(),
            };
            let most = if limit == 0 { all.len() } else { 5 };
            assert_eq!(found, all[..most], "{mode:?} {limit} {reverse}");
        }
    }
}

#[test]
fn selectors_step_over_keys_and_own_writes() {
    let database = letters();
    let transaction = database.transaction();
    transaction.clear(b"c");
    transaction.set(b"bb", b"");
    let cases = [
        (KeySelector::first_greater_or_equal("b"), "b"),
        (KeySelector::first_greater_than("b"), "bb"),
        (KeySelector::first_greater_or_equal("bc"), "d"),
        (KeySelector::last_less_than("d"), "bb"),
        (KeySelector::last_less_or_equal("d"), "d"),
        (KeySelector::new("b", true, 3), "e"),
        (KeySelector::new("d", false, -1), "b"),
    ];
    for (selector, expected) in cases {
        let found = block_on(transaction.get_key(&selector, false)).unwrap();
        assert_eq!(&found[..], expected.as_bytes(), "{selector:?}");
    }
}

#[test]
fn a_range_to_behind_the_last_key_ends_whatever_was_read_before() {
    let database = letters();
    let begin = || KeySelector::first_greater_or_equal("x");
    for (reverse, limit) in [(false, 0), (false, 2), (true, 0), (true, 2)] {
        for end in [KeySelector::new("z", true, 4), KeySelector::new("\u{7f}", false, 3)] {
            let request = RangeRequest::new(begin(), end).reverse(reverse).limit(limit);
            let fresh = database.transaction();
            let expected = block_on(fresh.get_range_all(&request, false)).unwrap();
            let transaction = database.transaction();
            // It is known then that nothing comes behind.
            block_on(transaction.get_key(&KeySelector::new("y", true, 5), false)).unwrap();
            let found = block_on(transaction.get_range_all(&request, false)).unwrap();
            assert_eq!(found, expected, "{request:?}");
        }
    }
}
