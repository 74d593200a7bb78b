//! Indexes as a program of record spaces sees them: scans with bounds of columns, records by index, aggregates, counts, versions.

use futures_executor::block_on;
use record_store::key_expression::{Grouping, concat, field};
use record_store::kv::tuple::Element;
use record_store::metadata::index_type;
use record_store::{
    ErrorKind, Index, NoNextReason, Record, RecordKey, RecordSpace, RecordVersion, Result, SaveOptions, ScanOptions,
    Schema, Tuple, TupleRange,
};
use record_store_tests::given::fresh;

const PROTO: &str = "syntax = 'proto3';
    message User {
        int64 id = 1; string city = 2; int64 age = 3; float score = 4; Role role = 5; repeated float marks = 6;
    }
    message Pet { int64 id = 1; optional string city = 2; }
    enum Role { GUEST = 0; ADMIN = 1; }";

fn schema() -> Result<Schema> {
    let count = |name, columns| Index::new(name, Grouping::new(columns, 0)).with_kind(index_type::COUNT);
    Schema::builder()
        .proto("t.proto", PROTO)
        .record_type("User", |t| t.primary_key("id"))
        .record_type("Pet", |t| t.primary_key("id"))
        .index(Index::new("by_city", concat((field("city"), field("age")))).on("User"))
        .index(Index::new("by_score", field("score")).on("User"))
        .index(Index::new("by_role", field("role")).on("User"))
        .index(Index::new("by_mark", field("marks").fan_out()).on("User"))
        .index(Index::new("all_by_city", field("city")).on("User").on("Pet"))
        .index(count("users", concat((field("city"), field("age")))).on("User"))
        .index(count("pets", field("id").into()).on("Pet"))
        .build()
}

async fn space() -> Result<RecordSpace> {
    fresh()?.space("users").schema(&schema()?).open().await
}

