//! Which plans queries get: the ways that an index is used, and where ours differ from Java's.

use futures_executor::block_on;
use record_store::key_expression::{Literal, concat, field as column, key_with_value};
use record_store::metadata::{Comparison, ComparisonType, IndexPredicate};
use record_store::query::{ExecuteOptions, PlannerOptions, RecordQuery, field};
use record_store::{ErrorKind, Index, Record, RecordSpace, Result, Schema};
use record_store_tests::given::fresh;

async fn people() -> Result<RecordSpace> {
    let schema = Schema::builder()
        .proto(
            "p.proto",
            "syntax = 'proto3';
             message Person { int64 id = 1; string city = 2; int64 age = 3; repeated string tags = 4; string name = 5; }
             message Town { string name = 1; }",
        )
        .record_type("Person", |t| t.primary_key("id"))
        .record_type("Town", |t| t.primary_key("name"))
        .index(Index::new("by_city", concat((column("city"), column("age")))).on("Person"))
        .index(Index::new("by_age", column("age")).on("Person"))
        .index(Index::new("by_tag", column("tags").fan_out()).on("Person"))
        .index(Index::new("names", key_with_value(concat((column("name"), column("age"))), 1)).on("Person"))
        .build()?;
    fresh()?.space("people").schema(&schema).open().await
}

/// Checks the plans of queries for people, each a filter as text.
fn check(table: &[(&str, &str)]) -> Result<()> {
    block_on(async {
        let people = people().await?;
        for (filter, expected) in table {
            let plan = people.query(*filter).record_type("Person").plan().await?;
            assert_eq!(plan.to_string(), *expected, "{filter}");
        }
        Ok(())
    })
}

#[test]
fn an_index_answers_equal_first_columns_and_one_range() -> Result<()> {
    check(&[
        ("city = 'Oslo'", "ISCAN(by_city [[Oslo],[Oslo]])"),
        ("city = 'Oslo' AND age > 30", "ISCAN(by_city ([Oslo, 30],[Oslo]])"),
        ("age >= 18 AND age < 65", "ISCAN(by_age [[18],[65]))"),
        ("name LIKE 'A%'", "ISCAN(names {[A],[A]})"),
        (
            "any(tags) = 'new'",
            "ISCAN(by_tag [EQUALS new, IS Person]) | DISTINCT BY PK",
        ),
        ("id = 7", "SCAN([IS Person, EQUALS 7])"),
    ])
}

#[test]
fn what_an_index_holds_is_tested_before_records_are_loaded() -> Result<()> {
    check(&[
        (
            "name = 'Ada' AND age > 30",
            "COVERING(names [EQUALS Ada, IS Person] -> [age: VALUE[0], id: KEY[2], name: KEY[0]]) \
             | QCFILTER age GREATER_THAN 30 | FETCH",
        ),
        (
            "name = 'Ada' AND city <> 'Oslo'",
            "ISCAN(names [EQUALS Ada, IS Person]) | QCFILTER city NOT_EQUALS Oslo",
        ),
    ])
}

#[test]
fn lists_are_joined_each_value_and_each_record_once() -> Result<()> {
    check(&[
        (
            "age IN (20, 30, 20)",
            "[20, 30] | INJOIN __in_age__0 -> { ISCAN(by_age [EQUALS $__in_age__0]) }",
        ),
        (
            "any(tags) IN ('a', 'b')",
            "[a, b] | INJOIN __in_tags__0 -> { ISCAN(by_tag [EQUALS $__in_tags__0, IS Person]) | DISTINCT BY PK } | DISTINCT BY PK",
        ),
    ])
}

#[test]
fn what_no_index_answers_is_tested_on_the_records_of_the_type() -> Result<()> {
    check(&[
        ("", "SCAN([IS Person])"),
        ("NOT age = 3", "SCAN([IS Person]) | QCFILTER Not(age EQUALS 3)"),
        ("age <> 3", "SCAN([IS Person]) | QCFILTER age NOT_EQUALS 3"),
    ])?;
    block_on(async {
        let query = people()
            .await?
            .query("NOT age = 3")
            .record_type("Person")
            .planner(PlannerOptions::JAVA);
        let java = query.plan().await?;
        assert_eq!(
            java.to_string(),
            "SCAN(<,>) | TFILTER Person | QCFILTER Not(age EQUALS 3)"
        );
        Ok(())
    })
}

#[test]
fn an_order_that_no_index_has_is_sorted_or_refused() -> Result<()> {
    block_on(async {
        let people = people().await?;
        let by_age = people.query("").record_type("Person").order_by("age").reverse();
        assert_eq!(by_age.plan().await?.to_string(), "ISCAN(by_age <,> REVERSE)");

        let by_name_and_city = people.query("").record_type("Person").order_by(["name", "city"]);
        let plan = by_name_and_city.plan().await?;
        assert!(plan.has_memory_sort() && plan.has_full_scan(), "{plan}");
        let refused = by_name_and_city.planner(PlannerOptions::JAVA).plan().await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unsupported);
        Ok(())
    })
}

