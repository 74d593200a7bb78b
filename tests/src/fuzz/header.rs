//! Input: a choice of options, and the bytes of a store's header. The store is opened as the header says, or an error names
//! what is wrong with it and nothing has changed.

use std::sync::LazyLock;

use futures_executor::block_on;
use record_store::kv::Subspace;
use record_store::{
    Database, ErrorKind, FormatVersion, Record, RecordStore, Result, ScanOptions, StateCacheability,
    StoreExistenceCheck, StoreKeyspace, StoreLock, StoreOptions,
};

use super::schema::META_DATA;
use super::{choice, refused};

/// A database with a store of two records, one of them split.
static DATABASE: LazyLock<Database> =
    LazyLock::new(|| block_on(fill()).expect("a store can be filled in a new database"));

async fn fill() -> Result<Database> {
    let database = Database::in_memory()?;
    database
        .run(|context| async move {
            let store = RecordStore::open(&context, place(), &META_DATA[0], &StoreOptions::default()).await?;
            let long = format!(r#"{{"id": 2, "text": "{}"}}"#, "x".repeat(100_001));
            store.save_record(&Record::from_json("Record", r#"{"id": 1}"#)).await?;
            store.save_record(&Record::from_json("Record", long)).await
        })
        .await?;
    Ok(database)
}

fn place() -> Subspace {
    Subspace::from(("fuzz",))
}

pub(super) fn run(input: &[u8]) {
    let (choice, header) = choice(input);
    // Filled before: an executor cannot run within another one.
    let database = &*DATABASE;
    block_on(check(database, &options(choice), header));
}

async fn check(database: &Database, options: &StoreOptions, header: &[u8]) {
    let context = database.transaction();
    let key = place().sub(StoreKeyspace::StoreInfo.number());
    context.transaction().set(key.prefix(), header);
    let store = match RecordStore::open(&context, place(), &META_DATA[0], options).await {
        Ok(store) => store,
        Err(error) => {
            refused(&error, &REFUSALS);
            let after = context.transaction().get(key.prefix(), false).await;
            let after = after.expect("a key of a memory database can be read");
            assert_eq!(after.as_deref(), Some(header), "{error}");
            return;
        }
    };
    assert!(store.format_version() >= options.format_version);
    let again = StoreOptions {
        existence: StoreExistenceCheck::ErrorIfNotExists,
        ..options.clone()
    };
    match RecordStore::open(&context, place(), &META_DATA[0], &again).await {
        Ok(again) => {
            assert_eq!(again.header(), store.header(), "the header is what was written");
            assert_eq!(again.header_bytes(), store.header_bytes());
        }
        // A lock that nobody knows counts from a format on that the store has only now, as in Java.
        Err(error) => {
            assert!(matches!(store.header().lock(), Some(StoreLock::Unknown(_))), "{error}");
            return refused(&error, &[ErrorKind::StoreLocked]);
        }
    }

    // The header says how records lie, so they may look damaged now; none of them may break the reader.
    let mut records = store
        .scan_records(ScanOptions::default())
        .expect("a whole scan has no ends");
    loop {
        match records.next().await {
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => return refused(&error, &[ErrorKind::Corrupt, ErrorKind::Unsupported]),
        }
    }
}

fn options(choice: u8) -> StoreOptions {
    let existence = match choice & 3 {
        0 => StoreExistenceCheck::None,
        1 => StoreExistenceCheck::ErrorIfNoInfoAndNotEmpty,
        2 => StoreExistenceCheck::ErrorIfExists,
        _ => StoreExistenceCheck::ErrorIfNotExists,
    };
    let options = StoreOptions::default()
        .existence(existence)
        .format_version(match choice >> 2 & 3 {
            0 => FormatVersion::default(),
            1 => FormatVersion::ALL[0],
            2 => FormatVersion::ALL[5],
            _ => FormatVersion::WriteOnlyWithQueue,
        });
    let options = match choice >> 4 & 3 {
        0 => options,
        1 => options.user_version(3),
        2 => options.state_cacheability(StateCacheability::Cacheable),
        _ => options.state_cacheability(StateCacheability::NotCacheable),
    };
    match choice >> 6 {
        0 => options,
        _ => options.bypass_full_store_lock("maintenance"),
    }
}

const REFUSALS: [ErrorKind; 8] = [
    ErrorKind::Corrupt,
    ErrorKind::MetaData,
    ErrorKind::InvalidExpression,
    ErrorKind::NewerFormat,
    ErrorKind::StaleMetaData,
    ErrorKind::StaleUserVersion,
    ErrorKind::StoreAlreadyExists,
    ErrorKind::StoreLocked,
];
