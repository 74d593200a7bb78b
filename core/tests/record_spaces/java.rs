//! Spaces whose meta-data store Java wrote: the golden cases of `FDBMetaDataStore`, laid below the directory of a space.

use std::path::Path;

use futures_executor::block_on;
use prost::Message;
use prost_reflect::prost_types::field_descriptor_proto::{Label, Type};
use prost_reflect::prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto};
use record_store::key_expression::{concat, field, record_type};
use record_store::kv::directory::DirectoryLayer;
use record_store::metadata::{Descriptors, IndexSchema, MetaDataEvolutionValidator};
use record_store::{
    Database, ErrorKind, MetaDataStore, Record, RecordKey, RecordMetaDataBuilder, RecordSpace, Result, Schema,
};
use record_store_tests::given::fresh;
use serde_json::Value;

use super::kind;

fn case(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/golden/cases/{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("a case is JSON")
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().expect("keys and values are hexadecimal");
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("keys and values are hexadecimal"))
        .collect()
}

/// A space that Java has made: its directory, and the area `m` of a case in it.
async fn made_by_java(db: &Database, case: &Value) -> Result<()> {
    let context = db.transaction();
    let directories = DirectoryLayer::standard(db.kv().env().clone());
    let directory = directories
        .create(context.transaction(), ["java"], RecordSpace::LAYER, None)
        .await?;
    let area = directory.subspace()?.sub("m");
    for row in case["areas"]["m"].as_array().expect("the case has the area m") {
        let key = [area.prefix(), &bytes(&row[0])].concat();
        context.transaction().set(&key, &bytes(&row[1]));
    }
    context.commit().await
}

#[test]
fn a_space_opens_with_the_schema_that_java_stored() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        made_by_java(&db, &case("metadata_store")).await?;
        let space = db.space("java").open().await?;
        assert_eq!(space.schema_versions().await?, [0, 1, 2, 3]);
        let indexes = |version| {
            let space = &space;
            async move {
                let metadata = space.load_schema_version(version).await?.expect("the space had it");
                assert_eq!(metadata.version(), version);
                let names: Vec<String> = metadata.indexes().map(|index| index.name().to_owned()).collect();
                Ok::<_, record_store::Error>(names)
            }
        };
        assert!(indexes(0).await?.is_empty());
        assert_eq!(indexes(1).await?, ["A$g"]);
        assert_eq!(indexes(2).await?, ["A$g", "ucnt"]);
        assert_eq!(indexes(3).await?, ["ucnt"]);
        assert!(space.load_schema_version(4).await?.is_none());
        assert_eq!(space.metadata().former_indexes().len(), 1);

        let record = Record::from_json("A", r#"{"id": 1, "g": "x"}"#);
        space.put(record).await?;
        assert!(space.exists(1).await?);
        Ok(())
    })
}

/// 160,000 bytes of meta-data are one version in two rows.
#[test]
fn a_large_schema_of_java_is_one_version() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        made_by_java(&db, &case("metadata_store_large")).await?;
        let space = db.space("java").open().await?;
        assert_eq!(space.schema_versions().await?, [0]);
        Ok(())
    })
}

/// Java adds a record type beside the union, which Rust has made. A program that does not know it goes on.
#[test]
fn a_record_type_that_java_has_added_stays() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let shop = || {
            let text =
                "syntax = 'proto3'; message Item { int64 id = 1; string name = 2; } message Order { int64 id = 1; }";
            let files = Schema::builder().proto("shop.proto", text);
            files.record_type("Item", |item| item.primary_key("id"))
        };
        let made = db.space("java").schema(&shop().build()?).open().await?;
        let with_refunds = |stored: &Descriptors| {
            let mut file = FileDescriptorProto::decode(stored.records_bytes().as_ref()).expect("it is stored");
            let id = stored.records().file_descriptor_proto().message_type[0].field[0].clone();
            file.message_type[0].field.push(FieldDescriptorProto {
                name: Some("_Refund".to_owned()),
                number: Some(2),
                type_name: Some(".record_store.Refund".to_owned()),
                json_name: None,
                ..id
            });
            file.message_type.push(DescriptorProto {
                name: Some("Refund".to_owned()),
                field: vec![FieldDescriptorProto {
                    name: Some("id".to_owned()),
                    number: Some(1),
                    label: Some(Label::Optional.into()),
                    r#type: Some(Type::Int64.into()),
                    ..Default::default()
                }],
                ..Default::default()
            });
            let others = stored.dependencies().map(|(_, bytes)| bytes.clone());
            Descriptors::link(file.encode_to_vec().into(), others)
        };
        let context = db.transaction();
        let directories = DirectoryLayer::standard(db.kv().env().clone());
        let directory = directories.open(context.transaction(), ["java"], b"").await?;
        let store = MetaDataStore::new(&context, directory.subspace()?.sub("m"));
        let change = |new: &mut RecordMetaDataBuilder| {
            new.update_records(with_refunds(made.metadata().descriptors())?)?;
            let key = concat((record_type(), field("id")));
            new.record_type("Refund")?.set_primary_key(key);
            Ok(())
        };
        store.update(&MetaDataEvolutionValidator::default(), change).await?;
        context.commit().await?;

        let same = db.space("java").schema(&shop().build()?).open().await?;
        let version = same.metadata().version();
        same.put(Record::from_json("Refund", r#"{"id": 7}"#)).await?;
        // An index, and a type under the next number.
        let more = shop().record_type("Order", |order| order.primary_key("id"));
        let more = more.index(IndexSchema::new("by_name", "name").on("Item")).build()?;
        let evolved = db.space("java").schema(&more).open().await?;
        let metadata = evolved.metadata();
        assert!(metadata.version() > version);
        assert_eq!(metadata.record_type("Refund")?.union_field_number(), 2);
        assert_eq!(metadata.record_type("Order")?.union_field_number(), 3);
        assert!(evolved.exists(RecordKey::of("Refund", 7)).await?);
        assert!(evolved.plan(&more).await?.is_empty());
        Ok(())
    })
}

#[test]
fn a_damaged_history_is_named() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        made_by_java(&db, &case("metadata_store")).await?;
        let space = db.space("java").open().await?;
        let context = db.transaction();
        let directories = DirectoryLayer::standard(db.kv().env().clone());
        let directory = directories.open(context.transaction(), ["java"], b"").await?;
        let history = directory.subspace()?.sub("m").sub("H");
        context
            .transaction()
            .set(&[history.prefix(), &[0xff, 0xfe]].concat(), b"?");
        context.commit().await?;
        // The strict range of the history ends before FF: such a key is nobody's.
        assert_eq!(space.schema_versions().await?, [0, 1, 2, 3]);

        let context = db.transaction();
        context.transaction().set(history.sub("x").prefix(), b"?");
        context.commit().await?;
        assert_eq!(kind(space.schema_versions().await), ErrorKind::Corrupt);
        let context = db.transaction();
        let store = MetaDataStore::new(&context, directory.subspace()?.sub("m"));
        assert!(store.load().await?.is_some(), "the current schema is not concerned");
        Ok(())
    })
}
