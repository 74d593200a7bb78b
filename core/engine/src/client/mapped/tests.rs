//! What a mapped range reads, refuses and conflicts with.

use futures_executor::block_on;
use record_store_kv::tuple::Tuple;
use record_store_kv::{
    Database, KeySelector, MappedKeyValue, MappedRangeBatch, MutationType, RangeRequest, Result, StreamingMode,
    Transaction, TransactionOption,
};

use crate::{Engine, EngineOptions, Location};

mod random;

/// What a transaction writes.
type Write = fn(&Transaction);

/// Entries `("i", n, "r")` that lead to records `("r", n, part)` of three rows.
fn database(entries: i64) -> Database {
    let database = Engine::open(Location::Memory, EngineOptions::default()).unwrap();
    commit(&database, |transaction| {
        for n in 0..entries {
            transaction.set(&entry(n), &Tuple::from((n,)).pack());
            for part in 0..3 {
                transaction.set(&record(n, part), format!("{n}.{part}").as_bytes());
            }
        }
    })
    .unwrap();
    database
}

fn commit(database: &Database, write: impl FnOnce(&Transaction)) -> Result<()> {
    let transaction = database.transaction();
    write(&transaction);
    block_on(transaction.commit())
}

fn entry(n: i64) -> Vec<u8> {
    Tuple::from(("i", n, "r")).pack()
}

fn record(n: i64, part: i64) -> Vec<u8> {
    Tuple::from(("r", n, part)).pack()
}

fn entries(from: i64, to: i64) -> RangeRequest {
    RangeRequest::keys(entry(from), entry(to))
}

/// From an entry to its record.
fn whole_record() -> Vec<u8> {
    Tuple::from(("{K[2]}", "{V[0]}", "{...}")).pack()
}

/// From an entry to the first row of its record.
fn first_row() -> Vec<u8> {
    Tuple::from(("r", "{K[1]}", 0)).pack()
}

fn read(transaction: &Transaction, request: &RangeRequest, mapper: &[u8]) -> Result<MappedRangeBatch> {
    block_on(transaction.get_mapped_range(request, mapper, false))
}

fn code<T>(result: Result<T>) -> Option<i32> {
    result.err().and_then(|error| error.fdb_code())
}

/// The values that the second reads found.
fn values(batch: &MappedRangeBatch) -> Vec<Vec<String>> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let of_row = |row: &MappedKeyValue| row.rows.iter().map(|found| text(&found.value)).collect();
    batch.rows.iter().map(of_row).collect()
}

/// Tenants whose names are given, made as clients make them.
fn make_tenants(database: &Database, names: &[&str]) {
    let transaction = database.transaction();
    transaction
        .set_option(&TransactionOption::SpecialKeySpaceEnableWrites)
        .unwrap();
    for name in names {
        transaction.set(&[b"\xff\xff/management/tenant/map/", name.as_bytes()].concat(), b"");
    }
    block_on(transaction.commit()).unwrap();
}

#[test]
fn each_row_comes_with_the_rows_that_it_leads_to() {
    let database = database(5);
    for reverse in [false, true] {
        let transaction = database.transaction();
        let batch = read(&transaction, &entries(1, 4).reverse(reverse), &whole_record()).unwrap();
        assert!(!batch.more);
        let mut rows: Vec<i64> = vec![1, 2, 3];
        if reverse {
            rows.reverse();
        }
        for (row, n) in batch.rows.iter().zip(&rows) {
            let prefix = Tuple::from(("r", *n)).pack();
            assert_eq!(
                (&row.key[..], &row.value[..]),
                (&entry(*n)[..], &Tuple::from((*n,)).pack()[..])
            );
            assert_eq!(
                (&row.begin[..], &row.end[..]),
                (&prefix[..], &record_store_kv::strinc(&prefix).unwrap()[..])
            );
            assert!(!row.more);
        }
        let expected = |n: &i64| (0..3).map(|part| format!("{n}.{part}")).collect();
        assert_eq!(values(&batch), rows.iter().map(expected).collect::<Vec<Vec<_>>>());
    }
}

