//! Random queries give the same records with indexes and without them, in pages of any size, and through a record space.
//!
//! A run that fails prints its seed; give it to `run` to see it again.

use futures_executor::block_on;
use record_store::key_expression::{CompiledExpression, RecordView};
use record_store::query::{ExecuteOptions, RecordQuery};
use record_store::{Continuation, RecordSpace, RecordStore, Result, ScanLimits, StoredRecord};
use record_store_tests::given::fresh;

use super::chance::Chance;
use super::random_query;

#[test]
fn queries_give_the_same_records_in_every_way() {
    for seed in 0..8 {
        block_on(run(seed)).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
}

async fn run(seed: u64) -> Result<()> {
    let chance = &mut Chance(seed);
    let schema = random_query::schema(chance)?;
    let space = fresh()?.space("random").schema(&schema).open().await?;
    let records: Vec<_> = (0..60).map(|id| random_query::record(chance, id)).collect();
    space.put_all(records).await?;
    for _ in 0..60 {
        // A transaction of its own, because a slow machine needs seconds for all.
        let context = space.database().transaction();
        let store = space.store(&context).await?;
        let query = random_query::query(chance);
        check(chance, &space, &store, &query).await.map_err(|error| {
            error.with("query", format_args!("{query:?}")).with(
                "plan",
                store
                    .plan_query(&query)
                    .map_or_else(|error| error.to_string(), |plan| plan.to_string()),
            )
        })?;
    }
    Ok(())
}

async fn check(chance: &mut Chance, space: &RecordSpace, store: &RecordStore, query: &RecordQuery) -> Result<()> {
    let without_indexes = query.clone().with_allowed_indexes(Vec::<String>::new());
    let expected = all(store, &without_indexes).await?;
    let plan = store.plan_query(query)?;
    let found = all(store, query).await?;
    let (expected_keys, found_keys) = (keys(&expected), keys(&found));
    let about = || format!("{query:?} as {plan}");
    assert_eq!(sorted(&found_keys), sorted(&expected_keys), "{}", about());
    assert_eq!(
        order_of(store, query, &found)?,
        order_of(store, query, &expected)?,
        "{}",
        about()
    );

    let paged = in_pages(chance, store, query).await?;
    if plan.to_string().contains("DISTINCT") {
        // What was dropped is forgotten between pages.
        let mut once = sorted(&paged);
        once.dedup();
        assert_eq!(once, sorted(&found_keys), "in pages: {}", about());
    } else {
        assert_eq!(paged, found_keys, "in pages: {}", about());
    }

    let mut of_space = Vec::new();
    let mut page = None;
    loop {
        let mut cursor = space
            .query(query)
            .limit(1 + chance.below(20))
            .continuation(page)
            .execute();
        of_space.extend(keys(&cursor.next_batch(100).await?));
        page = cursor.continuation();
        if page.is_none() {
            break;
        }
    }
    let mut once = sorted(&of_space);
    once.dedup();
    assert_eq!(once, sorted(&found_keys), "over the space: {}", about());
    let whole = space.query(query).execute().next_batch(1_000).await?;
    assert_eq!(keys(&whole), found_keys, "over the space at once: {}", about());
    Ok(())
}

async fn all(store: &RecordStore, query: &RecordQuery) -> Result<Vec<StoredRecord>> {
    store
        .execute_query(query, ExecuteOptions::default())?
        .next_batch(1_000)
        .await
}

/// The keys of all pages, each of a random size and stopped by random limits.
async fn in_pages(chance: &mut Chance, store: &RecordStore, query: &RecordQuery) -> Result<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    let mut continuation: Option<Continuation> = None;
    loop {
        let options = ExecuteOptions {
            limit: Some(1 + chance.below(7)),
            limits: ScanLimits {
                scanned_rows_max: chance.one_in(3).then(|| 1 + chance.below(20) as u64),
                ..ScanLimits::default()
            },
            continuation: continuation.take(),
            ..ExecuteOptions::default()
        };
        let mut cursor = store.execute_query(query, options)?;
        while let Some(record) = cursor.next().await? {
            found.push(record.primary_key().pack());
            // Sometimes a page is left before its end.
            if chance.one_in(5) {
                break;
            }
        }
        continuation = cursor.continuation();

        if continuation.is_none() {
            return Ok(found);
        }
    }
}

/// The columns by which the records are sorted, in the order in which they came.
fn order_of(store: &RecordStore, query: &RecordQuery, records: &[StoredRecord]) -> Result<Vec<Vec<u8>>> {
    let Some(sort) = query.sort() else {
        return Ok(Vec::new());
    };
    records
        .iter()
        .map(|record| {
            let record_type = store.metadata().record_type(record.record_type())?;
            let view = RecordView::new(record.bytes(), record_type.record_type_key(), None);
            let mut key = Vec::new();
            CompiledExpression::new(sort, record_type.descriptor())?.append_key(&view, &mut key)?;
            Ok(key)
        })
        .collect()
}

fn keys(records: &[StoredRecord]) -> Vec<Vec<u8>> {
    records.iter().map(|record| record.primary_key().pack()).collect()
}

fn sorted(keys: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut keys = keys.to_vec();
    keys.sort();
    keys
}
