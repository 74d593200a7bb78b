//! What lies in the database after values were saved, and what reading it gives: on the embedded engine, in memory.

use futures_executor::block_on;

use record_store_kv::KeyRange;

use super::*;
use crate::Database;

const BARE: SplitLayout = SplitLayout {
    split_long_records: false,
    omit_unsplit_suffix: true,
};

const UNSPLIT: SplitLayout = SplitLayout {
    split_long_records: false,
    omit_unsplit_suffix: false,
};

/// Suffixes with the lengths of their values.
type Lengths = &'static [(&'static [u8], usize)];

/// Suffixes with their values.
type Rows = &'static [(&'static [u8], &'static [u8])];

const KEY: &[u8] = b"\x15\x01\x15\x2a";

fn version(local: u16) -> RecordVersion {
    RecordVersion::complete([1; 10], local).unwrap()
}

fn context() -> RecordContext {
    Database::in_memory().unwrap().transaction()
}

/// The suffixes and the lengths of the values below [`KEY`], as this transaction sees them.
fn stored(context: &RecordContext) -> Vec<(Vec<u8>, usize)> {
    let request = KeyRange::starting_with(KEY).request();
    let rows = block_on(context.transaction().get_range_all(&request, true)).unwrap();
    rows.into_iter()
        .map(|row| (row.key[KEY.len()..].to_vec(), row.value.len()))
        .collect()
}

fn load_now(context: &RecordContext, layout: SplitLayout) -> Result<Option<RawRecord>> {
    block_on(load(context, KEY, layout, false))
}

#[test]
fn values_are_split_by_their_length() {
    // (layout, length, keys)
    let table: [(SplitLayout, usize, Lengths); 6] = [
        (SplitLayout::SPLIT, 3, &[(b"\x14", 3)]),
        (SplitLayout::SPLIT, CHUNK_SIZE, &[(b"\x14", CHUNK_SIZE)]),
        (
            SplitLayout::SPLIT,
            CHUNK_SIZE + 1,
            &[(b"\x15\x01", CHUNK_SIZE), (b"\x15\x02", 1)],
        ),
        (
            SplitLayout::SPLIT,
            2 * CHUNK_SIZE,
            &[(b"\x15\x01", CHUNK_SIZE), (b"\x15\x02", CHUNK_SIZE)],
        ),
        (UNSPLIT, CHUNK_SIZE, &[(b"\x14", CHUNK_SIZE)]),
        (BARE, CHUNK_SIZE, &[(b"", CHUNK_SIZE)]),
    ];
    for (layout, length, keys) in table {
        let context = context();
        let value: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let sizes = save(&context, KEY, &value, None, layout, Previous::Absent).unwrap();
        let keys: Vec<(Vec<u8>, usize)> = keys.iter().map(|(suffix, size)| (suffix.to_vec(), *size)).collect();
        assert_eq!(stored(&context), keys, "{layout:?}, {length}");
        let read = load_now(&context, layout).unwrap().unwrap();
        assert_eq!((read.value.to_vec(), read.sizes), (value, sizes));
        assert!(block_on(exists(&context, KEY, layout, false)).unwrap());
        delete(&context, KEY, layout, &read.sizes);
        assert!(stored(&context).is_empty(), "{layout:?}, {length}");
    }
}

#[test]
fn a_value_that_may_not_be_split_is_refused_and_nothing_is_written() {
    for layout in [UNSPLIT, BARE] {
        let context = context();
        let refused = save(&context, KEY, &[0; CHUNK_SIZE + 1], None, layout, Previous::Absent);
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::TooLarge);
        assert!(stored(&context).is_empty());
    }
}

#[test]
fn saving_over_a_value_leaves_nothing_of_it() {
    let lengths = [1, CHUNK_SIZE + 1, 3 * CHUNK_SIZE];
    for old_version in [None, Some(version(0))] {
        for new_version in [None, Some(version(1))] {
            for (old, new) in lengths.iter().flat_map(|old| lengths.map(|new| (*old, new))) {
                let context = context();
                let layout = SplitLayout::SPLIT;
                let old_sizes = save(&context, KEY, &vec![1; old], old_version, layout, Previous::Absent).unwrap();
                let previous = Previous::Known(&old_sizes);
                let sizes = save(&context, KEY, &vec![2; new], new_version, layout, previous).unwrap();
                let read = load_now(&context, layout).unwrap().unwrap();
                assert_eq!(read.value, vec![2; new]);
                assert_eq!((read.version, read.sizes), (new_version, sizes), "{old} then {new}");
                assert_eq!(stored(&context).len(), sizes.key_count);
            }
        }
    }
}

#[test]
fn a_version_waits_for_the_commit_and_is_read_before() {
    let database = Database::in_memory().unwrap();
    let context = database.transaction();
    let layout = UNSPLIT;
    let pending = RecordVersion::incomplete(5);
    let sizes = save(&context, KEY, b"v", Some(pending), layout, Previous::Absent).unwrap();
    assert_eq!(stored(&context), [(b"\x14".to_vec(), 1)]);
    let read = load_now(&context, layout).unwrap().unwrap();
    assert_eq!((read.version, read.sizes), (Some(pending), sizes));
    block_on(context.commit()).unwrap();

    let committed = pending
        .complete_with(context.committed_versionstamp().unwrap())
        .unwrap();
    let context = database.transaction();
    let read = load_now(&context, layout).unwrap().unwrap();
    assert_eq!((read.version, read.sizes), (Some(committed), sizes));
    assert_eq!(stored(&context), [(b"\x13\xfe".to_vec(), 13), (b"\x14".to_vec(), 1)]);
}