#[test]
fn single_keys_are_looked_up_and_their_inner_rows_are_blank() {
    let database = database(5);
    commit(&database, |transaction| transaction.clear(&record(2, 0))).unwrap();
    let batch = read(&database.transaction(), &entries(0, 5), &first_row()).unwrap();
    assert_eq!(
        values(&batch),
        [vec!["0.0"], vec!["1.0"], vec![], vec!["3.0"], vec!["4.0"]]
    );
    let keys: Vec<&[u8]> = batch.rows.iter().map(|row| &row.key[..]).collect();
    assert_eq!(keys, [&entry(0)[..], b"", b"", b"", &entry(4)]);
    let second = &batch.rows[1];
    assert_eq!(second.begin, record(1, 0));
    assert_eq!(second.end, [&record(1, 0)[..], b"\0"].concat());
    assert_eq!(second.rows[0].key, record(1, 0));
}

#[test]
fn a_batch_goes_on_where_the_last_one_ended() {
    let database = database(300);
    for (request, mapper) in [
        (entries(0, 300), whole_record()),
        (entries(0, 300), first_row()),
        (entries(0, 300).reverse(true).limit(250), whole_record()),
        (entries(0, 300).limit(250).mode(StreamingMode::Exact), first_row()),
        (entries(0, 300).target_bytes(2_000), whole_record()),
        (entries(0, 300).mode(StreamingMode::Iterator), first_row()),
    ] {
        let transaction = database.transaction();
        let mut found = Vec::new();
        let mut batches = 0;
        let mut next = Some(request.clone());
        while let Some(request) = next {
            let batch = read(&transaction, &request, &mapper).unwrap();
            found.extend(values(&batch).into_iter().map(|row| row[0].clone()));
            next = request.after_mapped(&batch);
            batches += 1;
        }
        let mut expected: Vec<String> = (0..300).map(|n| format!("{n}.0")).collect();
        if request.reverse {
            expected.reverse();
        }
        expected.truncate(if request.limit > 0 { 250 } else { 300 });
        assert_eq!(found, expected, "{request:?}");
        assert_eq!(
            batches > 1,
            request.target_bytes > 0 || request.mode == StreamingMode::Iterator,
            "{request:?}"
        );
    }
}

#[test]
fn a_second_read_gives_two_thousand_rows_at_most() {
    let database = database(1);
    commit(&database, |transaction| {
        for part in 0..2_001 {
            transaction.set(&record(0, part), b"");
        }
    })
    .unwrap();
    let transaction = database.transaction();
    let row = &read(&transaction, &entries(0, 1), &whole_record()).unwrap().rows[0];
    assert_eq!((row.rows.len(), row.more), (2_000, true));
    transaction.set(b"w", b"");
    // What lies behind was not read.
    commit(&database, |other| other.set(&record(0, 2_000), b"x")).unwrap();
    assert_eq!(code(block_on(transaction.commit())), None);
}

