//! [`Shared`]: a space on which both programs work, and what either can do to it.

mod agree;

use std::collections::{BTreeMap, BTreeSet};

use record_store::indexing::IndexingOptions;
use record_store::{
    Database, ErrorKind, FormatVersion, IndexState, RecordKey, RecordSpace, Schema, StoreOptions, Tuple,
};

use super::dump::hex;
use super::java::Java;
use super::shop;
use crate::step::Failure;

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Java,
    Rust,
}

impl Side {
    pub(super) const BOTH: [Side; 2] = [Side::Java, Side::Rust];

    pub(super) fn name(self) -> &'static str {
        match self {
            Side::Java => "java",
            Side::Rust => "rust",
        }
    }

    pub(super) fn other(self) -> Side {
        match self {
            Side::Java => Side::Rust,
            Side::Rust => Side::Java,
        }
    }
}

/// The two programs on one space.
pub(super) struct Shared<'a> {
    java: &'a mut Java,
    database: &'a Database,
    path: String,
    format: FormatVersion,
    /// The items that must be there, and of which round.
    items: BTreeMap<u8, u8>,
    /// The other records that must be there, by type and number.
    others: BTreeSet<(&'static str, u8)>,
    /// The indexes of which Rust has built a part.
    begun_by_rust: BTreeSet<String>,
}

impl<'a> Shared<'a> {
    /// A space that is not there yet.
    pub(super) fn new(java: &'a mut Java, database: &'a Database, path: String, format: FormatVersion) -> Self {
        Shared {
            java,
            database,
            path,
            format,
            items: BTreeMap::new(),
            others: BTreeSet::new(),
            begun_by_rust: BTreeSet::new(),
        }
    }

    /// Makes the space, whose schema splits long records or not.
    pub(super) async fn create(&mut self, side: Side, split: bool) -> Result<(), Failure> {
        match side {
            Side::Java => self.ask("create", if split { "split" } else { "whole" }).map(drop),
            Side::Rust => {
                let schema = shop::schema(split).map_err(|error| self.told("schema", error))?;
                self.evolve(&schema, IndexState::Readable).await.map(drop)
            }
        }
    }

    /// Saves items as they are in a round.
    pub(super) async fn items(
        &mut self,
        side: Side,
        round: u8,
        ids: impl IntoIterator<Item = u8>,
    ) -> Result<(), Failure> {
        let ids: Vec<u8> = ids.into_iter().collect();
        match side {
            Side::Java => drop(self.ask("items", &format!("{round} {}", words(&ids)))?),
            Side::Rust => {
                let saved = self
                    .open()
                    .await?
                    .put_all(ids.iter().map(|id| shop::item(*id, round)))
                    .await;
                saved.map_err(|error| self.told("save", error))?;
            }
        }
        self.items.extend(ids.into_iter().map(|id| (id, round)));
        Ok(())
    }

    /// Saves orders or refunds.
    pub(super) async fn others(
        &mut self,
        side: Side,
        record_type: &'static str,
        ids: impl IntoIterator<Item = u8>,
    ) -> Result<(), Failure> {
        let ids: Vec<u8> = ids.into_iter().collect();
        match side {
            Side::Java => drop(self.ask("others", &format!("{record_type} {}", words(&ids)))?),
            Side::Rust => {
                let records = ids.iter().map(|id| shop::other(record_type, *id));
                let saved = self.open().await?.put_all(records).await;
                saved.map_err(|error| self.told("save", error))?;
            }
        }
        self.others.extend(ids.into_iter().map(|id| (record_type, id)));
        Ok(())
    }