fn user(id: i64, city: &str, age: i64) -> Record {
    Record::from_json("User", format!(r#"{{"id": {id}, "city": "{city}", "age": {age}}}"#))
}

/// The ids of the records to which the entries lead.
async fn ids(space: &RecordSpace, index: &str, options: ScanOptions) -> Result<Vec<i64>> {
    let mut entries = space.scan_index(index, None, options.clone());
    let (mut by_entry, mut by_record) = (Vec::new(), Vec::new());
    let id = |key: &Tuple| key.get(1).and_then(Element::as_i64).expect("primary keys end with ids");
    while let Some(entry) = entries.next().await? {
        by_entry.push(id(entry.primary_key()));
    }
    let mut records = space.scan_index_records(index, options);
    while let Some(record) = records.next().await? {
        by_record.push(id(record.primary_key()));
    }
    assert_eq!(by_entry, by_record, "{index}");
    Ok(by_record)
}

#[test]
fn bounds_are_columns_as_a_program_writes_them() -> Result<()> {
    block_on(async {
        let space = space().await?;
        space
            .put_all([
                user(1, "Oslo", 30),
                user(2, "Oslo", 20),
                user(3, "Rome", 20),
                user(4, "", 0),
                Record::from_json(
                    "User",
                    r#"{"id": 5, "city": "Ulm", "score": 0.1, "role": "ADMIN", "marks": [0, 0.1]}"#,
                ),
            ])
            .await?;
        let all = ScanOptions::default;
        let nobody: [i64; 0] = [];
        assert_eq!(ids(&space, "by_city", all()).await?, [4, 2, 1, 3, 5]);
        assert_eq!(ids(&space, "by_city", all().reverse().limit(2)).await?, [5, 3]);
        assert_eq!(ids(&space, "by_city", all().skip(1).limit(2)).await?, [2, 1]);
        assert_eq!(ids(&space, "by_city", all().within("Oslo")).await?, [2, 1]);
        assert_eq!(ids(&space, "by_city", all().within(("Oslo", 20))).await?, [2]);
        assert_eq!(ids(&space, "by_city", all().within("Osl")).await?, nobody);
        assert_eq!(ids(&space, "by_city", all().within(())).await?.len(), 5);
        assert_eq!(
            ids(&space, "by_city", all().from(("Oslo", 25)).to("Ulm")).await?,
            [1, 3]
        );
        assert_eq!(ids(&space, "by_city", all().to("Oslo")).await?, [4]);
        let range = TupleRange::all_of(Tuple::from(("Rome",)));
        assert_eq!(ids(&space, "by_city", all().range(range)).await?, [3]);
        // What is zero or empty is a null in the entry; floats are of the field's width, enums have names.
        assert_eq!(ids(&space, "by_city", all().within(("", 0))).await?, [4]);
        assert_eq!(ids(&space, "by_score", all().within(Element::Double(0.1))).await?, [5]);
        assert_eq!(ids(&space, "by_role", all().within("ADMIN")).await?, [5]);
        // The elements of a repeated field are what they are.
        assert_eq!(ids(&space, "by_mark", all().within(Element::Double(0.1))).await?, [5]);
        assert_eq!(ids(&space, "by_mark", all().within(Element::Int(0))).await?, [5]);
        assert_eq!(ids(&space, "by_mark", all()).await?, [5, 5]);
        Ok(())
    })
}

#[test]
fn bounds_that_do_not_fit_are_refused() -> Result<()> {
    block_on(async {
        let space = space().await?;
        let all = ScanOptions::default;
        let range = TupleRange::all_of(Tuple::from(("Oslo",)));
        let table = [
            ("by_city", all().within(("Oslo", 1, 2)), ErrorKind::InvalidArgument),
            ("by_city", all().within(1), ErrorKind::InvalidArgument),
            (
                "by_city",
                all().from(RecordKey::of("User", "Oslo")),
                ErrorKind::InvalidArgument,
            ),
            ("by_city", all().within("Oslo").to("Rome"), ErrorKind::InvalidArgument),
            ("by_city", all().from("Oslo").range(range), ErrorKind::InvalidArgument),
            ("users", all().within(("Oslo", 1, 1)), ErrorKind::InvalidArgument),
            // A user without a city has a null, a pet with an empty one has that.
            ("all_by_city", all().within(""), ErrorKind::InvalidArgument),
            ("by_cty", all(), ErrorKind::MetaData),
        ];
        for (index, options, expected) in table {
            let error = space.scan_index(index, None, options.clone()).next().await.unwrap_err();
            assert_eq!(error.kind(), expected, "{index} {options:?}: {error}");
        }
        let error = space.scan_index_records("users", all()).next().await.map(drop);
        assert_eq!(error.map_err(|error| error.kind()), Ok(()), "there are no groups yet");
        space.put(user(1, "Oslo", 1)).await?;
        let error = space.scan_index_records("users", all()).next().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        Ok(())
    })
}

#[test]
fn pages_of_an_index_follow_each_other() -> Result<()> {
    block_on(async {
        let space = space().await?;
        // More than a batch, and more than are fetched together.
        space.put_all((1..=1_500).map(|id| user(id, "Oslo", id % 3))).await?;
        let expected: Vec<i64> = (0..3)
            .flat_map(|age| (1..=1_500).filter(move |id| id % 3 == age))
            .collect();
        assert_eq!(ids(&space, "by_city", ScanOptions::default()).await?, expected);

        let (mut seen, mut continuation) = (Vec::new(), None);
        loop {
            let options = ScanOptions::default()
                .within("Oslo")
                .limit(400)
                .continuation(continuation);
            let mut page = space.scan_index_records("by_city", options);
            while let Some(record) = page.next().await? {
                seen.push(record.primary_key().get(1).and_then(Element::as_i64).unwrap_or(0));
            }
            continuation = page.continuation();
            match page.no_next_reason() {
                Some(NoNextReason::ReturnLimitReached) => {}
                reason => {
                    assert_eq!(reason, Some(NoNextReason::SourceExhausted));
                    break;
                }
            }
        }
        assert_eq!(seen, expected);
        Ok(())
    })
}

#[test]
fn an_entry_without_its_record_is_told() -> Result<()> {
    block_on(async {
        let space = space().await?;
        space.put(user(1, "Oslo", 30)).await?;
        space
            .database()
            .run(|context| {
                let space = space.clone();
                async move {
                    // What no program does: the record goes and its entries stay.
                    let records = space.subspace().sub(1).range();
                    context.transaction().clear_range(&records.begin, &records.end);
                    Ok::<_, record_store::Error>(())
                }
            })
            .await?;
        assert!(
            space
                .scan_index("by_city", None, ScanOptions::default())
                .next()
                .await?
                .is_some()
        );
        let error = space
            .scan_index_records("by_city", ScanOptions::default())
            .next()
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.fact("index")),
            (ErrorKind::Corrupt, Some("by_city"))
        );
        Ok(())
    })
}

