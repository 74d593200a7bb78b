//! Programs about transactions.

use record_store_kv::tuple::Element;

use super::super::data::{MODES, MUTATIONS};
use super::{Chance, Program};

/// How many things a program does.
const STEPS: usize = 250;

/// Where versionstamped values go: nothing else is written here, so that the stamps can be recognized in the end.
const STAMPED_VALUES: &[u8] = b"\x01stamped values";
const STAMPED_KEYS: &[u8] = b"\x01stamped keys";

pub(super) fn generate(program: &mut Program, chance: &Chance) {
    for _ in 0..STEPS {
        step(program, chance);
    }
    program.then("NEW_TRANSACTION");
}

/// One thing.
pub(super) fn step(program: &mut Program, chance: &Chance) {
    match chance.below(40) {
        0..=7 => read(program, chance),
        8..=12 => range(program, chance),
        13..=22 => change(program, chance),
        23 => versionstamp(program, chance),
        24..=26 => conflict(program, chance),
        27 => version(program, chance),
        28 => program.call(
            "USE_TRANSACTION",
            [Element::from(*chance.pick(&[&b"first"[..], b"a", b"b"]))],
        ),
        29..=31 => {
            if chance.once_in(4) {
                program.then("GET_VERSIONSTAMP");
            }
            program.commit();
        }
        32 => {
            program.then("COMMIT");
            program.then("WAIT_FUTURE");
            if chance.once_in(2) {
                program.then("GET_COMMITTED_VERSION");
            }
            program.then("RESET");
        }
        33 => {
            let name = *chance.pick(&["RESET", "CANCEL", "NEW_TRANSACTION"]);
            program.then(name);
        }
        34 => {
            let code = *chance.pick(&[1007, 1009, 1020, 1021, 1025, 1031, 2101, 2000, 0, 9999]);
            program.call("ON_ERROR", [Element::from(code)]);
            program.then("WAIT_FUTURE");
        }
        35 | 36 => {
            program.push(value(chance));
            program.then("DUP");
            program.call("SWAP", [Element::from(chance.int(2))]);
        }
        37 => program.call("CONCAT", [value(chance).into(), value(chance).into()]),
        38 => program.call("SUB", [chance.int(1000).into(), chance.int(1000).into()]),
        _ => {
            program.push(value(chance));
            program.then("POP");
        }
    }
}

/// A key of few; now and then one outside of the legal ones.
fn key(chance: &Chance) -> Vec<u8> {
    match chance.below(60) {
        0 => b"\xff".to_vec(),
        1 => b"\xff/x".to_vec(),
        2 => Vec::new(),
        3 => vec![b'k'; 10_001],
        _ => {
            let mut key = vec![b'k', *chance.pick(b"\x00abcdef\xff")];
            if chance.once_in(3) {
                key.push(*chance.pick(b"\x00x\xff"));
            }
            key
        }
    }
}

fn value(chance: &Chance) -> Vec<u8> {
    match chance.below(40) {
        0 => vec![b'v'; 100_001],
        1 => vec![b'v'; 300 + chance.index(2000)],
        _ => chance.bytes(12),
    }
}

/// A name as it is, for a snapshot, or for a transaction of its own.
fn variant(chance: &Chance, name: &str) -> String {
    match chance.below(5) {
        0 | 1 => format!("{name}_SNAPSHOT"),
        2 => format!("{name}_DATABASE"),
        _ => name.to_owned(),
    }
}

/// As it is, or in a transaction of its own.
fn own(chance: &Chance, name: &str) -> String {
    if chance.once_in(6) {
        format!("{name}_DATABASE")
    } else {
        name.to_owned()
    }
}

fn read(program: &mut Program, chance: &Chance) {
    match chance.below(9) {
        0..=3 => {
            program.call(&variant(chance, "GET"), [Element::from(key(chance))]);
            if !chance.once_in(3) {
                program.then("WAIT_FUTURE");
            }
        }
        4..=6 => {
            let [key, or_equal, offset] = selector(chance);
            program.call(&variant(chance, "GET_KEY"), [key, or_equal, offset, b"k".into()]);
        }
        7 => {
            let (begin, end) = (key(chance), key(chance));
            program.call(&own(chance, "GET_ESTIMATED_RANGE_SIZE"), [begin.into(), end.into()]);
        }
        _ => {
            let (begin, end, chunk) = (key(chance), key(chance), 1 + chance.int(1000));
            let name = own(chance, "GET_RANGE_SPLIT_POINTS");
            program.call(&name, [begin.into(), end.into(), chunk.into()]);
        }
    }
}