    /// Tries to save an item with a value that another has, which both refuse alike.
    pub(super) async fn refuse(&mut self, index: &str, field: &str, value: &str) -> Result<(), Failure> {
        let by_java = self.ask("duplicate", &format!("99 {field} {value}"))?;
        let saved = self.open().await?.put(shop::with(99, field, value)).await;
        let Err(by_rust) = saved else {
            return self.that(false, &format!("Rust saves {value} twice"));
        };
        let kind = by_rust.kind();
        self.that(
            kind == ErrorKind::UniquenessViolation,
            &format!("Rust refuses {value}: {by_rust:?}"),
        )?;
        let fact = |name: &str| by_rust.fact(name).unwrap_or_default().to_owned();
        let key = hex(&Tuple::from((1, 99)).pack());
        let expected = format!("refused {index} {} {key} ", hex(&Tuple::from((value,)).pack()));
        let refused = by_java.first().is_some_and(|line| line.starts_with(&expected));
        self.that(refused, &format!("Java refuses {value}: {by_java:?}"))?;
        // Both name the index, the value and the record.
        let named = (fact("index"), fact("value"), fact("primary_key"));
        let expected = (index.to_owned(), format!("(\"{value}\")"), "(1, 99)".to_owned());
        self.that(named == expected, &format!("Rust says of what: {named:?}"))
    }

    /// Deletes items that are there.
    pub(super) async fn delete(&mut self, side: Side, ids: impl IntoIterator<Item = u8>) -> Result<(), Failure> {
        let ids: Vec<u8> = ids.into_iter().collect();
        match side {
            Side::Java => drop(self.ask("delete", &words(&ids))?),
            Side::Rust => {
                let space = self.open().await?;
                for id in &ids {
                    let deleted = space.delete(RecordKey::of("Item", i64::from(*id))).await;
                    let deleted = deleted.map_err(|error| self.told("delete", error))?;
                    self.that(deleted, &format!("Rust finds item {id} to delete"))?;
                }
            }
        }
        self.items.retain(|id, _| !ids.contains(id));
        Ok(())
    }

    /// Deletes all records of a type by one range.
    pub(super) async fn delete_type(&mut self, side: Side, record_type: &str) -> Result<(), Failure> {
        match side {
            Side::Java => drop(self.ask("delete-type", record_type)?),
            Side::Rust => {
                let deleted = self.open().await?.delete_where(RecordKey::of(record_type, ())).await;
                deleted.map_err(|error| self.told("delete a type", error))?;
            }
        }
        if record_type == "Item" {
            self.items.clear();
        }
        self.others.retain(|(other, _)| *other != record_type);
        Ok(())
    }

    /// Deletes all records.
    pub(super) async fn delete_all(&mut self, side: Side) -> Result<(), Failure> {
        match side {
            Side::Java => drop(self.ask("delete-all", "")?),
            Side::Rust => {
                let deleted = self.open().await?.delete_all().await;
                deleted.map_err(|error| self.told("delete all", error))?;
            }
        }
        self.items.clear();
        self.others.clear();
        Ok(())
    }

    /// Adds an index, which begins in a state.
    pub(super) async fn add_index(&mut self, side: Side, name: &str, state: IndexState) -> Result<(), Failure> {
        match side {
            Side::Java => self.ask("add-index", &format!("{name} {}", state.name())).map(drop),
            Side::Rust => {
                let schema =
                    shop::with_index(name, self.has_refunds().await?).map_err(|error| self.told("schema", error))?;
                self.evolve(&schema, state).await.map(drop)
            }
        }
    }

    /// Takes an index out of the schema.
    pub(super) async fn drop_index(&mut self, side: Side, name: &str) -> Result<(), Failure> {
        match side {
            Side::Java => self.ask("drop-index", name).map(drop),
            Side::Rust => {
                let schema =
                    shop::without_index(name, self.has_refunds().await?).map_err(|error| self.told("schema", error))?;
                self.evolve(&schema, IndexState::Readable).await.map(drop)
            }
        }
    }

    /// Adds the record type `Refund`.
    pub(super) async fn add_refunds(&mut self, side: Side) -> Result<(), Failure> {
        match side {
            Side::Java => self.ask("add-type", "").map(drop),
            Side::Rust => {
                let schema = shop::with_refunds().map_err(|error| self.told("schema", error))?;
                self.evolve(&schema, IndexState::Readable).await.map(drop)
            }
        }
    }