#[test]
fn aggregates_are_of_groups_by_their_first_columns() -> Result<()> {
    block_on(async {
        let space = space().await?;
        space
            .put_all([
                user(1, "Oslo", 30),
                user(2, "Oslo", 20),
                user(3, "Oslo", 20),
                user(4, "", 0),
            ])
            .await?;
        let count = async |group: RecordKey| Ok::<_, record_store::Error>(space.aggregate("users", group).await?);
        assert_eq!(count("Oslo".into()).await?, Some(Tuple::from((3,))));
        assert_eq!(count(("Oslo", 20).into()).await?, Some(Tuple::from((2,))));
        assert_eq!(count("Rome".into()).await?, Some(Tuple::from((0,))));
        assert_eq!(count("".into()).await?, Some(Tuple::from((1,))));
        assert_eq!(count(().into()).await?, Some(Tuple::from((4,))));
        assert_eq!(count(1.into()).await.unwrap_err().kind(), ErrorKind::InvalidArgument);
        let error = space.aggregate("by_city", ()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        Ok(())
    })
}

#[test]
fn records_are_counted_by_the_indexes_of_their_types() -> Result<()> {
    block_on(async {
        let space = space().await?;
        assert_eq!(space.record_count().await?, 0);
        space.put_all([user(1, "Oslo", 30), user(2, "Rome", 20)]).await?;
        space.put(Record::from_json("Pet", r#"{"id": 1}"#)).await?;
        assert_eq!(space.record_count().await?, 3);

        let uncounted = Schema::builder()
            .proto("t.proto", PROTO)
            .record_type("Pet", |t| t.primary_key("id"))
            // Counts entries, not records.
            .index(
                Index::new("many", Grouping::new(field("id").into(), 0))
                    .on("Pet")
                    .with_kind(index_type::COUNT_UPDATES),
            )
            .build()?;
        let pets = space.database().space("pets").schema(&uncounted).open().await?;
        let error = pets.record_count().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.fact("record_type")),
            (ErrorKind::Unsupported, Some("Pet"))
        );
        Ok(())
    })
}

#[test]
fn versions_are_read_and_given() -> Result<()> {
    block_on(async {
        let space = space().await?;
        let key = RecordKey::of("User", 1);
        assert_eq!(space.load_version(&key).await?, None);
        let saved = space.put(user(1, "Oslo", 30)).await?;
        assert_eq!(space.load_version(&key).await?, saved.version());
        let given = RecordVersion::complete([0, 0, 0, 0, 0, 0, 0, 9, 0, 0], 7)?;
        space
            .put_with(user(1, "Oslo", 31), &SaveOptions::default().version(given))
            .await?;
        assert_eq!(space.load_version(&key).await?, Some(given));
        assert_eq!(space.get(&key).await?.and_then(|record| record.version()), Some(given));
        Ok(())
    })
}
