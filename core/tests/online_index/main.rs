//! Building indexes in many transactions. This file has the schema and the comparison that the tests share.

mod by_index;
mod client;
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod java;
mod policies;
mod stopped;
mod under_load;

use std::collections::BTreeMap;

use record_store::key_expression::{Grouping, concat, field};
use record_store::metadata::index_type;
use record_store::{
    Database, ErrorKind, Index, IndexScanType, KeyExpression, Record, RecordSpace, Result, ScanOptions, Schema,
};

const PROTO: &str = "syntax = 'proto2';
    message User {
        required int64 id = 1;
        optional string city = 2;
        optional int64 age = 3;
        repeated string tags = 4;
    }
    message Pet { required int64 id = 1; optional string city = 2; }";

const NAMES: [&str; 5] = ["by_city", "by_tag", "count", "sum", "unique"];

fn schema(indexes: impl IntoIterator<Item = Index>) -> Result<Schema> {
    let schema = Schema::builder()
        .proto("t.proto", PROTO)
        .record_type("User", |t| t.primary_key("id"))
        .record_type("Pet", |t| t.primary_key("id"));
    indexes
        .into_iter()
        .fold(schema, |schema, index| schema.index(index))
        .build()
}

/// Idempotent ones and others, a unique one, one with several entries a record, one of both types.
fn indexes() -> Vec<Index> {
    fn grouped(whole: impl Into<KeyExpression>, count: usize) -> KeyExpression {
        Grouping::new(whole.into(), count).into()
    }
    vec![
        Index::new("by_city", field("city")),
        Index::new("by_tag", field("tags").fan_out()).on("User"),
        Index::new("count", grouped(field("city"), 0))
            .with_kind(index_type::COUNT)
            .with_option("clearWhenZero", "true"),
        Index::new("sum", grouped(concat((field("city"), field("age"))), 1))
            .on("User")
            .with_kind(index_type::SUM),
        Index::new("unique", concat((field("city"), field("id"))))
            .on("User")
            .unique(),
    ]
}

/// A space with records and no index, which is then given indexes: they are disabled.
async fn space_with(database: &Database, records: i64, indexes: Vec<Index>) -> Result<RecordSpace> {
    let space = database.space("users").schema(&schema([])?).open().await?;
    for first in (0..records).step_by(100) {
        space.put_all((first..records.min(first + 100)).map(user)).await?;
    }
    database.space("users").schema(&schema(indexes)?).open().await
}

fn user(id: i64) -> Record {
    of_user(id, id % 3, id % 50, id % 4)
}

fn of_user(id: i64, city: i64, age: i64, tag: i64) -> Record {
    Record::from_json(
        "User",
        format!(r#"{{"id": {id}, "city": "c{city}", "age": {age}, "tags": ["t{tag}", "all"]}}"#),
    )
}

fn pet(id: i64, city: i64) -> Record {
    Record::from_json("Pet", format!(r#"{{"id": {id}, "city": "c{city}"}}"#))
}

/// Compares the entries of all indexes with those that the records should have: none is missing, and none is too much.
async fn check_entries(space: &RecordSpace) -> Result<()> {
    let expected = expected_entries(space).await?;
    for name in NAMES {
        let scan_type = match name {
            "count" | "sum" => IndexScanType::ByGroup,
            _ => IndexScanType::ByValue,
        };
        let entries: &BTreeMap<String, String> = &space
            .database()
            .run(|context| async move {
                let store = space.store(&context).await?;
                let mut cursor = store.scan_index(name, scan_type, ScanOptions::default())?;
                let mut entries = BTreeMap::new();
                while let Some(entry) = cursor.next().await? {
                    let key = format!("{} of {}", entry.key(), entry.primary_key());
                    entries.insert(key, entry.value().to_string());
                }
                Ok::<_, record_store::Error>(entries)
            })
            .await?;
        let wanted = &expected[name];
        let is_empty_group = |value: &String| name == "sum" && value == "(0)";
        let differing = |entries: &BTreeMap<String, String>, others: &BTreeMap<String, String>| -> Vec<String> {
            let differing = entries.iter().filter(|(key, value)| others.get(*key) != Some(value));
            let differing = differing.filter(|(_, value)| !is_empty_group(value));
            differing.map(|(key, value)| format!("{key}: {value}")).collect()
        };
        let (superfluous, missing) = (differing(entries, wanted), differing(wanted, entries));
        assert!(
            superfluous.is_empty() && missing.is_empty(),
            "{name}: superfluous {superfluous:?}, missing {missing:?}"
        );
    }
    Ok(())
}

/// The entries that the records should have, made without the record layer's own way of making them.
async fn expected_entries(space: &RecordSpace) -> Result<BTreeMap<&'static str, BTreeMap<String, String>>> {
    let mut entries: BTreeMap<_, BTreeMap<String, String>> = NAMES.map(|name| (name, BTreeMap::new())).into();
    let mut groups: BTreeMap<(&str, String), i64> = BTreeMap::new();
    let mut records = space.scan(ScanOptions::default());
    while let Some(record) = records.next().await? {
        let message = record.to_dynamic()?;
        let field = |name: &str| message.get_field_by_name(name).expect("the field is there");
        let city = field("city").as_str().unwrap_or_default().to_owned();
        let key = record.primary_key();
        let id = field("id").as_i64().unwrap_or_default();
        let mut add = |index: &'static str, columns: String| {
            let of_index = entries.get_mut(index).expect("the index is named");
            of_index.insert(format!("{columns} of {key}"), "()".to_owned());
        };
        add("by_city", entry_key(&format!("{city:?}"), key));
        *groups.entry(("count", city.clone())).or_default() += 1;
        if record.record_type() == "User" {
            for tag in field("tags").as_list().unwrap_or_default() {
                add(
                    "by_tag",
                    entry_key(&format!("{:?}", tag.as_str().unwrap_or_default()), key),
                );
            }
            add("unique", format!("({city:?}, {id}, 1)"));
            *groups.entry(("sum", city)).or_default() += field("age").as_i64().unwrap_or_default();
        }
    }
    for ((index, city), value) in groups {
        let of_index = entries.get_mut(index).expect("the index is named");
        of_index.insert(format!("({city:?}) of ()"), format!("({value})"));
    }
    Ok(entries)
}

fn entry_key(columns: &str, primary_key: &record_store::Tuple) -> String {
    let primary_key = primary_key.to_string();
    format!("({columns}, {}", primary_key.trim_start_matches('('))
}

fn kind<T: std::fmt::Debug>(result: Result<T>) -> ErrorKind {
    result.expect_err("it is refused").kind()
}

/// SplitMix64: enough chance for a test, the same on every machine.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        i64::try_from((z ^ (z >> 31)) % bound.unsigned_abs()).expect("it is below the bound")
    }

    /// One change of a record: saves a new one, changes one, or deletes one.
    async fn change(&mut self, space: &RecordSpace, records: i64) -> Result<()> {
        let id = self.below(records * 5 / 4);
        match self.below(5) {
            0 => drop(space.delete(record_store::RecordKey::of("User", id)).await?),
            1 => drop(space.put(pet(id, self.below(3))).await?),
            _ => {
                let (city, age, tag) = (self.below(3), self.below(50), self.below(4));
                space.put(of_user(id, city, age, tag)).await?;
            }
        }
        Ok(())
    }
}
