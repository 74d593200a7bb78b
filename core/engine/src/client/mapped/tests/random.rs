//! A mapped range beside the plain reads that say the same: the same rows, and the same conflicts.

use record_store_kv::tuple::Element;
use record_store_kv::{Bytes, KeyValue, strinc};

use super::*;
use crate::cluster::testing::SplitMix;

/// A mapper, and what it means.
struct Case {
    mapper: Vec<u8>,
    key: fn(&[Element], &[Element]) -> Tuple,
    is_prefix: bool,
}

fn cases() -> Vec<Case> {
    let case = |mapper: Tuple, key, is_prefix| Case {
        mapper: mapper.pack(),
        key,
        is_prefix,
    };
    vec![
        case(
            Tuple::from(("r", "{K[1]}", "{...}")),
            |key, _| Tuple::from(("r",)).with(key[1].clone()),
            true,
        ),
        case(
            Tuple::from(("r", "{V[0]}", "{...}")),
            |_, value| Tuple::from(("r",)).with(value[0].clone()),
            true,
        ),
        case(
            Tuple::from(("r", "{K[1]}", "{V[1]}")),
            |key, value| Tuple::from(("r",)).with(key[1].clone()).with(value[1].clone()),
            false,
        ),
        case(Tuple::from(("r", 3)), |_, _| Tuple::from(("r", 3)), false),
        case(Tuple::from(("r", "{...}")), |_, _| Tuple::from(("r",)), true),
        case(
            Tuple::from(("{K[0]}", "{K[1]}", "{...}")),
            |key, _| key[..2].iter().cloned().collect(),
            true,
        ),
        case(
            Tuple::from(("{{r}}", "{...}")),
            |_, _| Tuple::from((&b"{r}"[..],)),
            true,
        ),
    ]
}

fn fill(rng: &SplitMix, database: &Database) {
    commit(database, |transaction| {
        for _ in 0..rng.below(30) {
            let (n, m) = (number(rng), number(rng));
            transaction.set(&Tuple::from(("i", n, m)).pack(), &Tuple::from((m, n)).pack());
        }
        for _ in 0..rng.below(30) {
            let (n, m) = (number(rng), number(rng));
            let rest = vec![b'v'; [0, 7, 30][usize::try_from(rng.below(3)).unwrap()]];
            transaction.set(&Tuple::from(("r", n, m)).pack(), &Tuple::from((m, n, rest)).pack());
        }
        transaction.set(&Tuple::from((&b"{r}"[..], 1)).pack(), &Tuple::from((1, 2)).pack());
        // No selector leads out of the key space: there a mapped range conflicts with less.
        transaction.set(&Tuple::from(("z", 1)).pack(), &Tuple::from((1, 2)).pack());
        transaction.set(&Tuple::from(("z", 2)).pack(), &Tuple::from((1, 2)).pack());
    })
    .unwrap();
}

fn number(rng: &SplitMix) -> i64 {
    i64::try_from(rng.below(8)).unwrap()
}

fn selector(rng: &SplitMix) -> KeySelector {
    let key = match rng.below(4) {
        0 => Tuple::from(("i", number(rng))).pack(),
        1 => Tuple::from(("i", number(rng), number(rng))).pack(),
        2 => Tuple::from(("i",)).pack(),
        _ => Tuple::from(("j",)).pack(),
    };
    let offset = [1, 1, 1, 0, 2][usize::try_from(rng.below(5)).unwrap()];
    KeySelector::new(key, rng.below(3) == 0, offset)
}

fn request(rng: &SplitMix) -> RangeRequest {
    let mut request = RangeRequest::new(selector(rng), selector(rng)).reverse(rng.below(2) == 0);
    match rng.below(3) {
        0 => {}
        1 => request = request.limit(1 + i32::try_from(rng.below(8)).unwrap()),
        _ => {
            request = request
                .limit(1 + i32::try_from(rng.below(8)).unwrap())
                .mode(StreamingMode::Exact);
        }
    }
    request
}

/// What the reads of a transaction conflict with.
fn conflicts(transaction: &Transaction) -> Vec<KeyValue> {
    let request = RangeRequest::keys(
        &b"\xff\xff/transaction/read_conflict_range/"[..],
        &b"\xff\xff/transaction/read_conflict_range/\xff\xff"[..],
    );
    block_on(transaction.get_range(&request, true)).unwrap().rows
}

/// Whether a key lies in one of the ranges, which come as their ends.
fn covers(conflicts: &[KeyValue], key: &[u8]) -> bool {
    let key = [b"\xff\xff/transaction/read_conflict_range/", key].concat();
    let before = conflicts.partition_point(|end| end.key <= key);
    before % 2 == 1
}

/// The second read of a row.
fn follow(transaction: &Transaction, case: &Case, row: &KeyValue) -> (Bytes, Vec<KeyValue>) {
    let elements = |bytes: &[u8]| Tuple::unpack(bytes).unwrap().iter().cloned().collect::<Vec<_>>();
    let key: Bytes = (case.key)(&elements(&row.key), &elements(&row.value)).pack().into();
    if case.is_prefix {
        let range = RangeRequest::keys(key.clone(), strinc(&key).unwrap());
        return (key, block_on(transaction.get_range_all(&range, false)).unwrap());
    }
    let value = block_on(transaction.get(&key, false)).unwrap();
    let row = value.map(|value| KeyValue {
        key: key.clone(),
        value,
    });
    (key, row.into_iter().collect())
}

#[test]
fn a_mapped_range_is_what_plain_reads_make_of_it() {
    for seed in 0..300 {
        let rng = SplitMix::new(seed);
        let database = database(0);
        fill(&rng, &database);
        for step in 0..4 {
            for case in cases() {
                let request = request(&rng);
                let (mapped, plain) = (database.transaction(), database.transaction());
                let batch = read(&mapped, &request, &case.mapper).unwrap();
                let rows = block_on(plain.get_range(&request, false)).unwrap();
                let context = format!(
                    "seed {seed}, step {step}, {request:?}, {:?}",
                    case.mapper.escape_ascii()
                );
                let ends = [0, rows.rows.len().saturating_sub(1)];
                let expected: Vec<MappedKeyValue> = rows
                    .rows
                    .iter()
                    .enumerate()
                    .map(|(at, row)| {
                        let (begin, found) = follow(&plain, &case, row);
                        let shown = case.is_prefix || ends.contains(&at);
                        let after = if case.is_prefix {
                            strinc(&begin).unwrap()
                        } else {
                            [&begin[..], b"\0"].concat()
                        };
                        MappedKeyValue {
                            key: if shown { row.key.clone() } else { Bytes::new() },
                            value: if shown { row.value.clone() } else { Bytes::new() },
                            begin,
                            end: after.into(),
                            rows: found,
                            more: false,
                        }
                    })
                    .collect();
                assert_eq!((&batch.rows, batch.more), (&expected, rows.more), "{context}");
                let conflicts = [conflicts(&mapped), conflicts(&plain)];
                assert_eq!(conflicts[0], conflicts[1], "{context}");

                let own = database.transaction();
                let key = Tuple::from((["i", "r"][usize::from(rng.below(2) == 0)], number(&rng), number(&rng))).pack();
                own.set(&key, b"own");
                let expected = covers(&conflicts[0], &key).then_some(2039);
                assert_eq!(code(read(&own, &request, &case.mapper)), expected, "{context}");
            }
        }
    }
}