#[test]
fn calls_that_make_no_sense_are_refused_and_do_not_fail_the_commit() {
    let database = database(3);
    commit(&database, |transaction| {
        transaction.set(b"\xfe", &Tuple::from((1,)).pack());
        transaction.set(b"\x15\x01", b"\xfe");
    })
    .unwrap();
    let special = RangeRequest::keys(&b"\xff\xff/status/"[..], &b"\xff\xff/status0"[..]);
    let everything = RangeRequest::keys("", b"\xff".as_slice());
    let nothing = RangeRequest::keys("x", "y");
    let mapper = |element: &str| Tuple::from((element,)).pack();
    for (request, mapper, expected) in [
        (entries(0, 3), b"\xff".to_vec(), Some(2043)),
        (nothing.clone(), b"\xff".to_vec(), Some(2043)),
        (entries(0, 3), Tuple::from(("{...}", 1)).pack(), Some(2032)),
        (entries(0, 3), mapper("{...}"), Some(2032)),
        (entries(0, 3), mapper("{K[3]}"), Some(2030)),
        (nothing, mapper("{K[3]}"), None),
        (
            RangeRequest::keys(b"\xfe".as_slice(), b"\xff".as_slice()),
            mapper("{K[0]}"),
            Some(2041),
        ),
        (
            RangeRequest::keys(b"\x15".as_slice(), b"\x16".as_slice()),
            mapper("{V[0]}"),
            Some(2042),
        ),
        (entries(3, 0), b"\xff".to_vec(), None),
        (special, first_row(), Some(2000)),
        (RangeRequest::keys("", b"\xff\x01".as_slice()), first_row(), Some(2004)),
        (everything.clone().mode(StreamingMode::Exact), first_row(), Some(2210)),
        (everything.limit(-2), first_row(), Some(2012)),
    ] {
        let transaction = database.transaction();
        assert_eq!(code(read(&transaction, &request, &mapper)), expected, "{request:?}");
        transaction.set(b"w", b"");
        assert_eq!(code(block_on(transaction.commit())), None, "{request:?}");
    }
}

#[test]
fn only_serializable_reads_with_read_your_writes_are_supported() {
    let database = database(1);
    let transaction = database.transaction();
    let snapshot = block_on(transaction.get_mapped_range(&entries(0, 1), &first_row(), true));
    assert_eq!(code(snapshot), Some(2108));
    transaction
        .set_option(&TransactionOption::ReadYourWritesDisable)
        .unwrap();
    assert_eq!(code(read(&transaction, &entries(0, 1), &first_row())), Some(2108));
    // The errors of the call itself come first.
    assert_eq!(code(read(&transaction, &entries(1, 0), &first_row())), None);
    transaction.set(b"", &[0; 100_001]);
    assert_eq!(code(read(&transaction, &entries(0, 1), &first_row())), Some(2103));
    transaction.reset();
    block_on(transaction.commit()).unwrap();
    assert_eq!(code(read(&transaction, &entries(0, 1), &first_row())), Some(2017));
}

#[test]
fn what_the_transaction_has_written_must_not_be_touched() {
    let cases: [(&str, Write, Option<i32>); 9] = [
        ("an entry", |t| t.set(&entry(1), b""), Some(2039)),
        (
            "an entry that is not there",
            |t| t.set(&[&entry(1)[..], b"!"].concat(), b""),
            Some(2039),
        ),
        ("entries cleared", |t| t.clear_range(&entry(1), &entry(2)), Some(2039)),
        ("a row of a record", |t| t.set(&record(1, 1), b""), Some(2039)),
        (
            "an operation",
            |t| t.atomic_op(MutationType::Add, &record(1, 9), b"\x01"),
            Some(2039),
        ),
        ("a row behind the limit", |t| t.set(&entry(4), b""), None),
        ("a record behind the limit", |t| t.clear(&record(4, 0)), None),
        ("another key", |t| t.set(b"x", b""), None),
        (
            "a conflict range by hand",
            |t| {
                t.add_conflict_range(&entry(0), &entry(5), record_store_kv::ConflictRangeType::Write)
                    .unwrap()
            },
            None,
        ),
    ];
    for (what, write, expected) in cases {
        let database = database(6);
        let transaction = database.transaction();
        write(&transaction);
        let request = entries(0, 6).limit(3);
        assert_eq!(code(read(&transaction, &request, &whole_record())), expected, "{what}");
        assert_eq!(code(block_on(transaction.commit())), None, "{what}");
    }
}

