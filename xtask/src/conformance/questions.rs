//! One question at least to each index of a shop that can be read; `Questions.java` asks the same ones.

use record_store::key_expression::{field, version};
use record_store::{AggregateFunction, Database, RecordSpace, Result, SpaceQuery, Tuple, TupleRange};

use super::dump::hex;

/// The plan, by the indexes that it reads, and the records of each query, and the value of each aggregate.
pub(super) async fn ask(database: &Database, space: &RecordSpace, readable: &[String]) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for (index, name, query) in queries(space) {
        if !readable.iter().any(|readable| readable == index) {
            continue;
        }
        let query = query.record_type("Item");
        let indexes: Vec<String> = query.plan().await?.used_indexes().into_iter().collect();
        let mut line = format!("question {name}: [{}]", indexes.join(", "));
        let mut records = query.execute();
        while let Some(record) = records.next().await? {
            line.push(' ');
            line.push_str(&hex(&record.primary_key().pack()));
        }
        lines.push(line);
    }
    for (name, function, range) in aggregates(readable) {
        let (function, range) = (&function, &range);
        let value = database.run(|context| async move {
            let store = space.store(&context).await?;
            store
                .evaluate_aggregate(function, &["Item"], range.clone(), false)
                .await
        });
        let value = value.await?.map_or("none".to_owned(), |value| hex(&value.pack()));
        lines.push(format!("value {name}: {value}"));
    }
    let (all, items) = (space.record_count().await?, space.record_count_of_type("Item").await?);
    let orders = space.record_count_of_type("Order").await?;
    lines.push(format!("records {all} {items} {orders}"));
    Ok(lines)
}

/// The queries, with the index that each is a question to.
fn queries(space: &RecordSpace) -> Vec<(&'static str, &'static str, SpaceQuery)> {
    let ask = |filter: &'static str| space.query(filter);
    vec![
        ("by_city", "one city", ask("city = 'Oslo'")),
        ("by_city", "cities between", ask("city > 'Bern' AND city <= 'Rome'")),
        ("by_city", "cities backwards", ask("").order_by("city").reverse()),
        ("by_name", "a name", ask("name = 'n4'")),
        ("by_name", "names", ask("starts_with(name, 'n1')").order_by("name")),
        ("by_tag", "a tag", ask("any(tags) = 't1'")),
        ("by_version", "by version", ask("").order_by(version())),
        (
            "by_version",
            "by version backwards",
            ask("").order_by(version()).reverse(),
        ),
        ("by_qty", "quantities", ask("qty > 42").order_by("qty").reverse()),
    ]
}

/// The aggregates, with the groups that they are of.
fn aggregates(readable: &[String]) -> Vec<(String, AggregateFunction, TupleRange)> {
    let count = || AggregateFunction::count(field("city"));
    let sum = || AggregateFunction::sum(field("qty").group_by(field("city")));
    let ever = |name: &str| AggregateFunction::new(name, field("qty").ungrouped());
    let all = || TupleRange::ALL;
    let mut asked = vec![
        ("count".to_owned(), count(), all()),
        ("sum".to_owned(), sum(), all()),
        ("most ever".to_owned(), ever("max_ever"), all()),
        ("least ever".to_owned(), ever("min_ever"), all()),
    ];
    for city in ["Oslo", "Rome", "Bern"] {
        let there = || TupleRange::all_of(Tuple::from((city,)));
        asked.push((format!("count of {city}"), count(), there()));
        asked.push((format!("sum of {city}"), sum(), there()));
    }
    if readable.iter().any(|index| index == "by_qty") {
        let ungrouped = || field("qty").ungrouped();
        asked.push(("least now".to_owned(), AggregateFunction::min(ungrouped()), all()));
        asked.push(("most now".to_owned(), AggregateFunction::max(ungrouped()), all()));
    }
    asked
}
