//! Each rule of evolution, broken by a schema that a space is given: a named error, the way out, and nothing changed.

use futures_executor::block_on;
use record_store::key_expression::field;
use record_store::metadata::{IndexSchema, MetaDataEvolutionValidator, SchemaBuilder, index_type};
use record_store::{ErrorKind, FormerIndex, Index, MetaDataStore, Record, RecordKey, Result, Schema};
use record_store_tests::given::fresh;

use super::{contents, order, refused, user, users, users_and_orders};

const ITEMS: &str = "message Item {
        required int64 id = 1;
        optional string name = 2;
        optional sint32 size = 3;
        repeated string tags = 4;
        optional Color color = 5;
        optional string old = 6 [deprecated = true];
        optional Part part = 7;
    }
    message Part { optional string code = 1; }
    message Box { optional int64 id = 1; optional string name = 2; optional int64 weight = 3; }
    enum Color { RED = 1; GREEN = 2; }";

fn items(text: &str) -> SchemaBuilder {
    Schema::builder()
        .proto("items.proto", format!("syntax = 'proto2'; {text}"))
        .record_type("Item", |t| t.primary_key("id"))
        .record_type("Box", |t| t.primary_key("id"))
        .split_long_records(true)
}

fn by_name() -> IndexSchema {
    IndexSchema::new("by_name", "name").on("Item").on("Box")
}

fn stored() -> SchemaBuilder {
    items(ITEMS).index(by_name())
}

/// What breaks a rule, which rule, and the name of what broke it.
struct Case {
    rule: &'static str,
    fact: (&'static str, &'static str),
    schema: SchemaBuilder,
}

fn replaced(from: &str, to: &str) -> SchemaBuilder {
    assert!(ITEMS.contains(from), "{from}");
    items(&ITEMS.replace(from, to)).index(by_name())
}

fn case(rule: &'static str, fact: (&'static str, &'static str), schema: SchemaBuilder) -> Case {
    Case { rule, fact, schema }
}

fn cases() -> Vec<Case> {
    let keyed = |id: &str| {
        Schema::builder()
            .proto("items.proto", format!("syntax = 'proto2'; {ITEMS}"))
            .record_type("Item", |t| t.primary_key(id))
    };
    vec![
        case(
            "a field was removed",
            ("field", "Item.tags"),
            replaced("repeated string tags = 4;", ""),
        ),
        case(
            "a field was removed",
            ("field", "Part.code"),
            replaced("message Part { optional string code = 1; }", "message Part {}"),
        ),
        case(
            "a required field was added: stored records do not have it",
            ("field", "Item.more"),
            replaced(
                "repeated string tags = 4;",
                "repeated string tags = 4; required int64 more = 9;",
            ),
        ),
        case(
            "a field was renamed",
            ("field", "Item.size"),
            replaced("sint32 size", "sint32 width"),
        ),
        case(
            "a deprecated field came back into use",
            ("field", "Item.old"),
            replaced(" [deprecated = true]", ""),
        ),
        case(
            "the type of a field changed",
            ("field", "Item.size"),
            replaced("sint32 size", "int32 size"),
        ),
        case(
            "a field is no longer required",
            ("field", "Item.id"),
            replaced("required int64 id = 1;", "optional int64 id = 1;"),
        ),
        case(
            "a field is no longer repeated",
            ("field", "Item.tags"),
            replaced("repeated string tags", "optional string tags"),
        ),
        case(
            "a value of an enum was removed",
            ("value", "GREEN"),
            replaced(" GREEN = 2;", ""),
        ),
        case(
            "the syntax of a message's file changed",
            ("message", "Item"),
            Schema::builder()
                .proto(
                    "items.proto",
                    format!(
                        "syntax = 'proto3'; {}",
                        ITEMS.replace("required ", "").replace("RED = 1", "NONE = 0; RED = 1")
                    ),
                )
                .record_type("Item", |t| t.primary_key("id")),
        ),
        case(
            "a record type was removed from the union: its records may be stored",
            ("record_type", "Box"),
            Schema::builder()
                .proto(
                    "items.proto",
                    format!("syntax = 'proto2'; {}", ITEMS.replace("message Box", "message Crate")),
                )
                .record_type("Item", |t| t.primary_key("id")),
        ),
        case(
            "the primary key of a record type changed: records are stored under it",
            ("record_type", "Item"),
            keyed("name"),
        ),
        case(
            "the record type key changed: records are stored under it",
            ("record_type", "Item"),
            Schema::builder()
                .proto("items.proto", format!("syntax = 'proto2'; {ITEMS}"))
                .record_type("Item", |t| t.primary_key("id").record_type_key("item")),
        ),
        case(
            "records are split already and must stay so",
            ("space", "items"),
            stored().split_long_records(false),
        ),
        // Whatever changes in an index that its entries depend on is another definition.
        case(
            "an index is defined anew",
            ("index", "by_name"),
            items(ITEMS).index(IndexSchema::new("by_name", "id").on("Item").on("Box")),
        ),
        case(
            "an index is defined anew",
            ("index", "by_name"),
            items(ITEMS).index(by_name().kind(index_type::RANK)),
        ),
        case(
            "an index is defined anew",
            ("index", "by_name"),
            items(ITEMS).index(by_name().unique()),
        ),
        case(
            "an index is defined anew",
            ("index", "by_name"),
            items(ITEMS).index(IndexSchema::new("by_name", "name").on("Item")),
        ),
    ]
}

