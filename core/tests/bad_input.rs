//! Bad input of every kind: the error names the thing, the value and the way out, and nothing has changed.

mod scene;

use futures_executor::block_on;
use record_store::key_expression::{concat, field, key_with_value, version};
use record_store::kv::KeyRange;
use record_store::{
    Database, Error, ErrorKind, FormatVersion, Index, KeyExpression, RecordContext, Result, ScanOptions, Schema,
    StoreOptions, Tuple,
};
use record_store_tests::given::fresh;

use scene::{Scene, USER, key, kind, user};

const PROTO: &str = r#"
    syntax = "proto2";
    message Address { optional string city = 1; optional Address old = 2; }
    message User {
        required int64 id = 1;
        optional string name = 2;
        repeated string tags = 3;
        optional Address address = 4;
        optional double height = 5;
    }
"#;

fn users() -> record_store::metadata::SchemaBuilder {
    Schema::builder()
        .proto("users.proto", PROTO)
        .record_type("User", |t| t.primary_key("id"))
}

async fn contents(database: &Database) -> Result<Vec<record_store::kv::KeyValue>> {
    let all = KeyRange {
        begin: vec![].into(),
        end: vec![0xff].into(),
    };
    let transaction = database.transaction();
    Ok(transaction.transaction().get_range_all(&all.request(), true).await?)
}

fn facts<'e>(error: &'e Error, names: &[&str]) -> Vec<Option<&'e str>> {
    names.iter().map(|name| error.fact(name)).collect()
}

#[test]
fn an_index_over_what_the_type_does_not_have_is_refused() -> Result<()> {
    let index = |expression: KeyExpression| Index::new("bad", expression).on("User");
    // (expression, what its error says of it)
    type Facts = &'static [(&'static str, &'static str)];
    let table: [(KeyExpression, &str, Facts); 9] = [
        (
            field("nmae").into(),
            "the message has no such field: name one that it has",
            &[
                ("field", "nmae"),
                ("message", "User"),
                ("fields", "id, name, tags, address, height"),
            ],
        ),
        (
            field("address").nest(field("ctiy")),
            "the message has no such field: name one that it has",
            &[("field", "ctiy"), ("message", "Address")],
        ),
        (
            field("tags").into(),
            "the field is repeated: let it fan out or concatenate it",
            &[("field", "tags")],
        ),
        (
            field("name").fan_out().into(),
            "the field is not repeated: it can neither fan out nor be concatenated",
            &[("field", "name")],
        ),
        (
            field("address").into(),
            "the field is a message: nest a field of that message in it",
            &[("field", "address")],
        ),
        (
            field("name").nest(field("x")),
            "the field is no message: nothing can nest in it",
            &[("field", "name")],
        ),
        (
            key_with_value(field("name"), 2),
            "the key has more columns than the whole",
            &[("split_point", "2"), ("columns", "1")],
        ),
        (
            concat((field("tags").fan_out(), version())),
            "this index type cannot hold the record's version",
            &[("type", "value")],
        ),
        (
            field("name").split(2),
            "only an expression that fans out can be split",
            &[],
        ),
    ];
    block_on(async {
        let db = fresh()?;
        let space = db.space("users").schema(&users().build()?).open().await?;
        space.put(user(1, "ada")).await?;
        let before = contents(&db).await?;
        for (expression, message, names) in table {
            let error = users().index(index(expression.clone())).build().unwrap_err();
            assert!(
                matches!(error.kind(), ErrorKind::InvalidExpression | ErrorKind::MetaData),
                "{expression}: {error}"
            );
            assert_eq!(error.message(), message, "{error}");
            for (name, value) in names {
                assert_eq!(error.fact(name), Some(*value), "{error}");
            }
            assert_eq!(error.fact("index"), Some("bad"), "{error}");
            assert_eq!(contents(&db).await?, before, "{expression}");
        }
        Ok(())
    })
}

/// A store with one user, whose header is replaced by `change`; then it is opened.
async fn opened_after(change: impl Fn(&RecordContext, &[u8])) -> Result<(Error, bool)> {
    let scene = Scene::new()?;
    scene
        .run(|store| async move { store.save_record(&user(1, "ada")).await.map(drop) })
        .await?;
    let context = scene.database.transaction();
    let header = scene.subspace.pack(&Tuple::from((0,)));
    change(&context, &header);
    context.commit().await?;
    let before = contents(&scene.database).await?;
    let context = scene.database.transaction();
    let opened = scene.open(&context, &StoreOptions::default()).await;
    let error = opened.expect_err("the header cannot be used");
    context.commit().await?;
    Ok((error, contents(&scene.database).await? == before))
}

