//! One query over one directory, whose pages are read in four languages in turn: each goes on with the continuation of the one
//! before it.

use std::path::Path;

use futures_executor::block_on;
use record_store::metadata::IndexSchema;
use record_store::{Database, Record, Schema};

use crate::c::{self, Profile};
use crate::step::{Failure, Program};
use crate::{node, python, workspace};

/// A language, and its program, which reads one page.
pub(crate) type Runner<'a> = (&'a str, &'a dyn Fn() -> Result<Program, Failure>);

/// A page as one of the programs prints it.
struct Page {
    cities: Vec<i64>,
    continuation: Option<String>,
}

/// Hands the cities of a country around, `count` a page, and compares all pages with one read of everything.
///
/// Errors: a program failed, or a city is missing, twice or in another place.
pub(crate) fn run(programs: &[Runner<'_>], database: &Path, country: &str, count: usize) -> Result<(), Failure> {
    let ask = |program: &dyn Fn() -> Result<Program, Failure>, count: usize, after: Option<&str>| {
        let asked = program()?.args([database]).args([country, &count.to_string()]);
        let printed = asked.args(after).output()?;
        Ok::<_, Failure>((Page::read(&printed)?, printed))
    };
    let (_, first) = programs.first().ok_or("there is no program to begin with")?;
    let (whole, _) = ask(first, 0, None)?;
    let mut cities = Vec::new();
    let mut after: Option<String> = None;
    for (language, program) in programs {
        let (page, printed) = ask(program, count, after.as_deref())?;
        println!("--- {count} cities of {country} in {language}");
        for line in printed.lines() {
            println!("    {line:.160}");
        }
        cities.extend(page.cities);
        let more = page
            .continuation
            .ok_or_else(|| format!("no page follows that in {language}: too few cities"))?;
        after = Some(more);
    }
    let (rest, _) = ask(first, 0, after.as_deref())?;
    println!(
        "--- and the other {} cities, where the first page was read",
        rest.cities.len()
    );
    cities.extend(rest.cities);
    if rest.continuation.is_some() || cities != whole.cities {
        return Err(format!("the pages give {cities:?}, one read gives {:?}", whole.cities));
    }
    println!(
        "    {} cities in all, as one read gives them: none is missing, none came twice",
        cities.len()
    );
    Ok(())
}

impl Page {
    fn read(printed: &str) -> Result<Self, Failure> {
        let mut page = Page {
            cities: Vec::new(),
            continuation: None,
        };
        let mut is_whole = false;
        for line in printed.lines() {
            match line.split_once(' ') {
                Some(("city", city)) => page.cities.push(number(city)?),
                Some(("continuation", digits)) => {
                    is_whole = true;
                    page.continuation = (digits != "end").then(|| digits.to_owned());
                }
                _ => {}
            }
        }
        match is_whole {
            true => Ok(page),
            false => Err(format!("a page has no continuation: {printed}")),
        }
    }
}

/// The number of a city, from its JSON or before its name.
fn number(city: &str) -> Result<i64, Failure> {
    let told = |why: String| format!("{why}: {city}");
    if city.starts_with('{') {
        let city: serde_json::Value = serde_json::from_str(city).map_err(|error| told(error.to_string()))?;
        let number = city["id"].as_str().and_then(|number| number.parse().ok());
        return number.ok_or_else(|| told("a city has no number".to_owned()));
    }
    let number = city.split_whitespace().next().unwrap_or_default();
    number.parse().map_err(|error| told(format!("{error}")))
}

/// The same with some cities that were made up.
pub(crate) fn test() -> Result<(), Failure> {
    let folder = workspace::cache().join("relay");
    let database = folder.join("database");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    block_on(make_cities(&database.display().to_string())).map_err(|error| error.to_string())?;
    let rust = || Ok(rust_program(Profile::Debug));
    let environment = python::Environment::with_package()?;
    let python = || Ok(environment.program().args(["examples/python/relay.py"]));
    let environment = node::Environment::with_package(node::Profile::Debug)?;
    let node = || environment.example("relay.mjs");
    let library = c::install(&folder.join("prefix"), Profile::Debug)?;
    let program = folder.join("relay");
    library.compile(&["examples/c/relay.c"], &program, &["-O1"])?;
    let c = || Ok(Program::new(&program));
    run(
        &[("Rust", &rust), ("Python", &python), ("JavaScript", &node), ("C", &c)],
        &database,
        "AA",
        7,
    )
}

/// The program in Rust.
pub(crate) fn rust_program(profile: Profile) -> Program {
    let release = (profile == Profile::Release).then_some("--release");
    Program::cargo().args(["run", "--quiet"]).args(release).args([
        "--package",
        "record-store-examples",
        "--bin",
        "relay",
        "--",
    ])
}

/// Cities of two countries, many of one size, some of unknown size.
async fn make_cities(database: &str) -> record_store::Result<()> {
    let schema = Schema::builder()
        .proto("cities.proto", include_str!("../../examples/cities.proto"))
        .record_type("City", |city| city.primary_key("id"))
        .index(IndexSchema::new("by_country_and_population", ["country", "population"]).on("City"))
        .build()?;
    let database = Database::open(database).await?;
    let cities = database.space("demo/cities").schema(&schema).open().await?;
    let made = (1..=90).map(|id| {
        let country = if id % 3 == 0 { "BB" } else { "AA" };
        let population = id % 5 * 1_000;
        let city =
            format!(r#"{{"id": {id}, "name": "City {id}", "country": "{country}", "population": {population}}}"#);
        Record::from_json("City", city)
    });
    cities.put_all(made).await?;
    Ok(())
}
