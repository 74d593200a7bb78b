//! Queries that are asked again: the plan that was kept is used, and only where it is still the right one.
//!
//! Debug builds plan such a query anew each time and hold the two plans against each other.

use futures_executor::block_on;
use record_store::key_expression::{Literal, field as column};
use record_store::metadata::{Comparison, ComparisonType, IndexPredicate};
use record_store::query::{Parameters, field, param};
use record_store::{Database, ErrorKind, Index, Record, RecordSpace, Result, Schema, SpaceQuery};
use record_store_tests::given::fresh;

const PROTO: &str =
    "syntax = 'proto3'; message User { int64 id = 1; string city = 2; int64 age = 3; double score = 4; }";

fn schema(indexes: &[&str]) -> Result<Schema> {
    let mut schema = Schema::builder()
        .proto("u.proto", PROTO)
        .record_type("User", |t| t.primary_key("id"));
    for name in indexes {
        schema = schema.index((format!("by_{name}"), *name));
    }
    schema.build()
}

/// Ten users in two cities, of ages from 20 to 29.
async fn users(database: &Database, indexes: &[&str]) -> Result<RecordSpace> {
    let users = database.space("users").schema(&schema(indexes)?).open().await?;
    let user = |id: i64| {
        let city = if id % 2 == 0 { "Oslo" } else { "Rome" };
        Record::from_json(
            "User",
            format!(r#"{{"id": {id}, "city": "{city}", "age": {}, "score": {id}}}"#, 20 + id),
        )
    };
    users.put_all((0..10).map(user)).await?;
    Ok(users)
}

async fn ids(query: SpaceQuery) -> Result<Vec<i64>> {
    let found = query.execute().next_batch(100).await?;
    let id = |user: &record_store::StoredRecord| {
        let user = user.to_dynamic()?;
        Ok(user
            .get_field_by_name("id")
            .and_then(|id| id.as_i64())
            .expect("a user has an id"))
    };
    found.iter().map(id).collect()
}

#[test]
fn the_same_query_takes_other_values() -> Result<()> {
    block_on(async {
        let users = users(&fresh()?, &["city", "age"]).await?;
        let text = |first: i64, second: i64| {
            users
                .query("age = ? OR age = ?")
                .parameters(Parameters::positional([first, second]))
        };
        let built = |first: i64, second: i64| users.query(field("age").eq(first) | field("age").eq(second));
        // The third pair is one comparison, which another plan answers.
        for (first, second, expected) in [
            (21, 24, vec![1, 4]),
            (28, 23, vec![3, 8]),
            (25, 25, vec![5]),
            (29, 99, vec![9]),
        ] {
            assert_eq!(ids(text(first, second)).await?, expected);
            assert_eq!(ids(built(first, second)).await?, expected);
        }
        let mixed = |age: i64, city: &str| {
            users
                .query(field("age").ge(age))
                .filter("city = :city AND id < 9")
                .parameters(Parameters::new().with("city", city))
                .order_by("age")
                .reverse()
        };
        assert_eq!(ids(mixed(24, "Oslo")).await?, [8, 6, 4]);
        assert_eq!(ids(mixed(27, "Rome")).await?, [7]);
        assert!(ids(mixed(27, "Rome").limit(0)).await?.is_empty());
        Ok(())
    })
}

#[test]
fn a_parameter_becomes_what_each_column_holds() -> Result<()> {
    block_on(async {
        let users = users(&fresh()?, &["age", "score"]).await?;
        let query = |value: i64| {
            users
                .query("age = :n OR score = :n")
                .parameters(Parameters::new().with("n", value))
        };
        assert_eq!(ids(query(25)).await?, [5]);
        assert_eq!(ids(query(7)).await?, [7]);
        Ok(())
    })
}

#[test]
fn values_that_do_not_fit_are_refused_each_time() -> Result<()> {
    block_on(async {
        let users = users(&fresh()?, &["city"]).await?;
        let ask = |parameters: Parameters| ids(users.query("city = :city").parameters(parameters));
        assert_eq!(ask(Parameters::new().with("city", "Oslo")).await?, [0, 2, 4, 6, 8]);
        for (parameters, message) in [
            (Parameters::new(), "has no value"),
            (Parameters::new().with("city", 5), "another type"),
            (Parameters::new().with("city", (1,)), "one value"),
            (Parameters::new().with("city", "Oslo").with("town", 1), "does not have"),
        ] {
            let error = ask(parameters).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidQuery);
            assert!(error.message().contains(message), "{error}");
        }
        assert!(ask(Parameters::new().with("city", None::<String>)).await?.is_empty());
        assert_eq!(ask(Parameters::new().with("city", "Rome")).await?, [1, 3, 5, 7, 9]);
        Ok(())
    })
}