    /// Puts an index into a state.
    pub(super) async fn mark(&mut self, side: Side, name: &str, state: IndexState) -> Result<(), Failure> {
        if state == IndexState::Disabled {
            self.begun_by_rust.remove(name);
        }
        match side {
            Side::Java => self.ask("mark", &format!("{name} {}", state.name())).map(drop),
            Side::Rust => {
                let marked = self.open().await?.mark_index(name, state).await;
                marked.map(drop).map_err(|error| self.told("mark", error))
            }
        }
    }

    /// Builds an index two records at a time, and stops after so many transactions.
    pub(super) async fn begin_to_build(&mut self, side: Side, name: &str, transactions: u64) -> Result<(), Failure> {
        match side {
            Side::Java => {
                let answer = self.ask("build", &format!("{name} {transactions}"))?;
                self.that(
                    answer == ["stopped"],
                    &format!("Java stops building {name}: {answer:?}"),
                )
            }
            Side::Rust => {
                let options = IndexingOptions::default().limit(2).stop_after(transactions);
                let built = self.open().await?.indexer().index(name).options(options).build().await;
                self.begun_by_rust.insert(name.to_owned());
                self.that(built.is_err(), &format!("Rust stops building {name}"))
            }
        }
    }

    /// Builds a unique index over what is not unique: it waits for its values to become unique, and before format 9 both refuse
    /// to make it readable.
    pub(super) async fn build_what_is_not_unique(&mut self, side: Side, name: &str) -> Result<(), Failure> {
        let pends = self.format.is_at_least(FormatVersion::ReadableUniquePending);
        let built = match side {
            Side::Java => self.ask("build", &format!("{name} 0"))? == ["built"],
            Side::Rust => {
                let options = IndexingOptions::default().limit(2).allow_unique_pending();
                match self.open().await?.indexer().index(name).options(options).build().await {
                    Ok(_) => true,
                    Err(error) if error.kind() == ErrorKind::UniquenessViolation => false,
                    Err(error) => return Err(self.told("build", error)),
                }
            }
        };
        let what = format!("{} builds {name}: {built}", side.name());
        self.that(built == pends, &what)
    }

    /// Builds an index to its end; a unique one may wait for its values to become unique.
    ///
    /// Java's 4.1.4.0 cannot go on with what Rust has begun: like Java's later versions Rust notes down that the records of the
    /// type end at a key that is no tuple, and 4.1.4.0 takes it for one. It begins anew.
    pub(super) async fn build(&mut self, side: Side, name: &str) -> Result<(), Failure> {
        if self.begun_by_rust.remove(name) && side == Side::Java {
            let refused = self.ask("build", &format!("{name} 0"));
            let why = refused.err().unwrap_or_default();
            let expected = why.contains("Unknown tuple data type -1");
            self.that(expected, &format!("Java goes on with what Rust has begun: {why}"))?;
            self.mark(side, name, IndexState::Disabled).await?;
        }
        match side {
            Side::Java => {
                let answer = self.ask("build", &format!("{name} 0"))?;
                self.that(answer == ["built"], &format!("Java builds {name}: {answer:?}"))
            }
            Side::Rust => {
                let options = IndexingOptions::default().limit(2).allow_unique_pending();
                let built = self.open().await?.indexer().index(name).options(options).build().await;
                built.map(drop).map_err(|error| self.told("build", error))
            }
        }
    }

    /// Of all records with one value of a unique index on cities, the one with the least key stays.
    pub(super) async fn resolve(&mut self, side: Side, name: &str) -> Result<(), Failure> {
        let mut remaining: BTreeMap<&str, u8> = BTreeMap::new();
        for (id, round) in &self.items {
            remaining.entry(shop::city(*id, *round)).or_insert(*id);
        }
        match side {
            Side::Java => drop(self.ask("resolve", name)?),
            Side::Rust => {
                let space = self.open().await?;
                for (city, id) in &remaining {
                    let key = RecordKey::of("Item", i64::from(*id));
                    let resolved = space.resolve_uniqueness_violation(name, (*city,), Some(key)).await;
                    resolved.map_err(|error| self.told("resolve", error))?;
                }
            }
        }
        self.items
            .retain(|id, _| remaining.values().any(|remains| remains == id));
        Ok(())
    }

