//! Evaluation over encoded records: nulls, combined rows, functions, versions, refusals, damaged bytes.

use prost_reflect::{DescriptorPool, MessageDescriptor};
use record_store_kv::tuple::{Element, Versionstamp};

use super::super::{
    FanType, Field, KeyExpression, Literal, NullStandin, concat, empty, field, function, key_with_value, list, literal,
    record_type, version,
};
use super::{CompiledExpression, RecordView, Rows};
use crate::test_schema::compile;
use crate::{Error, ErrorKind};

const RECORD: &str = r#"
    syntax = "proto2";
    package com.apple.foundationdb.record;
    message UUID { optional sfixed64 most_significant_bits = 1; optional sfixed64 least_significant_bits = 2; }
    message NullableInt64 { optional int64 value = 1; }
    message In { optional int64 x = 1; repeated int64 ys = 2; optional int32 d = 3 [default = 7]; }
    message Array { repeated string values = 1; }
    message R {
        optional int64 n = 1;
        optional string s = 2;
        repeated string tags = 3;
        optional In in = 4;
        repeated In ins = 5;
        optional UUID uuid = 6;
        optional NullableInt64 nullable = 7;
        optional Array array = 8;
        optional double f = 9;
        repeated UUID uuids = 10;
        optional uint64 u = 11;
        repeated int64 numbers = 12;
    }
"#;

fn message() -> MessageDescriptor {
    let pool: DescriptorPool = compile(&[("record.proto", RECORD)]);
    pool.get_message_by_name("com.apple.foundationdb.record.R").unwrap()
}

fn rows_of(expression: &KeyExpression, record: &[u8], version: Option<Versionstamp>) -> Result<Rows, Error> {
    let compiled = CompiledExpression::new(expression, &message())?;
    let type_key = Element::Int(4);
    let mut rows = Rows::default();
    compiled.evaluate(&RecordView::new(record, &type_key, version), &mut rows)?;
    Ok(rows)
}

/// The rows as text, for example `(1, "a") (2, "b")`.
fn evaluate(expression: impl Into<KeyExpression>, record: &[u8]) -> Result<String, Error> {
    let rows = rows_of(&expression.into(), record, None)?;
    let tuples: Result<Vec<String>, Error> = rows.iter().map(|row| Ok(row.to_tuple()?.to_string())).collect();
    Ok(tuples?.join(" "))
}

fn check(expression: impl Into<KeyExpression>, record: &[u8], expected: &str) {
    let expression = expression.into();
    let name = expression.to_string();
    assert_eq!(evaluate(expression, record).unwrap(), expected, "{name} of {record:?}");
}

fn not_null(field: Field) -> Field {
    field.with_null_standin(NullStandin::NotNull)
}

const EMPTY: &[u8] = &[];
/// in { }
const EMPTY_IN: &[u8] = &[0x22, 0];

#[test]
fn what_a_missing_value_gives() {
    let x = || field("x");
    let ys = |fan_type| field("ys").with_fan_type(fan_type);

    // No message at all.
    check(field("in").nest(x()), EMPTY, "(null)");
    check(field("in").nest(not_null(x())), EMPTY, "(null)");
    check(field("in").nest(ys(FanType::FanOut)), EMPTY, "");
    check(field("in").nest(ys(FanType::Concatenate)), EMPTY, "(null)");
    check(field("in").nest(not_null(ys(FanType::Concatenate))), EMPTY, "(())");

    // The message is there, the field is not.
    check(field("in").nest(x()), EMPTY_IN, "(null)");
    check(field("in").nest(not_null(x())), EMPTY_IN, "(0)");
    check(field("in").nest(not_null(field("d"))), EMPTY_IN, "(7)");
    check(field("in").nest(ys(FanType::FanOut)), EMPTY_IN, "");
    check(field("in").nest(ys(FanType::Concatenate)), EMPTY_IN, "(())");
    check(not_null(field("uuid")), EMPTY, "(00000000-0000-0000-0000-000000000000)");

    // A message that must not be null is one with nothing set.
    check(not_null(field("in")).nest(x()), EMPTY, "(null)");
    check(not_null(field("in")).nest(not_null(field("d"))), EMPTY, "(7)");
    check(not_null(field("in")).nest(ys(FanType::Concatenate)), EMPTY, "(())");

    // A field that fans out though it is not repeated, and one that the type does not have.
    check(field("n").fan_out(), EMPTY, "");
    check(field("n").fan_out(), &[8, 5], "(5)");
    check(field("in").nest(field("z")), EMPTY_IN, "(null)");
    check(field("z"), EMPTY, "(null)");
    check(field("z").fan_out(), EMPTY, "");
    check(field("z").concatenate(), EMPTY, "(null)");
    check(not_null(field("z").concatenate()), EMPTY, "(())");
    check(field("z").nest(field("y")), EMPTY, "(null)");
    check(field("z").fan_out().nest(field("y")), EMPTY, "");
}