#[test]
fn a_header_that_cannot_be_used_is_named() -> Result<()> {
    type Facts = &'static [(&'static str, &'static str)];
    // (header, kind, facts): format 99; no message; a format of 0 counts as no header, and there is data; cut in the middle.
    let table: [(&[u8], ErrorKind, Facts); 4] = [
        (
            b"\x08\x63\x10\x01",
            ErrorKind::NewerFormat,
            &[("format_version", "99"), ("newest_known", "15")],
        ),
        (b"\xff\xff\xff", ErrorKind::Corrupt, &[("key", "0273686f700014")]),
        (
            b"\x08\x0a\x10\x01\x2a\x09",
            ErrorKind::Corrupt,
            &[("key", "0273686f700014")],
        ),
        (
            b"\x08\x0a\x10\x63",
            ErrorKind::StaleMetaData,
            &[("stored_version", "99"), ("local_version", "2")],
        ),
    ];
    for (bytes, kind, names) in table {
        let (error, is_unchanged) = block_on(opened_after(|context, header| context.transaction().set(header, bytes)))?;
        assert_eq!(error.kind(), kind, "{error}");
        for (name, value) in names {
            assert_eq!(error.fact(name), Some(*value), "{error}");
        }
        assert!(error.fact("store").is_some(), "{error}");
        assert!(is_unchanged, "{error}");
    }
    let (error, is_unchanged) = block_on(opened_after(|context, header| context.transaction().clear(header)))?;
    assert_eq!(error.kind(), ErrorKind::StoreAlreadyExists);
    assert!(error.message().contains("repair the header") && is_unchanged, "{error}");
    assert!(error.fact("first_key").is_some(), "{error}");
    Ok(())
}

#[test]
fn a_unique_violation_names_index_value_and_the_other_record() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let schema = users()
            .index(Index::new("by_name", field("name")).on("User").unique())
            .build()?;
        let space = db.space("users").schema(&schema).open().await?;
        space.put(user(1, "ada")).await?;
        space.put(user(2, "bob")).await?;
        let before = contents(&db).await?;
        for error in [
            space.put(user(3, "ada")).await.unwrap_err(),
            space.put(user(2, "ada")).await.unwrap_err(),
            space.put_all([user(4, "eve"), user(3, "ada")]).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::UniquenessViolation);
            assert_eq!(
                facts(&error, &["index", "value", "existing_primary_key"]),
                [Some("by_name"), Some(r#"("ada")"#), Some("(1, 1)")],
                "{error}"
            );
            assert!(
                error.fact("primary_key").is_some() && error.message().contains(':'),
                "{error}"
            );
            assert_eq!(contents(&db).await?, before);
        }
        Ok(())
    })
}

#[test]
fn a_gap_in_a_split_is_named_by_whoever_comes_to_it() -> Result<()> {
    block_on(async {
        let scene = Scene::new()?;
        scene
            .run(|store| async move {
                store.save_record(&user(1, "ada")).await?;
                store.save_record(&user(2, &"x".repeat(350_000))).await.map(drop)
            })
            .await?;
        // (the chunk that is lost, suffix of the row that cannot follow)
        for (lost, suffix) in [(1, "2"), (2, "3"), (3, "4")] {
            let chunk = scene.subspace.pack(&Tuple::from((1, USER, 2, lost)));
            let context = scene.database.transaction();
            let bytes = context
                .transaction()
                .get(&chunk, false)
                .await?
                .expect("there are four chunks");
            context.transaction().clear(&chunk);
            context.commit().await?;
            let before = contents(&scene.database).await?;

            let context = scene.database.transaction();
            let store = scene.open(&context, &StoreOptions::default()).await?;
            let loaded = store.load_record(&key(USER, 2)).await.unwrap_err();
            let scanned = store
                .scan_records(ScanOptions::default())?
                .next_batch(9)
                .await
                .unwrap_err();
            let reverse = store
                .scan_records(ScanOptions::default().reverse())?
                .next_batch(9)
                .await
                .unwrap_err();
            let saved = store.save_record(&user(2, "bob")).await.unwrap_err();
            let deleted = store.delete_record(&key(USER, 2)).await.unwrap_err();
            for error in [&loaded, &scanned, &saved, &deleted] {
                assert_eq!(
                    (error.kind(), error.fact("suffix")),
                    (ErrorKind::Corrupt, Some(suffix)),
                    "{error}"
                );
                assert!(
                    error.fact("key").is_some_and(|key| key.starts_with("0273686f7000")),
                    "{error}"
                );
            }
            assert_eq!(reverse.kind(), ErrorKind::Corrupt);
            context.commit().await?;
            assert_eq!(contents(&scene.database).await?, before, "chunk {lost}");

            let context = scene.database.transaction();
            context.transaction().set(&chunk, &bytes);
            context.commit().await?;
        }
        Ok(())
    })
}

#[test]
fn a_format_that_is_asked_for_must_be_known() {
    assert_eq!(kind(FormatVersion::from_number(99)), ErrorKind::NewerFormat);
    let error = FormatVersion::from_number(0).unwrap_err();
    assert_eq!(
        facts(&error, &["format_version", "newest_known"]),
        [Some("0"), Some("15")]
    );
}