    /// Makes a space with the schema of another, by Java.
    pub(super) fn create_like(&mut self, other: &str) -> Result<(), Failure> {
        self.ask("create-like", other).map(drop)
    }

    /// The format with which both open the store.
    pub(super) fn format(&self) -> FormatVersion {
        self.format
    }

    /// The numbers of the items that must be there.
    pub(super) fn ids_of_items(&self) -> Vec<u8> {
        self.items.keys().copied().collect()
    }

    /// Whether the schema has an index.
    pub(super) async fn has_index(&self, name: &str) -> Result<bool, Failure> {
        Ok(self.open().await?.metadata().index(name).is_ok())
    }

    /// Whether the schema has or had an index.
    pub(super) async fn had_index(&self, name: &str) -> Result<bool, Failure> {
        let metadata = self.open().await?.metadata();
        let gone = metadata
            .former_indexes()
            .iter()
            .any(|index| index.former_name.as_deref() == Some(name));
        Ok(gone || metadata.index(name).is_ok())
    }

    /// Whether the schema has refunds.
    pub(super) async fn has_refunds(&self) -> Result<bool, Failure> {
        Ok(self.open().await?.metadata().record_type("Refund").is_ok())
    }

    /// The indexes that are not readable.
    pub(super) async fn unready(&self) -> Result<Vec<String>, Failure> {
        let states = self.open().await?.index_states().await;
        let states = states.map_err(|error| self.told("index states", error))?;
        let unready = states.into_iter().filter(|(_, state)| *state != IndexState::Readable);
        Ok(unready.map(|(name, _)| name).collect())
    }

    /// From now on both open the store with this format.
    pub(super) fn upgrade(&mut self, format: FormatVersion) {
        self.format = format;
    }

    /// The space as Rust opens it.
    pub(super) async fn open(&self) -> Result<RecordSpace, Failure> {
        let options = StoreOptions::default().format_version(self.format);
        let opened = self.database.space(&self.path).options(options).open().await;
        opened.map_err(|error| self.told("open", error))
    }

    async fn evolve(&self, schema: &Schema, state: IndexState) -> Result<RecordSpace, Failure> {
        let options = StoreOptions::default()
            .format_version(self.format)
            .new_index_state(state);
        let opened = self
            .database
            .space(&self.path)
            .schema(schema)
            .options(options)
            .open()
            .await;
        opened.map_err(|error| self.told("open with a schema", error))
    }

    /// The state in which both see an index.
    pub(super) async fn state(&self, name: &str) -> Result<IndexState, Failure> {
        let state = self.open().await?.index_state(name).await;
        state.map_err(|error| self.told("index state", error))
    }

    /// Asks the Java program.
    pub(super) fn ask(&mut self, command: &str, arguments: &str) -> Result<Vec<String>, Failure> {
        let command = format!("{command} {} {} {arguments}", self.path, self.format.number());
        self.java.ask(command.trim_end())
    }

    /// Errors: what must hold does not.
    pub(super) fn that(&self, holds: bool, what: &str) -> Result<(), Failure> {
        match holds {
            true => Ok(()),
            false => Err(format!("{} of format {}: {what}", self.path, self.format.number())),
        }
    }

    pub(super) fn told(&self, step: &str, error: record_store::Error) -> Failure {
        format!(
            "{} of format {}, Rust's step {step}: {error:?}",
            self.path,
            self.format.number()
        )
    }
}

fn words(ids: &[u8]) -> String {
    let words: Vec<String> = ids.iter().map(u8::to_string).collect();
    words.join(" ")
}
