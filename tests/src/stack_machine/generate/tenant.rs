//! Programs about tenants: what the others do with transactions, in tenants that come and go.

use record_store_kv::tuple::{Element, Tuple};

use super::{Chance, Program, api};

/// How many things a program does.
const STEPS: usize = 220;

/// Few, so that some are made twice, and some used that are not there.
const NAMES: [&[u8]; 4] = [b"one", b"two", b"three", b"\xff reserved"];

pub(super) fn generate(program: &mut Program, chance: &Chance) {
    program.call("TENANT_CREATE", [Element::from(NAMES[0])]);
    for _ in 0..STEPS {
        if chance.once_in(6) {
            tenants(program, chance);
        } else {
            api::step(program, chance);
        }
    }
    program.then("TENANT_CLEAR_ACTIVE");
    program.then("NEW_TRANSACTION");
    // Without its tenant a transaction fails to read, and then the stamp of its commit is to come for as long as there is the
    // transaction: in Python, until that collects garbage.
    let stamp = Tuple::from(("GET_VERSIONSTAMP",));
    program.instructions.retain(|instruction| *instruction != stamp);
    // Before the first key of a program there are the rows of all tenants, behind numbers that are not the same elsewhere.
    let (nothing, first) = (Tuple::from(("PUSH", b"")), Tuple::from(("PUSH", b"k")));
    for instruction in &mut program.instructions {
        if *instruction == nothing {
            *instruction = first.clone();
        }
    }
}

fn tenants(program: &mut Program, chance: &Chance) {
    let name = || Element::from(*chance.pick(&NAMES));
    match chance.below(12) {
        0 => program.call("TENANT_CREATE", [name()]),
        // One that has rows cannot be removed.
        1 => program.call("TENANT_DELETE", [name()]),
        2..=5 => {
            program.call("TENANT_SET_ACTIVE", [name()]);
            program.then("NEW_TRANSACTION");
        }
        6 => {
            program.then("TENANT_CLEAR_ACTIVE");
            program.then("NEW_TRANSACTION");
        }
        7 | 8 => program.then("TENANT_GET_ID"),
        9 => {
            program.call("CLEAR_RANGE_DATABASE", [Element::from(b"k"), b"l".into()]);
        }
        _ => {
            let limit = Element::from(chance.int(3));
            program.call(
                "TENANT_LIST",
                [b"a".into(), (*chance.pick(&[b"p", b"z"])).into(), limit],
            );
        }
    }
}
