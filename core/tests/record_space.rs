//! Record spaces as a program sees them: opening, schemas that grow, single calls, transactions, scans.

use futures_executor::block_on;
use record_store::kv::Subspace;
use record_store::kv::directory::DirectoryLayer;
use record_store::kv::tuple::Element;
use record_store::{
    Database, DatabaseOptions, Error, ErrorKind, IndexScanType, IndexState, MetaDataStore, NoNextReason, Record,
    RecordExistenceCheck, RecordKey, RecordSpace, Result, SaveOptions, ScanOptions, Schema, SpacePath, Tuple,
    TupleRange,
};
use record_store_tests::given::fresh;

const USERS: &str = "syntax = 'proto3'; message User { int64 id = 1; string name = 2; }";
const USERS_AND_ORDERS: &str = "syntax = 'proto3';
    message User { int64 id = 1; string name = 2; string city = 3; }
    message Order { string user = 1; int64 number = 2; }";

fn users() -> Result<Schema> {
    Schema::builder()
        .proto("shop.proto", USERS)
        .record_type("User", |t| t.primary_key("id"))
        .build()
}

fn users_and_orders() -> Result<Schema> {
    Schema::builder()
        .proto("shop.proto", USERS_AND_ORDERS)
        .record_type("User", |t| t.primary_key("id"))
        .record_type("Order", |t| t.primary_key(["user", "number"]))
        .build()
}

