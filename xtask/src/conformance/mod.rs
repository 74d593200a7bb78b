//! `cargo xtask conformance`: Apple's Java Record Layer and this one take turns on the same record spaces, in one directory that
//! both have open. In every format of Java's 4.1.4.0, each opens what the other has made, reads it, changes it and checks every
//! index.

mod dump;
mod java;
mod shop;

use std::collections::BTreeMap;
use std::fs;

use futures_executor::block_on;
use record_store::indexing::IndexingOptions;
use record_store::{Database, FormatVersion, RecordKey, RecordSpace, StoreOptions};

use self::dump::{Page, dump};
use self::java::Java;
use crate::clients::library;
use crate::step::Failure;

/// The formats that Java's 4.1.4.0 has.
const FORMATS: std::ops::RangeInclusive<i32> = 1..=10;

/// Runs both ways in all formats.
pub(crate) fn run() -> Result<(), Failure> {
    let library = library::build()?;
    let folder = tempfile::tempdir().map_err(|error| format!("a temporary folder: {error}"))?;
    let (data, cluster_file) = (folder.path().join("data"), folder.path().join("fdb.cluster"));
    fs::write(&cluster_file, format!("embedded:{}", data.display())).map_err(|error| format!("{error}"))?;
    let mut java = Java::start(&library, &cluster_file)?;
    block_on(async {
        let database = Database::open(&data.display().to_string()).await.map_err(told)?;
        for number in FORMATS {
            let format = FormatVersion::from_number(number).map_err(told)?;
            for made_by_java in [true, false] {
                let maker = if made_by_java { "java" } else { "rust" };
                let path = format!("conformance/{maker}-{number}");
                let mut turn = Turns {
                    java: &mut java,
                    database: &database,
                    path: &path,
                    format,
                    items: BTreeMap::new(),
                };
                turn.take(made_by_java).await?;
            }
            println!("format {number}: each works on what the other has made");
        }
        Ok(())
    })
}

/// The two programs on one space.
struct Turns<'a> {
    java: &'a mut Java,
    database: &'a Database,
    path: &'a str,
    format: FormatVersion,
    /// The items that must be there, and of which round.
    items: BTreeMap<u8, u8>,
}

