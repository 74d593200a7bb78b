//! Programs about the directory layer.

use record_store_kv::tuple::{Element, Tuple};

use super::{Chance, LOG, Program, any_tuple, counted};

/// How many things a program does.
const STEPS: usize = 120;

const LAYERS: [&[u8]; 4] = [b"", b"layer", b"partition", b"other"];

pub(super) fn generate(program: &mut Program, chance: &Chance) {
    // Entry 0 is the standard tree. Two more have subspaces of their own, one of them with prefixes by hand.
    let mut entries = 1;
    for (prefix, manual) in [(b"\x02tree", 1_i64), (b"\x03tree", 0)] {
        let mut place = |name: &[u8]| {
            program.call(
                "DIRECTORY_CREATE_SUBSPACE",
                [0_i64.into(), [&prefix[..], name].concat().into()],
            );
            entries += 1;
            Element::from(entries - 1_i64)
        };
        let (nodes, contents) = (place(b"nodes"), place(b"contents"));
        program.call("DIRECTORY_CREATE_LAYER", [nodes, contents, manual.into()]);
        entries += 1;
    }
    for _ in 0..STEPS {
        entries += step(program, chance, entries);
        if chance.once_in(8) {
            program.commit();
        }
    }
    program.commit();
    for entry in 0..entries {
        program.call("DIRECTORY_CHANGE", [Element::from(entry)]);
        program.call(
            "DIRECTORY_LOG_DIRECTORY",
            [Element::from([LOG, b" of directories"].concat())],
        );
        program.call(
            "DIRECTORY_LOG_SUBSPACE",
            [Element::from([LOG, b" of subspaces"].concat())],
        );
    }
    program.commit();
}

/// Adds an instruction; how many entries it adds to the list.
fn step(program: &mut Program, chance: &Chance, entries: i64) -> i64 {
    let on_its_own = |name: &str| {
        let own = if chance.once_in(5) { "_DATABASE" } else { "" };
        format!("DIRECTORY_{name}{own}")
    };
    let some_entry = || Element::from(chance.int(u32::try_from(entries).unwrap_or(1)));
    match chance.below(24) {
        0..=3 => {
            program.call("DIRECTORY_CHANGE", [some_entry()]);
            return 0;
        }
        4 => {
            program.call("DIRECTORY_CHANGE", [Element::from(*chance.pick(&[0_i64, 3, 6]))]);
            return 0;
        }
        5 => {
            program.call(
                "DIRECTORY_SET_ERROR_INDEX",
                [Element::from(*chance.pick(&[0_i64, 3, 6]))],
            );
            return 0;
        }
        6..=9 => program.call(&on_its_own("CREATE_OR_OPEN"), and(path(chance), [layer(chance)])),
        10 | 11 => {
            let prefix = if chance.once_in(3) {
                prefix(chance).into()
            } else {
                Element::Null
            };
            program.call(&on_its_own("CREATE"), and(path(chance), [layer(chance), prefix]));
        }
        12 | 13 => program.call(&on_its_own("OPEN"), and(path(chance), [layer(chance)])),
        14 => program.call(&on_its_own("MOVE"), and(path(chance), path(chance))),
        15 => program.call(&on_its_own("MOVE_TO"), path(chance)),
        16 => {
            let tuple = any_tuple(chance, 3, 1);
            program.call("DIRECTORY_OPEN_SUBSPACE", counted(tuple.into_elements()));
        }
        17 => {
            let name = *chance.pick(&["REMOVE", "REMOVE_IF_EXISTS"]);
            program.call(&on_its_own(name), path_if_any(chance));
            return 0;
        }
        18 | 19 => {
            program.call(&on_its_own("LIST"), path_if_any(chance));
            return 0;
        }
        20 | 21 => {
            program.call(&on_its_own("EXISTS"), path_if_any(chance));
            return 0;
        }
        _ => {
            keys(program, chance);
            return 0;
        }
    }
    1
}

/// What a directory does as a subspace.
fn keys(program: &mut Program, chance: &Chance) {
    let tuple = || counted(any_tuple(chance, 4, 1).into_elements());
    let key = || Element::from([&prefix(chance)[..], &Tuple::from((1, "a")).pack()].concat());
    match chance.below(6) {
        0 => program.call("DIRECTORY_PACK_KEY", tuple()),
        1 => {
            program.call("DIRECTORY_PACK_KEY", tuple());
            let name = *chance.pick(&["DIRECTORY_UNPACK_KEY", "DIRECTORY_STRIP_PREFIX", "DIRECTORY_CONTAINS"]);
            program.then(name);
        }
        2 => program.call("DIRECTORY_RANGE", tuple()),
        3 => program.call("DIRECTORY_CONTAINS", [key()]),
        4 => program.call("DIRECTORY_STRIP_PREFIX", [key()]),
        _ => program.call("DIRECTORY_UNPACK_KEY", [key()]),
    }
}

fn and(first: Vec<Element>, rest: impl IntoIterator<Item = Element>) -> Vec<Element> {
    first.into_iter().chain(rest).collect()
}

fn layer(chance: &Chance) -> Element {
    if chance.once_in(3) {
        Element::Null
    } else {
        (*chance.pick(&LAYERS)).into()
    }
}

fn prefix(chance: &Chance) -> Vec<u8> {
    let mut prefix = vec![*chance.pick(b"pq\x15\xfe")];
    prefix.extend(chance.bytes(3));
    prefix
}

/// Few names, so that paths meet; one of them is not of ASCII.
fn path(chance: &Chance) -> Vec<Element> {
    let length = if chance.once_in(12) { 0 } else { 1 + chance.index(3) };
    counted((0..length).map(|_| Element::from(*chance.pick(&["a", "b", "ü"]))))
}

/// No path, or one.
fn path_if_any(chance: &Chance) -> Vec<Element> {
    if chance.once_in(3) {
        vec![0_i64.into()]
    } else {
        and(vec![1_i64.into()], path(chance))
    }
}
