//! What of a query does not fit the schema, and what values become.

use record_store_kv::tuple::Element;
use uuid::Uuid;

use super::Parameters;
use crate::key_expression::{concat, field as column};
use crate::query::{Comparison, ComparisonKind, Operand, QueryComponent, RecordQuery, field, param};
use crate::{ErrorKind, RecordMetaData, Result, Schema};

fn meta_data() -> RecordMetaData {
    let proto = r#"
        syntax = "proto3";
        import "tuple_fields.proto";
        enum Color { RED = 0; GREEN = 1; }
        message In { int64 x = 1; }
        message User {
            int64 id = 1;
            int32 age = 2;
            string name = 3;
            bytes raw = 4;
            float ratio = 5;
            double score = 6;
            bool active = 7;
            Color color = 8;
            In address = 11;
            repeated string tags = 12;
            repeated In lines = 13;
            com.apple.foundationdb.record.UUID key = 14;
            map<string, int64> counts = 15;
        }
        message Order { int64 id = 1; string age = 2; Color color = 3; }
    "#;
    let schema = Schema::builder()
        .proto("bind.proto", proto)
        .record_type("User", |record_type| {
            record_type.primary_key("id").index(("by_age", "age"))
        })
        .record_type("Order", |record_type| record_type.primary_key("id"))
        .build()
        .unwrap();
    schema.merge_into(None).unwrap()
}

fn bind(filter: QueryComponent) -> Result<QueryComponent> {
    let query = RecordQuery::new(["User"]).with_filter(filter);
    Ok(query.bind(&meta_data(), &Parameters::new())?.filter().unwrap().clone())
}

#[test]
fn values_become_what_keys_hold() {
    let cases = [
        ("age = 5.0", field("age").eq(5)),
        (
            "ratio = 1 AND ratio < 0.1",
            field("ratio").eq(1.0_f32) & field("ratio").lt(0.1_f32),
        ),
        (
            "score = 1 OR score > float(0.5)",
            field("score").eq(1.0) | field("score").gt(0.5),
        ),
        ("color IN ('RED', 1, 7)", field("color").is_in([0, 1, 7])),
        (
            "key = '00000000-0000-0000-0000-000000000007'",
            field("key").eq(Uuid::from_u128(7)),
        ),
        (
            "key = X'00000000000000000000000000000007'",
            field("key").eq(Uuid::from_u128(7)),
        ),
        ("any(tags) = 'x'", field("tags").one_of_them().eq("x")),
        (
            "any(counts, key = 'a' AND value > 1)",
            field("counts").any(field("key").eq("a") & field("value").gt(1)),
        ),
        ("age = NULL", field("age").eq(Element::Null)),
    ];
    for (text, expected) in cases {
        assert_eq!(bind(QueryComponent::parse(text).unwrap()).unwrap(), expected, "{text}");
    }
}

