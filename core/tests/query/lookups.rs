//! What indexes find: all that is asked for, by every kind of column.

use futures_executor::block_on;
use record_store::key_expression::{NullStandin, concat, field as column, function, key_with_value};
use record_store::query::PlannerOptions;
use record_store::{ErrorKind, Index, Record, Result, Schema, Tuple};
use record_store_tests::given::fresh;

#[test]
fn an_index_that_fans_out_behind_what_is_asked_lacks_records() -> Result<()> {
    block_on(async {
        let schema = Schema::builder()
            .proto(
                "n.proto",
                "syntax = 'proto3';
                 message Sub { int64 x = 1; int64 y = 2; }
                 message N { int64 id = 1; int64 n = 2; Sub sub = 3; repeated int64 list = 4; }",
            )
            .record_type("N", |t| t.primary_key("id"))
            .index(Index::new("n_list", concat((column("n"), column("list").fan_out()))).on("N"))
            .index(
                Index::new(
                    "sub_list",
                    concat((
                        column("sub").nest(concat((column("x"), column("y")))),
                        column("list").fan_out(),
                    )),
                )
                .on("N"),
            )
            .build()?;
        let space = fresh()?.space("n").schema(&schema).open().await?;
        // Its list is empty, so that it has no entries.
        let record = r#"{"id": 1, "n": 2, "sub": {"x": 3, "y": 4}}"#;
        space.put(Record::from_json("N", record)).await?;
        for query in [
            space.query("sub.x = 3 AND sub.y = 4"),
            space.query("n = 2"),
            space.query("").order_by("n"),
            space.query("n > 1").order_by("n"),
        ] {
            let plan = query.plan().await?;
            assert_eq!(query.execute().next_batch(10).await?.len(), 1, "{plan}");
        }
        let plan = space.query("n = 2 AND any(list) = 5").plan().await?;
        assert!(plan.used_indexes().contains("n_list"), "{plan}");
        Ok(())
    })
}

#[test]
fn a_primary_key_is_not_covered_by_a_value() -> Result<()> {
    let schema = |key| {
        Schema::builder()
            .proto("n.proto", "syntax = 'proto3'; message N { int64 id = 1; int64 n = 2; }")
            .record_type("N", |t| t.primary_key("id"))
            .index(Index::new("by_n", key).on("N"))
            .build()
    };
    let key = || concat((column("n"), column("id")));
    let error = schema(key_with_value(key(), 1)).unwrap_err();
    assert_eq!(
        (error.kind(), error.fact("index")),
        (ErrorKind::InvalidExpression, Some("by_n"))
    );
    schema(key()).map(drop)
}

