//! Programs about the tuple layer.

use record_store_kv::env::Rng;
use record_store_kv::tuple::{Element, Tuple, Versionstamp};

use super::{Chance, Program, any_element, any_tuple, counted, double_bits, float_bits};

/// How many things a program does.
const STEPS: usize = 120;

pub(super) fn generate(program: &mut Program, chance: &Chance) {
    for _ in 0..STEPS {
        match chance.below(9) {
            0 | 1 => program.call("TUPLE_PACK", counted(any_tuple(chance, 8, 3).into_elements())),
            2 => {
                // What was packed, packed again.
                program.call("TUPLE_PACK", counted(any_tuple(chance, 8, 3).into_elements()));
                program.then("TUPLE_UNPACK");
            }
            3 => program.call("TUPLE_RANGE", counted(any_tuple(chance, 6, 2).into_elements())),
            4 => {
                let tuples = (0..1 + chance.index(8)).map(|_| any_tuple(chance, 4, 1).pack().into());
                program.call("TUPLE_SORT", counted(tuples));
            }
            5 => {
                program.call("ENCODE_FLOAT", [Element::from(&float_bits(chance).to_be_bytes())]);
                again(program, chance, "DECODE_FLOAT");
            }
            6 => {
                program.call("ENCODE_DOUBLE", [Element::from(&double_bits(chance).to_be_bytes())]);
                again(program, chance, "DECODE_DOUBLE");
            }
            7 => with_versionstamp(program, chance),
            _ => {
                let number = |_| Element::from(chance.next_u64().cast_signed() >> 2);
                program.call("SUB", [(), ()].map(number));
            }
        }
    }
}

/// What was encoded, half of the time decoded.
fn again(program: &mut Program, chance: &Chance, name: &str) {
    if chance.once_in(2) {
        program.then(name);
    }
}

fn with_versionstamp(program: &mut Program, chance: &Chance) {
    let stamp = || Element::from(Versionstamp::incomplete(chance.next_u64().to_le_bytes()[0].into()));
    let mut elements: Vec<_> = (0..chance.index(4)).map(|_| any_element(chance, 1)).collect();
    for _ in 0..chance.below(3) {
        let place = chance.index(elements.len() + 1);
        let inside = chance.once_in(3);
        let stamp = if inside {
            Tuple::new().with(stamp()).into()
        } else {
            stamp()
        };
        elements.insert(place, stamp);
    }
    let mut arguments = vec![Element::from(chance.bytes(6))];
    arguments.extend(counted(elements));
    program.call("TUPLE_PACK_WITH_VERSIONSTAMP", arguments);
}
