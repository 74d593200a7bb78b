//! Scans of the keys of records, counts of records, and the repair of a lost header.

mod scene;

use futures_executor::block_on;
use prost::Message;
use record_store::key_expression::{concat, empty, field, record_type};
use record_store::kv::Subspace;
use record_store::proto;
use record_store::{
    AggregateFunction, Continuation, Database, ErrorKind, FormatVersion, HeaderRepair, Index, IndexState, NoNextReason,
    Record, RecordCountState, RecordKey, RecordMetaData, RecordStore, Result, ScanOptions, Schema, StoreLock,
    StoreOptions, Tuple, TupleRange,
};
use record_store_tests::given::fresh;

use scene::{Scene, USER, key, kind, user};

/// Users 1 to 5, the third of them in four chunks.
async fn with_users(scene: &Scene) -> Result<()> {
    scene
        .run(|store| async move {
            for id in 1..=5 {
                let name = if id == 3 { "x".repeat(350_000) } else { id.to_string() };
                store.save_record(&user(id, &name)).await?;
            }
            Ok(())
        })
        .await
}

#[test]
fn each_key_comes_once_wherever_its_scan_stops() -> Result<()> {
    let all: Vec<Tuple> = (1..=5).map(|id| key(USER, id)).collect();
    // Limits of results, of rows, and of skipped results; each in both directions.
    for (limit, rows, skip) in [
        (None, None, 0),
        (Some(2), None, 0),
        (None, Some(1), 0),
        (None, Some(3), 0),
        (Some(1), Some(2), 3),
    ] {
        for reverse in [false, true] {
            block_on(async {
                let scene = Scene::new()?;
                with_users(&scene).await?;
                let context = scene.database.transaction();
                let store = scene.open(&context, &StoreOptions::default()).await?;
                let mut expected = all.clone();
                if reverse {
                    expected.reverse();
                }
                let mut options = ScanOptions {
                    reverse,
                    limit,
                    skip,
                    ..ScanOptions::default()
                };
                options.limits.scanned_rows_max = rows;
                let mut found = Vec::new();
                loop {
                    let mut cursor = store.scan_record_keys(options.clone())?;
                    let page = cursor.next_batch(100).await?;
                    options.skip = if page.is_empty() && found.is_empty() {
                        options.skip
                    } else {
                        0
                    };
                    found.extend(page);
                    options.continuation = cursor.continuation();
                    if cursor.no_next_reason() == Some(NoNextReason::SourceExhausted) {
                        break;
                    }
                    assert!(options.continuation.is_some());
                }
                assert!(
                    expected.ends_with(&found),
                    "{limit:?} {rows:?} {skip} {reverse}: {found:?}"
                );
                if skip == 0 {
                    assert_eq!(found, expected, "{limit:?} {rows:?} {reverse}");
                }
                Ok::<_, record_store::Error>(())
            })?;
        }
    }
    Ok(())
}

/// Java leaves out rows of the database, of which a record has several.
#[test]
fn a_scan_of_keys_leaves_out_keys() -> Result<()> {
    block_on(async {
        let scene = Scene::new()?;
        with_users(&scene).await?;
        scene
            .run(|store| async move {
                let mut cursor = store.scan_record_keys(ScanOptions::default().skip(2).limit(2))?;
                assert_eq!(cursor.next_batch(10).await?, [key(USER, 3), key(USER, 4)]);
                assert_eq!(cursor.no_next_reason(), Some(NoNextReason::ReturnLimitReached));
                // Java counts rows: each record has its version beside it, and one has four chunks.
                assert_eq!(store.count_records(ScanOptions::default()).await?, 5);
                assert_eq!(
                    store
                        .count_records(ScanOptions::default().from(RecordKey::of("User", 4)))
                        .await?,
                    2
                );
                Ok(())
            })
            .await
    })
}

#[test]
fn a_key_is_found_though_its_record_is_damaged() -> Result<()> {
    block_on(async {
        let scene = Scene::new()?;
        with_users(&scene).await?;
        let context = scene.database.transaction();
        let store = scene.open(&context, &StoreOptions::default()).await?;
        // The second of four chunks is lost.
        let chunk = scene.subspace.pack(&Tuple::from((1, USER, 3, 2)));
        context.transaction().clear(&chunk);
        let lost = store.load_record(&key(USER, 3)).await.unwrap_err();
        assert_eq!(lost.kind(), ErrorKind::Corrupt);
        assert_eq!(
            (lost.fact("suffix"), lost.fact("previous_suffix")),
            (Some("3"), Some("1"))
        );
        let keys = store.scan_record_keys(ScanOptions::default())?.next_batch(10).await?;
        assert_eq!(keys.len(), 5);

        for foreign in [&b""[..], b"\x0a\x00", b"\xff\xff", b"\x12\x01\x15"] {
            let options = ScanOptions::default().continuation(Some(Continuation::from_bytes(foreign.to_vec())));
            assert_eq!(
                kind(store.scan_record_keys(options)),
                ErrorKind::InvalidContinuation,
                "{foreign:?}"
            );
        }
        Ok(())
    })
}