#[test]
fn an_index_that_keeps_defaults_for_what_is_not_set_is_not_used() -> Result<()> {
    block_on(async {
        let schema = Schema::builder()
            .proto(
                "n.proto",
                "syntax = 'proto3'; message N { int64 id = 1; optional int64 n = 2; }",
            )
            .record_type("N", |t| t.primary_key("id"))
            .index(Index::new("by_n", column("n").with_null_standin(NullStandin::NotNull)).on("N"))
            .build()?;
        let space = fresh()?.space("n").schema(&schema).open().await?;
        space.put(Record::from_json("N", r#"{"id": 1}"#)).await?;
        let zeros = space.query("n = 0");
        assert_eq!(zeros.clone().execute().next_batch(10).await?.len(), 0);
        let as_java = zeros.planner(PlannerOptions::JAVA);
        assert_eq!(as_java.execute().next_batch(10).await?.len(), 1);
        Ok(())
    })
}

#[test]
fn functions_that_order_columns_are_looked_up_by_value() -> Result<()> {
    block_on(async {
        let descending = |name: &str| function("order_desc_nulls_last", column(name));
        let schema = Schema::builder()
            .proto(
                "n.proto",
                "syntax = 'proto3'; message N { int64 id = 1; optional int64 n = 2; optional string s = 3; }",
            )
            .record_type("N", |t| t.primary_key("id"))
            .index(Index::new("by_n", descending("n")?).on("N"))
            .index(Index::new("by_s_n", concat((column("s"), descending("n")?))).on("N"))
            .build()?;
        let space = fresh()?.space("n").schema(&schema).open().await?;
        for record in [
            r#"{"id": 1, "n": 5, "s": "a"}"#,
            r#"{"id": 2, "n": 7, "s": "a"}"#,
            r#"{"id": 3, "s": "a"}"#,
        ] {
            space.put(Record::from_json("N", record)).await?;
        }
        for (filter, expected, ids) in [
            ("n = 5", "ISCAN(by_n [EQUALS 5])", &[1][..]),
            ("n > 5", "ISCAN(by_n [[GREATER_THAN 5]])", &[2]),
            (
                "n >= 5 AND n < 7",
                "ISCAN(by_n [[GREATER_THAN_OR_EQUALS 5 && LESS_THAN 7]])",
                &[1],
            ),
            ("n <= 7", "ISCAN(by_n [[LESS_THAN_OR_EQUALS 7]])", &[2, 1]),
            ("n IS NULL", "ISCAN(by_n [IS_NULL])", &[3]),
            ("n IS NOT NULL", "ISCAN(by_n [[NOT_NULL]])", &[2, 1]),
            ("s = 'a' AND n > 5", "ISCAN(by_s_n [EQUALS a, [GREATER_THAN 5]])", &[2]),
        ] {
            let query = space.query(filter);
            assert_eq!(query.plan().await?.to_string(), expected, "{filter}");
            let found = query.execute().next_batch(10).await?;
            let found: Vec<_> = found.iter().map(|record| record.primary_key().clone()).collect();
            let wanted: Vec<_> = ids.iter().map(|id| Tuple::from((1, *id))).collect();
            assert_eq!(found, wanted, "{filter}");
        }
        Ok(())
    })
}

#[test]
fn lists_are_merged_in_the_order_of_what_follows_them() -> Result<()> {
    block_on(async {
        let schema = Schema::builder()
            .proto(
                "n.proto",
                "syntax = 'proto3'; message N { int64 id = 1; int64 a = 2; int64 b = 3; int64 c = 4; }",
            )
            .record_type("N", |t| t.primary_key("id"))
            .index(Index::new("abc", concat((column("a"), column("b"), column("c")))).on("N"))
            .build()?;
        let space = fresh()?.space("n").schema(&schema).open().await?;
        for id in 1..=40 {
            let (a, b, c) = (id % 3 + 1, id % 4 + 1, id * 7 % 11 + 1);
            let json = format!(r#"{{"id": {id}, "a": {a}, "b": {b}, "c": {c}}}"#);
            space.put(Record::from_json("N", json)).await?;
        }
        let query = space.query("a IN (1, 3, 1) AND b IN (2, 4)").order_by("c").reverse();
        assert_eq!(
            query.plan().await?.to_string(),
            "[1, 3] -> __in_a__0, [2, 4] -> __in_b__1 | INUNION { ISCAN(abc [EQUALS $__in_a__0, EQUALS $__in_b__1] REVERSE) } \
             COMPARE BY [Field { 'c' None}, RecordTypeKey, Field { 'id' None}]"
        );
        let whole = query.clone().execute().next_batch(100).await?;
        let sorted = query.clone().allowed_indexes(Vec::<String>::new()).execute();
        let keys = |found: &[record_store::StoredRecord]| -> Vec<_> {
            found.iter().map(|record| record.primary_key().clone()).collect()
        };
        assert_eq!(keys(&whole), keys(&{ sorted }.next_batch(100).await?));
        let mut paged = Vec::new();
        let mut page = None;
        loop {
            let mut cursor = query.clone().limit(3).continuation(page).execute();
            paged.extend(keys(&cursor.next_batch(10).await?));
            page = cursor.continuation();
            if page.is_none() {
                break;
            }
        }
        assert_eq!(paged, keys(&whole));
        Ok(())
    })
}

#[test]
fn what_goes_on_with_a_zero_byte_is_greater() -> Result<()> {
    block_on(async {
        let schema = Schema::builder()
            .proto(
                "n.proto",
                "syntax = 'proto3'; message N { int64 id = 1; string s = 2; bytes b = 3; }",
            )
            .record_type("N", |t| t.primary_key("id"))
            .index(Index::new("by_s", column("s")).on("N"))
            .index(Index::new("by_b", column("b")).on("N"))
            .build()?;
        let space = fresh()?.space("n").schema(&schema).open().await?;
        let record = r#"{"id": 1, "s": "a\u0000", "b": "AQA="}"#;
        space.put(Record::from_json("N", record)).await?;
        for filter in ["s > 'a'", "b > X'01'"] {
            let greater = space.query(filter);
            assert_eq!(greater.plan().await?.used_indexes().len(), 1);
            assert_eq!(greater.clone().execute().next_batch(10).await?.len(), 1, "{filter}");
            let as_java = greater.planner(PlannerOptions::JAVA);
            assert_eq!(as_java.execute().next_batch(10).await?.len(), 0, "{filter}");
        }
        Ok(())
    })
}
