//! Schemas from everything that has them, down to the records and index entries of a space.

use futures_executor::block_on;
use prost::{Message, Name};
use prost_reflect::{DescriptorPool, MessageDescriptor, ReflectMessage};
use record_store::metadata::{IndexSchema, index_type};
use record_store::{Database, IndexScanType, Record, RecordKey, RecordSpace, Result, ScanOptions, Schema, Tuple};
use record_store_tests::given::fresh;

/// The keys of an index's entries.
async fn entries(db: &Database, space: &RecordSpace, index: &str, scan: IndexScanType) -> Result<Vec<String>> {
    let context = db.transaction();
    let store = space.store(&context).await?;
    let mut cursor = store.scan_index(index, scan, ScanOptions::default())?;
    let mut keys = Vec::new();
    while let Some(entry) = cursor.next().await? {
        keys.push(entry.key().to_string());
    }
    Ok(keys)
}

/// Keys, indexes, a union and flags of Java's options, as a Java program declares them.
#[test]
fn options_in_a_file_are_enough() -> Result<()> {
    block_on(async {
        let text = r#"
            syntax = "proto2";
            package shop;
            import "record_metadata_options.proto";
            option (com.apple.foundationdb.record.schema).split_long_records = true;
            option (com.apple.foundationdb.record.schema).store_record_versions = false;
            message Item {
                required int64 id = 1 [(com.apple.foundationdb.record.field).primary_key = true];
                optional string name = 2 [(com.apple.foundationdb.record.field).index = { unique: true }];
                repeated string tags = 3 [(com.apple.foundationdb.record.field).index = {}];
                optional int32 size = 4;
            }
            message Part {
                option (com.apple.foundationdb.record.record).usage = NESTED;
                optional string code = 1;
            }
            message Everything {
                option (com.apple.foundationdb.record.record).usage = UNION;
                optional Item _Item = 5;
            }
        "#;
        let db = fresh()?;
        let schema = Schema::builder().proto("items.proto", text).build()?;
        let items = db.space("items").schema(&schema).open().await?;
        let metadata = items.metadata();
        assert_eq!(metadata.record_type("Item")?.union_field_number(), 5);
        assert!(!metadata.is_store_record_versions() && metadata.is_split_long_records());
        let saved = items
            .put(Record::from_json(
                "Item",
                r#"{"id": 7, "name": "cup", "tags": ["red", "blue"]}"#,
            ))
            .await?;
        assert_eq!(
            saved.primary_key(),
            &Tuple::from((7,)),
            "Java's options keep Java's meaning"
        );
        assert_eq!(
            entries(&db, &items, "Item$tags", IndexScanType::ByValue).await?,
            [r#"("blue", 7)"#, r#"("red", 7)"#]
        );
        let other = Record::from_json("Item", r#"{"id": 8, "name": "cup"}"#);
        assert_eq!(
            super::kind(items.put(other).await),
            record_store::ErrorKind::UniquenessViolation
        );
        Ok(())
    })
}

/// A message of prost with its descriptor, as code generators write it.
#[derive(Clone, PartialEq, Message)]
struct Visit {
    #[prost(string, tag = "1")]
    place: String,
    #[prost(message, optional, tag = "2")]
    when: Option<When>,
    #[prost(int64, tag = "3")]
    minutes: i64,
}

#[derive(Clone, PartialEq, Message)]
struct When {
    #[prost(int32, tag = "1")]
    year: i32,
}

const VISITS: &str = "syntax = 'proto3'; package visits;
    message Visit { string place = 1; When when = 2; int64 minutes = 3; }
    message When { int32 year = 1; }";

fn pool() -> DescriptorPool {
    let set = Schema::builder()
        .proto("visits.proto", VISITS)
        .record_type("Visit", |t| t.primary_key("place"))
        .build()
        .and_then(|schema| schema.descriptor_set())
        .expect("the file compiles");
    DescriptorPool::decode(&set[..]).expect("the set is whole")
}

impl Name for Visit {
    const NAME: &'static str = "Visit";
    const PACKAGE: &'static str = "visits";
}

impl ReflectMessage for Visit {
    fn descriptor(&self) -> MessageDescriptor {
        pool().get_message_by_name("visits.Visit").expect("the file has it")
    }
}

/// Text, a descriptor set and a Rust type make the same schema; columns may be compound, nested, grouped and covering.
#[test]
fn text_descriptors_and_types_are_one_schema() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let declared = |builder: record_store::metadata::SchemaBuilder| {
            builder
                .record_type("Visit", |t| {
                    t.primary_key(["when.year", "place"])
                        .index(IndexSchema::new("by_place", "place").covering("minutes"))
                        .index(IndexSchema::count("by_year").group_by("when.year"))
                        .index(
                            IndexSchema::new("minutes", "minutes")
                                .kind(index_type::SUM)
                                .group_by(["when.year", "place"]),
                        )
                })
                .index(IndexSchema::count("all"))
                .index(IndexSchema::new("latest", Vec::<String>::new()).kind(index_type::VERSION))
                .build()
        };
        let space = db
            .space("visits")
            .schema(&declared(Schema::builder().proto("visits.proto", VISITS))?)
            .open()
            .await?;
        let others = [
            declared(Schema::builder().descriptor_set(pool().encode_to_vec()))?,
            declared(Schema::builder().message::<Visit>())?,
        ];
        for other in others {
            let plan = space.plan(&other).await?;
            assert!(plan.is_empty(), "{plan}");
        }
        let visit = Visit {
            place: "Oslo".to_owned(),
            when: Some(When { year: 1999 }),
            minutes: 40,
        };
        space.put(Record::from_message(&visit)).await?;
        assert!(space.exists(RecordKey::of("Visit", (1999, "Oslo"))).await?);
        let all = |index, scan| entries(&db, &space, index, scan);
        assert_eq!(all("by_place", IndexScanType::ByValue).await?, [r#"("Oslo", 1, 1999)"#]);
        assert_eq!(all("by_year", IndexScanType::ByGroup).await?, ["(1999)"]);
        assert_eq!(all("minutes", IndexScanType::ByGroup).await?, [r#"(1999, "Oslo")"#]);
        assert_eq!(all("all", IndexScanType::ByGroup).await?, ["()"]);
        let expression =
            |index: &str| Ok::<_, record_store::Error>(space.metadata().index(index)?.root_expression().to_string());
        assert_eq!(
            expression("by_year")?,
            "Field { 'when' None}/Field { 'year' None} group 0"
        );
        assert_eq!(expression("latest")?, "Version");
        Ok(())
    })
}