impl Turns<'_> {
    async fn take(&mut self, made_by_java: bool) -> Result<(), Failure> {
        let space = if made_by_java {
            self.ask("create", "")?;
            self.items_of_java(0, 1..=12)?;
            self.ask("order", "1")?;
            self.open().await?
        } else {
            let schema = shop::schema().map_err(|error| self.told("schema", error))?;
            let options = StoreOptions::default().format_version(self.format);
            let made = self.database.space(self.path).schema(&schema).options(options);
            let space = made.open().await.map_err(|error| self.told("create", error))?;
            self.items_of_rust(&space, 0, 1..=12).await?;
            let put = space.put(shop::order(1)).await;
            put.map_err(|error| self.told("order", error))?;
            space
        };
        self.agree(&space, "as it was made").await?;

        self.items_of_rust(&space, 1, 1..=4).await?;
        self.items_of_rust(&space, 0, 13..=16).await?;
        let deleted = space.delete(RecordKey::of("Item", 5)).await;
        self.that(
            deleted.map_err(|error| self.told("delete", error))?,
            "Rust finds the item to delete",
        )?;
        self.items.remove(&5);
        self.agree(&space, "as Rust has changed it").await?;

        let space = self.add_index().await?;
        self.agree(&space, "with the index that Rust has added").await?;

        self.items_of_java(2, [1, 4, 6])?;
        self.items_of_java(0, 17..=20)?;
        self.ask("delete", "8")?;
        self.items.remove(&8);
        self.agree(&space, "as Java has changed it").await?;

        for what in ["scan", "query"] {
            self.pages(&space, what).await?;
        }
        Ok(())
    }

    async fn open(&self) -> Result<RecordSpace, Failure> {
        let options = StoreOptions::default().format_version(self.format);
        let opened = self.database.space(self.path).options(options).open().await;
        opened.map_err(|error| self.told("open", error))
    }

    async fn add_index(&self) -> Result<RecordSpace, Failure> {
        let schema = shop::with_quantities().map_err(|error| self.told("schema", error))?;
        let options = StoreOptions::default()
            .format_version(self.format)
            .new_index_state(record_store::IndexState::Disabled);
        let opened = self.database.space(self.path).schema(&schema).options(options);
        let space = opened.open().await.map_err(|error| self.told("add an index", error))?;
        let built = space.build_indexes(IndexingOptions::default()).await;
        built.map_err(|error| self.told("build an index", error))?;
        Ok(space)
    }

    fn items_of_java(&mut self, round: u8, ids: impl IntoIterator<Item = u8>) -> Result<(), Failure> {
        let ids: Vec<u8> = ids.into_iter().collect();
        let words: Vec<String> = ids.iter().map(u8::to_string).collect();
        self.ask("items", &format!("{round} {}", words.join(" ")))?;
        self.items.extend(ids.into_iter().map(|id| (id, round)));
        Ok(())
    }

    async fn items_of_rust(
        &mut self,
        space: &RecordSpace,
        round: u8,
        ids: impl IntoIterator<Item = u8>,
    ) -> Result<(), Failure> {
        let ids: Vec<u8> = ids.into_iter().collect();
        let saved = space.put_all(ids.iter().map(|id| shop::item(*id, round))).await;
        saved.map_err(|error| self.told("save", error))?;
        self.items.extend(ids.into_iter().map(|id| (id, round)));
        Ok(())
    }

    /// Java, whose every index is what the records make of it, and Rust see the same bytes; and those are of the records that
    /// must be there.
    async fn agree(&mut self, space: &RecordSpace, when: &str) -> Result<(), Failure> {
        let by_rust = dump(self.database, space).await;
        let by_rust = by_rust.map_err(|error| self.told(when, error))?;
        let by_java = self.ask("dump", "")?;
        // The order of the indexes is nobody's concern.
        let sorted = |mut lines: Vec<String>| {
            lines.sort();
            lines
        };
        let (by_rust, by_java) = (sorted(by_rust), sorted(by_java));
        for line in &by_rust {
            self.that(by_java.contains(line), &format!("{when}: only Rust sees {line:.300}"))?;
        }
        for line in &by_java {
            self.that(by_rust.contains(line), &format!("{when}: only Java sees {line:.300}"))?;
        }
        let format = format!("format {}", self.format.number());
        self.that(
            by_rust.contains(&format),
            &format!("{when}: the store is of its {format}"),
        )?;
        self.holds_items(space, when).await
    }

    async fn holds_items(&self, space: &RecordSpace, when: &str) -> Result<(), Failure> {
        let (mut counts, mut sums) = (BTreeMap::new(), BTreeMap::new());
        for (id, round) in &self.items {
            let city = shop::city(*id, *round);
            *counts.entry(city).or_insert(0) += 1;
            *sums.entry(city).or_insert(0) += shop::quantity(*id, *round);
            let found = space.get(RecordKey::of("Item", i64::from(*id))).await;
            let found = found.map_err(|error| self.told(when, error))?;
            let quantity = format!(r#""qty":"{}""#, shop::quantity(*id, *round));
            let text = found.map(|found| found.to_json()).transpose();
            let text = text.map_err(|error| self.told(when, error))?.unwrap_or_default();
            self.that(
                text.contains(&quantity),
                &format!("{when}: item {id} has {quantity}: {text:.200}"),
            )?;
        }
        for (index, groups) in [("count_by_city", counts), ("sum_by_city", sums)] {
            for (city, expected) in groups {
                let kept = space.aggregate(index, city).await;
                let kept = kept.map_err(|error| self.told(when, error))?;
                let expected = Some(record_store::Tuple::from((expected,)));
                self.that(
                    kept == expected,
                    &format!("{when}: {index} of {city} is {kept:?}, not {expected:?}"),
                )?;
            }
        }
        Ok(())
    }

    /// Each goes on where the other has stopped, and nothing is missing or comes twice.
    async fn pages(&mut self, space: &RecordSpace, what: &str) -> Result<(), Failure> {
        let whole = Page::read(self.ask(what, "1000")?).keys;
        for java_begins in [true, false] {
            let (mut keys, mut after, mut by_java) = (Vec::new(), None, java_begins);
            loop {
                let page = if by_java {
                    let after: Option<String> = after;
                    Page::read(self.ask(what, &format!("2 {}", after.unwrap_or_default()))?)
                } else {
                    let page = Page::of(space, what, 2, after.as_deref()).await;
                    page.map_err(|error| self.told(what, error))?
                };
                keys.extend(page.keys);
                by_java = !by_java;
                after = page.more;
                if after.is_none() {
                    break;
                }
            }
            self.that(
                !whole.is_empty() && keys == whole,
                &format!("pages of a {what} have {keys:?}, not {whole:?}"),
            )?;
        }
        Ok(())
    }

    fn ask(&mut self, command: &str, arguments: &str) -> Result<Vec<String>, Failure> {
        let command = format!("{command} {} {} {arguments}", self.path, self.format.number());
        self.java.ask(command.trim_end())
    }

    fn that(&self, holds: bool, what: &str) -> Result<(), Failure> {
        match holds {
            true => Ok(()),
            false => Err(format!("{} of format {}: {what}", self.path, self.format.number())),
        }
    }

    fn told(&self, step: &str, error: record_store::Error) -> Failure {
        format!(
            "{} of format {}, Rust's step {step}: {error:?}",
            self.path,
            self.format.number()
        )
    }
}

fn told(error: record_store::Error) -> Failure {
    error.to_string()
}