#[test]
fn both_reads_take_part_in_conflicts() {
    let mappers = [whole_record(), first_row()];
    let cases: [(&str, Write, [Option<i32>; 2]); 7] = [
        ("an entry", |t| t.set(&entry(2), b""), [Some(1020); 2]),
        (
            "a new entry",
            |t| t.set(&[&entry(1)[..], b"!"].concat(), b""),
            [Some(1020); 2],
        ),
        ("a row", |t| t.set(&record(2, 0), b""), [Some(1020); 2]),
        ("a new row", |t| t.set(&record(2, 7), b""), [Some(1020), None]),
        ("an entry behind the limit", |t| t.set(&entry(3), b""), [None; 2]),
        (
            "the record of one behind the limit",
            |t| t.set(&record(3, 0), b""),
            [None; 2],
        ),
        ("another key", |t| t.set(b"x", b""), [None; 2]),
    ];
    for (what, write, expected) in cases {
        for (mapper, expected) in mappers.iter().zip(expected) {
            let database = database(6);
            let transaction = database.transaction();
            read(&transaction, &entries(0, 6).limit(3), mapper).unwrap();
            transaction.set(b"w", b"");
            commit(&database, write).unwrap();
            assert_eq!(code(block_on(transaction.commit())), expected, "{what}");
        }
    }
}

#[test]
fn tenants_have_their_own_and_the_database_does_not_read_theirs() {
    let database = database(0);
    make_tenants(&database, &["one"]);
    let tenant = database.tenant(b"one").unwrap();
    let write = tenant.transaction();
    write.set(&entry(7), &Tuple::from((7,)).pack());
    write.set(&record(7, 0), b"of one");
    block_on(write.commit()).unwrap();
    commit(&database, |transaction| transaction.set(&record(7, 0), b"of none")).unwrap();

    let batch = read(&tenant.transaction(), &entries(0, 9), &whole_record()).unwrap();
    assert_eq!(values(&batch), [["of one"]]);
    assert_eq!(
        (&batch.rows[0].key, &batch.rows[0].begin),
        (&entry(7).into(), &Tuple::from(("r", 7)).pack().into())
    );

    let id = block_on(tenant.id()).unwrap().to_be_bytes();
    let next = (block_on(tenant.id()).unwrap() + 1).to_be_bytes();
    let range = |begin: &[u8], end: &[u8]| RangeRequest::copy_keys(begin, end);
    for (request, expected) in [
        (range(&id, &next), Some(2130)),
        (range(b"", b"\xff"), Some(2130)),
        (range(&[&id[..], b"x"].concat(), &[&id[..], b"y"].concat()), Some(2130)),
        (range(&id, &[&id[..], b"\0"].concat()), Some(2130)),
        (range(b"\0", &id), None),
        (range(&next, b"\x01"), None),
        (entries(0, 9), None),
    ] {
        let found = read(&database.transaction(), &request, &Tuple::from(("x",)).pack());
        assert_eq!(code(found), expected, "{request:?}");
    }
}

#[test]
fn a_read_at_a_later_version_waits_and_the_commit_does_not() {
    let database = database(2);
    let latest = block_on(database.transaction().read_version()).unwrap();
    let transaction = database.transaction();
    transaction.set_read_version(latest + 1_000_000_000);
    let pending = transaction.get_mapped_range(&entries(0, 2), &whole_record(), false);
    let Err(pending) = pending.try_ready() else {
        panic!("the version is there already");
    };
    block_on(transaction.commit()).unwrap();
    assert_eq!(code(block_on(pending)), Some(1009));
}

#[test]
fn selectors_lead_as_in_other_ranges() {
    let database = database(6);
    let selector = |n: i64, offset: i32| KeySelector::new(entry(n), true, offset);
    let request = RangeRequest::new(selector(2, -1), selector(2, 3));
    let batch = read(&database.transaction(), &request, &first_row()).unwrap();
    assert_eq!(values(&batch), [["1.0"], ["2.0"], ["3.0"], ["4.0"]]);
    let batch = read(&database.transaction(), &request.reverse(true).limit(2), &first_row()).unwrap();
    assert_eq!(values(&batch), [["4.0"], ["3.0"]]);
}
