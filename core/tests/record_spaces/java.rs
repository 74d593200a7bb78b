//! Spaces whose meta-data store Java wrote: the golden cases of `FDBMetaDataStore`, laid below the directory of a space.

use std::path::Path;

use futures_executor::block_on;
use record_store::kv::directory::DirectoryLayer;
use record_store::{Database, ErrorKind, MetaDataStore, RecordSpace, Result};
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

        let record = record_store::Record::from_json("A", r#"{"id": 1, "g": "x"}"#);
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