fn user(id: i64) -> Record {
    Record::from_json("User", format!(r#"{{"id": {id}, "name": "u{id}"}}"#))
}

fn kind<T: std::fmt::Debug>(result: Result<T>) -> ErrorKind {
    result.expect_err("it is refused").kind()
}

#[test]
fn single_calls_do_what_they_say() -> Result<()> {
    block_on(async {
        let space = fresh()?.space("prod/users").schema(&users()?).open().await?;
        assert!(space.get(1).await?.is_none());
        let saved = space.put(user(1)).await?;
        assert!(saved.version().is_some_and(|version| version.is_complete()));
        assert_eq!(space.get(1).await?, Some(saved));
        space.put_all([user(2), user(3)]).await?;
        assert!(space.exists(2).await?);
        assert!(space.delete(2).await?);
        assert!(!space.delete(2).await?);
        let insert = SaveOptions::default().existence(RecordExistenceCheck::ErrorIfExists);
        assert_eq!(
            kind(space.put_with(user(3), &insert).await),
            ErrorKind::RecordAlreadyExists
        );
        space.delete_all().await?;
        assert!(!space.exists(3).await?);
        Ok(())
    })
}

#[test]
fn a_batch_is_saved_whole_or_not_at_all() -> Result<()> {
    block_on(async {
        let space = fresh()?.space("users").schema(&users()?).open().await?;
        let bad = Record::from_bytes("User", vec![0xff]);
        assert_eq!(kind(space.put_all([user(1), bad]).await), ErrorKind::InvalidRecord);
        assert!(!space.exists(1).await?);
        Ok(())
    })
}

#[test]
fn keys_are_named_in_the_words_of_the_schema() -> Result<()> {
    block_on(async {
        let space = fresh()?.space("shop").schema(&users_and_orders()?).open().await?;
        let order = Record::from_json("Order", r#"{"user": "ada", "number": 7}"#);
        let saved = space.put(order).await?;
        space.put(user(1)).await?;
        let found =
            |key: RecordKey| async { Ok::<_, Error>(space.get(key).await?.map(|r| r.record_type().to_owned())) };
        assert_eq!(
            found(RecordKey::of("Order", ("ada", 7))).await?.as_deref(),
            Some("Order")
        );
        assert_eq!(found(RecordKey::of("User", 1)).await?.as_deref(), Some("User"));
        assert_eq!(found(RecordKey::of("User", 2)).await?, None);
        let whole = RecordKey::primary_key(saved.primary_key().clone());
        assert_eq!(found(whole).await?.as_deref(), Some("Order"));

        assert_eq!(kind(space.get(1).await), ErrorKind::InvalidArgument);
        assert_eq!(
            kind(space.get(RecordKey::of("Order", "ada")).await),
            ErrorKind::InvalidArgument
        );
        assert_eq!(kind(space.get(RecordKey::of("Usr", 1)).await), ErrorKind::MetaData);
        Ok(())
    })
}

/// Without presence a zero and an unset field are the same bytes, and both are null in a key, as in Java.
#[test]
fn a_default_in_a_key_finds_the_record_that_has_it() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let space = db.space("users").schema(&users()?).open().await?;
        let saved = space.put(user(0)).await?;
        assert_eq!(saved.primary_key(), &Tuple::from((1, Element::Null)));
        assert!(space.exists(0).await?);
        assert_eq!(space.get(0).await?, Some(saved));

        let orders = db.space("orders").schema(&users_and_orders()?).open().await?;
        orders
            .put(Record::from_json("Order", r#"{"user": "", "number": 7}"#))
            .await?;
        assert!(orders.exists(RecordKey::of("Order", ("", 7))).await?);
        assert!(!orders.exists(RecordKey::of("Order", ("", 0))).await?);

        let with_presence = Schema::builder()
            .proto("p.proto", "syntax = 'proto3'; message P { optional int64 id = 1; }")
            .record_type("P", |t| t.primary_key("id"))
            .build()?;
        let space = db.space("p").schema(&with_presence).open().await?;
        space.put(Record::from_json("P", r#"{"id": 0}"#)).await?;
        assert!(space.exists(0).await?);
        assert!(!space.exists(Element::Null).await?);
        Ok(())
    })
}

#[test]
fn a_space_is_opened_with_the_schema_that_it_has() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        assert_eq!(kind(db.space("prod/users").open().await), ErrorKind::StoreNotFound);
        let first = db.space("prod/users").schema(&users()?).open().await?;
        first.put(user(1)).await?;
        let second = db.space("prod/users").open().await?;
        assert_eq!(second.metadata().version(), first.metadata().version());
        assert_eq!(second.get(1).await?, first.get(1).await?);

        let third = db.space("prod/users").schema(&users()?).open().await?;
        assert_eq!(
            third.metadata().version(),
            first.metadata().version(),
            "the same schema changes nothing"
        );
        for bad in ["", "/", "prod//users", "%zz"] {
            assert_eq!(
                kind(db.space(bad).schema(&users()?).open().await),
                ErrorKind::InvalidArgument,
                "{bad}"
            );
        }
        Ok(())
    })
}

#[test]
fn a_handle_follows_a_schema_that_grew_elsewhere() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let old = db.space("shop").schema(&users()?).open().await?;
        old.put(user(1)).await?;
        let new = db.space("shop").schema(&users_and_orders()?).open().await?;
        assert!(new.metadata().version() > old.metadata().version());
        new.put(Record::from_json("Order", r#"{"user": "ada", "number": 7}"#))
            .await?;

        old.put(Record::from_json("User", r#"{"id": 2, "city": "Oslo"}"#))
            .await?;
        assert_eq!(old.metadata().version(), new.metadata().version());
        let order = old
            .get(RecordKey::of("Order", ("ada", 7)))
            .await?
            .expect("it was saved");
        assert_eq!(order.record_type(), "Order");
        Ok(())
    })
}

#[test]
fn a_new_index_is_taken_at_once_only_where_nothing_has_to_be_built() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let space = db.space("shop").schema(&users()?).open().await?;
        space.put(user(1)).await?;
        let schema = Schema::builder()
            .proto("shop.proto", USERS_AND_ORDERS)
            .record_type("User", |t| t.primary_key("id").index(("by_name", "name")))
            .record_type("Order", |t| {
                t.primary_key(["user", "number"]).index(("by_number", "number"))
            })
            .build()?;
        let space = db.space("shop").schema(&schema).open().await?;
        space
            .put(Record::from_json("Order", r#"{"user": "ada", "number": 7}"#))
            .await?;
        space.put(user(2)).await?;

        let context = db.transaction();
        let store = space.store(&context).await?;
        // Orders came with their index; nobody knows how many users there are.
        assert_eq!(store.index_state("by_number"), IndexState::Readable);
        assert_eq!(store.index_state("by_name"), IndexState::Disabled);
        let scan = |index| store.scan_index(index, IndexScanType::ByValue, ScanOptions::default());
        assert_eq!(scan("by_number")?.next_batch(10).await?.len(), 1);
        assert_eq!(
            scan("by_name").expect_err("it is refused").kind(),
            ErrorKind::IndexNotReadable
        );

        store.rebuild_index("by_name").await?;
        assert_eq!(scan("by_name")?.next_batch(10).await?.len(), 2);
        Ok(())
    })
}

#[test]
fn every_schema_that_a_space_had_is_kept() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let first = db.space("shop").schema(&users()?).open().await?.metadata();
        let second = db.space("shop").schema(&users_and_orders()?).open().await?.metadata();
        let context = db.transaction();
        let directories = DirectoryLayer::standard(db.kv().env().clone());
        let directory = directories
            .open(context.transaction(), ["shop"], RecordSpace::LAYER)
            .await?;
        let store = MetaDataStore::new(&context, directory.subspace()?.sub("m"));
        let bytes = |metadata: Option<record_store::RecordMetaData>| metadata.map(|metadata| metadata.to_proto_bytes());
        assert_eq!(bytes(store.load().await?), Some(second.to_proto_bytes()));
        assert_eq!(
            bytes(store.load_version(first.version()).await?),
            Some(first.to_proto_bytes())
        );
        assert_eq!(bytes(store.load_version(99).await?), None);
        Ok(())
    })
}