#[test]
fn a_plan_is_kept_for_the_states_of_indexes_that_it_was_made_for() -> Result<()> {
    block_on(async {
        let database = fresh()?;
        let users = users(&database, &["city"]).await?;
        let other_handle = database.space("users").open().await?;
        let query = |city: &str| users.query("city = ?").parameters(Parameters::positional([city]));
        assert_eq!(ids(query("Oslo")).await?, [0, 2, 4, 6, 8]);

        // Without its entries the old plan would find nothing.
        let context = database.transaction();
        other_handle
            .store(&context)
            .await?
            .mark_index_disabled("by_city")
            .await?;
        context.commit().await?;
        assert_eq!(ids(query("Oslo")).await?, [0, 2, 4, 6, 8]);
        assert_eq!(ids(query("Rome")).await?, [1, 3, 5, 7, 9]);
        Ok(())
    })
}

#[test]
fn within_a_transaction_the_states_are_its_own() -> Result<()> {
    block_on(async {
        let database = fresh()?;
        let users = users(&database, &["city"]).await?;
        let query = || users.query("city = ?").parameters(Parameters::positional(["Oslo"]));
        assert_eq!(ids(query()).await?.len(), 5);
        let context = database.transaction();
        let store = users.store(&context).await?;
        store.mark_index_disabled("by_city").await?;
        let within = query().execute().within(&context).next_batch(100).await?;
        assert_eq!(within.len(), 5);
        assert_eq!(ids(query()).await?.len(), 5);
        Ok(())
    })
}

#[test]
fn an_index_that_another_handle_adds_is_used() -> Result<()> {
    block_on(async {
        let database = fresh()?;
        let users = users(&database, &[]).await?;
        let query = || users.query("city = ?").parameters(Parameters::positional(["Rome"]));
        assert_eq!(ids(query()).await?.len(), 5);
        assert!(query().plan().await?.has_full_scan());

        let other_handle = database.space("users").schema(&schema(&["city"])?).open().await?;
        assert_eq!(ids(query()).await?.len(), 5);
        let context = database.transaction();
        other_handle.store(&context).await?.rebuild_index("by_city").await?;
        context.commit().await?;
        assert_eq!(ids(query()).await?.len(), 5);
        assert!(!query().plan().await?.has_full_scan());
        Ok(())
    })
}

#[test]
fn an_index_with_a_predicate_is_used_for_the_values_that_imply_it() -> Result<()> {
    block_on(async {
        let adults = IndexPredicate::Value {
            path: vec!["age".to_owned()],
            comparison: Comparison::Simple(ComparisonType::GreaterThanOrEquals, Literal::Long(25)),
        };
        let schema = Schema::builder()
            .proto("u.proto", PROTO)
            .record_type("User", |t| t.primary_key("id"))
            .index(Index::new("adults", column("age")).on("User").with_predicate(adults))
            .build()?;
        let users = fresh()?.space("users").schema(&schema).open().await?;
        let user = |id: i64| Record::from_json("User", format!(r#"{{"id": {id}, "age": {}}}"#, 20 + id));
        users.put_all((0..10).map(user)).await?;
        let query = |age: i64| {
            users
                .query("age >= :age")
                .parameters(Parameters::new().with("age", age))
        };
        for age in [20, 27, 24, 25, 29] {
            assert_eq!(ids(query(age)).await?, (age - 20..10).collect::<Vec<_>>(), "from {age}");
            assert_eq!(
                ids(users.query(field("age").ge(age))).await?.len(),
                usize::try_from(30 - age).unwrap()
            );
        }
        Ok(())
    })
}

#[test]
fn pages_go_on_whether_or_not_the_plan_was_kept() -> Result<()> {
    block_on(async {
        let database = fresh()?;
        let users = users(&database, &["city"]).await?;
        let other_handle = database.space("users").open().await?;
        let query = |space: &RecordSpace, city: &str| {
            space
                .query(field("city").eq(param("city")) & field("age").gt(20))
                .parameters(Parameters::new().with("city", city))
                .limit(2)
        };
        let mut page = query(&users, "Oslo").execute();
        assert_eq!(page.next_batch(10).await?.len(), 2);
        let kept = page.continuation();
        for space in [&users, &other_handle] {
            let rest = query(space, "Oslo").continuation(kept.clone());
            assert_eq!(ids(rest).await?, [6, 8]);
        }
        let other = query(&users, "Rome")
            .continuation(kept)
            .execute()
            .next()
            .await
            .unwrap_err();
        assert_eq!(other.kind(), ErrorKind::InvalidContinuation);
        Ok(())
    })
}

#[test]
fn more_shapes_than_are_kept_do_no_harm() -> Result<()> {
    block_on(async {
        let users = users(&fresh()?, &["age"]).await?;
        for round in 0..2 {
            for least in 0..300 {
                let query = users
                    .query(format!("age >= {least} AND age < ?"))
                    .parameters(Parameters::positional([22]));
                let expected = (20.max(least)..22).count();
                assert_eq!(ids(query).await?.len(), expected, "{least} in round {round}");
            }
        }
        Ok(())
    })
}
