//! Concurrent changes of records while indexes are built and everything that may go wrong does. At the end every record is what
//! its writer knows, and every index is what the records say.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use futures_executor::block_on;
use record_store::indexing::IndexingOptions;
use record_store::key_expression::{Grouping, concat, field};
use record_store::metadata::index_type;
use record_store::query::Parameters;
use record_store::{
    Database, DatabaseOptions, ErrorKind, Index, IndexScanType, IndexState, Record, RecordSpace, ScanOptions, Schema,
};
use record_store_engine::simulation::{Faults, Simulation};
use record_store_kv::BoxFuture;
use record_store_kv::tuple::Tuple;

use super::{FOREVER, Summary, simulation};

/// A user as its writer knows it.
#[derive(Clone, Debug, PartialEq)]
struct User {
    city: Option<u64>,
    age: u64,
    email: u64,
    tags: Vec<u64>,
}

/// What an actor knows of the users that it alone writes.
type Known = BTreeMap<u64, User>;

/// Runs the simulation of a seed.
///
/// # Errors
/// What was not as it must be. The seed replays it.
pub fn run(seed: u64) -> Result<Summary, String> {
    let simulation = simulation(seed)?;
    let options = DatabaseOptions::default().run(FOREVER);
    let database = Database::from_kv_with(simulation.database(), options);
    let schema = schema().map_err(|error| error.to_string())?;
    let space =
        block_on(database.space("simulated/users").schema(&schema).open()).map_err(|error| error.to_string())?;
    let actors = 1 + simulation.random_below(4);
    let known = Arc::new(Mutex::new(vec![Ok(Known::new()); usize::try_from(actors).unwrap_or(1)]));
    let mut tasks: Vec<BoxFuture<()>> = (0..actors)
        .map(|actor| -> BoxFuture<()> {
            let (simulation, space, known) = (simulation.clone(), space.clone(), known.clone());
            Box::pin(async move {
                let came_to = act(&simulation, &space, actor, actors).await;
                known.lock().expect("no actor panics")[usize::try_from(actor).unwrap_or(0)] = came_to;
            })
        })
        .collect();
    if simulation.random_below(2) == 0 {
        tasks.push(Box::pin(build(simulation.clone(), space.clone())));
    }
    simulation.run(tasks).map_err(|error| error.to_string())?;
    simulation.set_faults(Faults::NONE);
    simulation.power_loss().map_err(|error| error.to_string())?;
    let known = std::mem::take(&mut *known.lock().map_err(|_| "an actor panicked")?);
    let mut users = Known::new();
    for of_actor in known {
        users.extend(of_actor?);
    }
    block_on(compare(&space, &users))?;
    Ok(Summary {
        attempts: simulation.starts(),
        committed: u64::try_from(users.len()).unwrap_or(u64::MAX),
        starts: simulation.starts(),
    })
}

fn schema() -> record_store::Result<Schema> {
    let by_city = || field("city");
    Schema::builder()
        .proto(
            "user.proto",
            "syntax = 'proto2'; message User {
                required int64 id = 1; optional string city = 2; optional int64 age = 3;
                optional string email = 4; repeated string tags = 5; optional bytes filler = 6; }",
        )
        .record_type("User", |user| user.primary_key("id"))
        .index(Index::new("by_city", by_city()))
        .index(Index::new("by_tag", field("tags").fan_out()))
        .index(Index::new("by_email", field("email")).unique())
        .index(Index::new("count", Grouping::new(by_city().into(), 0)).with_kind(index_type::COUNT))
        .index(Index::new("sum", Grouping::new(concat((by_city(), field("age"))), 1)).with_kind(index_type::SUM))
        .build()
}