#[test]
fn a_space_removed_and_made_again_is_found_at_its_new_place() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let handle = db.space("users").schema(&users()?).open().await?;
        handle.put(user(1)).await?;
        assert!(db.remove_space("users").await?);
        assert!(!db.remove_space("users").await?);
        assert_eq!(kind(handle.get(1).await), ErrorKind::StoreNotFound);

        // Other keys may get the prefix that is free again.
        db.space("other").schema(&users()?).open().await?;
        let again = db.space("users").schema(&users()?).open().await?;
        again.put(user(2)).await?;
        assert!(handle.get(1).await?.is_none());
        assert!(handle.get(2).await?.is_some());
        assert_eq!(handle.subspace(), again.subspace());
        Ok(())
    })
}

#[test]
fn spaces_are_listed_below_a_prefix() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        for path in ["prod/users", "prod/users/archive", "prod/a%2Fb", "test/users"] {
            db.space(path).schema(&users()?).open().await?;
        }
        let listed = |prefix: &'static str| async {
            let spaces = db.spaces(prefix).await?;
            Ok::<_, Error>(spaces.iter().map(SpacePath::to_string).collect::<Vec<_>>())
        };
        assert_eq!(
            listed("").await?,
            ["prod/a%2Fb", "prod/users", "prod/users/archive", "test/users"]
        );
        assert_eq!(listed("prod/users").await?, ["prod/users/archive"]);
        assert!(listed("nothing").await?.is_empty());
        assert!(db.space_exists("prod/users").await?);
        assert!(!db.space_exists("prod").await?);
        assert_eq!(kind(db.remove_space("prod").await), ErrorKind::Directory);
        assert!(db.remove_space("prod/users").await?);
        assert_eq!(listed("prod").await?, ["prod/a%2Fb"]);
        Ok(())
    })
}

#[test]
fn a_root_keeps_applications_apart() -> Result<()> {
    block_on(async {
        let all = fresh()?;
        let rooted = |root: &str| Ok::<_, Error>(DatabaseOptions::default().root(root.parse()?));
        let one = Database::from_kv_with(all.kv().clone(), rooted("apps/one")?);
        let two = Database::from_kv_with(all.kv().clone(), rooted("apps/two")?);
        one.space("users").schema(&users()?).open().await?.put(user(1)).await?;
        assert_eq!(kind(two.space("users").open().await), ErrorKind::StoreNotFound);
        assert_eq!(all.spaces("").await?, ["apps/one/users".parse()?]);
        assert!(two.spaces("").await?.is_empty());
        Ok(())
    })
}

#[test]
fn something_else_in_the_place_of_a_space_is_left_alone() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let context = db.transaction();
        let directories = DirectoryLayer::standard(db.kv().env().clone());
        directories
            .create(context.transaction(), ["queue"], b"queue", None)
            .await?;
        context.commit().await?;
        assert_eq!(
            kind(db.space("queue").schema(&users()?).open().await),
            ErrorKind::Directory
        );
        assert_eq!(kind(db.space("queue").open().await), ErrorKind::Directory);
        assert_eq!(kind(db.remove_space("queue").await), ErrorKind::Directory);
        Ok(())
    })
}

#[test]
fn a_scan_reads_any_number_of_records_in_batches() -> Result<()> {
    block_on(async {
        let space = fresh()?.space("users").schema(&users()?).open().await?;
        for part in (1..=2500).collect::<Vec<i64>>().chunks(500) {
            space.put_all(part.iter().map(|id| user(*id))).await?;
        }
        let scan = ScanOptions::default;
        // (options, first id, number of ids, reason)
        let table = [
            (scan(), 1, 2500, NoNextReason::SourceExhausted),
            (scan().reverse(), 2500, 2500, NoNextReason::SourceExhausted),
            (scan().limit(1500), 1, 1500, NoNextReason::ReturnLimitReached),
            (scan().skip(1200), 1201, 1300, NoNextReason::SourceExhausted),
            (scan().skip(2500), 0, 0, NoNextReason::SourceExhausted),
            // A record is two rows, its version and itself: the limit stops behind the record that passes it.
            (scan().scanned_rows_max(2400), 1, 1201, NoNextReason::ScanLimitReached),
        ];
        for (options, first, count, reason) in table {
            let mut cursor = space.scan(options.clone());
            let mut ids = Vec::new();
            while let Some(record) = cursor.next().await? {
                ids.push(record.primary_key()[1].as_i64().expect("an id is a number"));
            }
            assert_eq!(
                (ids.len(), cursor.no_next_reason()),
                (count, Some(reason)),
                "{options:?}"
            );
            assert_eq!(ids.first().copied(), (count > 0).then_some(first), "{options:?}");
            assert!(ids.windows(2).all(|pair| (pair[1] - pair[0]).abs() == 1), "{options:?}");
        }
        Ok(())
    })
}

