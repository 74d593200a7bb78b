//! The second half of the tour: what indexes are for, and a new one built while others write.

use std::error::Error;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

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

    let done = AtomicBool::new(false);
    let writes = AtomicU64::new(0);
    let bar = ProgressBar::new(u64::try_from(cities.len())?).with_style(ProgressStyle::with_template(
        "build {bar:40} {human_pos} / {human_len} cities, {per_sec}",
    )?);
    let shown = bar.clone();
    let summary = std::thread::scope(|scope| {
        let writer = scope.spawn(|| block_on(grow(&space, cities, &done, &writes)));
        let indexer = space.indexer().on_progress(move |progress| {
            shown.set_position(progress.records_scanned);
            ControlFlow::Continue(())
        });
        let summary = block_on(timed("build the index while others write", indexer.build()));
        done.store(true, Ordering::Relaxed);
        writer.join().map_err(|_panic| "the writer panicked")??;
        Ok::<_, Box<dyn Error>>(summary?)
    })?;
    bar.finish_and_clear();
    println!(
        "               {} cities in {} transactions; meanwhile {} were changed",
        HumanCount(summary.records_scanned),
        HumanCount(summary.transactions),
        HumanCount(writes.into_inner()),
    );
    if summary.states.get("by_population") != Some(&IndexState::Readable) {
        return Err("the index is not readable".into());
    }
    compare(db, &space, cities.len()).await
}

/// Adds an inhabitant to one city after another, until the index is built.
async fn grow(
    space: &RecordSpace,
    cities: &[City],
    done: &AtomicBool,
    writes: &AtomicU64,
) -> Result<(), record_store::Error> {
    for city in cities.iter().cycle() {
        if done.load(Ordering::Relaxed) {
            break;
        }
        let city = City {
            population: city.population + 1,
            ..city.clone()
        };
        space.put(Record::from_message(&city)).await?;
        writes.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
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
