//! Continuations of record spaces: they lead back into their own scan, and say what is wrong with them anywhere else.

use futures_executor::block_on;
use record_store::key_expression::field;
use record_store::metadata::MetaDataEvolutionValidator;
use record_store::{
    Continuation, Database, ErrorKind, KeyExpression, NoNextReason, Record, RecordKey, RecordSpace, Result,
    ScanOptions, Schema, SpaceCursor, StoredRecord,
};
use record_store_tests::given::fresh;

const PROTO: &str = "syntax = 'proto3'; message User { int64 id = 1; string city = 2; int64 age = 3; }";

fn schema(city: &[&str]) -> Result<Schema> {
    let city: Vec<String> = city.iter().map(|column| (*column).to_owned()).collect();
    let allow_rebuilds = MetaDataEvolutionValidator {
        allow_index_rebuilds: true,
        ..MetaDataEvolutionValidator::default()
    };
    Schema::builder()
        .evolution(allow_rebuilds)
        .proto("t.proto", PROTO)
        .record_type("User", |t| {
            t.primary_key("id").index(("by_city", city)).index(("by_age", "age"))
        })
        .build()
}

async fn space(database: &Database, path: &str) -> Result<RecordSpace> {
    let space = database.space(path).schema(&schema(&["city"])?).open().await?;
    let users = (1..=6).map(|id| Record::from_json("User", format!(r#"{{"id": {id}, "city": "Oslo", "age": {id}}}"#)));
    space.put_all(users).await?;
    Ok(space)
}

fn all() -> ScanOptions {
    ScanOptions::default()
}

/// The continuation behind the first two records, kept as bytes.
async fn behind_two(mut cursor: SpaceCursor) -> Result<Vec<u8>> {
    assert_eq!(cursor.next_batch(2).await?.len(), 2);
    Ok(cursor.continuation().expect("more records follow").as_bytes().to_vec())
}

async fn refused(mut cursor: SpaceCursor, message: &str) {
    let error = cursor.next().await.expect_err(message);
    assert_eq!(error.kind(), ErrorKind::InvalidContinuation);
    assert!(error.message().contains(message), "{error}");
}

fn at(bytes: &[u8]) -> ScanOptions {
    all().continuation(Some(Continuation::from_bytes(bytes.to_vec())))
}

async fn ids(mut cursor: SpaceCursor<StoredRecord>) -> Result<Vec<String>> {
    let records = cursor.next_batch(100).await?;
    Ok(records.iter().map(|record| record.primary_key().to_string()).collect())
}

#[test]
fn a_continuation_leads_back_into_its_scan_only() -> Result<()> {
    block_on(async {
        let database = fresh()?;
        let users = space(&database, "users").await?;
        let others = space(&database, "others").await?;

        let kept = behind_two(users.scan(all())).await?;
        let rest = ["(1, 3)", "(1, 4)", "(1, 5)", "(1, 6)"];
        assert_eq!(ids(users.scan(at(&kept))).await?, rest);
        // Limits, skipping and the isolation are no part of the scan's identity.
        assert_eq!(
            ids(users.scan(at(&kept).limit(1).skip(1).snapshot())).await?,
            rest[1..2]
        );
        // Another handle on the space, as in another process.
        let again = database.space("users").open().await?;
        assert_eq!(ids(again.scan(at(&kept))).await?, rest);

        refused(others.scan(at(&kept)), "another record space").await;
        refused(users.scan(at(&kept).reverse()), "another scan").await;
        refused(users.scan(at(&kept).from(2)), "another scan").await;
        refused(users.scan(at(&kept).within(RecordKey::of("User", 5))), "another scan").await;
        refused(users.scan_index_records("by_city", at(&kept)), "another scan").await;

        let of_index = behind_two(users.scan_index_records("by_city", all().within("Oslo"))).await?;
        assert_eq!(
            ids(users.scan_index_records("by_city", at(&of_index).within("Oslo"))).await?,
            rest
        );
        refused(users.scan_index_records("by_age", at(&of_index)), "another scan").await;
        refused(
            users.scan_index_records("by_city", at(&of_index).within("Rome")),
            "another scan",
        )
        .await;
        refused(users.scan(at(&of_index)), "another scan").await;
        Ok(())
    })
}

#[test]
fn a_continuation_of_a_query_does_not_lead_backwards() -> Result<()> {
    block_on(async {
        let schema = Schema::builder()
            .proto("t.proto", PROTO)
            .record_type("User", |t| t.primary_key(KeyExpression::from(field("id"))))
            .build()?;
        let users = fresh()?.space("users").schema(&schema).open().await?;
        let records = (1..=6).map(|id| Record::from_json("User", format!(r#"{{"id": {id}}}"#)));
        users.put_all(records).await?;
        // Both are scans of all primary keys.
        let forwards = users.query("").order_by("id");
        let continuation = behind_two(forwards.clone().execute()).await?;
        let goes_on = |query: record_store::SpaceQuery| {
            let continuation = Some(Continuation::from_bytes(continuation.clone()));
            query.continuation(continuation).execute()
        };
        refused(goes_on(forwards.clone().reverse()), "another query").await;
        assert_eq!(ids(goes_on(forwards)).await?.len(), 4);
        Ok(())
    })
}

#[test]
fn damage_is_found_before_anything_is_read() -> Result<()> {
    block_on(async {
        let users = space(&fresh()?, "users").await?;
        let kept = behind_two(users.scan(all())).await?;
        for at_byte in 0..kept.len() {
            let mut damaged = kept.clone();
            damaged[at_byte] ^= 0x10;
            refused(users.scan(at(&damaged)), "damaged").await;
            refused(users.scan(at(&kept[..at_byte])), "damaged").await;
        }
        Ok(())
    })
}

#[test]
fn a_continuation_leads_into_transactions_and_out_of_them() -> Result<()> {
    block_on(async {
        let database = fresh()?;
        let users = space(&database, "users").await?;
        let context = database.transaction();
        let rest = ["(1, 3)", "(1, 4)", "(1, 5)", "(1, 6)"];
        let by_age = |options| users.scan_index_records("by_age", options);
        let query = |options: ScanOptions| users.query("age > 0").continuation(options.continuation).execute();
        let scans: [&dyn Fn(ScanOptions) -> SpaceCursor; 3] = [&|options| users.scan(options), &by_age, &query];
        for scan in scans {
            let outside = behind_two(scan(all())).await?;
            let inside = behind_two(scan(all()).within(&context)).await?;
            assert_eq!(inside, outside);
            assert_eq!(ids(scan(at(&inside))).await?, rest);
            assert_eq!(ids(scan(at(&outside)).within(&context)).await?, rest);
            refused(scan(at(&inside[1..])).within(&context), "damaged").await;
            refused(scan(at(b"garbage")).within(&context), "damaged").await;
        }
        let of_ages = behind_two(by_age(all()).within(&context)).await?;
        refused(users.scan(at(&of_ages)).within(&context), "another scan").await;
        Ok(())
    })
}

#[test]
fn a_scan_within_a_transaction_sees_its_writes_over_all_batches() -> Result<()> {
    block_on(async {
        let database = fresh()?;
        let users = space(&database, "users").await?;
        let context = database.transaction();
        let store = users.store(&context).await?;
        for id in 7..=250 {
            store
                .save_record(&Record::from_json("User", format!(r#"{{"id": {id}, "age": {id}}}"#)))
                .await?;
        }
        assert_eq!(users.scan(all()).next_batch(1000).await?.len(), 6);
        assert_eq!(users.scan(all()).within(&context).next_batch(1000).await?.len(), 250);
        let most = |options: ScanOptions| async { users.scan(options).within(&context).next_batch(1000).await };
        assert_eq!(most(all().limit(230)).await?.len(), 230);
        assert_eq!(most(all().skip(240)).await?.len(), 10);
        let mut some = users.scan(all().scanned_rows_max(150)).within(&context);
        let found = some.next_batch(1000).await?.len();
        assert!(found < 250 && some.no_next_reason() == Some(NoNextReason::ScanLimitReached));
        let mut rest = users.scan(all().continuation(some.continuation())).within(&context);
        let rest = rest.next_batch(1000).await?;
        assert_eq!(found + rest.len(), 250);
        Ok(())
    })
}

#[test]
fn an_index_that_was_changed_begins_anew() -> Result<()> {
    block_on(async {
        let database = fresh()?;
        let users = space(&database, "users").await?;
        let of_records = behind_two(users.scan(all())).await?;
        let of_index = behind_two(users.scan_index_records("by_city", all())).await?;
        let users = database
            .space("users")
            .schema(&schema(&["city", "age"])?)
            .open()
            .await?;
        users.build_indexes(Default::default()).await?;
        refused(users.scan_index_records("by_city", at(&of_index)), "was changed after").await;
        // Nothing about the records has changed.
        assert_eq!(ids(users.scan(at(&of_records))).await?.len(), 4);
        Ok(())
    })
}

#[test]
fn the_bytes_of_java_are_given_and_taken() -> Result<()> {
    block_on(async {
        let users = space(&fresh()?, "users").await?;
        let kept = Continuation::from_bytes(behind_two(users.scan(all())).await?);
        let java = kept.java_bytes()?;
        // What Java writes: field 1 is the rest of the key, field 2 the magic number.
        assert_eq!(java[..6], [0x0A, 5, 0x15, 1, 0x15, 2]);
        let from_java = || all().continuation(Some(Continuation::from_java(java.clone())));
        assert_eq!(ids(users.scan(from_java())).await?.len(), 4);
        // In a store these are the bytes.
        let of_store = users
            .database()
            .run(|context| {
                let (users, java) = (users.clone(), java.clone());
                async move {
                    let store = users.store(&context).await?;
                    let options = all().continuation(Some(Continuation::from_bytes(java)));
                    let mut cursor = store.scan_records(options)?;
                    cursor.next().await?;
                    Ok::<_, record_store::Error>(cursor.continuation().expect("more records follow"))
                }
            })
            .await?;
        assert_eq!(of_store.as_bytes()[..6], [0x0A, 5, 0x15, 1, 0x15, 3]);
        assert_eq!(ids(users.scan(all().continuation(Some(of_store)))).await?.len(), 3);
        // Nothing tells that they belong to another scan, unless they lie outside its range.
        refused(users.scan(from_java().from(5)), "outside the range").await;
        Ok(())
    })
}
