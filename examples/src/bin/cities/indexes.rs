//! The second half of the tour: what indexes are for, and a new one built while others write.

#![allow(clippy::disallowed_methods, reason = "a program may start a thread")]

use std::error::Error;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use futures_executor::block_on;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use record_store::kv::tuple::{Element, Tuple, TupleRange};
use record_store::metadata::{IndexSchema, SchemaBuilder};
use record_store::{Database, IndexCursor, IndexScanType, IndexState, Record, RecordSpace, ScanOptions, Schema};
use record_store_examples::City;

use crate::timed;

/// The schema: cities with three value indexes and a count.
pub(crate) fn schema() -> SchemaBuilder {
    Schema::builder()
        .proto("cities.proto", include_str!("../../../cities.proto"))
        .record_type("City", |city| city.primary_key("id"))
        .index(IndexSchema::new("by_name", "name").on("City"))
        .index(IndexSchema::new("by_country_and_population", ["country", "population"]).on("City"))
        .index(IndexSchema::new("by_kind", ["feature_code", "country"]).on("City"))
        .index(IndexSchema::count("cities_by_country").group_by("country").on("City"))
}

/// Finds cities through the indexes.
pub(crate) async fn look_up(db: &Database, space: &RecordSpace) -> Result<(), Box<dyn Error>> {
    let largest = db.run(|context| async move {
        let store = space.store(&context).await?;
        let options = ScanOptions::default()
            .range(TupleRange::all_of(("CH",).into()))
            .reverse()
            .limit(3);
        let mut entries = store.scan_index("by_country_and_population", IndexScanType::ByValue, options)?;
        let mut names = Vec::new();
        while let Some(entry) = entries.next().await? {
            if let Some(record) = store.load_record(entry.primary_key()).await? {
                names.push(record.decode::<City>()?.name);
            }
        }
        Ok::<_, record_store::Error>(names)
    });
    let largest = timed("the three largest cities of Switzerland, by an index", largest).await?;
    println!("               {}", largest.join(", "));

    let capitals = db.run(|context| async move {
        let store = space.store(&context).await?;
        let options = ScanOptions::default()
            .range(TupleRange::all_of(("PPLC",).into()))
            .snapshot();
        count(store.scan_index("by_kind", IndexScanType::ByValue, options)?).await
    });
    let capitals = timed("all capitals, by an index alone", capitals).await?;
    println!("               there are {capitals}");

    let cities = db.run(|context| async move {
        let store = space.store(&context).await?;
        let range = TupleRange::all_of(("FR",).into());
        store.aggregate_index("cities_by_country", range, true).await
    });
    let cities = timed("count the cities of France, by one read", cities).await?;
    println!(
        "               there are {}",
        cities.map_or_else(|| "none".to_owned(), |counted| counted.to_string())
    );
    Ok(())
}

/// Adds an index to the space and builds it, while another thread goes on changing cities.
pub(crate) async fn add_an_index(db: &Database, space: &RecordSpace, cities: &[City]) -> Result<(), Box<dyn Error>> {
    let extended = schema()
        .index(IndexSchema::new("by_population", "population").on("City"))
        .build()?;
    println!("what the new schema changes:\n{}", space.plan(&extended).await?);
    let space = db.space("demo/cities").schema(&extended).open().await?;

    let writer = Writer::start(space.clone(), cities.to_vec());
    let bar = ProgressBar::new(u64::try_from(cities.len())?).with_style(ProgressStyle::with_template(
        "build {bar:40} {human_pos} / {human_len} cities, {per_sec}",
    )?);
    let shown = bar.clone();
    let indexer = space.indexer().on_progress(move |progress| {
        shown.set_position(progress.records_scanned);
        ControlFlow::Continue(())
    });
    let summary = timed("build the index while another thread writes", indexer.build()).await;
    bar.finish_and_clear();
    let written = writer.stop()?;
    let summary = summary?;
    println!(
        "               {} cities in {} transactions; meanwhile {} were changed",
        HumanCount(summary.records_scanned),
        HumanCount(summary.transactions),
        HumanCount(written),
    );
    if summary.states.get("by_population") != Some(&IndexState::Readable) {
        return Err("the index is not readable".into());
    }
    compare(db, &space, cities.len()).await
}

/// A thread that adds an inhabitant to one city after another until it is stopped.
struct Writer {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<u64, record_store::Error>>,
}

impl Writer {
    fn start(space: RecordSpace, cities: Vec<City>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut written = 0;
            for city in cities.iter().cycle() {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let city = City {
                    population: city.population + 1,
                    ..city.clone()
                };
                block_on(space.put(Record::from_message(&city)))?;
                written += 1;
            }
            Ok(written)
        });
        Writer { stop, thread }
    }

    /// Stops it; tells how many cities it changed.
    fn stop(self) -> Result<u64, Box<dyn Error>> {
        self.stop.store(true, Ordering::Relaxed);
        Ok(self.thread.join().map_err(|_panic| "the writer panicked")??)
    }
}

/// Every city has its entry, with the population that it has now.
async fn compare(db: &Database, space: &RecordSpace, expected: usize) -> Result<(), Box<dyn Error>> {
    let mut cursor = space.scan(ScanOptions::default());
    let mut wrong = 0;
    let mut checked = 0;
    loop {
        let records = cursor.next_batch(1_000).await?;
        if records.is_empty() {
            break;
        }
        let records = &records;
        wrong += db
            .run(|context| async move {
                let store = space.store(&context).await?;
                let mut wrong = 0;
                for record in records {
                    let population = record.decode::<City>()?.population;
                    // A field without presence that is zero is a null in a key, as in Apple's layer.
                    let column = if population == 0 {
                        Element::Null
                    } else {
                        Element::from(population)
                    };
                    let entry = Tuple::from((column,)).concat(record.primary_key());
                    let options = ScanOptions::default().range(TupleRange::all_of(entry)).snapshot();
                    wrong += usize::from(
                        count(store.scan_index("by_population", IndexScanType::ByValue, options)?).await? != 1,
                    );
                }
                Ok::<_, record_store::Error>(wrong)
            })
            .await?;
        checked += records.len();
    }
    println!(
        "               {} cities compared with the new index, {wrong} differences",
        HumanCount(u64::try_from(checked)?)
    );
    if wrong == 0 && checked == expected {
        Ok(())
    } else {
        Err("the index does not say what the cities say".into())
    }
}

async fn count(mut entries: IndexCursor) -> Result<usize, record_store::Error> {
    let mut count = 0;
    while entries.next().await?.is_some() {
        count += 1;
    }
    Ok(count)
}