#[test]
fn nulls_know_what_they_stand_for() {
    let non_unique = |expression: KeyExpression, record: &[u8]| {
        let rows = rows_of(&expression, record, None).unwrap();
        let row = rows.get(0).unwrap();
        assert!(row.is_null(0), "{expression}");
        row.has_non_unique_null(0..1)
    };
    let unique = |field: Field| field.with_null_standin(NullStandin::NullUnique);
    let sum = |argument: Field| function("add", concat((argument, literal(1)))).unwrap();
    let count = |argument: KeyExpression| function("cardinality", argument).unwrap();

    assert!(non_unique(field("n").into(), EMPTY));
    assert!(non_unique(field("in").nest(field("x")), EMPTY));
    assert!(non_unique(version(), EMPTY));
    assert!(non_unique(literal(Literal::Null), EMPTY));
    assert!(non_unique(
        count(field("array").nest(field("values").concatenate())),
        EMPTY
    ));
    assert!(!non_unique(unique(field("n")).into(), EMPTY));
    assert!(!non_unique(field("in").nest(not_null(field("x"))), EMPTY));
    assert!(!non_unique(sum(field("n")), EMPTY));
}

#[test]
fn messages_that_are_scalars() {
    let uuid = [
        &[0x32, 18, 0x09][..],
        &1u64.to_le_bytes(),
        &[0x11],
        &(-2i64).to_le_bytes(),
    ]
    .concat();
    check(field("uuid"), &uuid, "(00000000-0000-0001-ffff-fffffffffffe)");
    check(field("nullable"), EMPTY, "(null)");
    check(field("nullable"), &[0x3A, 0], "(0)");
    check(field("nullable"), &[0x3A, 2, 8, 5], "(5)");
    // Java does not take them for scalars where they are repeated, but their fields can be had.
    assert!(evaluate(field("uuids").fan_out(), &[0x52, 0]).is_err());
    check(
        field("uuids").fan_out().nest(field("most_significant_bits")),
        &[0x52, 0],
        "(null)",
    );
    // Unsigned numbers are signed in Java.
    check(
        field("u"),
        &[0x58, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
        "(-1)",
    );
}

#[test]
fn rows_are_combined() {
    let record = [0x1A, 1, b'a', 0x1A, 1, b'b', 0x62, 2, 1, 2, 8, 7];
    let (tags, numbers) = (field("tags").fan_out(), field("numbers").fan_out());
    check(
        concat((tags.clone(), numbers.clone())),
        &record,
        r#"("a", 1) ("a", 2) ("b", 1) ("b", 2)"#,
    );
    check(
        concat((tags.clone(), field("in").nest(field("ys").fan_out()))),
        &record,
        "",
    );
    check(
        list((tags.clone(), concat((field("n"), field("s"))))),
        &record,
        r#"(("a"), (7, null)) (("b"), (7, null))"#,
    );
    check(tags.clone().split(2), &record, r#"("a", "b")"#);
    check(concat((record_type(), empty(), literal("x"))), &record, r#"(4, "x")"#);
    check(
        key_with_value(concat((field("n"), field("s"))), 1),
        &record,
        "(7, null)",
    );
    check(
        field("ins").fan_out().nest(concat((field("x"), record_type()))),
        &[0x2A, 2, 8, 1, 0x2A, 0],
        "(1, 4) (null, 4)",
    );

    let error = evaluate(tags.split(3), &record).unwrap_err();
    assert_eq!(
        (error.kind(), error.fact("values")),
        (ErrorKind::InvalidRecord, Some("2"))
    );
}

#[test]
fn functions_calculate_as_in_java() {
    let of = |name: &str, left: i64, right: i64| {
        evaluate(function(name, concat((literal(left), literal(right)))).unwrap(), EMPTY)
    };
    let of_one = |name: &str, value: i64| evaluate(function(name, literal(value)).unwrap(), EMPTY);
    for (name, left, right, expected) in [
        ("add", 2, 3, "(5)"),
        ("sub", 2, 3, "(-1)"),
        ("mul", -4, 3, "(-12)"),
        ("div", -7, 2, "(-3)"),
        ("div", i64::MIN, -1, "(-9223372036854775808)"),
        ("mod", -7, 2, "(-1)"),
        ("mod", i64::MIN, -1, "(0)"),
        ("bitxor", 6, 3, "(5)"),
        ("bitmap_bucket_offset", -1, 16, "(-16)"),
        ("bitmap_bit_position", -1, 16, "(15)"),
        ("bitmap_bucket_offset", 33, 16, "(32)"),
        ("bitmap_bucket_offset", 7, -2, "(8)"),
    ] {
        assert_eq!(of(name, left, right).unwrap(), expected, "{name}({left}, {right})");
    }
    for (name, left, right) in [
        ("add", i64::MAX, 1),
        ("subtract", i64::MIN, 1),
        ("multiply", i64::MAX, 2),
        ("divide", 1, 0),
        ("mod", 1, 0),
        ("bitmap_bucket_offset", i64::MIN, 3),
    ] {
        assert_eq!(
            of(name, left, right).unwrap_err().kind(),
            ErrorKind::InvalidRecord,
            "{name}({left}, {right})"
        );
    }
    assert_eq!(of_one("sub", i64::MIN).unwrap(), "(-9223372036854775808)");
    assert!(of_one("subtract", i64::MIN).is_err());
    assert_eq!(of_one("bitnot", 0).unwrap(), "(-1)");

    check(
        function("add", concat((field("f"), literal(1)))).unwrap(),
        &[0x49, 0, 0, 0, 0, 0, 0, 0xF8, 0xBF],
        "(0)",
    );
    assert!(
        evaluate(
            function("add", concat((field("s"), literal(1)))).unwrap(),
            &[0x12, 1, b'a']
        )
        .is_err()
    );

    let count = |argument: KeyExpression| function("cardinality", argument).unwrap();
    let values = |fan_type| field("array").nest(field("values").with_fan_type(fan_type));
    check(count(field("tags").concatenate().into()), &[0x1A, 0, 0x1A, 0], "(2)");
    check(count(values(FanType::Concatenate)), EMPTY, "(null)");
    check(count(values(FanType::Concatenate)), &[0x42, 0], "(0)");
    check(count(values(FanType::Concatenate)), &[0x42, 2, 0x0A, 0], "(1)");
    check(count(values(FanType::FanOut)), EMPTY, "");
}

#[test]
fn an_incomplete_version_says_where_it_is() {
    let stamp = Versionstamp::incomplete(3);
    for (expression, offset) in [
        (concat((field("n"), version())), 3),
        (list((field("n"), concat((literal(Literal::Null), version())))), 8),
        (concat((field("tags").fan_out(), version())), 4),
    ] {
        let rows = rows_of(&expression, &[8, 7, 0x1A, 1, b'a', 0x1A, 1, b'b'], Some(stamp)).unwrap();
        for row in rows.iter() {
            let at = row.incomplete_version().unwrap();
            assert_eq!(at, offset, "{expression}");
            assert_eq!(&row.bytes()[at..at + 12], stamp.as_bytes(), "{expression}");
        }
    }
    let compiled = CompiledExpression::new(&version(), &message()).unwrap();
    let type_key = Element::Int(4);
    let record = RecordView::new(EMPTY, &type_key, Some(stamp));
    assert!(compiled.append_key(&record, &mut Vec::new()).is_err());
    let ordered = function("order_asc_nulls_first", version()).unwrap();
    assert!(rows_of(&ordered, EMPTY, Some(stamp)).is_err());
}

#[test]
fn what_no_record_can_give_is_refused_at_once() {
    let refused: [KeyExpression; 7] = [
        field("tags").into(),
        field("tags").nest(field("x")),
        field("n").nest(field("x")),
        field("uuid").nest(field("most_significant_bits")),
        field("ins").concatenate().nest(field("x")),
        field("tags").fan_out().split(0),
        concat((field("n"), key_with_value(concat((field("n"), field("s"))), 1))),
    ];
    for expression in refused {
        let error = CompiledExpression::new(&expression, &message()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidExpression, "{expression}");
    }
    let collated = function("collate_jre", field("s")).unwrap();
    let error = CompiledExpression::new(&collated, &message()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn a_key_is_one_row() {
    let type_key = Element::Int(4);
    let record = RecordView::new(&[0x1A, 1, b'a', 0x1A, 1, b'b'], &type_key, None);
    let compiled = CompiledExpression::new(&field("tags").fan_out().into(), &message()).unwrap();
    let error = compiled.append_key(&record, &mut Vec::new()).unwrap_err();
    assert_eq!(
        (error.kind(), error.fact("rows")),
        (ErrorKind::InvalidRecord, Some("2"))
    );
}

#[test]
fn too_many_rows_are_refused() {
    let numbers = [&[0x62, 0xE9, 7][..], &[1; 1001]].concat();
    let pairs = concat((field("numbers").fan_out(), field("numbers").fan_out()));
    assert_eq!(rows_of(&pairs, &numbers, None).unwrap_err().kind(), ErrorKind::TooLarge);
}

#[test]
fn damaged_records_are_errors() {
    let columns = concat((
        field("n"),
        field("s"),
        field("in").nest(concat((field("x"), field("ys").concatenate()))),
        list((
            field("tags").fan_out(),
            field("ins").fan_out().nest(field("ys").fan_out()),
        )),
        field("uuid"),
        field("nullable"),
    ));
    let damaged: [&[u8]; 6] = [
        &[8],
        &[0x22, 5, 8],
        &[0x22, 1, 8],
        &[0x22, 2, 0x12, 0xFF],
        &[0x32, 3, 9, 1, 1],
        &[0x3A, 1, 0x0C],
    ];
    for record in damaged {
        let error = evaluate(columns.clone(), record).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRecord, "{record:?}");
        assert!(
            error.fact("reason").is_some() && error.fact("expression").is_some(),
            "{error}"
        );
    }
}

#[test]
fn rows_that_no_transaction_could_write_are_refused_before_they_take_memory() {
    let (tag, number) = ([&[0x1A, 200, 1][..], &[b'x'; 200]].concat(), [0x60, 1]);
    let record = [tag.repeat(1_000), number.repeat(900)].concat();
    let product = concat((field("tags").fan_out(), field("numbers").fan_out()));
    let error = rows_of(&product, &record, None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(error.fact("limit"), Some("20000000"));
}
