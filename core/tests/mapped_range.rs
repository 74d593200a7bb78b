//! Mapped ranges through the seam, on whichever database is given: the engine, or a cluster behind FoundationDB's C API.

use futures_executor::block_on;
use record_store::Result;
use record_store::kv::tuple::{Element, Tuple};
use record_store::kv::{self, KeyValue, RangeRequest, StreamingMode, Transaction};
use record_store_tests::given::{Place, place};

/// The entries `("index", n, id)` lead to the records `("record", id, part)`.
const ENTRIES: i64 = 60;

fn entry(place: &Place, n: i64) -> Vec<u8> {
    place.subspace.pack(&Tuple::from(("index", n, format!("id{n}"))))
}

fn record(place: &Place, n: i64, part: i64) -> Vec<u8> {
    place.subspace.pack(&Tuple::from(("record", format!("id{n}"), part)))
}

/// The subspace's prefix is a tuple as well, and counts among the elements.
fn mapper(place: &Place) -> Vec<u8> {
    let prefix = place.subspace.prefix();
    let before = Tuple::unpack(prefix).map_or(0, |tuple| tuple.iter().count());
    let id = format!("{{K[{}]}}", before + 2);
    let pattern = Tuple::from(("record", id, "{...}"));
    [prefix, &pattern.pack()].concat()
}

fn fill(place: &Place) -> kv::Result<()> {
    let transaction = place.database.transaction();
    for n in 0..ENTRIES {
        transaction.set(&entry(place, n), b"");
        for part in 0..n % 4 {
            transaction.set(&record(place, n, part), format!("{n}.{part}").as_bytes());
        }
    }
    block_on(transaction.commit())
}

fn all(place: &Place) -> RangeRequest {
    let range = place.subspace.subspace(&Tuple::from(("index",))).range();
    RangeRequest::keys(range.begin, range.end)
}

fn code<T>(result: kv::Result<T>) -> Option<i32> {
    result.err().and_then(|error| error.fdb_code())
}

/// Each entry with the rows of its record, by plain reads.
fn plainly(
    place: &Place,
    transaction: &Transaction,
    request: &RangeRequest,
) -> kv::Result<Vec<(KeyValue, Vec<KeyValue>)>> {
    let entries = block_on(transaction.get_range_all(request, false))?;
    let follow = |entry: KeyValue| {
        let tuple = place.subspace.unpack(&entry.key)?;
        let id: Option<&Element> = tuple.get(2);
        let range = place
            .subspace
            .subspace(&Tuple::from(("record",)).with(id.cloned().unwrap_or(Element::Null)))
            .range();
        let rows = block_on(transaction.get_range_all(&RangeRequest::keys(range.begin, range.end), false))?;
        Ok((entry, rows))
    };
    entries.into_iter().map(follow).collect()
}

/// The same, by mapped ranges.
fn mapped(
    place: &Place,
    transaction: &Transaction,
    request: &RangeRequest,
) -> kv::Result<Vec<(KeyValue, Vec<KeyValue>)>> {
    let mapper = mapper(place);
    let mut found = Vec::new();
    let mut next = Some(request.clone());
    while let Some(request) = next {
        let batch = block_on(transaction.get_mapped_range(&request, &mapper, false))?;
        next = request.after_mapped(&batch);
        for row in batch.rows {
            let entry = KeyValue {
                key: row.key,
                value: row.value,
            };
            assert!(!row.more, "a record has few rows");
            assert_eq!(
                kv::strinc(&row.begin).as_deref(),
                Some(&row.end[..]),
                "the second read is of a prefix"
            );
            found.push((entry, row.rows));
        }
    }
    Ok(found)
}

#[test]
fn entries_come_with_the_rows_of_their_records() -> Result<()> {
    let place = place()?;
    fill(&place)?;
    for request in [
        all(&place),
        all(&place).reverse(true),
        all(&place).limit(7),
        all(&place).mode(StreamingMode::Small),
        all(&place).mode(StreamingMode::Iterator).reverse(true),
    ] {
        let transaction = place.database.transaction();
        let expected = plainly(&place, &place.database.transaction(), &request)?;
        assert_eq!(mapped(&place, &transaction, &request)?, expected, "{request:?}");
    }
    Ok(())
}

#[test]
fn a_record_that_changes_is_a_conflict() -> Result<()> {
    let place = place()?;
    fill(&place)?;
    for (changed, expected) in [
        (entry(&place, 3), Some(1020)),
        (record(&place, 3, 9), Some(1020)),
        (record(&place, 30, 0), None),
    ] {
        let transaction = place.database.transaction();
        mapped(&place, &transaction, &all(&place).limit(10))?;
        let other = place.database.transaction();
        other.set(&changed, b"changed");
        block_on(other.commit())?;
        transaction.set(&place.subspace.pack(&Tuple::from(("written",))), b"");
        assert_eq!(code(block_on(transaction.commit())), expected);
    }
    Ok(())
}

#[test]
fn what_cannot_be_read_so_is_refused() -> Result<()> {
    let place = place()?;
    fill(&place)?;
    let read = |transaction: &Transaction, mapper: &[u8], snapshot: bool| {
        code(block_on(transaction.get_mapped_range(&all(&place), mapper, snapshot)))
    };
    let transaction = place.database.transaction();
    assert_eq!(read(&transaction, &mapper(&place), true), Some(2108));
    for (mapper, expected) in [
        (b"\xff".to_vec(), 2043),
        (Tuple::from(("{...}", 1)).pack(), 2032),
        (Tuple::from(("{K[99]}", "{...}")).pack(), 2030),
        (Tuple::from(("{V[0]}", "{...}")).pack(), 2030),
    ] {
        assert_eq!(read(&transaction, &mapper, false), Some(expected), "{mapper:?}");
    }
    transaction.set(&record(&place, 1, 0), b"own");
    assert_eq!(read(&transaction, &mapper(&place), false), Some(2039));
    Ok(())
}