/// Changes of users whose numbers belong to one actor. Gives what they are at the end.
async fn act(simulation: &Simulation, space: &RecordSpace, actor: u64, actors: u64) -> Result<Known, String> {
    let chance = |below: u64| simulation.random_below(below);
    let own = || chance(8) * actors + actor;
    let mut known = Known::new();
    for _ in 0..4 + chance(12) {
        match chance(10) {
            0..=4 => {
                let (id, user) = (own(), user(simulation));
                save(space, &mut known, vec![(id, user)]).await?;
            }
            5 => {
                // Each once: a user that changes twice in a transaction gives up an address in between, which another may take
                // before a retry.
                let users: BTreeMap<u64, User> = (0..2 + chance(4)).map(|_| (own(), user(simulation))).collect();
                save(space, &mut known, users.into_iter().collect()).await?;
            }
            6 | 7 => {
                let id = own();
                let was_there = space.delete(signed(id)).await.map_err(|error| error.to_string())?;
                // An attempt whose end nobody knew may have deleted it before.
                if was_there && !known.contains_key(&id) {
                    return Err(format!("user {id} was deleted and is there"));
                }
                known.remove(&id);
            }
            8 => {
                let id = own();
                let found = space.get(signed(id)).await.map_err(|error| error.to_string())?;
                let found = found.map(|record| record.to_json()).transpose();
                let expected = known.get(&id).map(|user| json(id, user));
                match found.map_err(|error| error.to_string())? {
                    found if found == expected => {}
                    found => return Err(format!("user {id} is {found:?}, expected {expected:?}")),
                }
            }
            _ => look(space, chance(3)).await?,
        }
    }
    Ok(known)
}

/// Saves users in one transaction: all of them, or none where one breaks the uniqueness of e-mail addresses.
async fn save(space: &RecordSpace, known: &mut Known, users: Vec<(u64, User)>) -> Result<(), String> {
    let records: Vec<Record> = users.iter().map(|(id, user)| record(*id, user)).collect();
    match space.put_all(records).await {
        Ok(_) => known.extend(users),
        Err(error) if error.kind() == ErrorKind::UniquenessViolation => {}
        Err(error) => return Err(error.to_string()),
    }
    Ok(())
}

/// One snapshot tells the same by an index, if it is readable, and by all records.
async fn look(space: &RecordSpace, city: u64) -> Result<(), String> {
    let city = &format!("c{city}");
    let seen = space.database().run(|context| async move {
        let mut by_query = Vec::new();
        let query = space
            .query("city = ?")
            .parameters(Parameters::positional([city.as_str()]));
        let mut found = query.execute().within(&context);
        while let Some(user) = found.next().await? {
            by_query.push(user.primary_key().clone());
        }
        by_query.sort();
        let mut by_scan = Vec::new();
        let mut all = space.scan(ScanOptions::default()).within(&context);
        while let Some(user) = all.next().await? {
            let message = user.to_dynamic()?;
            let has_city = message.has_field_by_name("city");
            if has_city
                && message
                    .get_field_by_name("city")
                    .is_some_and(|of_user| of_user.as_str() == Some(city))
            {
                by_scan.push(user.primary_key().clone());
            }
        }
        Ok::<_, record_store::Error>((by_query, by_scan))
    });
    match seen.await.map_err(|error| error.to_string())? {
        (by_query, by_scan) if by_query == by_scan => Ok(()),
        (by_query, by_scan) => Err(format!("users of {city}: {by_query:?} by query, {by_scan:?} by scan")),
    }
}

/// Takes an index away and builds it while others write, in very small steps.
async fn build(simulation: Simulation, space: RecordSpace) {
    for _ in 0..3 {
        let name = ["by_city", "by_tag", "count", "sum"][usize::try_from(simulation.random_below(4)).unwrap_or(0)];
        // What goes wrong here is seen at the end: the index is not readable, or not right.
        drop(space.mark_index(name, IndexState::Disabled).await);
        drop(space.build_indexes(IndexingOptions::default().limit(3)).await);
    }
}

