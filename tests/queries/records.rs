//! Random records: as protobuf's JSON for a store, and as rows for SQLite.

use std::collections::BTreeMap;

use record_store::Record;
use serde_json::{Map, Value as Json};

use super::chance::Chance;
use super::shape::{Field, Kind, Message};
use super::value::{Pools, Scalar, Value};
use super::world::World;

/// The content of a message: what its set fields hold.
pub(crate) type Content = BTreeMap<String, Datum>;

/// What a field holds.
#[derive(Clone, Debug)]
pub(crate) enum Datum {
    Value(Value),
    Values(Vec<Value>),
    Message(Content),
    Messages(Vec<Content>),
}

/// A record of a type, by the number of its row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) number: i64,
    pub(crate) record_type: String,
    pub(crate) content: Content,
}

impl Row {
    /// A record whose id is that of no other number.
    pub(crate) fn random(chance: &mut Chance, world: &World, number: i64) -> Self {
        let message = chance.of(&world.types).clone();
        Row::of_type(chance, world, &message, number)
    }

    /// Another record with the same key.
    pub(crate) fn changed(&self, chance: &mut Chance, world: &World) -> Self {
        let message = world.message(&self.record_type).expect("the world has the type");
        Row::of_type(chance, world, message, self.number)
    }

    fn of_type(chance: &mut Chance, world: &World, message: &Message, number: i64) -> Self {
        let mut content = content(chance, message, &world.pools);
        for field in &message.fields {
            if let Some(scalar) = field.scalar()
                && let Some(value) = known_value(&field.name, scalar, number)
            {
                content.insert(field.name.clone(), Datum::Value(value));
            }
        }
        Row {
            number,
            record_type: message.name.clone(),
            content,
        }
    }

    /// For a store.
    pub(crate) fn record(&self) -> Record {
        Record::from_json(&self.record_type, json(&self.content).to_string())
    }
}

/// What the fields that all worlds have hold in the record of this number; none for other fields.
pub(crate) fn known_value(name: &str, scalar: Scalar, number: i64) -> Option<Value> {
    // Ids do not come in the order of their numbers.
    let spread = (number * 37) % 101 - 50;
    Some(match (name, scalar) {
        ("number", _) => Value::Int(number - 20),
        ("of_group", _) => Value::Int(number % 4 - 1),
        ("id", Scalar::Text) => Value::Text(format!("{}{spread}", ["a", "é\u{ffff}"][(spread & 1) as usize])),
        ("id", Scalar::Bytes) => Value::Bytes(vec![0xff * (spread & 1) as u8, spread as u8, 0]),
        ("id", _) if spread % 5 == 0 => Value::Int(spread * 100_000_000_000),
        ("id", _) => Value::Int(spread),
        _ => return None,
    })
}

fn content(chance: &mut Chance, message: &Message, pools: &Pools) -> Content {
    let mut content = Content::new();
    for field in &message.fields {
        if let Some(datum) = datum(chance, field, pools) {
            content.insert(field.name.clone(), datum);
        }
    }
    content
}

fn datum(chance: &mut Chance, field: &Field, pools: &Pools) -> Option<Datum> {
    if chance.one_in(5) {
        return None;
    }
    let count = chance.below(4);
    let datum = match (&field.kind, field.repeated) {
        (Kind::Scalar(scalar), false) => Datum::Value(pools.value(chance, *scalar)),
        (Kind::Scalar(scalar), true) => Datum::Values((0..count).map(|_| pools.value(chance, *scalar)).collect()),
        (Kind::Message(message), false) => Datum::Message(content(chance, message, pools)),
        (Kind::Message(message), true) => {
            Datum::Messages((0..count).map(|_| content(chance, message, pools)).collect())
        }
    };
    Some(datum)
}

fn json(content: &Content) -> Json {
    let field = |(name, datum): (&String, &Datum)| {
        let value = match datum {
            Datum::Value(value) => value.json(),
            Datum::Values(values) => values.iter().map(Value::json).collect(),
            Datum::Message(content) => json(content),
            Datum::Messages(contents) => contents.iter().map(json).collect(),
        };
        (name.clone(), value)
    };
    Json::Object(content.iter().map(field).collect::<Map<_, _>>())
}
