//! Random filters are written and read again; random words are read or refused.

use record_store_kv::tuple::{Element, Tuple};
use uuid::Uuid;

use super::parse;
use crate::ErrorKind;
use crate::key_expression::{self, concat, function, literal};
use crate::query::{
    Comparison, ComparisonKind, ParameterName, QueryComponent, field, is_record_type, key_expression as column, param,
    record_version,
};

#[test]
fn any_filter_is_written_and_read_again() {
    for seed in 0..2_000 {
        let mut random = Random(seed);
        let filter = random.component(4);
        let text = filter.to_string();
        let read = QueryComponent::parse(&text).unwrap_or_else(|error| panic!("seed {seed}: {text}: {error}"));
        assert_eq!(read, filter, "seed {seed}: {text}");
    }
}

#[test]
fn random_words_are_read_or_refused() {
    const WORDS: &[&str] = &[
        "a",
        "b.c",
        "AND",
        "OR",
        "NOT",
        "(",
        ")",
        "=",
        "<",
        ">=",
        "<>",
        "IN",
        "(1,2)",
        "LIKE",
        "'x%'",
        "IS",
        "NULL",
        "BETWEEN",
        "1",
        "2.5",
        "X'00'",
        "?",
        ":p",
        "any(",
        "matches(",
        ",",
        "TRUE",
        "-",
        "ANY(",
        "record_type()",
        "starts_with(",
        "add(",
        "ESCAPE",
        "'!'",
        "\"q\"",
        "$1",
        "[",
        "]",
        "::",
        "CASE",
        "*",
        ";",
        "--",
        "'",
    ];
    for seed in 0..5_000 {
        let mut random = Random(seed);
        let count = random.below(12);
        let words: Vec<&str> = (0..count).map(|_| *random.of(WORDS)).collect();
        let text = words.join(" ");
        match QueryComponent::parse(&text) {
            Ok(read) => assert_eq!(parse(&read.to_string()), read, "seed {seed}: {text}"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidQuery, "seed {seed}: {text}: {error}"),
        }
    }
}

/// Numbers that look random and are the same for the same seed (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }

    fn of<'a, T>(&mut self, values: &'a [T]) -> &'a T {
        &values[self.below(values.len())]
    }

    fn component(&mut self, depth: usize) -> QueryComponent {
        let list = |random: &mut Random| -> Vec<QueryComponent> {
            let count = random.below(4);
            (0..count).map(|_| random.component(depth - 1)).collect()
        };
        match self.below(if depth == 0 { 5 } else { 10 }) {
            0 | 1 => field(self.path()).compare(self.comparison()),
            2 => field(self.path()).one_of_them().compare(self.comparison()),
            3 => match self.below(4) {
                0 => is_record_type(*self.of(&["User", "It's"])),
                1 => field(self.path()).is_empty(),
                2 => field(self.path()).is_not_empty(),
                _ => record_version().compare(self.comparison()),
            },
            4 => {
                let argument = key_expression::field(*self.of(&["a", "order"]));
                let sum = function("add", concat((argument, literal(self.below(9) as i64)))).unwrap();
                column(sum).compare(self.comparison())
            }
            5 => QueryComponent::and(list(self)),
            6 => QueryComponent::or(list(self)),
            7 => !self.component(depth - 1),
            8 => field(self.path()).matches(self.component(depth - 1)),
            _ => field(self.path()).any(self.component(depth - 1)),
        }
    }

    fn path(&mut self) -> String {
        let count = 1 + self.below(3);
        let names: Vec<&str> = (0..count)
            .map(|_| *self.of(&["a", "name", "order", "not", "Select", "_1", "é"]))
            .collect();
        names.join(".")
    }

    fn comparison(&mut self) -> Comparison {
        use ComparisonKind::*;
        let kind = *self.of(&[
            Equals,
            NotEquals,
            LessThan,
            LessThanOrEquals,
            GreaterThan,
            GreaterThanOrEquals,
            StartsWith,
        ]);
        match self.below(8) {
            0 => Comparison::unary(*self.of(&[IsNull, NotNull])),
            1 => {
                let count = self.below(3);
                Comparison::one_of((0..count).map(|_| self.value()).collect::<Vec<_>>())
            }
            2 => Comparison::new(In, param("list")),
            3 => Comparison::like(
                *self.of(&["P%", "%P", "_", "", "it's!%_"]),
                *self.of(&[None, Some('!')]),
            ),
            4 => Comparison::new(kind, ParameterName::Positional(self.below(3))),
            5 => Comparison::new(kind, param(*self.of(&["p", "select"]))),
            _ => Comparison::new(kind, self.value()),
        }
    }

    fn value(&mut self) -> Element {
        match self.below(7) {
            0 => Element::Int(self.below(1_000) as i64 - 500),
            1 => Element::Double((self.below(1_000) as f64 - 500.0) / 8.0),
            2 => Element::Float(self.below(1_000) as f32 / 3.0),
            3 => Element::Bool(self.below(2) == 0),
            4 => Element::from(*self.of(&["", "x", "it's", "ü\n"])),
            5 => Element::from(Tuple::from((self.below(300) as i64,)).pack()),
            _ => Element::Uuid(Uuid::from_u128(self.below(1 << 40) as u128)),
        }
    }
}