#[test]
fn a_schema_that_breaks_a_rule_changes_nothing() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let space = db.space("items").schema(&stored().build()?).open().await?;
        space
            .put(Record::from_json("Item", r#"{"id": 1, "name": "a"}"#))
            .await?;
        let before = contents(&db).await?;
        for case in cases() {
            let schema = case.schema.build()?;
            let error = refused(db.space("items").schema(&schema).open().await);
            assert_eq!(error.kind(), ErrorKind::MetaDataEvolution, "{error}");
            assert_eq!(error.message(), case.rule, "{error}");
            let (name, value) = case.fact;
            assert_eq!(error.fact(name), Some(value), "{error}");
            let way_out = error.fact("way_out").expect("every rule has a way out");
            let changes = error.fact("changes").expect("the error says all that would change");
            assert!(changes.contains(case.rule) && changes.contains(way_out), "{changes}");

            let plan = space.plan(&schema).await?;
            assert!(!plan.is_allowed(), "{plan}");
            assert!(plan.to_string().contains(case.rule), "{plan}");
            assert_eq!(contents(&db).await?, before, "{}", case.rule);
        }
        Ok(())
    })
}

/// What the user's own union says of record types.
#[test]
fn a_union_that_breaks_a_rule_changes_nothing() -> Result<()> {
    block_on(async {
        let union = |fields: &str| {
            Schema::builder()
                .proto(
                    "u.proto",
                    format!(
                        "message A {{ optional int64 id = 1; }} message B {{ optional int64 id = 1; }}
                         message RecordTypeUnion {{ {fields} }}"
                    ),
                )
                .record_type("A", |t| t.primary_key("id"))
        };
        let two = "optional A _A = 1; optional B _B = 2;";
        let twice = "optional A _A = 1; optional A a = 2;";
        let rename = MetaDataEvolutionValidator {
            disallow_type_renames: true,
            ..Default::default()
        };
        let with_b = |fields| union(fields).record_type("B", |t| t.primary_key("id"));
        let table = [
            (with_b(two), union(twice), "two record types became one", "A, B"),
            (union(twice), with_b(two), "one record type became two", "A, A"),
            (
                union("optional A _A = 1;"),
                Schema::builder()
                    .proto(
                        "u.proto",
                        "message C { optional int64 id = 1; } message RecordTypeUnion { optional C _C = 1; }",
                    )
                    .record_type("C", |t| t.primary_key("id"))
                    .evolution(rename),
                "a record type was renamed",
                "A",
            ),
        ];
        for (old, new, rule, fact) in table {
            let db = fresh()?;
            db.space("u").schema(&old.build()?).open().await?;
            let before = contents(&db).await?;
            let error = refused(db.space("u").schema(&new.build()?).open().await);
            assert_eq!(error.message(), rule, "{error}");
            assert_eq!(error.fact("old"), Some(fact), "{error}");
            assert!(
                error.fact("way_out").is_some() && error.fact("changes").is_some(),
                "{error}"
            );
            assert_eq!(contents(&db).await?, before, "{rule}");
        }
        Ok(())
    })
}