#[test]
fn what_does_not_fit_is_named() {
    type Facts = &'static [(&'static str, &'static str)];
    let cases: &[(&str, &str, Facts)] = &[
        (
            "agee = 1",
            "does not have",
            &[("field", "agee"), ("did_you_mean", "age"), ("message", "User")],
        ),
        (
            "address.y = 1",
            "does not have",
            &[("field", "y"), ("did_you_mean", "x"), ("within", "address")],
        ),
        (
            "age.x = 1",
            "holds no message",
            &[("field", "age"), ("type", "integer")],
        ),
        ("key.x = 1", "holds no message", &[("field", "key"), ("type", "UUID")]),
        (
            "age = 'x'",
            "another type",
            &[("field", "age"), ("type", "integer"), ("value", "\"x\"")],
        ),
        ("age = 5.5", "another type", &[("value", "5.5")]),
        ("age = 99999999999999999999", "larger", &[("field", "age")]),
        ("age IN (1, 'x')", "another type", &[("value", "\"x\"")]),
        ("age IN (1, NULL)", "null", &[("field", "age")]),
        ("name = 5", "another type", &[("type", "string")]),
        ("name = X'00'", "another type", &[("type", "string")]),
        ("raw = 'x'", "another type", &[("type", "bytes")]),
        ("active = 1", "another type", &[("type", "bool")]),
        ("ratio = 1e300", "another type", &[("type", "float")]),
        ("score = 9007199254740993", "no double", &[("field", "score")]),
        (
            "color = 'GREE'",
            "no such value",
            &[("value", "GREE"), ("did_you_mean", "GREEN"), ("field", "color")],
        ),
        ("key = 'x'", "no UUID", &[("field", "key")]),
        (
            "starts_with(age, 'x')",
            "beginning",
            &[("type", "integer"), ("kind", "STARTS_WITH")],
        ),
        ("raw LIKE '%x_'", "pattern", &[("type", "bytes")]),
        ("address = 5", "holds a message", &[("type", "message In")]),
        ("tags = 'x'", "repeated", &[("field", "tags")]),
        ("tags IS NULL", "repeated", &[("field", "tags")]),
        ("any(name) = 'x'", "not repeated", &[("field", "name")]),
        ("any(address, x = 1)", "not repeated", &[("field", "address")]),
        ("lines.x = 1", "repeated", &[("field", "lines")]),
        ("any(tags, x = 1)", "holds no message", &[("field", "tags")]),
        ("is_empty(name)", "not repeated", &[("field", "name")]),
        (
            "matches(address, record_type() = 'User')",
            "only records",
            &[("field", "address")],
        ),
        ("record_version() = 5", "another type", &[("type", "version")]),
        ("record_version() = X'00'", "12 bytes", &[]),
        ("age = ?", "no value", &[("parameter", "?1")]),
    ];
    for (text, message, facts) in cases {
        let error = bind(QueryComponent::parse(text).unwrap()).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::InvalidQuery, "{text}: {error}");
        assert!(error.message().contains(message), "{text}: {error}");
        for (name, value) in *facts {
            assert_eq!(error.fact(name), Some(*value), "{text}: {error}");
        }
    }
    let error = bind(QueryComponent::RecordType("Usr".to_owned())).unwrap_err();
    assert_eq!(
        (error.kind(), error.fact("did_you_mean")),
        (ErrorKind::MetaData, Some("User"))
    );
}

#[test]
fn operands_have_the_form_of_their_kind() {
    let forms = [
        Comparison::new(ComparisonKind::IsNull, 5),
        Comparison::unary(ComparisonKind::Equals),
        Comparison::new(ComparisonKind::In, 5),
        Comparison::new(ComparisonKind::Like, "x"),
        Comparison::one_of([1]).with_operand(Operand::None),
        Comparison::new(ComparisonKind::Equals, 1).with_operand(Operand::List(Vec::new())),
    ];
    for comparison in forms {
        let error = bind(field("age").compare(comparison)).unwrap_err();
        assert!(error.message().contains("another form"), "{error}");
    }
}

#[test]
fn queries_name_what_there_is() {
    let meta_data = meta_data();
    let bind = |query: RecordQuery| query.bind(&meta_data, &Parameters::new());
    let users = || RecordQuery::new(["User"]);
    let full = users()
        .with_sort(concat((column("age"), column("name"))))
        .with_required_results(column("name"))
        .with_allowed_indexes(["by_age"]);
    assert_eq!(bind(full.clone()).unwrap(), full);
    bind(RecordQuery::all_types().with_sort(column("name"))).unwrap();

    for (query, kind) in [
        (RecordQuery::new(["Usr"]), ErrorKind::MetaData),
        (users().with_allowed_indexes(["nope"]), ErrorKind::MetaData),
        (users().with_sort(column("nope")), ErrorKind::InvalidExpression),
        (
            users().with_required_results(column("nope")),
            ErrorKind::InvalidExpression,
        ),
        (
            RecordQuery::all_types().with_sort(column("nope")),
            ErrorKind::InvalidExpression,
        ),
        (
            RecordQuery::new(["User", "Order"]).with_sort(column("name")),
            ErrorKind::InvalidExpression,
        ),
    ] {
        assert_eq!(bind(query.clone()).unwrap_err().kind(), kind, "{query:?}");
    }
    let both = |filter| bind(RecordQuery::new(["User", "Order"]).with_filter(filter));
    both(field("color").eq("GREEN")).unwrap();
    assert_eq!(both(field("age").eq(5)).unwrap_err().fact("type"), Some("string"));
    both(field("age").is_null()).unwrap();

    let parameters = Parameters::new().with("age", 5);
    let bound = users()
        .with_filter(field("score").eq(param("age")))
        .bind(&meta_data, &parameters);
    assert_eq!(bound.unwrap().filter(), Some(&field("score").eq(5.0)));
    assert!(
        users().bind(&meta_data, &parameters).is_err(),
        "nobody asked for the value"
    );
    let deep = (0..200).fold(field("age").eq(1), |filter, _| !filter);
    assert_eq!(bind(users().with_filter(deep)).unwrap_err().fact("limit"), Some("100"));
}
