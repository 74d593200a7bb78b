//! The records of a store as a program sees them that manages subspaces and meta-data itself.

mod scene;

use std::time::Duration;

use futures_executor::block_on;
use record_store::{
    Continuation, EndpointType, Error, ErrorKind, NoNextReason, Record, RecordExistenceCheck, RecordStore,
    RecordVersion, Result, SaveOptions, ScanOptions, Schema, StoreOptions, Tuple, TupleRange, VersionBehavior,
};
use record_store_tests::given::fresh;

use scene::{Scene, USER, key, kind, user};

const ORDER: i64 = 2;

#[test]
fn records_of_two_types_do_not_meet() -> Result<()> {
    block_on(async {
        let scene = Scene::new()?;
        scene
            .run(|store| async move {
                store.save_record(&user(1, "Ada")).await?;
                store
                    .save_record(&Record::from_json("Order", r#"{"id": 1, "user": 1}"#))
                    .await?;
                Ok(())
            })
            .await?;
        scene
            .run(|store| async move {
                let ada = store.load_record(&key(USER, 1)).await?.expect("it was saved");
                let order = store.load_record(&key(ORDER, 1)).await?.expect("it was saved");
                assert_eq!((ada.record_type(), order.record_type()), ("User", "Order"));
                assert_eq!(ada.to_json()?, r#"{"id":"1","name":"Ada"}"#);
                assert!(ada.version().is_some_and(RecordVersion::is_complete));
                assert!(ada.version() < order.version());

                assert!(store.delete_record(&key(USER, 1)).await?);
                assert!(!store.delete_record(&key(USER, 1)).await?);
                assert!(!store.record_exists(&key(USER, 1)).await?);
                assert!(store.record_exists(&key(ORDER, 1)).await?);
                Ok(())
            })
            .await
    })
}

#[test]
fn existence_checks_guard_a_save() -> Result<()> {
    use RecordExistenceCheck::{ErrorIfExists, ErrorIfNotExists, ErrorIfNotExistsOrRecordTypeChanged, None};
    // (check, when there is no record, when there is one)
    let table = [
        (None, Ok(()), Ok(())),
        (ErrorIfExists, Ok(()), Err(ErrorKind::RecordAlreadyExists)),
        (ErrorIfNotExists, Err(ErrorKind::RecordNotFound), Ok(())),
        (
            ErrorIfNotExistsOrRecordTypeChanged,
            Err(ErrorKind::RecordNotFound),
            Ok(()),
        ),
    ];
    for (check, absent, present) in table {
        block_on(async {
            let scene = Scene::new()?;
            let context = scene.database.transaction();
            let store = scene.open(&context, &StoreOptions::default()).await?;
            let options = SaveOptions::default().existence(check);
            let save = || async { store.save_record_with(&user(1, "Ada"), &options).await };
            let outcome = |saved: Result<_>| saved.map(drop).map_err(|error| error.kind());
            assert_eq!(outcome(save().await), absent, "{check:?}, absent");
            store.save_record(&user(1, "Ada")).await?;
            assert_eq!(outcome(save().await), present, "{check:?}, present");
            Ok::<_, Error>(())
        })?;
    }
    Ok(())
}

#[test]
fn what_is_no_record_is_refused_by_name() -> Result<()> {
    block_on(async {
        let scene = Scene::new()?;
        let context = scene.database.transaction();
        let store = scene.open(&context, &StoreOptions::default()).await?;
        // (record, kind, fact)
        let table = [
            (
                Record::from_bytes("User", vec![]),
                ErrorKind::InvalidRecord,
                ("record_type", "User"),
            ),
            (
                Record::from_bytes("User", vec![0xff]),
                ErrorKind::InvalidRecord,
                ("record_type", "User"),
            ),
            (
                Record::from_json("User", "{"),
                ErrorKind::InvalidRecord,
                ("record_type", "User"),
            ),
            (
                Record::from_json("User", r#"{"id": 1, "nmae": ""}"#),
                ErrorKind::InvalidRecord,
                ("record_type", "User"),
            ),
            (
                Record::from_json("User", r#"{"id": 1} x"#),
                ErrorKind::InvalidRecord,
                ("record_type", "User"),
            ),
            (
                Record::from_bytes("Usr", vec![8, 1]),
                ErrorKind::MetaData,
                ("record_type", "Usr"),
            ),
        ];
        for (record, kind, (name, value)) in table {
            let error = store.save_record(&record).await.expect_err("it is refused");
            assert_eq!(
                (error.kind(), error.fact(name)),
                (kind, Some(value)),
                "{record:?}: {error}"
            );
        }
        Ok(())
    })
}

#[test]
fn versions_are_kept_as_asked() -> Result<()> {
    block_on(async {
        let scene = Scene::new()?;
        let given = RecordVersion::complete([7; 10], 9)?;
        // (options, version)
        let table = [
            (SaveOptions::default().version(given), Some(given)),
            (
                SaveOptions::default().version_behavior(VersionBehavior::NoVersion),
                None,
            ),
            (
                SaveOptions::default().version_behavior(VersionBehavior::IfPresent),
                None,
            ),
        ];
        for (options, version) in table {
            scene
                .run(|store| async move {
                    store.save_record_with(&user(1, "Ada"), &options).await?;
                    assert_eq!(store.load_record_version(&key(USER, 1)).await?, version);
                    Ok(())
                })
                .await?;
            let loaded = scene
                .run(|store| async move { store.load_record(&key(USER, 1)).await })
                .await?;
            assert_eq!(loaded.and_then(|record| record.version()), version, "{options:?}");
        }
        let both = SaveOptions::default()
            .version(given)
            .version_behavior(VersionBehavior::NoVersion);
        let refused = scene
            .run(|store| async move { store.save_record_with(&user(1, "Ada"), &both).await })
            .await;
        assert_eq!(kind(refused), ErrorKind::InvalidArgument);
        Ok(())
    })
}

#[test]
fn a_save_in_a_transaction_is_read_in_it_with_its_pending_version() -> Result<()> {
    block_on(async {
        let scene = Scene::new()?;
        scene
            .run(|store| async move {
                for (local, id) in [5, 3].into_iter().enumerate() {
                    let saved = store.save_record(&user(id, "Ada")).await?;
                    let loaded = store.load_record(&key(USER, id)).await?.expect("it was saved");
                    assert_eq!(saved, loaded);
                    assert_eq!(
                        saved.version().map(RecordVersion::local_version),
                        u16::try_from(local).ok()
                    );
                }
                let mut cursor = store.scan_records(ScanOptions::default())?;
                let scanned = cursor.next_batch(10).await?;
                assert_eq!(
                    scanned.iter().map(|record| record.primary_key()).collect::<Vec<_>>(),
                    [&key(USER, 3), &key(USER, 5)]
                );
                assert!(
                    scanned
                        .iter()
                        .all(|record| record.version().is_some_and(|version| !version.is_complete()))
                );
                Ok(())
            })
            .await
    })
}

#[test]
fn scans_stop_and_go_on_anywhere() -> Result<()> {
    block_on(async {
        let scene = Scene::new()?;
        let long = format!(r#"{{"id": 4, "photo": "{}"}}"#, "AAAA".repeat(100_000));
        let long = &Record::from_json("User", long);
        scene
            .run(|store| async move {
                for id in [1, 2, 3, 5, 6] {
                    store.save_record(&user(id, "x")).await?;
                }
                store.save_record(long).await?;
                Ok(())
            })
            .await?;
        let five_to_two = TupleRange::new(
            Some(key(USER, 2)),
            Some(key(USER, 5)),
            EndpointType::RangeInclusive,
            EndpointType::RangeInclusive,
        );
        // (options, ids)
        let table = [
            (ScanOptions::default(), vec![1, 2, 3, 4, 5, 6]),
            (ScanOptions::default().reverse(), vec![6, 5, 4, 3, 2, 1]),
            (ScanOptions::default().range(five_to_two.clone()), vec![2, 3, 4, 5]),
            (ScanOptions::default().range(five_to_two).reverse(), vec![5, 4, 3, 2]),
            (ScanOptions::default().skip(2), vec![3, 4, 5, 6]),
            (
                ScanOptions::default().range(TupleRange::all_of(Tuple::from((ORDER,)))),
                vec![],
            ),
        ];
        for (options, ids) in &table {
            for limit in 1..=7 {
                let scanned = scene
                    .run(|store| async move { all_pages(&store, options, limit).await })
                    .await?;
                assert_eq!(scanned, *ids, "{options:?} by {limit}");
            }
        }
        Ok(())
    })
}

/// The ids of a scan, read in pages, each going on where the last one stopped.
async fn all_pages(store: &RecordStore, options: &ScanOptions, limit: usize) -> Result<Vec<i64>> {
    let mut ids = Vec::new();
    let mut options = options.clone().limit(limit);
    loop {
        let mut page = store.scan_records(options.clone())?;
        while let Some(record) = page.next().await? {
            ids.push(record.primary_key()[1].as_i64().expect("an id is a number"));
        }
        match page.no_next_reason() {
            Some(NoNextReason::ReturnLimitReached) => {}
            reason => {
                assert_eq!(
                    (reason, page.continuation()),
                    (Some(NoNextReason::SourceExhausted), None)
                );
                return Ok(ids);
            }
        }
        options = options.skip(0).continuation(page.continuation());
    }
}

#[test]
fn limits_of_a_scan_are_told_apart() -> Result<()> {
    block_on(async {
        let scene = Scene::new()?;
        scene
            .run(|store| async move {
                for id in 1..=9 {
                    store.save_record(&user(id, "x")).await?;
                }
                Ok(())
            })
            .await?;
        // (options, reason)
        let table = [
            (
                ScanOptions::default().scanned_rows_max(4),
                NoNextReason::ScanLimitReached,
            ),
            (
                ScanOptions::default().scanned_bytes_max(100),
                NoNextReason::ByteLimitReached,
            ),
            (
                ScanOptions::default().time_max(Duration::ZERO),
                NoNextReason::TimeLimitReached,
            ),
            (ScanOptions::default().limit(0), NoNextReason::ReturnLimitReached),
        ];
        for (options, reason) in &table {
            scene
                .run(|store| async move {
                    let mut cursor = store.scan_records(options.clone())?;
                    let first = cursor.next_batch(100).await?;
                    assert_eq!(cursor.no_next_reason(), Some(*reason));
                    let rest = ScanOptions::default().continuation(cursor.continuation());
                    let rest = store.scan_records(rest)?.next_batch(100).await?;
                    assert_eq!(first.len() + rest.len(), 9, "{reason:?}");
                    Ok(())
                })
                .await?;
        }
        Ok(())
    })
}

#[test]
fn a_continuation_of_elsewhere_is_refused() -> Result<()> {
    block_on(async {
        let scene = Scene::new()?;
        let context = scene.database.transaction();
        let store = scene.open(&context, &StoreOptions::default()).await?;
        let users = TupleRange::between(Some(key(USER, 10)), Some(key(USER, 20)));
        let elsewhere = Continuation::from_bytes(vec![0x15, 0x63, 0x14]);
        let options = ScanOptions::default().range(users).continuation(Some(elsewhere));
        assert_eq!(kind(store.scan_records(options)), ErrorKind::InvalidContinuation);
        Ok(())
    })
}

#[test]
fn what_is_too_large_is_named() -> Result<()> {
    block_on(async {
        let schema = Schema::builder()
            .proto(
                "t.proto",
                "syntax = 'proto3'; message T { string id = 1; string text = 2; }",
            )
            .record_type("T", |t| t.primary_key("id"))
            .split_long_records(false)
            .build()?;
        let space = fresh()?.space("t").schema(&schema).open().await?;
        let long = "x".repeat(200_000);
        for (record, limit) in [
            (format!(r#"{{"id": "{long}"}}"#), "10000"),
            (format!(r#"{{"id": "a", "text": "{long}"}}"#), "100000"),
        ] {
            let error = space
                .put(Record::from_json("T", record))
                .await
                .expect_err("it is refused");
            assert_eq!(error.kind(), ErrorKind::TooLarge);
            assert_eq!(
                (error.fact("record_type"), error.fact("limit")),
                (Some("T"), Some(limit))
            );
            assert!(error.fact("primary_key").is_some_and(|key| key.len() < 100), "{error}");
        }
        Ok(())
    })
}

/// A deliberate difference: Java returns it twice.
#[test]
fn a_record_stored_twice_is_no_two_records() -> Result<()> {
    block_on(async {
        let scene = Scene::new()?;
        let context = scene.database.transaction();
        let store = scene.open(&context, &StoreOptions::default()).await?;
        for suffix in [0, 1] {
            let key = scene.subspace.pack(&Tuple::from((1, USER, 1, suffix)));
            context.transaction().set(&key, b"\x0a\x02\x08\x01");
        }
        assert_eq!(kind(store.load_record(&key(USER, 1)).await), ErrorKind::Corrupt);
        for reverse in [false, true] {
            let mut cursor = store.scan_records(ScanOptions {
                reverse,
                ..ScanOptions::default()
            })?;
            assert_eq!(kind(cursor.next_batch(10).await), ErrorKind::Corrupt);
        }
        Ok(())
    })
}
