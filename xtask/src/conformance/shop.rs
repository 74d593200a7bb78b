//! The schema and the records of the conformance test; `Shop.java` has the same ones.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use record_store::key_expression::record_type;
use record_store::metadata::{Columns, IndexSchema, SchemaBuilder};
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

const REFUND: &str = "
    message Refund {
      optional int64 id = 1;
      optional string user = 2;
    }";

/// The whole schema, for a space that Rust makes, which splits long records or not.
pub(super) fn schema(split: bool) -> Result<Schema> {
    let on = |index: IndexSchema| index.on("Item");
    types(proto(false))
        .split_long_records(split)
        .index(on(IndexSchema::new("by_city", "city")))
        .index(on(IndexSchema::new("by_name", "name").unique()))
        .index(on(IndexSchema::new("by_tag", "tags")))
        .index(on(IndexSchema::count("count_by_city").group_by("city")))
        .index(on(IndexSchema::new("sum_by_city", "qty").kind("sum").group_by("city")))
        .index(on(IndexSchema::new("most", "qty").kind("max_ever_long")))
        .index(on(IndexSchema::new("least", "qty").kind("min_ever_long")))
        .index(IndexSchema::count("count_by_type").group_by(Columns::from(record_type())))
        .index(on(IndexSchema::new("by_version", Vec::<String>::new()).kind("version")))
        .build()
}

/// What Rust adds to the schema of a space, which has refunds or not: of indexes and keys what it leaves out stays.
pub(super) fn with_index(name: &str, refunds: bool) -> Result<Schema> {
    let index = match name {
        "city_once" => IndexSchema::new(name, "city").unique(),
        _ => IndexSchema::new(name, "qty"),
    };
    types(proto(refunds)).index(index.on("Item")).build()
}

/// What takes an index out of a space.
pub(super) fn without_index(name: &str, refunds: bool) -> Result<Schema> {
    types(proto(refunds)).drop_index(name).build()
}

/// What adds a record type to a space.
pub(super) fn with_refunds() -> Result<Schema> {
    types(proto(true))
        .record_type("Refund", |refund| refund.primary_key("id"))
        .build()
}

fn proto(refunds: bool) -> String {
    format!("{PROTO}{}", if refunds { REFUND } else { "" })
}

fn types(proto: String) -> SchemaBuilder {
    Schema::builder()
        .proto("shop.proto", proto)
        .record_type("Item", |item| item.primary_key("id"))
        .record_type("Order", |order| order.primary_key("id"))
}

/// An item as it is in a round. Before round 100 one in four is longer than a value may be, and in which rounds changes.
pub(super) fn item(id: u8, round: u8) -> Record {
    let long = (u16::from(id) + u16::from(round)).is_multiple_of(4) && round < 100;
    let blob = STANDARD.encode(vec![id; if long { 150_000 } else { 3 }]);
    let (city, tag) = (city(id, round), (u16::from(id) + u16::from(round)) % 2);
    let quantity = quantity(id, round);
    Record::from_json(
        "Item",
        format!(
            r#"{{"id": {id}, "name": "n{id}", "city": "{city}", "qty": {quantity}, "tags": ["t{tag}", "all"], "blob": "{blob}"}}"#
        ),
    )
}

/// An item with nothing but a field.
pub(super) fn with(id: u8, field: &str, value: &str) -> Record {
    Record::from_json("Item", format!(r#"{{"id": {id}, "{field}": "{value}"}}"#))
}

/// An order or a refund.
pub(super) fn other(record_type: &str, id: u8) -> Record {
    Record::from_json(record_type, format!(r#"{{"id": {id}, "user": "u{id}"}}"#))
}

/// Where an item is.
pub(super) fn city(id: u8, round: u8) -> &'static str {
    match (u16::from(id) + u16::from(round)) % 3 {
        0 => "Oslo",
        1 => "Rome",
        _ => "Bern",
    }
}

/// How many there are of an item.
pub(super) fn quantity(id: u8, round: u8) -> i64 {
    i64::from(id) * 10 + i64::from(round)
}