#[test]
fn only_readable_and_allowed_indexes_are_used() -> Result<()> {
    block_on(async {
        let people = people().await?;
        let in_oslo = people.query(field("city").eq("Oslo")).record_type("Person");
        let without = in_oslo.clone().allowed_indexes(["by_age"]).plan().await?;
        assert_eq!(without.to_string(), "SCAN([IS Person]) | QCFILTER city EQUALS Oslo");
        let unknown = in_oslo.clone().allowed_indexes(["by_agee"]).plan().await;
        assert_eq!(unknown.unwrap_err().kind(), ErrorKind::MetaData);

        let context = people.database().transaction();
        let store = people.store(&context).await?;
        store.mark_index_write_only("by_city").await?;
        let query = RecordQuery::new(["Person"]).with_filter(field("city").eq("Oslo"));
        assert_eq!(
            store.plan_query(&query)?.to_string(),
            "SCAN([IS Person]) | QCFILTER city EQUALS Oslo"
        );
        Ok(())
    })
}

#[test]
fn a_covering_scan_loads_no_records() -> Result<()> {
    block_on(async {
        let people = people().await?;
        people
            .put(Record::from_json(
                "Person",
                r#"{"id": 1, "city": "Oslo", "age": 30, "name": "Ada"}"#,
            ))
            .await?;
        let ages = people
            .query("city = 'Oslo'")
            .record_type("Person")
            .required_results(["age", "id"]);
        assert_eq!(
            ages.plan().await?.to_string(),
            "COVERING(by_city [[Oslo],[Oslo]] -> [age: KEY[1], city: KEY[0], id: KEY[3]])"
        );
        let found = ages.execute().next_batch(10).await?;
        let found: Result<Vec<String>> = found.iter().map(|person| person.to_json()).collect();
        assert_eq!(found?, [r#"{"id":"1","city":"Oslo","age":"30"}"#]);
        Ok(())
    })
}

#[test]
fn a_query_that_does_not_fit_the_schema_is_refused() -> Result<()> {
    block_on(async {
        let people = people().await?;
        let kind = async |filter: &str| {
            people
                .query(filter)
                .record_type("Person")
                .plan()
                .await
                .unwrap_err()
                .kind()
        };
        assert_eq!(kind("agee > 3").await, ErrorKind::InvalidQuery);
        assert_eq!(kind("age > 'x'").await, ErrorKind::InvalidQuery);
        assert_eq!(kind("age >").await, ErrorKind::InvalidQuery);
        assert_eq!(kind("age > :least").await, ErrorKind::InvalidQuery);
        let context = people.database().transaction();
        let store = people.store(&context).await?;
        let unknown = store.execute_query(&RecordQuery::new(["Nobody"]), ExecuteOptions::default());
        assert_eq!(unknown.unwrap_err().kind(), ErrorKind::MetaData);
        Ok(())
    })
}

#[test]
fn part_of_a_nested_filter_answered_is_not_all_of_it() -> Result<()> {
    block_on(async {
        let schema = Schema::builder()
            .proto(
                "n.proto",
                "syntax = 'proto3';
                 message Sub { string x = 1; int64 y = 2; }
                 message N { int64 id = 1; int64 n = 2; Sub sub = 3; }",
            )
            .record_type("N", |t| t.primary_key("id"))
            .index(Index::new("n", column("n")).on("N"))
            .index(Index::new("sub_n", concat((column("sub").nest(column("x")), column("n")))).on("N"))
            .build()?;
        let space = fresh()?.space("n").schema(&schema).open().await?;
        let filter = field("sub").matches(field("x").eq("b") & field("y").ne(0));
        let plan = space.query(filter).order_by("n").plan().await?;
        // The index answers x; y is tested on each record.
        assert!(plan.to_string().ends_with("QCFILTER sub/{y NOT_EQUALS 0}"), "{plan}");
        Ok(())
    })
}

#[test]
fn an_index_with_a_predicate_answers_what_implies_it() -> Result<()> {
    block_on(async {
        let at_least = |least: i64| IndexPredicate::Value {
            path: vec!["n".to_owned()],
            comparison: Comparison::Simple(ComparisonType::GreaterThanOrEquals, Literal::Long(least)),
        };
        let schema = Schema::builder()
            .proto(
                "n.proto",
                "syntax = 'proto3'; message N { int64 id = 1; int64 n = 2; string s = 3; }",
            )
            .record_type("N", |t| t.primary_key("id"))
            .index(Index::new("large", column("n")).on("N").with_predicate(at_least(10)))
            .build()?;
        let space = fresh()?.space("n").schema(&schema).open().await?;
        for (filter, is_used) in [
            ("n >= 10", true),
            ("n > 10 AND s = 'a'", true),
            ("n = 12", true),
            ("n IN (10, 11)", true),
            ("n >= 9", false),
            ("n IN (9, 11)", false),
            ("n < 12", false),
            ("n >= 10 OR n = 3", false),
            ("s = 'a'", false),
        ] {
            let plan = space.query(filter).plan().await?;
            assert_eq!(plan.used_indexes().contains("large"), is_used, "{filter}: {plan}");
        }
        Ok(())
    })
}
