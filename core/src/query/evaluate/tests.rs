//! Filters asked of encoded records: each line is a text, a record, and the answer of Java's three-valued logic.

use prost_reflect::MessageDescriptor;
use record_store_kv::Bytes;
use record_store_kv::tuple::{Element, Versionstamp};

use super::RecordFilter;
use crate::key_expression::{FanType, RecordView, concat, field as column, function, literal};
use crate::query::{Parameters, QueryComponent, RecordQuery, field, key_expression, param, record_version};
use crate::{ErrorKind, Record, RecordMetaData, Schema};

const PROTO: &str = r#"
    syntax = "proto2";
    import "tuple_fields.proto";
    enum Color { RED = 0; GREEN = 1; BLUE = 5; }
    message In { optional int64 x = 1; optional string s = 2; optional In in = 3; repeated string tags = 4; repeated In ins = 5; }
    message A {
        optional int64 id = 1;
        optional int32 n = 2;
        optional string s = 3;
        optional bytes b = 4;
        optional double d = 5;
        optional float f = 6;
        optional bool t = 7;
        optional Color color = 8;
        optional In in = 10;
        repeated int64 ns = 11;
        repeated In ins = 12;
        optional com.apple.foundationdb.record.UUID uuid = 13;
        optional com.apple.foundationdb.record.NullableInt64 nullable = 14;
        optional int32 dflt = 15 [default = 7];
        repeated com.apple.foundationdb.record.UUID uuids = 16;
    }
    message B { optional int64 id = 1; optional string other = 2; optional In in = 3; }
"#;

fn meta_data() -> RecordMetaData {
    let schema = Schema::builder()
        .proto("filters.proto", PROTO)
        .record_type("A", |record_type| record_type.primary_key("id"))
        .record_type("B", |record_type| record_type.primary_key("id"))
        .build()
        .unwrap();
    schema.merge_into(None).unwrap()
}

fn encode(message: &MessageDescriptor, json: &str) -> Bytes {
    Record::from_json(message.name(), json).encode(message).unwrap()
}

/// The filter, bound to a query of one type and compiled for it.
fn compile(filter: &QueryComponent, record_type: &str) -> crate::Result<RecordFilter> {
    let meta_data = meta_data();
    let bound = RecordQuery::new([record_type])
        .with_filter(filter.clone())
        .bind(&meta_data, &Parameters::new())?;
    RecordFilter::new(bound.filter().unwrap(), meta_data.record_type(record_type)?)
}

fn evaluate(filter: &QueryComponent, json: &str) -> Option<bool> {
    let compiled = compile(filter, "A").unwrap_or_else(|error| panic!("{filter}: {error}"));
    let meta_data = meta_data();
    let bytes = encode(meta_data.record_type("A").unwrap().descriptor(), json);
    compiled
        .evaluate(&RecordView::new(&bytes, &Element::Null, None))
        .unwrap()
}

const TRUE: Option<bool> = Some(true);
const FALSE: Option<bool> = Some(false);
const NULL: Option<bool> = None;

fn check(cases: &[(&str, &str, Option<bool>)]) {
    for (text, json, expected) in cases {
        let filter = QueryComponent::parse(text).unwrap();
        assert_eq!(evaluate(&filter, json), *expected, "{text} of {json}");
    }
}

#[test]
fn logic_has_three_values() {
    // n is 1, s is unset.
    let record = r#"{"n": 1}"#;
    let (yes, no, null) = ("n = 1", "n = 2", "s = 'x'");
    for (left, right, and, or) in [
        (yes, yes, TRUE, TRUE),
        (yes, no, FALSE, TRUE),
        (yes, null, NULL, TRUE),
        (no, no, FALSE, FALSE),
        (no, null, FALSE, NULL),
        (null, null, NULL, NULL),
    ] {
        check(&[
            (&format!("{left} AND {right}"), record, and),
            (&format!("{right} AND {left}"), record, and),
            (&format!("{left} OR {right}"), record, or),
            (&format!("{right} OR {left}"), record, or),
        ]);
    }
    check(&[
        ("NOT n = 1", record, FALSE),
        ("NOT n = 2", record, TRUE),
        ("NOT s = 'x'", record, NULL),
        ("TRUE", record, TRUE),
        ("FALSE", record, FALSE),
    ]);
}

