//! Random schemas, records and queries of a small world, in which much is equal.

use record_store::key_expression::{Literal, concat, field, record_type};
use record_store::kv::tuple::Element;
use record_store::metadata::{self, ComparisonType, IndexPredicate};
use record_store::query::{Comparison, ComparisonKind, Operand, QueryComponent, RecordQuery};
use record_store::{Index, KeyExpression, Record, Result, Schema};
use serde_json::{Map, Value, json};

use super::chance::Chance;

const PROTO: &str = r#"
    syntax = "proto2";
    message Sub { optional string x = 1; optional int64 y = 2; }
    message A {
      required int64 id = 1;
      optional int64 n = 2;
      optional string s = 3;
      optional int32 h = 4;
      optional double d = 5;
      optional bool f = 6;
      repeated string tags = 7;
      optional Sub sub = 8;
      repeated Sub subs = 9;
    }
    message B { required int64 id = 1; optional int64 n = 2; optional string s = 3; }
"#;

/// A schema with a few indexes of many.
pub(crate) fn schema(chance: &mut Chance) -> Result<Schema> {
    // Records of a type stand together, or among all.
    let together = chance.one_in(2);
    let primary_key = || -> KeyExpression {
        match together {
            true => concat((record_type(), field("id"))),
            false => field("id").into(),
        }
    };
    let mut schema = Schema::builder()
        .proto("random.proto", PROTO)
        .record_type("A", |t| t.primary_key(primary_key()))
        .record_type("B", |t| t.primary_key(primary_key()));
    let of_a: [(&str, KeyExpression); 14] = [
        ("n", field("n").into()),
        ("s", field("s").into()),
        ("h", field("h").into()),
        ("f", field("f").into()),
        ("d", field("d").into()),
        ("sn", concat((field("s"), field("n")))),
        ("hs", concat((field("h"), field("s")))),
        ("hsn", concat((field("h"), field("s"), field("n")))),
        ("tags", field("tags").fan_out().into()),
        ("tags_n", concat((field("tags").fan_out(), field("n")))),
        ("sub", field("sub").nest(concat((field("x"), field("y"))))),
        ("sub_n", concat((field("sub").nest(field("x")), field("n")))),
        ("subs", field("subs").fan_out().nest(concat((field("x"), field("y"))))),
        (
            "covering",
            record_store::key_expression::key_with_value(concat((field("h"), field("n"), field("f"))), 1),
        ),
    ];
    for (name, key) in of_a {
        if chance.one_in(3) {
            schema = schema.index(Index::new(name, key).on("A"));
        }
    }
    if chance.one_in(3) {
        schema = schema.index(Index::new("both", concat((field("s"), field("n")))).on("A").on("B"));
    }
    if chance.one_in(3) {
        schema = schema.index(Index::new("all", field("n")));
    }
    if chance.one_in(2) {
        let large = IndexPredicate::Value {
            path: vec!["n".to_owned()],
            comparison: metadata::Comparison::Simple(ComparisonType::GreaterThan, Literal::Long(2)),
        };
        let index = Index::new("large", concat((field("n"), field("s"))));
        schema = schema.index(index.on("A").with_predicate(large));
    }
    schema.build()
}

/// A record with this id.
pub(crate) fn record(chance: &mut Chance, id: i64) -> Record {
    let mut fields = Map::new();
    let mut set = |chance: &mut Chance, name: &str, value: Value| {
        if !chance.one_in(5) {
            fields.insert(name.to_owned(), value);
        }
    };
    let number = json!(chance.below(6));
    set(chance, "n", number);
    let text = json!(chance.of(&TEXTS));
    set(chance, "s", text);
    let kind = if chance.one_in(4) { "B" } else { "A" };
    if kind == "A" {
        let small = json!(chance.below(4));
        set(chance, "h", small);
        let fraction = json!(chance.below(4) as f64 / 2.0);
        set(chance, "d", fraction);
        let truth = json!(chance.one_in(2));
        set(chance, "f", truth);
        let tags: Vec<Value> = (0..chance.below(4)).map(|_| json!(chance.of(&TEXTS))).collect();
        set(chance, "tags", json!(tags));
        let sub = message(chance);
        set(chance, "sub", sub);
        let subs: Vec<Value> = (0..chance.below(3)).map(|_| message(chance)).collect();
        set(chance, "subs", json!(subs));
    }
    fields.insert("id".to_owned(), json!(id));
    Record::from_json(kind, Value::Object(fields).to_string())
}

fn message(chance: &mut Chance) -> Value {
    match chance.below(4) {
        0 => json!({}),
        1 => json!({"x": chance.of(&TEXTS)}),
        _ => json!({"x": chance.of(&TEXTS), "y": chance.below(3)}),
    }
}