#[test]
fn a_value_saved_and_deleted_in_one_transaction_leaves_no_version() {
    let database = Database::in_memory().unwrap();
    let context = database.transaction();
    let pending = Some(RecordVersion::incomplete(0));
    let sizes = save(&context, KEY, b"v", pending, UNSPLIT, Previous::Absent).unwrap();
    delete(&context, KEY, UNSPLIT, &sizes);
    assert_eq!(load_now(&context, UNSPLIT).unwrap(), None);
    block_on(context.commit()).unwrap();
    assert!(stored(&database.transaction()).is_empty());
}

#[test]
fn what_is_no_record_is_corrupt() {
    // (suffixes and values, what is wrong)
    let table: [(Rows, &str); 7] = [
        (&[(b"\x15\x02", b"b")], "a split record has no first chunk"),
        (
            &[(b"\x15\x01", b"a"), (b"\x15\x03", b"c")],
            "the chunks of a split record are out of order",
        ),
        (
            &[(b"\x14", b"a"), (b"\x15\x01", b"b")],
            "a record stored whole is followed by chunks",
        ),
        (
            &[(b"\x13\xfe", b"\x33aaaaaaaaaaaa")],
            "a record has a version but no value",
        ),
        (
            &[(b"\x13\xfe", b"\x33short"), (b"\x14", b"a")],
            "the version beside a record is no versionstamp",
        ),
        (&[(b"\x13\xfd", b"a")], "a split record has no first chunk"),
        (
            &[(b"\x02x\x00", b"a")],
            "a key below a record does not end with one number",
        ),
    ];
    for (rows, message) in table {
        let context = context();
        for (suffix, value) in rows {
            context.transaction().set(&[KEY, suffix].concat(), value);
        }
        let error = load_now(&context, UNSPLIT).unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Corrupt, message));
    }
}

#[test]
fn an_assembly_takes_rows_in_both_directions() {
    let chunk = |suffix: i64| (suffix, Bytes::from(vec![suffix as u8; 2]));
    let version_row = || (VERSION, Bytes::copy_from_slice(&pack_version(version(9))));
    // (rows in the order of the keys, value)
    let table = [
        (vec![(WHOLE, Bytes::from_static(b"w"))], b"w".to_vec()),
        (vec![version_row(), (WHOLE, Bytes::from_static(b"w"))], b"w".to_vec()),
        (vec![chunk(1), chunk(2), chunk(3)], vec![1, 1, 2, 2, 3, 3]),
        (vec![version_row(), chunk(1), chunk(2)], vec![1, 1, 2, 2]),
    ];
    let context = context();
    for (rows, value) in table {
        for reverse in [false, true] {
            let mut rows = rows.clone();
            if reverse {
                rows.reverse();
            }
            let mut assembly = Assembly::new(reverse);
            for (suffix, value) in rows {
                assembly.push(suffix, &with_suffix(KEY, suffix), value).unwrap();
            }
            assert_eq!(
                assembly.finish(&context, KEY).unwrap().unwrap().value,
                value,
                "reverse: {reverse}"
            );
        }
    }
}

#[test]
fn suffixes_have_the_length_that_is_computed() {
    for suffix in [-1, 0, 1, 255, 256, 65_535, 65_536] {
        assert_eq!(
            with_suffix(KEY, suffix).len(),
            KEY.len() + suffix_length(suffix),
            "{suffix}"
        );
    }
}

#[test]
fn a_key_is_split_before_its_number() {
    // (primary key and number, length of the primary key, number)
    let table: [(&[u8], usize, i64); 8] = [
        (b"\x14", 0, WHOLE),
        (b"\x15\x01\x14", 2, WHOLE),
        (b"\x15\x01\x13\xfe", 2, VERSION),
        (b"\x15\x01\x15\x02", 2, 2),
        (b"\x15\x01\x16\x01\x00", 2, 256),
        // The last bytes look like a number and belong to one.
        (b"\x15\x01\x15\x14", 2, 0x14),
        (b"\x15\x01\x16\x13\xfe", 2, 0x13fe),
        (b"\x02a\x00\xff\x14\x00\x14", 6, WHOLE),
    ];
    for (tail, length, number) in table {
        let key = [b"prefix", tail].concat();
        let split = split_key(&key, 6).unwrap();
        assert_eq!(split, (number, 6 + length), "{}", tail.escape_ascii());
    }
    // Nothing at all, no number, an element that is cut off, a text that is none.
    for tail in [&b""[..], b"\x15\x01\x02a\x00", b"\x15\x01\x16\x14", b"\x02\xff\x00\x14"] {
        let error = split_key(&[b"prefix", tail].concat(), 6).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{}", tail.escape_ascii());
    }
}
