//! Programs from seeds: what they do is chance, weighted towards what is likely to come out differently.

mod api;
mod directory;
mod tenant;
mod threads;
mod tuple;

use bytes::Bytes;
use record_store_kv::env::Rng;
use record_store_kv::tuple::{BigInt, Element, Tuple, Versionstamp};
use uuid::Uuid;

use super::chance::Chance;

/// What a program is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// Transactions.
    Api,
    /// The tuple layer.
    Tuple,
    /// The directory layer.
    Directory,
    /// Transactions in tenants, and tenants themselves.
    Tenant,
    /// Several machines at a time.
    Threads,
}

impl Test {
    /// All of them.
    pub const ALL: [Test; 5] = [Test::Api, Test::Tuple, Test::Directory, Test::Tenant, Test::Threads];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Test::Api => "api",
            Test::Tuple => "tuple",
            Test::Directory => "directory",
            Test::Tenant => "tenant",
            Test::Threads => "threads",
        }
    }
}

/// What machines run.
pub struct Case {
    /// Where it comes from; directories draw their prefixes from it too.
    pub seed: u64,
    /// The program of the first machine.
    pub program: Vec<Tuple>,
    /// Those of the threads that it starts, by their prefixes.
    pub threads: Vec<(Bytes, Vec<Tuple>)>,
}

/// The case of a seed, for clients of a version of the API.
pub fn case(test: Test, seed: u64, api_version: i32) -> Case {
    let chance = Chance::new(seed ^ 0x5EED);
    let mut program = Program::of(api_version);
    let mut threads = Vec::new();
    match test {
        Test::Api => api::generate(&mut program, &chance),
        Test::Tuple => tuple::generate(&mut program, &chance),
        Test::Directory => directory::generate(&mut program, &chance),
        Test::Tenant => tenant::generate(&mut program, &chance),
        Test::Threads => threads = threads::generate(&mut program, &chance),
    }
    program.call("LOG_STACK", [LOG.into()]);
    Case {
        seed,
        program: program.instructions,
        threads,
    }
}

/// Where the stack is written at the end.
const LOG: &[u8] = b"\x01log";

/// The instructions so far.
struct Program {
    instructions: Vec<Tuple>,
    api_version: i32,
}

impl Program {
    fn of(api_version: i32) -> Self {
        Program {
            instructions: Vec::new(),
            api_version,
        }
    }

    /// An instruction that takes these from the stack, the first one first.
    fn call(&mut self, name: &str, arguments: impl IntoIterator<Item = Element, IntoIter: DoubleEndedIterator>) {
        for argument in arguments.into_iter().rev() {
            self.push(argument);
        }
        self.then(name);
    }

    fn push(&mut self, element: impl Into<Element>) {
        self.instructions.push(Tuple::from(("PUSH",)).with(element));
    }

    /// An instruction that takes what is there.
    fn then(&mut self, name: &str) {
        self.instructions.push(Tuple::from((name,)));
    }

    /// Commits, waits, and begins anew.
    fn commit(&mut self) {
        self.then("COMMIT");
        self.then("WAIT_FUTURE");
        self.then("NEW_TRANSACTION");
    }
}

/// The elements of a tuple as instructions take them: their number, then they.
fn counted(elements: impl IntoIterator<Item = Element>) -> Vec<Element> {
    let elements: Vec<_> = elements.into_iter().collect();
    let count = Element::from(elements.len() as u64);
    std::iter::once(count).chain(elements).collect()
}

/// A tuple of fewer than `below` elements, with tuples inside up to `depth`.
fn any_tuple(chance: &Chance, below: usize, depth: usize) -> Tuple {
    (0..chance.index(below)).map(|_| any_element(chance, depth)).collect()
}

fn any_element(chance: &Chance, depth: usize) -> Element {
    match chance.below(14) {
        0 => Element::Null,
        1 | 2 => chance.bytes(12).into(),
        3 | 4 => any_text(chance).into(),
        5 | 6 => integer(chance),
        7 => large_integer(chance),
        8 => f32::from_bits(float_bits(chance)).into(),
        9 => f64::from_bits(double_bits(chance)).into(),
        10 => chance.once_in(2).into(),
        11 => {
            let high = u128::from(chance.next_u64());
            Uuid::from_u128(high << 64 | u128::from(chance.next_u64())).into()
        }
        12 => {
            let mut stamp = [0; 10];
            stamp[..8].copy_from_slice(&(chance.next_u64() >> 1).to_be_bytes());
            Versionstamp::complete(stamp, chance.next_u64().to_le_bytes()[0].into()).into()
        }
        _ if depth == 0 => Element::Null,
        _ => any_tuple(chance, 4, depth - 1).into(),
    }
}

/// An integer near a power of two, where the encoding changes its length.
fn integer(chance: &Chance) -> Element {
    let power = 1_i128 << chance.below(63);
    let near = power + i128::from(chance.int(5)) - 2;
    Element::from(if chance.once_in(2) { -near } else { near })
}

fn large_integer(chance: &Chance) -> Element {
    let mut magnitude = vec![0; 8 + chance.index(20)];
    for byte in &mut magnitude {
        *byte = if chance.once_in(3) {
            0xFF
        } else {
            chance.next_u64().to_le_bytes()[0]
        };
    }
    BigInt::from_sign_magnitude(chance.once_in(2), &magnitude)
        .expect("fewer than 255 bytes")
        .into()
}

/// Any but a signalling NaN: not every processor loads those unchanged.
fn float_bits(chance: &Chance) -> u32 {
    const QUIET: u32 = 1 << 22;
    let special = [0, 0x8000_0000, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 1, 0x8000_0001];
    let bits = if chance.once_in(3) {
        *chance.pick(&special)
    } else {
        (chance.next_u64() >> 32) as u32
    };
    if f32::from_bits(bits).is_nan() {
        bits | QUIET
    } else {
        bits
    }
}

fn double_bits(chance: &Chance) -> u64 {
    const QUIET: u64 = 1 << 51;
    let special = [0, 1 << 63, 0x7FF0 << 48, 0xFFF0 << 48, 0x7FF8 << 48, 1, 1 << 63 | 1];
    let bits = if chance.once_in(3) {
        *chance.pick(&special)
    } else {
        chance.next_u64()
    };
    if f64::from_bits(bits).is_nan() {
        bits | QUIET
    } else {
        bits
    }
}

/// Text of letters that UTF-8 and UTF-16 sort differently, and of the ends of the alphabet.
fn any_text(chance: &Chance) -> String {
    const LETTERS: [char; 9] = [
        'a',
        'b',
        '\0',
        '\u{7f}',
        'é',
        '€',
        '\u{ffff}',
        '\u{1f600}',
        '\u{10ffff}',
    ];
    (0..chance.index(6)).map(|_| *chance.pick(&LETTERS)).collect()
}
