//! The schema and the records of the conformance test; `Shop.java` has the same ones.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use record_store::metadata::IndexSchema;
use record_store::{Record, Result, Schema};

const PROTO: &str = "syntax = 'proto2';
    message Item {
      optional int64 id = 1;
      optional string name = 2;
      optional string city = 3;
      optional int64 qty = 4;
      repeated string tags = 5;
      optional bytes blob = 6;
    }
    message Order {
      optional int64 id = 1;
      optional string user = 2;
    }";

/// The whole schema, for a space that Rust makes.
pub(super) fn schema() -> Result<Schema> {
    let on = |index: IndexSchema| index.on("Item");
    Schema::builder()
        .proto("shop.proto", PROTO)
        .record_type("Item", |item| item.primary_key("id"))
        .record_type("Order", |order| order.primary_key("id"))
        .index(on(IndexSchema::new("by_city", "city")))
        .index(on(IndexSchema::new("by_name", "name").unique()))
        .index(on(IndexSchema::new("by_tag", "tags")))
        .index(on(IndexSchema::count("count_by_city").group_by("city")))
        .index(on(IndexSchema::new("sum_by_city", "qty").kind("sum").group_by("city")))
        .index(on(IndexSchema::new("most", "qty").kind("max_ever_long")))
        .index(on(IndexSchema::new("least", "qty").kind("min_ever_long")))
        .index(on(IndexSchema::new("by_version", Vec::<String>::new()).kind("version")))
        .build()
}

/// What Rust adds to the schema of a space: what it leaves out stays.
pub(super) fn with_quantities() -> Result<Schema> {
    Schema::builder()
        .proto("shop.proto", PROTO)
        .record_type("Item", |item| item.primary_key("id"))
        .record_type("Order", |order| order.primary_key("id"))
        .index(IndexSchema::new("by_qty", "qty").on("Item"))
        .build()
}

/// An item as it is in a round; every fourth is longer than a value may be.
pub(super) fn item(id: u8, round: u8) -> Record {
    let blob = STANDARD.encode(vec![id; if id.is_multiple_of(4) { 150_000 } else { 3 }]);
    let (city, tag) = (city(id, round), (id + round) % 2);
    let quantity = quantity(id, round);
    Record::from_json(
        "Item",
        format!(
            r#"{{"id": {id}, "name": "n{id}", "city": "{city}", "qty": {quantity}, "tags": ["t{tag}", "all"], "blob": "{blob}"}}"#
        ),
    )
}

/// An order.
pub(super) fn order(id: u8) -> Record {
    Record::from_json("Order", format!(r#"{{"id": {id}, "user": "u{id}"}}"#))
}

/// Where an item is.
pub(super) fn city(id: u8, round: u8) -> &'static str {
    match (id + round) % 3 {
        0 => "Oslo",
        1 => "Rome",
        _ => "Bern",
    }
}

/// How many there are of an item.
pub(super) fn quantity(id: u8, round: u8) -> i64 {
    i64::from(id) * 10 + i64::from(round)
}