/// Rules about versions and former indexes, which only meta-data written by hand can break.
#[test]
fn meta_data_that_breaks_a_rule_is_not_saved() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let space = db.space("items").schema(&stored().build()?).open().await?;
        let dropped = items(ITEMS).drop_index("by_name").build()?;
        db.space("items").schema(&dropped).open().await?;
        let before = contents(&db).await?;
        type Change = fn(&mut record_store::RecordMetaDataBuilder) -> Result<()>;
        let cases: [(&str, Change); 6] = [
            ("the version of the meta-data must increase", |_| Ok(())),
            ("a new index says that it is not new", |new| {
                let index = Index::new("k", field("name")).on("Box").with_versions(1, 1);
                new.set_version(new.version() + 1).add_index(index).map(drop)
            }),
            (
                "two indexes have one subspace key: a former index keeps its own",
                |new| new.add_index(Index::new("by_name", field("name")).on("Box")).map(drop),
            ),
            ("a new former index says that it was removed earlier", |new| {
                new.set_version(new.version() + 1).add_former_index(FormerIndex {
                    subspace_key: "ghost".into(),
                    added_version: 1,
                    removed_version: 2,
                    former_name: None,
                });
                Ok(())
            }),
            ("the version that brought a record type changed", |new| {
                let version = new.version() + 1;
                new.set_version(version)
                    .record_type("Box")?
                    .set_since_version(Some(version));
                Ok(())
            }),
            ("a field was removed", |new| {
                let smaller = Schema::builder()
                    .proto("items.proto", "message Item { required int64 id = 1; } message Box { optional int64 id = 1; } message RecordTypeUnion { optional Item _Item = 1; optional Box _Box = 2; }")
                    .record_type("Item", |t| t.primary_key("id"))
                    .record_type("Box", |t| t.primary_key("id"))
                    .build()?
                    .merge_into(None)?;
                new.update_records(smaller.descriptors().clone()).map(drop)
            }),
        ];
        for (rule, change) in cases {
            let context = db.transaction();
            let directories = record_store::kv::directory::DirectoryLayer::standard(db.kv().env().clone());
            let directory = directories.open(context.transaction(), ["items"], b"").await?;
            let store = MetaDataStore::new(&context, directory.subspace()?.sub("m"));
            let error = refused(store.update(&MetaDataEvolutionValidator::default(), change).await);
            assert!(
                matches!(error.kind(), ErrorKind::MetaDataEvolution | ErrorKind::MetaData),
                "{error}"
            );
            assert_eq!(error.message(), rule, "{error}");
            context.commit().await?;
            assert_eq!(contents(&db).await?, before, "{rule}");
        }
        assert!(space.plan(&items(ITEMS).build()?).await?.is_empty());
        Ok(())
    })
}

/// What a schema can only break that has no presence, or does not split records.
#[test]
fn presence_and_splitting_stay_as_they_are() -> Result<()> {
    block_on(async {
        let schema = |field: &str, split: bool| {
            Schema::builder()
                .proto(
                    "a.proto",
                    format!("syntax = 'proto3'; message A {{ int64 id = 1; {field} }}"),
                )
                .record_type("A", |t| t.primary_key("id"))
                .split_long_records(split)
                .build()
        };
        let db = fresh()?;
        db.space("a").schema(&schema("string s = 2;", false)?).open().await?;
        let before = contents(&db).await?;
        let table = [
            (
                schema("optional string s = 2;", false)?,
                "a field no longer tells a missing value from a default one as it did",
            ),
            (
                schema("string s = 2;", true)?,
                "splitting of long records may not be turned on",
            ),
        ];
        for (schema, rule) in table {
            let error = refused(db.space("a").schema(&schema).open().await);
            assert_eq!(error.message(), rule, "{error}");
            assert!(error.fact("way_out").is_some(), "{error}");
            assert_eq!(contents(&db).await?, before, "{rule}");
        }
        Ok(())
    })
}

