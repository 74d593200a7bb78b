//! Programs with threads: each works on keys of its own, so that what it sees does not depend on when the others run. They share the
//! database, the client, and the names of transactions.

use bytes::Bytes;
use record_store_kv::tuple::{Element, Tuple};

use super::super::data::{MODES, MUTATIONS};
use super::{Chance, LOG, Program};

/// How many threads there are beside the first machine, and how many things each of all does.
const THREADS: usize = 3;
const STEPS: usize = 60;

/// Below it a key for each thread that has not ended.
const RUNNING: &[u8] = b"\x01running";

pub(super) fn generate(program: &mut Program, chance: &Chance) -> Vec<(Bytes, Vec<Tuple>)> {
    let mut threads = Vec::new();
    for number in 0..THREADS {
        let prefix = format!("thread {number}").into_bytes();
        let running = [RUNNING, &prefix].concat();
        let mut thread = Program::of(program.api_version);
        Keys(format!("{number}/")).work(&mut thread, chance);
        if number == 0 {
            // What the first machine has begun.
            thread.call("USE_TRANSACTION", [Element::from(b"shared")]);
            thread.call("SET", [Element::from(b"shared/ended"), b"by a thread".into()]);
            thread.commit();
        }
        thread.call("LOG_STACK", [[LOG, &prefix].concat().into()]);
        thread.call("CLEAR_DATABASE", [Element::from(&running[..])]);
        program.call("SET_DATABASE", [Element::from(running), b"".into()]);
        threads.push((Bytes::from(prefix), thread.instructions));
    }
    program.call("USE_TRANSACTION", [Element::from(b"shared")]);
    program.call("SET", [Element::from(b"shared/begun"), b"by the first".into()]);
    program.call("USE_TRANSACTION", [Element::from(b"first")]);
    for (prefix, _) in &threads {
        program.call("START_THREAD", [Element::from(&prefix[..])]);
    }
    Keys("first/".to_owned()).work(program, chance);
    program.call("WAIT_EMPTY", [Element::from(RUNNING)]);
    threads
}

/// The keys of a thread, and its names of transactions.
struct Keys(String);

impl Keys {
    fn work(&self, program: &mut Program, chance: &Chance) {
        for _ in 0..STEPS {
            self.step(program, chance);
        }
        program.then("NEW_TRANSACTION");
    }

    fn step(&self, program: &mut Program, chance: &Chance) {
        let key = || self.key(chance);
        match chance.below(20) {
            0..=3 => {
                let name = *chance.pick(&["GET", "GET_SNAPSHOT", "GET_DATABASE"]);
                program.call(name, [key()]);
            }
            4..=6 => {
                let [begin, end] = self.range(chance);
                let mode = *chance.pick(&MODES) as i64;
                let name = *chance.pick(&["GET_RANGE", "GET_RANGE_SNAPSHOT", "GET_RANGE_DATABASE"]);
                let (limit, reverse) = (1 + chance.int(5), chance.int(2));
                program.call(name, [begin, end, limit.into(), reverse.into(), mode.into()]);
            }
            7..=10 => {
                let name = *chance.pick(&["SET", "SET", "SET_DATABASE"]);
                program.call(name, [key(), chance.bytes(12).into()]);
            }
            11 => program.call("CLEAR", [key()]),
            12 => {
                let name = *chance.pick(&["CLEAR_RANGE", "CLEAR_RANGE_DATABASE", "WRITE_CONFLICT_RANGE"]);
                program.call(name, self.range(chance));
            }
            13 => {
                // The last two take stamps.
                let (name, _) = chance.pick(&MUTATIONS[..MUTATIONS.len() - 2]);
                program.call("ATOMIC_OP", [(*name).into(), key(), chance.bytes(12).into()]);
            }
            14 => program.call("READ_CONFLICT_KEY", [key()]),
            15 | 16 => {
                let name = format!("{}{}", self.0, chance.pick(&["a", "b"]));
                program.call("USE_TRANSACTION", [Element::from(name.as_bytes())]);
            }
            _ => program.commit(),
        }
    }

    fn key(&self, chance: &Chance) -> Element {
        Element::from(format!("k{}{}", self.0, chance.pick(&["a", "b", "c", "d"])).as_bytes())
    }

    /// In order.
    fn range(&self, chance: &Chance) -> [Element; 2] {
        let end = |place: &str| Element::from(format!("k{}{place}", self.0).as_bytes());
        let begin = chance.index(4);
        let ends = ["a", "b", "c", "d", "e"];
        [end(ends[begin]), end(ends[begin + chance.index(5 - begin)])]
    }
}
