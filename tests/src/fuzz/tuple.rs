//! Input: the length of a first tuple, two packed tuples. They are read alike in every way, they read back as what they
//! were, and their bytes sort as their values do.

use std::cmp::Ordering;
use std::collections::HashSet;

use record_store::key_expression::TupleOrdering;
use record_store::kv::Subspace;
use record_store::kv::tuple::{Decoder, Element, Encoder};
use record_store::{Tuple, TupleRange};

use super::choice;

pub(super) fn run(input: &[u8]) {
    let (length, bytes) = choice(input);
    let (first, second) = bytes.split_at(usize::from(length).min(bytes.len()));
    let tuples = (check(bytes), check(first), check(second));
    if let (_, Some(first), Some(second)) = tuples {
        check_order(&first, &second);
    }
    for ordering in ORDERINGS {
        // Whatever the answer: no bytes are too strange to ask.
        let _ = ordering.unpack(bytes);
    }
}

/// The tuple, if the bytes are one.
fn check(bytes: &[u8]) -> Option<Tuple> {
    let unpacked = Tuple::unpack(bytes).map_err(|error| error.to_string());
    let decoded: Result<Vec<Element>, _> = Decoder::new(bytes).collect();
    assert_eq!(
        decoded.map(Tuple::from).map_err(|error| error.to_string()),
        unpacked,
        "decoder and tuple differ"
    );
    let skipped = skip(bytes);
    let Ok(tuple) = unpacked else {
        return None;
    };
    let columns = skipped.expect("what can be read can be skipped");
    assert_eq!(columns.concat(), bytes);
    assert_eq!(columns.len(), tuple.len());
    for (column, element) in columns.iter().zip(&tuple) {
        assert_eq!(Tuple::unpack(column).as_deref().ok(), Some(&[element.clone()][..]));
    }
    check_packed(&tuple);
    Some(tuple)
}

fn skip(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut decoder = Decoder::new(bytes);
    let mut columns = Vec::new();
    while let Some(column) = decoder.skip_element().ok()? {
        columns.push(column);
    }
    Some(columns)
}

fn check_packed(tuple: &Tuple) {
    let packed = tuple.pack();
    let again = Tuple::unpack(&packed).expect("what was packed can be read");
    assert_eq!(again, *tuple);
    assert_eq!(again.pack(), packed);
    assert_eq!(
        HashSet::from([again, tuple.clone()]).len(),
        1,
        "equal tuples hash alike"
    );
    assert_eq!(
        tuple.try_pack().ok(),
        (!tuple.has_incomplete_versionstamp()).then(|| packed.clone())
    );

    let mut encoded = Vec::new();
    Encoder::new(&mut encoded).elements(tuple);
    assert_eq!(encoded, packed);
    if let Ok(stamped) = tuple.pack_with_versionstamp(b"prefix") {
        let place = stamped.last_chunk().map(|place| u32::from_le_bytes(*place) as usize);
        assert_eq!(stamped.get(6..stamped.len() - 4), Some(&packed[..]));
        assert_eq!(
            place.and_then(|place| stamped.get(place..place + 10)),
            Some(&[0xFF; 10][..])
        );
    }

    let subspace = Subspace::from(("prefix",));
    let key = subspace.pack(tuple);
    assert_eq!(subspace.unpack(&key).ok().as_ref(), Some(tuple));
    let range = TupleRange::all_of(tuple.clone())
        .to_range(&subspace)
        .expect("an inclusive range has two ends");
    assert!(range.contains(&key) && range.contains(&subspace.pack(&tuple.clone().with(1))));
    assert!(!tuple.to_string().is_empty());
    for element in tuple {
        if let Element::BigInt(value) = element {
            assert_eq!(value.to_string().parse().ok().as_ref(), Some(value));
        }
    }
}

fn check_order(first: &Tuple, second: &Tuple) {
    let (packed_first, packed_second) = (first.pack(), second.pack());
    let order = first.cmp(second);
    assert_eq!(order, packed_first.cmp(&packed_second), "{first} {second}");
    let (columns_first, columns_second) = (skip(&packed_first), skip(&packed_second));
    let (columns_first, columns_second) = (columns_first.unwrap_or_default(), columns_second.unwrap_or_default());
    let has_nulls = first.iter().chain(second).any(Element::is_null);
    for ordering in ORDERINGS {
        let ordered = ordering.pack(columns_first.iter().copied());
        assert_eq!(
            ordering.unpack(&ordered).ok().as_ref(),
            Some(&packed_first),
            "{ordering:?} {first}"
        );
        if !has_nulls {
            let ordered = ordered.cmp(&ordering.pack(columns_second.iter().copied()));
            assert_eq!(
                ordered,
                expected_order(ordering, order),
                "{ordering:?} {first} {second}"
            );
        }
    }
}

fn expected_order(ordering: TupleOrdering, order: Ordering) -> Ordering {
    match ordering {
        TupleOrdering::AscNullsFirst | TupleOrdering::AscNullsLast => order,
        TupleOrdering::DescNullsFirst | TupleOrdering::DescNullsLast => order.reverse(),
    }
}

const ORDERINGS: [TupleOrdering; 4] = [
    TupleOrdering::AscNullsFirst,
    TupleOrdering::AscNullsLast,
    TupleOrdering::DescNullsFirst,
    TupleOrdering::DescNullsLast,
];