#[test]
fn an_index_is_dropped_with_its_entries_and_only_once() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let space = db.space("items").schema(&stored().build()?).open().await?;
        space
            .put(Record::from_json("Item", r#"{"id": 1, "name": "a"}"#))
            .await?;
        let with_entries = contents(&db).await?.len();
        let dropped = items(ITEMS).drop_index("by_name").drop_index("never_was").build()?;
        let space = db.space("items").schema(&dropped).open().await?;
        let metadata = space.metadata();
        assert_eq!(metadata.indexes().len(), 0);
        let former = &metadata.former_indexes()[0];
        assert_eq!(former.former_name.as_deref(), Some("by_name"));
        assert_eq!(former.removed_version, metadata.version());
        let rows = contents(&db).await?;
        assert_eq!(rows.len(), with_entries, "an entry less, a version of the schema more");

        let again = db.space("items").schema(&dropped).open().await?;
        assert_eq!(again.metadata().version(), metadata.version());
        assert_eq!(contents(&db).await?, rows);
        let new = db.space("new").schema(&dropped).open().await?;
        assert!(new.metadata().former_indexes().is_empty());

        // An index of the name may come back, with a key of its own.
        let back = db.space("items").schema(&stored().build()?).open().await?;
        assert_ne!(*back.metadata().index("by_name")?.subspace_key(), former.subspace_key);

        let both = refused(stored().drop_index("by_name").build());
        assert_eq!(
            (both.kind(), both.fact("index")),
            (ErrorKind::MetaData, Some("by_name"))
        );
        Ok(())
    })
}

#[test]
fn a_type_is_dropped_when_its_records_are_gone() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let space = db.space("shop").schema(&users_and_orders()?).open().await?;
        space.put_all([user(1), order(1)]).await?;
        let before = contents(&db).await?;
        let dropping = |drop: &str| {
            Schema::builder()
                .proto("shop.proto", super::USERS_AND_ORDERS)
                .record_type("User", |t| t.primary_key("id"))
                .drop_type(drop)
                .build()
        };
        let dropped = dropping("Order")?;
        let error = refused(db.space("shop").schema(&dropped).open().await);
        assert_eq!(error.kind(), ErrorKind::MetaDataEvolution);
        assert_eq!(error.message(), "a record type is dropped that still has records");
        assert_eq!(error.fact("record_type"), Some("Order"));
        assert!(error.fact("way_out").is_some());
        assert_eq!(contents(&db).await?, before);
        let plan = space.plan(&dropped).await?;
        assert!(
            !plan.is_allowed() && plan.to_string().starts_with("record type Order removed: refused"),
            "{plan}"
        );

        space.delete(RecordKey::of("Order", 1)).await?;
        let plan = space.plan(&dropped).await?;
        assert!(plan.is_allowed());
        assert_eq!(plan.to_string(), "record type Order removed: no cost");
        db.space("shop").schema(&dropped).open().await?;
        assert!(space.exists(1).await?, "an old handle has one type less and goes on");
        assert_eq!(space.metadata().record_types().len(), 1);
        let rows = contents(&db).await?;
        db.space("shop").schema(&dropped).open().await?;
        assert_eq!(contents(&db).await?, rows, "it is dropped once");

        // Its number is never used again.
        let back = db.space("shop").schema(&users_and_orders()?).open().await?;
        assert_eq!(back.metadata().record_type("Order")?.union_field_number(), 3);
        let only = refused(
            db.space("users")
                .schema(&users()?)
                .open()
                .await?
                .plan(&{
                    Schema::builder()
                        .proto("other.proto", "message Other { optional int64 id = 1; }")
                        .record_type("Other", |t| t.primary_key("id"))
                        .drop_type("User")
                        .build()?
                })
                .await,
        );
        assert_eq!(only.kind(), ErrorKind::MetaData, "{only}");
        let both = refused(
            Schema::builder()
                .proto("shop.proto", super::USERS_AND_ORDERS)
                .record_type("User", |t| t.primary_key("id"))
                .drop_type("User")
                .build(),
        );
        assert_eq!(both.fact("record_type"), Some("User"));
        Ok(())
    })
}

/// Types whose keys do not begin with the type have no range of their own: their records are looked for among all.
#[test]
fn records_of_a_dropped_type_are_found_among_others() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let schema = |drops: bool| {
            let builder = Schema::builder()
                .proto("shop.proto", super::USERS_AND_ORDERS)
                .record_type("User", |t| t.primary_key(field("id")));
            match drops {
                true => builder.drop_type("Order").build(),
                false => builder.record_type("Order", |t| t.primary_key(field("id"))).build(),
            }
        };
        let space = db.space("shop").schema(&schema(false)?).open().await?;
        space.put_all([user(1), user(2), order(3)]).await?;
        let error = refused(db.space("shop").schema(&schema(true)?).open().await);
        assert_eq!(error.fact("record_type"), Some("Order"));
        space.delete(RecordKey::of("Order", 3)).await?;
        db.space("shop").schema(&schema(true)?).open().await?;
        Ok(())
    })
}
