//! Texts of filters: what they mean, what they refuse and where, and that what is written reads as the same.

mod random;

use record_store_kv::tuple::{BigInt, Element, Versionstamp};
use sqlparser::keywords::ALL_KEYWORDS;
use uuid::Uuid;

use super::names::{RESERVED, quoted};
use crate::ErrorKind;
use crate::key_expression::{self, KeyExpression, Literal, concat, function, literal};
use crate::query::{
    Comparison, ComparisonKind, Operand, ParameterName, QueryComponent, field, is_record_type,
    key_expression as column, param, record_version,
};

fn parse(text: &str) -> QueryComponent {
    QueryComponent::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn texts_mean_what_builders_build() {
    let positional = ParameterName::Positional;
    let compare = |name: &str, kind, operand: Operand| field(name).compare(Comparison::new(kind, operand));
    let cases = [
        ("age >= 18", field("age").ge(18)),
        ("18 <= age", field("age").ge(18)),
        ("1 <> a and a != 2", field("a").ne(1) & field("a").ne(2)),
        ("a=-5 OR a<-5.5", field("a").eq(-5) | field("a").lt(-5.5)),
        ("a = -9223372036854775808", field("a").eq(i64::MIN)),
        ("a = 18446744073709551616", field("a").eq(1_i128 << 64)),
        ("a = 1e3", field("a").eq(1000.0)),
        ("a = .5", field("a").eq(0.5)),
        ("s = 'it''s'", field("s").eq("it's")),
        ("b = X'00fF'", field("b").eq(&[0_u8, 255])),
        ("b = X''", field("b").eq(&[0_u8; 0])),
        ("t = TRUE AND f = false", field("t").eq(true) & field("f").eq(false)),
        ("n = NULL", field("n").eq(Element::Null)),
        ("address.city = 'Oslo'", field("address.city").eq("Oslo")),
        ("\"order\".\"x\" = 1", field("order.x").eq(1)),
        (
            "a = 1 AND b = 2 OR c = 3",
            (field("a").eq(1) & field("b").eq(2)) | field("c").eq(3),
        ),
        (
            "a = 1 AND (b = 2 OR c = 3)",
            field("a").eq(1) & (field("b").eq(2) | field("c").eq(3)),
        ),
        (
            "a = 1 AND (b = 2 AND c = 3)",
            field("a").eq(1) & field("b").eq(2) & field("c").eq(3),
        ),
        ("NOT a = 1 AND b = 2", !field("a").eq(1) & field("b").eq(2)),
        ("NOT (a = 1 AND NOT b = 2)", !(field("a").eq(1) & !field("b").eq(2))),
        (
            "active AND NOT gone",
            field("active").eq(true) & !field("gone").eq(true),
        ),
        ("TRUE", QueryComponent::and([])),
        ("FALSE", QueryComponent::or([])),
        (
            "a IS NULL OR a.b IS NOT NULL",
            field("a").is_null() | field("a.b").is_not_null(),
        ),
        ("a IN (1, 2)", field("a").is_in([1, 2])),
        ("a NOT IN (1)", !field("a").is_in([1])),
        ("a IN ()", field("a").is_in(Vec::<i64>::new())),
        (
            "a IN (1, ?, 2, :b)",
            field("a").is_in([1, 2]) | field("a").eq(positional(0)) | field("a").eq(param("b")),
        ),
        ("a = ANY(:list)", field("a").is_in_param(param("list"))),
        (
            "a BETWEEN 1 AND 5 AND b = 1",
            field("a").between(1, 5) & field("b").eq(1),
        ),
        ("a NOT BETWEEN 1 AND 5", !field("a").between(1, 5)),
        ("s LIKE 'P%'", field("s").starts_with("P")),
        ("s LIKE 'P'", field("s").eq("P")),
        ("s NOT LIKE '%P_'", !field("s").like("%P_")),
        ("s LIKE '50!%%' ESCAPE '!'", field("s").starts_with("50%")),
        ("s LIKE ?", compare("s", ComparisonKind::Like, positional(0).into())),
        (
            "starts_with(s, 'P') AND STARTS_WITH(b, X'00')",
            field("s").starts_with("P") & field("b").starts_with(&[0]),
        ),
        ("any(tags) = 'x'", field("tags").one_of_them().eq("x")),
        ("'x' = ANY(tags)", field("tags").one_of_them().eq("x")),
        ("5 < ANY(a.numbers)", field("a.numbers").one_of_them().gt(5)),
        ("ANY(tags) LIKE '%x'", field("tags").one_of_them().like("%x")),
        (
            "starts_with(any(tags), 'x')",
            field("tags").one_of_them().starts_with("x"),
        ),
        ("any(tags) IS NOT NULL", field("tags").one_of_them().is_not_null()),
        (
            "any(a.lines, x = 1 AND y = 2)",
            field("a.lines").any(field("x").eq(1) & field("y").eq(2)),
        ),
        (
            "matches(a, b = 1 OR c = 2)",
            field("a").matches(field("b").eq(1) | field("c").eq(2)),
        ),
        (
            "is_empty(tags) OR is_not_empty(a.tags)",
            field("tags").is_empty() | field("a.tags").is_not_empty(),
        ),
        ("record_type() = 'User'", is_record_type("User")),
        ("record_type() <> 'User'", !is_record_type("User")),
        ("record_type() IN ('A', 'B')", is_record_type("A") | is_record_type("B")),
        ("record_version() IS NULL", record_version().is_null()),
        (
            "record_version() > versionstamp(X'000102030405060708090a0b')",
            record_version().gt(Versionstamp::from_bytes([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])),
        ),
        (
            "u = uuid('00000000-0000-0000-0000-000000000007')",
            field("u").eq(Uuid::from_u128(7)),
        ),
        (
            "f = float(0.5) AND d < double('-inf')",
            field("f").eq(0.5_f32) & field("d").lt(f64::NEG_INFINITY),
        ),
        (
            "a = ? AND b = ? AND c = ?1 AND d = $2 AND e = ?",
            field("a").eq(positional(0))
                & field("b").eq(positional(1))
                & field("c").eq(positional(0))
                & field("d").eq(positional(1))
                & field("e").eq(positional(2)),
        ),
        (
            "a = 1 -- the first\n /* and */ AND b = 2",
            field("a").eq(1) & field("b").eq(2),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(parse(text), expected, "{text}");
        assert_eq!(parse(&expected.to_string()), expected, "{expected}");
    }
}

#[test]
fn functions_of_columns_are_key_expressions() {
    let name = |name: &str| KeyExpression::from(key_expression::field(name));
    let add = |left: KeyExpression, right: KeyExpression| function("add", concat((left, right))).unwrap();
    let cases = [
        ("add(v, 100) > 110", column(add(name("v"), literal(100_i64))).gt(110)),
        ("add(v, int(100)) = 1", column(add(name("v"), literal(100))).eq(1)),
        (
            "ADD(a.b, mul(c, 2.5)) = 1",
            column(add(
                key_expression::field("a").nest(key_expression::field("b")),
                function("mul", concat((name("c"), literal(2.5)))).unwrap(),
            ))
            .eq(1),
        ),
        ("key_expression(X'1A050A01611001') = 1", column(name("a")).eq(1)),
    ];
    for (text, expected) in cases {
        assert_eq!(parse(text), expected, "{text}");
        assert_eq!(parse(&expected.to_string()), expected, "{expected}");
    }
    // What has no words in the text is written as its message.
    for expression in [
        name("a"),
        key_expression::version(),
        key_expression::record_type(),
        function("add", concat((literal(Literal::Null), literal(1.5_f32)))).unwrap(),
        function("cardinality", key_expression::field("tags").concatenate()).unwrap(),
    ] {
        let expected = column(expression).eq(1);
        assert!(expected.to_string().starts_with("key_expression("), "{expected}");
        assert_eq!(parse(&expected.to_string()), expected, "{expected}");
    }
}

#[test]
fn values_read_as_they_were_written() {
    let values = [
        Element::Int(i64::MAX),
        Element::BigInt("-340282366920938463463374607431768211456".parse::<BigInt>().unwrap()),
        Element::Double(-0.0),
        Element::Double(f64::MIN_POSITIVE),
        Element::Double(1e300),
        Element::Double(f64::INFINITY),
        Element::Double(f64::NAN),
        Element::Float(f32::MAX),
        Element::Float(1e-40),
        Element::Float(f32::NAN),
        Element::from("'\"\\\n\u{0}é😀"),
        Element::from(&[0_u8, 1, 255]),
        Element::Bool(false),
        Element::Null,
        Element::Uuid(Uuid::from_u128(u128::MAX - 7)),
        Element::Versionstamp(Versionstamp::incomplete(3)),
    ];
    for value in values {
        let filter = field("a").eq(value);
        assert_eq!(parse(&filter.to_string()), filter, "{filter}");
    }
}

#[test]
fn a_text_without_a_condition_asks_for_all() {
    for text in ["", " \n\t", "-- all of them", "/* all */", "TRUE"] {
        assert_eq!(parse(text), QueryComponent::And(Vec::new()), "{text:?}");
    }
}

#[test]
fn what_is_not_understood_is_named_with_its_place() {
    let deep = format!("{}a = 1{}", "(".repeat(60), ")".repeat(60));
    let cases: &[(&str, (u64, u64), &str)] = &[
        ("age >=", (1, 7), "not understood"),
        ("age >= 18 AND", (1, 14), "not understood"),
        ("a = 1\nAND b = 'x", (2, 9), "not understood"),
        ("a = 1 b = 2", (1, 7), "goes on"),
        ("a = 1; DROP TABLE x", (1, 6), "goes on"),
        ("a = b", (1, 5), "fields do not compare"),
        ("a = \"b\"", (1, 5), "write texts in single ones"),
        (" SELECT * FROM x", (1, 2), "stand behind WHERE"),
        ("a = 1 ORDER BY a", (1, 7), "order_by"),
        ("a = 1 LIMIT 5", (1, 7), "limit"),
        ("1 = 2", (1, 1), "value is compared with a value"),
        ("'x'", (1, 1), "no condition"),
        ("5 IS NULL", (1, 1), "a field must stand here"),
        ("a + 1", (1, 1), "compares nothing"),
        ("x = 1 AND a + 1 = 2", (1, 11), "arithmetic"),
        ("a = -b", (1, 6), "minus"),
        ("a IS TRUE", (1, 1), "IS TRUE"),
        ("a IS DISTINCT FROM 1", (1, 1), "DISTINCT"),
        ("a ILIKE 'x'", (1, 1), "ILIKE"),
        ("a LIKE 5", (1, 8), "takes a text"),
        ("a LIKE 'x!y' ESCAPE '!'", (1, 8), "escape character"),
        ("a LIKE 'x' ESCAPE 'ab'", (1, 19), "one character"),
        ("a IN (SELECT 1)", (1, 1), "subqueries"),
        ("a IN ?", (1, 6), "= ANY(?)"),
        ("a IN (1) AND b NOT IN :list", (1, 23), "= ANY(?)"),
        ("EXISTS (SELECT 1)", (1, 9), "subqueries"),
        ("CASE WHEN a THEN b END = 1", (1, 1), "neither a field nor a value"),
        ("CAST(a AS int) = 1", (1, 6), "casts"),
        ("a = ALL(b)", (1, 1), "ALL"),
        ("a = ANY(b)", (1, 1), "ANY compares"),
        ("a < ANY(:list)", (1, 1), "ANY compares"),
        ("nope(a) = 1", (1, 1), "there is not"),
        ("add(a) = 1", (1, 1), "there is not"),
        ("add(a, ?) = 1", (1, 8), "takes fields"),
        ("sum(DISTINCT a) = 1", (1, 1), "nothing else"),
        ("starts_with(a)", (1, 1), "number of arguments"),
        ("add(a, 1)", (1, 1), "alone is no condition"),
        ("any(a, b = 1) = 1", (1, 1), "a condition is compared"),
        ("any(1) = 1", (1, 5), "a field must stand here"),
        ("uuid('x') = a", (1, 1), "no such value"),
        ("a = @b", (1, 5), "written ?"),
        ("a = ?0", (1, 5), "written ?"),
        ("a = X'0'", (1, 5), "hexadecimal"),
        ("a = N'x'", (1, 5), "form is not known"),
        ("a = 1e999", (1, 5), "larger"),
        ("record_type() = 5", (1, 1), "record type"),
        ("record_type() < 'A'", (1, 1), "record type"),
        ("key_expression(X'FF') = 5", (1, 1), "no message"),
        ("\"a.b\" = 1", (1, 1), "no field has a dot"),
    ];
    for (text, place, message) in cases {
        let error = QueryComponent::parse(text).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::InvalidQuery, "{text}");
        assert!(error.message().contains(message), "{text}: {error}");
        let found = (error.fact("line"), error.fact("column"));
        let (line, column) = (place.0.to_string(), place.1.to_string());
        assert_eq!(found, (Some(&*line), Some(&*column)), "{text}: {error}");
    }
    assert!(
        QueryComponent::parse(&deep)
            .unwrap_err()
            .message()
            .contains("too deeply")
    );
}

#[test]
fn long_texts_take_no_stack() {
    let chains = [
        format!("a = {}1", "1 + ".repeat(1_900)),
        vec!["a = 1"; 1_300].join(" AND "),
        vec!["a"; 1_900].join(" = "),
        format!("a{}", " IS NULL".repeat(1_900)),
        format!("a = 1{}", "::int".repeat(1_900)),
        format!("a{} = 1", ".b".repeat(3_900)),
        format!("{}a = 1", "NOT ".repeat(3_900)),
        format!("a = {}1", "-".repeat(3_900)),
        format!("a IN ({})", vec!["1"; 20_000].join(",")),
        format!("{}1", "a IN (".repeat(1_900)),
        format!("{}1", "any(a, ".repeat(1_900)),
        format!("{}1", "add(".repeat(1_900)),
        format!("{}1", "CASE WHEN ".repeat(1_900)),
        format!("{}1", "a = [".repeat(1_900)),
        format!("{}1", "(SELECT ".repeat(1_900)),
        format!("{}1", "ARRAY<".repeat(1_900)),
        format!("a = {}1", "INTERVAL ".repeat(1_900)),
    ];
    for text in chains {
        let (start, _) = text.split_at(20.min(text.len()));
        let read = QueryComponent::parse(&text);
        if let Err(error) = &read {
            assert_eq!(error.kind(), ErrorKind::InvalidQuery, "{start}: {error}");
        }
    }
    let many = vec!["a = 1"; 3_000].join(" AND ");
    let error = QueryComponent::parse(&many).unwrap_err();
    assert_eq!(error.fact("limit"), Some("4000"));
    let error = QueryComponent::parse(&" ".repeat(1_000_001)).unwrap_err();
    assert_eq!(error.fact("limit"), Some("1000000"));
}

#[test]
fn names_that_are_words_of_sql_are_quoted_where_they_must_be() {
    const TEMPLATES: &[&str] = &[
        "# = 1",
        "#.x = 1",
        "x.# IS NULL",
        "(# = 1 OR #.x = 2) AND (x.# = 3)",
        "a = 1 AND # LIKE '%x' AND NOT # = 'x'",
        "a = 1 OR any(#) IN (1)",
        "is_empty(#) AND is_empty(#.x)",
        "matches(#, # = 1 AND #.x = 1)",
        "any(#.x, # IS NULL)",
        "#",
        "1 = # AND 2 < ANY(#)",
        "# BETWEEN 1 AND 2",
        "add(#, #) = 1",
    ];
    assert!(RESERVED.is_sorted());
    let mut needed = Vec::new();
    for word in ALL_KEYWORDS.iter().filter(|word| !word.contains('-')) {
        let name = word.to_ascii_lowercase();
        let named = |template: &str| QueryComponent::parse(&template.replace('#', &name));
        let plain = TEMPLATES.iter().all(|template| {
            let quoted = QueryComponent::parse(&template.replace('#', &format!("\"{name}\""))).unwrap();
            named(template).is_ok_and(|plain| plain == quoted)
        });
        if !plain {
            needed.push(name);
        } else {
            assert_eq!(quoted(&name), name);
        }
    }
    assert_eq!(needed, RESERVED);
    for name in needed {
        let filter = field(&name).eq(1) & field("x").any(field(&name).is_null());
        assert_eq!(parse(&filter.to_string()), filter, "{filter}");
    }
    assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    assert_eq!(quoted("1a"), "\"1a\"");
}