#[expect(deprecated, reason = "the record count key is, in favour of count indexes")]
fn counted(indexes: Vec<Index>, count_key: bool) -> Result<RecordMetaData> {
    let mut builder = Schema::builder()
        .proto(
            "shop.proto",
            "syntax = 'proto2'; message User { required int64 id = 1; optional string city = 2; optional string name = 3; }
             message Order { required int64 id = 1; optional string city = 2; }",
        )
        .record_type("User", |t| t.primary_key("id"))
        .record_type("Order", |t| t.primary_key("id"));
    for index in indexes {
        builder = builder.index(index);
    }
    let metadata = builder.build()?.merge_into(None)?;
    if !count_key {
        return Ok(metadata);
    }
    let mut message = proto::MetaData::decode(metadata.to_proto_bytes().as_slice()).expect("it was just written");
    message.record_count_key = Some(concat((record_type(), field("city"))).to_proto());
    RecordMetaData::from_proto_bytes(message.encode_to_vec())
}

async fn filled(database: &Database, metadata: &RecordMetaData) -> Result<RecordStore> {
    let context = database.transaction();
    let options = StoreOptions::default();
    let store = RecordStore::open(&context, Subspace::from(("c",)), metadata, &options).await?;
    for (id, city) in [(1, "Oslo"), (2, "Oslo"), (3, "Rome")] {
        store
            .save_record(&Record::from_json(
                "User",
                format!(r#"{{"id": {id}, "city": "{city}", "name": "n{id}"}}"#),
            ))
            .await?;
    }
    store
        .save_record(&Record::from_json("Order", r#"{"id": 1, "city": "Oslo"}"#))
        .await?;
    Ok(store)
}

/// Java sums all counts for a key that is a beginning of the record count key, whatever value is asked for.
#[test]
fn a_beginning_of_the_record_count_key_counts_its_value_only() -> Result<()> {
    block_on(async {
        let database = fresh()?;
        let store = filled(&database, &counted(Vec::new(), true)?).await?;
        let user_key = store.metadata().record_type("User")?.record_type_key().clone();
        for (key, value, expected) in [
            (empty(), Tuple::new(), 4),
            (record_type(), Tuple::from((user_key.clone(),)), 3),
            (
                concat((record_type(), field("city"))),
                Tuple::from((user_key, "Oslo")),
                2,
            ),
        ] {
            assert_eq!(store.snapshot_record_count_by(&key, &value).await?, expected, "{key}");
        }
        let other = store
            .snapshot_record_count_by(&field("city").into(), &Tuple::from(("Oslo",)))
            .await
            .unwrap_err();
        assert_eq!(other.kind(), ErrorKind::Unsupported);
        let wrong = store.snapshot_record_count_by(&empty(), &Tuple::from((1,))).await;
        assert_eq!(kind(wrong), ErrorKind::InvalidArgument);
        Ok(())
    })
}

#[test]
fn counts_come_from_the_count_index_that_fits() -> Result<()> {
    let count = |name: &str, by| Index::new(name, by).with_kind("count");
    block_on(async {
        let database = fresh()?;
        let none = filled(&database, &counted(Vec::new(), false)?).await?;
        for outcome in [
            none.snapshot_record_count_by(&empty(), &Tuple::new()).await,
            none.snapshot_record_count_of_type("User").await,
            none.snapshot_record_count_of_all().await,
        ] {
            assert_eq!(kind(outcome), ErrorKind::Unsupported);
        }
        assert_eq!(
            kind(none.snapshot_record_count_of_type("Nobody").await),
            ErrorKind::MetaData
        );

        let by_type = counted(vec![count("by_type", empty().group_by(record_type()))], false)?;
        let store = filled(&database, &by_type).await?;
        assert_eq!(store.snapshot_record_count_of_type("User").await?, 3);
        assert_eq!(store.snapshot_record_count_by(&empty(), &Tuple::new()).await?, 4);

        let of_users = counted(vec![count("users", empty().group_by(field("city"))).on("User")], false)?;
        let store = filled(&database, &of_users).await?;
        assert_eq!(store.snapshot_record_count_of_type("User").await?, 3);
        assert_eq!(
            kind(store.snapshot_record_count_of_type("Order").await),
            ErrorKind::Unsupported
        );
        Ok(())
    })
}

#[test]
fn least_and_greatest_values_come_from_the_ends_of_a_value_index() -> Result<()> {
    block_on(async {
        let database = fresh()?;
        let by_city_and_name = Index::new("by_city", concat((field("city"), field("name")))).on("User");
        let store = filled(&database, &counted(vec![by_city_and_name], false)?).await?;
        let oslo = || TupleRange::all_of(Tuple::from(("Oslo",)));
        let name_of_city = || field("name").group_by(field("city"));
        let evaluate = async |function: AggregateFunction, range| {
            store.evaluate_aggregate(&function, &["User"], range, true).await
        };
        for (function, range, expected) in [
            (AggregateFunction::min(name_of_city()), oslo(), Some("n1")),
            (AggregateFunction::max(name_of_city()), oslo(), Some("n2")),
            (AggregateFunction::max(field("city")), TupleRange::ALL, Some("Rome")),
            (
                AggregateFunction::min(name_of_city()),
                TupleRange::all_of(Tuple::from(("Bonn",))),
                None,
            ),
        ] {
            let expected = expected.map(|value| Tuple::from((value,)));
            assert_eq!(evaluate(function.clone(), range).await?, expected, "{function}");
        }
        let unordered = evaluate(AggregateFunction::min(field("name")), TupleRange::ALL).await;
        assert_eq!(kind(unordered), ErrorKind::Unsupported);
        let named = evaluate(
            AggregateFunction::min(field("name")).by_index("by_city"),
            TupleRange::ALL,
        )
        .await;
        assert_eq!(kind(named), ErrorKind::MetaData);
        Ok(())
    })
}

#[test]
fn a_lost_header_is_made_again_and_indexes_are_not_trusted() -> Result<()> {
    block_on(async {
        let database = fresh()?;
        let metadata = counted(vec![Index::new("by_city", field("city")).on("User")], true)?;
        let store = filled(&database, &metadata).await?;
        let context = store.context().clone();
        let place = Subspace::from(("c",));
        let options = StoreOptions::default()
            .format_version(FormatVersion::FullStoreLock)
            .user_version(7);
        let repair = HeaderRepair::new(FormatVersion::CacheableState);
        let again = |repair: HeaderRepair, options: StoreOptions| {
            let (context, place, metadata) = (context.clone(), place.clone(), metadata.clone());
            async move { RecordStore::repair_missing_header(&context, place, &metadata, &options, &repair).await }
        };
        let (_, repaired) = again(repair.clone(), options.clone()).await?;
        assert!(!repaired, "there is a header");

        context.transaction().clear(&place.pack(&Tuple::from((0,))));
        let lost = RecordStore::open(&context, place.clone(), &metadata, &options).await;
        assert_eq!(kind(lost), ErrorKind::StoreAlreadyExists);
        // Formats between which nothing tells where the records lie, and one that cannot do without counts.
        let old = HeaderRepair::new(FormatVersion::RecordCountAdded);
        assert_eq!(kind(again(old, options.clone()).await), ErrorKind::InvalidArgument);
        let newer = HeaderRepair::new(FormatVersion::WriteOnlyWithQueue);
        assert_eq!(kind(again(newer, options.clone()).await), ErrorKind::InvalidArgument);
        let counting = again(repair.clone(), StoreOptions::default()).await;
        assert_eq!(kind(counting), ErrorKind::Unsupported);

        let (store, repaired) = again(repair.clone(), options.clone()).await?;
        assert!(repaired);
        assert_eq!(store.index_state("by_city"), IndexState::Disabled);
        assert_eq!(store.header().record_count_state(), RecordCountState::Disabled);
        assert_eq!(store.header().user_version(), Some(7));
        assert_eq!(store.count_records(ScanOptions::default()).await?, 4);
        store.rebuild_index("by_city").await?;
        assert_eq!(
            store
                .scan_index("by_city", None, ScanOptions::default())?
                .next_batch(9)
                .await?
                .len(),
            3
        );

        context.transaction().clear(&place.pack(&Tuple::from((0,))));
        let (store, _) = again(repair.keep_indexes_locked("what is lost?"), options).await?;
        assert_eq!(store.index_state("by_city"), IndexState::Readable);
        assert!(matches!(store.header().lock(), Some(StoreLock::FullStore { .. })));
        Ok(())
    })
}