/// Compares records with what their writers know, and indexes with the records.
async fn compare(space: &RecordSpace, users: &Known) -> Result<(), String> {
    let said = |error: record_store::Error| error.to_string();
    let mut records = space.scan(ScanOptions::default());
    let mut found = BTreeMap::new();
    while let Some(record) = records.next().await.map_err(said)? {
        let id = record.primary_key().get(1).and_then(|id| id.as_i64()).unwrap_or(-1);
        found.insert(u64::try_from(id).unwrap_or(u64::MAX), record.to_json().map_err(said)?);
    }
    let expected: BTreeMap<u64, String> = users.iter().map(|(id, user)| (*id, json(*id, user))).collect();
    if found != expected {
        return Err(format!("records: {found:?}, expected {expected:?}"));
    }
    let built = space.build_indexes(IndexingOptions::default()).await.map_err(said)?;
    for (name, expected) in entries(users) {
        if built
            .states
            .get(name)
            .is_some_and(|state| *state != IndexState::Readable)
        {
            return Err(format!("the index {name} is {:?}", built.states.get(name)));
        }
        let scan_type = if ["count", "sum"].contains(&name) {
            IndexScanType::ByGroup
        } else {
            IndexScanType::ByValue
        };
        let mut scan = space.scan_index(name, scan_type, ScanOptions::default());
        let mut found = BTreeMap::new();
        while let Some(entry) = scan.next().await.map_err(said)? {
            // A group whose last record is gone keeps a zero.
            if entry.primary_key().is_empty() && entry.value() == &Tuple::from((0,)) {
                continue;
            }
            found.insert(entry.key().clone(), entry.value().clone());
        }
        if found != expected {
            return Err(format!("index {name}: {found:?}, expected {expected:?}"));
        }
    }
    Ok(())
}

/// The entries of all indexes, made of the users without the record layer.
fn entries(users: &Known) -> BTreeMap<&'static str, BTreeMap<Tuple, Tuple>> {
    let mut entries: BTreeMap<&'static str, BTreeMap<Tuple, Tuple>> = BTreeMap::new();
    let mut groups: BTreeMap<Option<Rc<str>>, (i64, i64)> = BTreeMap::new();
    for name in ["by_city", "by_tag", "by_email", "count", "sum"] {
        entries.insert(name, BTreeMap::new());
    }
    for (id, user) in users {
        let id = signed(*id);
        let city: Option<Rc<str>> = user.city.map(|city| format!("c{city}").into());
        let mut add = |name: &str, key: Tuple| {
            if let Some(of_index) = entries.get_mut(name) {
                of_index.insert(key, Tuple::new());
            }
        };
        add("by_city", Tuple::from((city.as_deref(), USER_TYPE, id)));
        add(
            "by_email",
            Tuple::from((format!("e{}", user.email).as_str(), USER_TYPE, id)),
        );
        for tag in &user.tags {
            add("by_tag", Tuple::from((format!("t{tag}").as_str(), USER_TYPE, id)));
        }
        let (count, sum) = groups.entry(city).or_default();
        *count += 1;
        *sum += signed(user.age);
    }
    for (city, (count, sum)) in groups {
        let group = Tuple::from((city.as_deref(),));
        for (name, number) in [("count", count), ("sum", sum)] {
            if let (Some(of_index), true) = (entries.get_mut(name), number != 0) {
                of_index.insert(group.clone(), Tuple::from((number,)));
            }
        }
    }
    entries
}

fn user(simulation: &Simulation) -> User {
    let chance = |below: u64| simulation.random_below(below);
    User {
        city: (chance(5) > 0).then(|| chance(3)),
        age: chance(90),
        email: chance(40),
        tags: (0..chance(3)).map(|first| 10 * first + chance(4)).collect(),
    }
}

/// A user as JSON, in the form that a space gives it back.
fn json(id: u64, user: &User) -> String {
    let city = user.city.map_or(String::new(), |city| format!(r#","city":"c{city}""#));
    let tags: Vec<String> = user.tags.iter().map(|tag| format!(r#""t{tag}""#)).collect();
    let tags = match &tags[..] {
        [] => String::new(),
        tags => format!(r#","tags":[{}]"#, tags.join(",")),
    };
    let (age, email) = (user.age, user.email);
    format!(r#"{{"id":"{id}"{city},"age":"{age}","email":"e{email}"{tags}}}"#)
}

fn record(id: u64, user: &User) -> Record {
    Record::from_json("User", json(id, user))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The number of the type in the union, which its records' keys begin with.
const USER_TYPE: i64 = 1;