#[test]
fn a_scan_is_bounded_in_the_words_of_the_schema() -> Result<()> {
    block_on(async {
        let space = fresh()?.space("shop").schema(&users_and_orders()?).open().await?;
        space.put_all((1..=5).map(user)).await?;
        for (name, number) in [("ada", 1), ("ada", 2), ("adam", 1), ("bob", 1)] {
            let order = format!(r#"{{"user": "{name}", "number": {number}}}"#);
            space.put(Record::from_json("Order", order)).await?;
        }
        let scan = ScanOptions::default;
        let of = |columns: i64| RecordKey::of("User", columns);
        // (options, number of users, number of orders)
        let table = [
            (scan(), 5, 4),
            (scan().within(RecordKey::of("User", ())), 5, 0),
            (scan().within(RecordKey::of("Order", "ada")), 0, 2),
            (scan().within(RecordKey::of("Order", ("ada", 2))), 0, 1),
            (scan().from(of(4)), 2, 0),
            (scan().to(of(4)), 3, 0),
            (scan().from(of(2)).to(of(4)), 2, 0),
            (scan().from(of(2)).to(of(4)).reverse(), 2, 0),
            (scan().from(RecordKey::of("Order", "adam")), 0, 2),
            (scan().to(RecordKey::of("Order", "adam")), 0, 2),
        ];
        for (options, users, orders) in table {
            let records = space.scan(options.clone()).next_batch(100).await?;
            let count = |name: &str| records.iter().filter(|record| record.record_type() == name).count();
            assert_eq!((count("User"), count("Order")), (users, orders), "{options:?}");
        }
        let refused = [
            scan().from(1),
            scan().from(of(1)).to(RecordKey::of("Order", "ada")),
            scan().within(of(1)).from(of(1)),
            scan().within(of(1)).range(TupleRange::all_of(Tuple::from((1,)))),
            scan().from(RecordKey::of("User", (1, 2))),
        ];
        for options in refused {
            assert_eq!(
                kind(space.scan(options.clone()).next().await),
                ErrorKind::InvalidArgument,
                "{options:?}"
            );
        }
        Ok(())
    })
}

#[test]
fn a_scan_goes_on_where_another_stopped() -> Result<()> {
    block_on(async {
        let space = fresh()?.space("users").schema(&users()?).open().await?;
        space.put_all((1..=10).map(user)).await?;
        let mut seen = Vec::new();
        let mut continuation = None;
        loop {
            let mut cursor = space.scan(ScanOptions::default().continuation(continuation));
            seen.extend(
                cursor
                    .next_batch(3)
                    .await?
                    .iter()
                    .map(|record| record.primary_key().clone()),
            );
            continuation = cursor.continuation();
            if cursor.no_next_reason().is_some() {
                break;
            }
        }
        assert_eq!(seen, (1..=10).map(|id| Tuple::from((1, id))).collect::<Vec<_>>());
        assert_eq!(continuation, None);
        Ok(())
    })
}

#[test]
fn a_directory_keeps_what_was_saved_until_it_is_opened_again() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let url = format!("file:{}", directory.path().join("db").display());
    let saved = block_on(async {
        let space = Database::open(&url)
            .await?
            .space("prod/users")
            .schema(&users()?)
            .open()
            .await?;
        space.put(user(1)).await
    })?;
    let found = block_on(async {
        Database::open(&url)
            .await?
            .space("prod/users")
            .open()
            .await?
            .get(1)
            .await
    })?;
    assert_eq!(found, Some(saved));
    Ok(())
}

#[test]
fn a_space_lies_where_java_looks_for_it() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let space = db.space("shop").schema(&users()?).open().await?;
        space.put(user(1)).await?;
        let context = db.transaction();
        let directories = DirectoryLayer::standard(db.kv().env().clone());
        let directory = directories
            .open(context.transaction(), ["shop"], b"record_space")
            .await?;
        let data: Subspace = directory.subspace()?.sub("d");
        assert_eq!(data, space.subspace());
        let record = data.pack(&Tuple::from((1, 1, 1, 0)));
        let value = context.transaction().get(&record, true).await?;
        assert_eq!(value.as_deref(), Some(&b"\x0a\x06\x08\x01\x12\x02u1"[..]));
        Ok(())
    })
}