#[test]
fn values_compare_by_their_type() {
    check(&[
        ("n < 5", r#"{"n": -6}"#, TRUE),
        ("n <= 5 AND n >= 5 AND NOT n > 5 AND NOT n < 5", r#"{"n": 5}"#, TRUE),
        ("n <> 5", r#"{"n": 5}"#, FALSE),
        ("n = 5.0", r#"{"n": 5}"#, TRUE),
        ("n < 5000000000", r#"{"n": 2147483647}"#, TRUE),
        ("n IN (1, 3, 2)", r#"{"n": 3}"#, TRUE),
        ("n IN (1, 3, 2)", r#"{"n": 4}"#, FALSE),
        ("n IN ()", r#"{"n": 4}"#, FALSE),
        ("n IN (1)", "{}", NULL),
        ("n = NULL", r#"{"n": 4}"#, NULL),
        ("n <> NULL", "{}", NULL),
        ("n IS NULL AND s IS NULL AND in IS NULL AND uuid IS NULL", "{}", TRUE),
        ("n IS NOT NULL", r#"{"n": 0}"#, TRUE),
        ("s > 'B' AND s < 'a'", r#"{"s": "Z"}"#, TRUE),
        // By code points, as in keys, and not by UTF-16 units, as Java's strings in memory.
        ("s > '\u{FFFD}'", r#"{"s": "😀"}"#, TRUE),
        ("starts_with(s, 'ab')", r#"{"s": "abc"}"#, TRUE),
        ("starts_with(s, 'ab')", r#"{"s": "a"}"#, FALSE),
        ("starts_with(s, '')", "{}", NULL),
        ("s LIKE '%b_'", r#"{"s": "abc"}"#, TRUE),
        ("s NOT LIKE '%b_'", r#"{"s": "ab"}"#, TRUE),
        ("s LIKE '_%_'", "{}", NULL),
        ("b > X'7f'", r#"{"b": "gA=="}"#, TRUE),
        ("starts_with(b, X'80')", r#"{"b": "gAE="}"#, TRUE),
        ("d > 1", r#"{"d": 1.5}"#, TRUE),
        ("d = -0.0", r#"{"d": 0.0}"#, FALSE),
        ("d = double('NaN') AND d > double('inf')", r#"{"d": "NaN"}"#, TRUE),
        ("f = 0.1", r#"{"f": 0.1}"#, TRUE),
        ("f IN (0.5, 2)", r#"{"f": 2.0}"#, TRUE),
        ("t", r#"{"t": true}"#, TRUE),
        ("NOT t", r#"{"t": false}"#, TRUE),
        ("t", "{}", NULL),
        ("color = 'GREEN'", r#"{"color": "GREEN"}"#, TRUE),
        ("color = 1", r#"{"color": "GREEN"}"#, TRUE),
        ("color > 'RED'", r#"{"color": "BLUE"}"#, TRUE),
    ]);
}

#[test]
fn what_is_not_set_is_null_also_where_the_schema_has_a_default() {
    check(&[
        ("dflt = 7", "{}", NULL),
        ("dflt IS NULL", "{}", TRUE),
        ("dflt = 7", r#"{"dflt": 7}"#, TRUE),
    ]);
}

#[test]
fn messages_that_stand_for_scalars_compare_as_these() {
    let record = r#"{"uuid": {"mostSignificantBits": -1, "leastSignificantBits": 7}, "nullable": {"value": 5},
        "uuids": [{"leastSignificantBits": 1}, {"leastSignificantBits": 2}]}"#;
    check(&[
        ("uuid = 'ffffffff-ffff-ffff-0000-000000000007'", record, TRUE),
        ("uuid > '7fffffff-ffff-ffff-0000-000000000007'", record, TRUE),
        ("uuid IS NULL", record, FALSE),
        ("nullable = 5", record, TRUE),
        ("nullable < 5", "{}", NULL),
        ("nullable = 0", r#"{"nullable": {}}"#, TRUE),
        ("any(uuids) = '00000000-0000-0000-0000-000000000002'", record, TRUE),
        ("any(uuids) = '00000000-0000-0000-0000-000000000003'", record, FALSE),
    ]);
}

#[test]
fn a_message_that_is_not_there_has_only_nulls() {
    check(&[
        ("in.x = 1", r#"{"in": {"x": 1}}"#, TRUE),
        ("in.x = 1", r#"{"in": {}}"#, NULL),
        ("in.x = 1", "{}", NULL),
        ("in.x IS NULL", "{}", TRUE),
        ("in.in.x IS NULL AND in.in IS NULL", r#"{"in": {}}"#, TRUE),
        ("in.in.in.s = 'y'", r#"{"in": {"in": {"in": {"s": "y"}}}}"#, TRUE),
        ("in IS NOT NULL", r#"{"in": {}}"#, TRUE),
        ("matches(in, x = 1 OR s = 'y')", r#"{"in": {"s": "y"}}"#, TRUE),
        ("matches(in, NOT x = 1)", "{}", NULL),
        ("matches(in, x IS NULL AND s IS NULL)", "{}", TRUE),
        ("is_empty(in.tags)", r#"{"in": {}}"#, TRUE),
        ("is_empty(in.tags)", "{}", NULL),
        ("is_not_empty(in.tags)", "{}", NULL),
        ("any(in.tags) = 'x'", "{}", NULL),
        ("any(in.tags) IS NULL", "{}", TRUE),
        ("any(in.ins, x IS NULL)", "{}", NULL),
    ]);
}

#[test]
fn one_of_the_values_is_enough() {
    check(&[
        ("any(ns) = 2", r#"{"ns": [1, 2, 3]}"#, TRUE),
        ("any(ns) = 4", r#"{"ns": [1, 2, 3]}"#, FALSE),
        ("any(ns) <> 2", r#"{"ns": [2, 2]}"#, FALSE),
        ("NOT any(ns) = 4", r#"{"ns": [1]}"#, TRUE),
        ("any(ns) = 4", "{}", NULL),
        ("NOT any(ns) = 4", "{}", NULL),
        ("any(ns) IN (9, 3)", r#"{"ns": [1, 2, 3]}"#, TRUE),
        ("any(ns) IS NULL", r#"{"ns": [1]}"#, FALSE),
        ("any(ns) IS NOT NULL", r#"{"ns": [1]}"#, TRUE),
        ("2 < ANY(ns)", r#"{"ns": [1, 3]}"#, TRUE),
        ("is_empty(ns)", "{}", TRUE),
        ("is_not_empty(ns)", r#"{"ns": [0]}"#, TRUE),
        ("is_empty(ins)", r#"{"ins": [{}]}"#, FALSE),
        (
            "any(ins, x = 1 AND s = 'a')",
            r#"{"ins": [{"x": 1}, {"s": "a"}]}"#,
            FALSE,
        ),
        (
            "any(ins, x = 1 AND s = 'a')",
            r#"{"ins": [{}, {"x": 1, "s": "a"}]}"#,
            TRUE,
        ),
        ("any(ins, x = 1)", "{}", NULL),
        (
            "any(ins, any(tags) = 'q')",
            r#"{"ins": [{"tags": ["p"]}, {"tags": ["p", "q"]}]}"#,
            TRUE,
        ),
    ]);
    // A path does not lead through repeated messages.
    let error = compile(&QueryComponent::parse("any(ins.tags) = 'q'").unwrap(), "A").unwrap_err();
    assert_eq!(error.fact("field"), Some("ins"), "{error}");
}

#[test]
fn columns_of_key_expressions_compare() {
    let sum = |value: i64| function("add", concat((column("n"), literal(value)))).unwrap();
    assert_eq!(evaluate(&key_expression(sum(100)).gt(110), r#"{"n": 11}"#), TRUE);
    assert_eq!(evaluate(&key_expression(sum(100)).gt(110), "{}"), NULL);
    assert_eq!(evaluate(&key_expression(sum(1)).is_in([5, 12]), r#"{"n": 11}"#), TRUE);
    assert_eq!(
        evaluate(&key_expression(column("color")).eq("BLUE"), r#"{"color": 5}"#),
        TRUE
    );
    let nested = column("in").nest(column("x"));
    assert_eq!(evaluate(&key_expression(nested.clone()).is_null(), "{}"), TRUE);
    let within = field("in").matches(key_expression(column("x")).eq(3));
    assert_eq!(evaluate(&within, r#"{"in": {"x": 3}}"#), TRUE);
    assert_eq!(evaluate(&within, "{}"), NULL);

    let refused = [
        key_expression(concat((column("n"), column("s")))).eq(1),
        key_expression(column("ns").with_fan_type(FanType::FanOut)).eq(1),
        key_expression(column("nope")).eq(1),
        key_expression(nested).eq("x"),
        key_expression(sum(1)).eq(1.5),
    ];
    for filter in refused {
        assert_eq!(
            compile(&filter, "A").unwrap_err().kind(),
            ErrorKind::InvalidQuery,
            "{filter}"
        );
    }
}

#[test]
fn versions_compare() {
    let stamp = |last| Versionstamp::from_bytes([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, last]);
    let evaluate = |filter: QueryComponent, version| {
        let compiled = compile(&filter, "A").unwrap();
        compiled
            .evaluate(&RecordView::new(&[], &Element::Null, version))
            .unwrap()
    };
    assert_eq!(evaluate(record_version().gt(stamp(1)), Some(stamp(2))), TRUE);
    assert_eq!(evaluate(record_version().gt(stamp(2)), Some(stamp(2))), FALSE);
    assert_eq!(
        evaluate(record_version().eq(&stamp(2).as_bytes()[..]), Some(stamp(2))),
        TRUE
    );
    assert_eq!(evaluate(record_version().gt(stamp(2)), None), NULL);
    assert_eq!(evaluate(record_version().is_null(), None), TRUE);
    assert_eq!(
        evaluate(field("in").matches(record_version().is_not_null()), Some(stamp(2))),
        TRUE
    );
}

#[test]
fn types_that_do_not_have_a_field_have_null_in_queries_of_all_types() {
    let meta_data = meta_data();
    let text = "record_type() = 'A' AND n = 1 OR other = 'x' OR in.x = 3 AND ns IS NULL";
    let filter = QueryComponent::parse(text).unwrap();
    let all = RecordQuery::all_types().with_filter(filter.clone());
    let error = all.bind(&meta_data, &Parameters::new()).unwrap_err();
    assert_eq!(error.fact("field"), Some("ns"), "{error}");

    let filter =
        QueryComponent::parse("record_type() = 'A' AND n = 1 OR other = 'x' OR in.x = 3 AND any(ns) = 1").unwrap();
    let all = RecordQuery::all_types().with_filter(filter.clone());
    let bound = all.bind(&meta_data, &Parameters::new()).unwrap();
    for (record_type, json, expected) in [
        ("A", r#"{"n": 1}"#, TRUE),
        ("A", r#"{"n": 2, "in": {"x": 3}, "ns": [1]}"#, TRUE),
        ("B", r#"{"other": "x"}"#, TRUE),
        ("B", r#"{"other": "y", "in": {"x": 3}}"#, NULL),
    ] {
        let known = meta_data.record_type(record_type).unwrap();
        let compiled = RecordFilter::new(bound.filter().unwrap(), known).unwrap();
        let bytes = encode(known.descriptor(), json);
        let answer = compiled
            .evaluate(&RecordView::new(&bytes, &Element::Null, None))
            .unwrap();
        assert_eq!(answer, expected, "{record_type} {json}");
    }
    // A query that names its types asks for what all of them have.
    let named = RecordQuery::new(["A", "B"]).with_filter(field("n").eq(1));
    let error = named.bind(&meta_data, &Parameters::new()).unwrap_err();
    assert_eq!(
        (error.fact("field"), error.fact("message")),
        (Some("n"), Some("B")),
        "{error}"
    );
}

#[test]
fn damaged_records_and_unbound_filters_are_errors() {
    let meta_data = meta_data();
    let record_type = meta_data.record_type("A").unwrap();
    let compiled = compile(&field("in.x").eq(1), "A").unwrap();
    for bytes in [&[0x52][..], &[0x52, 2, 8]] {
        let error = compiled
            .evaluate(&RecordView::new(bytes, &Element::Null, None))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRecord);
    }
    let unbound = [
        field("n").eq(param("p")),
        field("ns").eq(1),
        field("n").one_of_them().eq(1),
        field("n").matches(field("x").eq(1)),
        field("in").eq(1),
    ];
    for filter in unbound {
        let error = RecordFilter::new(&filter, record_type).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidQuery, "{filter}");
    }
    let deep = (0..200).fold(field("n").eq(1), |filter, _| !filter);
    assert_eq!(
        RecordFilter::new(&deep, record_type).unwrap_err().fact("limit"),
        Some("100")
    );
}