/// A query for records of one type or of both.
pub(crate) fn query(chance: &mut Chance) -> RecordQuery {
    let both = chance.one_in(5);
    let mut query = match both {
        true => RecordQuery::new(["A", "B"]),
        false => RecordQuery::new(["A"]),
    };
    if !chance.one_in(12) {
        query = query.with_filter(filter(chance, both, 3));
    }
    if chance.one_in(3) {
        let orders: [KeyExpression; 6] = [
            field("n").into(),
            field("s").into(),
            concat((field("s"), field("n"))),
            field("id").into(),
            field("h").into(),
            concat((field("h"), field("s"))),
        ];
        let known = if both { &orders[..4] } else { &orders[..] };
        query = query.with_sort(chance.of(known).clone()).with_reverse(chance.one_in(2));
    }
    query
}

fn filter(chance: &mut Chance, both: bool, depth: usize) -> QueryComponent {
    let children = |chance: &mut Chance| -> Vec<QueryComponent> {
        (0..2 + chance.below(2))
            .map(|_| filter(chance, both, depth - 1))
            .collect()
    };
    match chance.below(if depth == 0 { 6 } else { 10 }) {
        6 | 7 => QueryComponent::And(children(chance)),
        8 => QueryComponent::Or(children(chance)),
        9 => QueryComponent::Not(Box::new(filter(chance, both, depth - 1))),
        _ if both => of_both(chance),
        _ => of_a(chance),
    }
}

fn of_both(chance: &mut Chance) -> QueryComponent {
    match chance.below(3) {
        0 => on("n", number(chance)),
        1 => on("s", text(chance)),
        _ => on(
            "id",
            Comparison::new(ComparisonKind::GreaterThan, chance.below(40) as i64),
        ),
    }
}

fn of_a(chance: &mut Chance) -> QueryComponent {
    match chance.below(10) {
        0 => on("n", number(chance)),
        1 => on("s", text(chance)),
        2 => on("h", number(chance)),
        3 => {
            let bound = chance.below(4) as f64 / 2.0;
            on("d", Comparison::new(*chance.of(&ORDERS), bound))
        }
        4 => on("f", Comparison::new(ComparisonKind::Equals, chance.one_in(2))),
        5 => QueryComponent::OneOfThem {
            name: "tags".to_owned(),
            comparison: text(chance),
        },
        6 => QueryComponent::Nested {
            name: "sub".to_owned(),
            child: Box::new(of_message(chance)),
        },
        7 => QueryComponent::OneOfThemNested {
            name: "subs".to_owned(),
            child: Box::new(of_message(chance)),
        },
        8 => on("id", Comparison::new(*chance.of(&ORDERS), chance.below(40) as i64)),
        _ => on(
            "tags",
            Comparison::unary(*chance.of(&[ComparisonKind::IsEmpty, ComparisonKind::NotEmpty])),
        ),
    }
}

fn of_message(chance: &mut Chance) -> QueryComponent {
    match chance.below(3) {
        0 => on("x", text(chance)),
        1 => on("y", number(chance)),
        _ => QueryComponent::And(vec![on("x", text(chance)), on("y", number(chance))]),
    }
}

fn on(name: &str, comparison: Comparison) -> QueryComponent {
    QueryComponent::Field {
        name: name.to_owned(),
        comparison,
    }
}

fn number(chance: &mut Chance) -> Comparison {
    compare(chance, |chance| Element::from(chance.below(6) as i64))
}

fn text(chance: &mut Chance) -> Comparison {
    if chance.one_in(5) {
        return Comparison::new(ComparisonKind::StartsWith, *chance.of(&["a", "b", "", "aa"]));
    }
    compare(chance, |chance| Element::from(*chance.of(&TEXTS)))
}

fn compare(chance: &mut Chance, value: impl Fn(&mut Chance) -> Element) -> Comparison {
    match chance.below(10) {
        0 => Comparison::unary(*chance.of(&[ComparisonKind::IsNull, ComparisonKind::NotNull])),
        1 => {
            let values = (0..chance.below(4)).map(|_| value(chance)).collect();
            Comparison::new(ComparisonKind::In, Operand::List(values))
        }
        2..5 => {
            let bound = value(chance);
            Comparison::new(*chance.of(&ORDERS), Operand::Value(bound))
        }
        5 => Comparison::new(ComparisonKind::NotEquals, Operand::Value(value(chance))),
        _ => Comparison::new(ComparisonKind::Equals, Operand::Value(value(chance))),
    }
}

const TEXTS: [&str; 5] = ["a", "aa", "ab", "b", "é"];

const ORDERS: [ComparisonKind; 4] = [
    ComparisonKind::LessThan,
    ComparisonKind::LessThanOrEquals,
    ComparisonKind::GreaterThan,
    ComparisonKind::GreaterThanOrEquals,
];