fn selector(chance: &Chance) -> [Element; 3] {
    [key(chance).into(), chance.int(2).into(), (chance.int(9) - 4).into()]
}

fn range(program: &mut Program, chance: &Chance) {
    let limit = if chance.once_in(2) { 0 } else { chance.int(6) };
    let mode = *chance.pick(&MODES) as i64;
    let how = [Element::from(limit), chance.int(2).into(), mode.into()];
    let (name, range) = match chance.below(4) {
        0 | 1 => {
            let (mut begin, mut end) = (key(chance), key(chance));
            if begin > end && !chance.once_in(5) {
                std::mem::swap(&mut begin, &mut end);
            }
            ("GET_RANGE", vec![begin.into(), end.into()])
        }
        2 => (
            "GET_RANGE_STARTS_WITH",
            vec![[&b"k"[..], &chance.bytes(2)].concat().into()],
        ),
        _ => ("GET_RANGE_SELECTOR", [selector(chance), selector(chance)].concat()),
    };
    let prefix = (name == "GET_RANGE_SELECTOR").then(|| Element::from(b"k"));
    let arguments: Vec<_> = range.into_iter().chain(how).chain(prefix).collect();
    program.call(&variant(chance, name), arguments);
}

fn change(program: &mut Program, chance: &Chance) {
    let key = || Element::from(key(chance));
    match chance.below(10) {
        0..=4 => program.call(&own(chance, "SET"), [key(), value(chance).into()]),
        5 => program.call(&own(chance, "CLEAR"), [key()]),
        6 => program.call(&own(chance, "CLEAR_RANGE"), [key(), key()]),
        7 => {
            let prefix = [&b"k"[..], &chance.bytes(2)].concat();
            program.call(&own(chance, "CLEAR_RANGE_STARTS_WITH"), [prefix.into()]);
        }
        _ => {
            // The last two take stamps.
            let (name, _) = chance.pick(&MUTATIONS[..MUTATIONS.len() - 2]);
            program.call(&own(chance, "ATOMIC_OP"), [(*name).into(), key(), value(chance).into()]);
        }
    }
}

/// A key or a value with a stamp, or with a place for it that does not fit.
fn versionstamp(program: &mut Program, chance: &Chance) {
    let ends = |place: usize| (place as u32).to_le_bytes();
    let name = [STAMPED_VALUES, &[0, *chance.pick(b"abc")]].concat();
    let wrong = if chance.once_in(6) { 40 } else { 0 };
    let (operation, key, value) = if chance.once_in(2) {
        let stamped = [
            STAMPED_KEYS,
            &[0; 10],
            &[*chance.pick(b"abc")],
            &ends(STAMPED_KEYS.len() + wrong),
        ]
        .concat();
        ("SET_VERSIONSTAMPED_KEY", stamped, chance.bytes(6))
    } else {
        let before = chance.bytes(4);
        let value = [&before[..], &[0; 10], &ends(before.len() + wrong)].concat();
        ("SET_VERSIONSTAMPED_VALUE", name, value)
    };
    program.call("ATOMIC_OP", [operation.into(), key.into(), value.into()]);
    program.commit();
}

fn conflict(program: &mut Program, chance: &Chance) {
    let key = || Element::from(key(chance));
    match chance.below(5) {
        0 => program.call("READ_CONFLICT_RANGE", [key(), key()]),
        1 => program.call("WRITE_CONFLICT_RANGE", [key(), key()]),
        2 => program.call("READ_CONFLICT_KEY", [key()]),
        3 => program.call("WRITE_CONFLICT_KEY", [key()]),
        _ => program.then("DISABLE_WRITE_CONFLICT"),
    }
}

fn version(program: &mut Program, chance: &Chance) {
    match chance.below(4) {
        0 => program.then("GET_READ_VERSION"),
        1 => {
            program.then("GET_READ_VERSION");
            program.then("NEW_TRANSACTION");
            program.then("SET_READ_VERSION");
        }
        2 => program.then("GET_APPROXIMATE_SIZE"),
        _ => program.then("GET_COMMITTED_VERSION"),
    }
}
