//! Which transactions conflict, and what becomes of those that do.

use futures_executor::block_on;
use record_store_kv::{
    ConflictRangeType, KeySelector, MutationType, RangeRequest, Transaction, TransactionOption, fdb_code,
};

use super::{code, commit, database};

#[test]
fn what_was_read_must_not_have_changed() {
    let database = database();
    let limited = RangeRequest::keys("a", "z").limit(1);
    type Case<'a> = (&'a str, &'a dyn Fn(&Transaction), &'a [u8], bool);
    let cases: [Case<'_>; 9] = [
        ("a key", &|t| drop(block_on(t.get(b"b", false))), b"b", true),
        ("another key", &|t| drop(block_on(t.get(b"b", false))), b"c", false),
        (
            "a key, as a snapshot",
            &|t| drop(block_on(t.get(b"b", true))),
            b"b",
            false,
        ),
        (
            "a range, to where it was read",
            &|t| drop(block_on(t.get_range(&limited, false))),
            b"b",
            true,
        ),
        (
            "a range, behind that",
            &|t| drop(block_on(t.get_range(&limited, false))),
            b"x",
            false,
        ),
        (
            "what a selector stepped over",
            &|t| drop(block_on(t.get_key(&KeySelector::first_greater_than("b"), false))),
            b"c",
            true,
        ),
        (
            "a range that was added",
            &|t| t.add_conflict_range(b"m", b"n", ConflictRangeType::Read).unwrap(),
            b"mm",
            true,
        ),
        (
            "an atomic operation reads nothing",
            &|t| t.atomic_op(MutationType::Add, b"b", b"\x01"),
            b"b",
            false,
        ),
        ("an own write reads nothing", &|t| t.set(b"b", b""), b"b", false),
    ];
    for (what, read, other, conflicts) in cases {
        commit(&database, |t| {
            t.clear_range(b"a", b"z");
            t.set(b"b", b"1");
            t.set(b"d", b"1");
        })
        .unwrap();
        let transaction = database.transaction();
        block_on(transaction.read_version()).unwrap();
        read(&transaction);
        transaction.set(b"own", b"");
        commit(&database, |t| t.set(other, b"2")).unwrap();
        let expected = conflicts.then_some(fdb_code::NOT_COMMITTED);
        assert_eq!(code(block_on(transaction.commit())), expected, "{what}");
    }
}

#[test]
fn a_write_may_be_told_not_to_conflict() {
    let database = database();
    let reader = database.transaction();
    block_on(reader.get(b"k", false)).unwrap();
    reader.set(b"other", b"");
    commit(&database, |t| {
        t.set_option(&TransactionOption::NextWriteNoWriteConflictRange).unwrap();
        t.set(b"k", b"1");
    })
    .unwrap();
    block_on(reader.commit()).unwrap();
}

#[test]
fn a_conflict_is_tried_again_and_then_sees_the_other_write() {
    let database = database();
    let transaction = database.transaction();
    block_on(transaction.get(b"k", false)).unwrap();
    transaction.set(b"own", b"");
    commit(&database, |t| t.set(b"k", b"1")).unwrap();
    let error = block_on(transaction.commit()).unwrap_err();
    assert!(error.is_retryable() && !error.is_maybe_committed());
    block_on(transaction.on_error(error)).unwrap();
    assert_eq!(
        block_on(transaction.get(b"own", false)).unwrap(),
        None,
        "it begins anew"
    );
    assert_eq!(
        block_on(transaction.get(b"k", false)).unwrap().as_deref(),
        Some(&b"1"[..])
    );
    block_on(transaction.commit()).unwrap();
}
