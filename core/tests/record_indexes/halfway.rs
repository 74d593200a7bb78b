//! A record that an index refuses when a part of its keys is written already.

use record_store::key_expression::field;
use record_store::{ErrorKind, Index, IndexState, Result, ScanOptions, Tuple};
use record_store_tests::given::fresh;

use futures_executor::block_on;

use super::{by_name, kind, metadata, open, user};

#[test]
fn a_save_that_fails_halfway_cannot_be_committed() -> Result<()> {
    block_on(async {
        let metadata = metadata([by_name(), Index::new("by_id", field("id")).on("User")])?;
        let database = fresh()?;
        let long = "x".repeat(10_001);

        let context = database.transaction();
        let store = open(&context, &metadata).await?;
        store.save_record(&user(1, "ada")).await?;
        let refused = store.save_record(&user(2, &long)).await.unwrap_err();
        assert_eq!(
            (refused.kind(), refused.fact("index")),
            (ErrorKind::TooLarge, Some("by_name"))
        );
        let error = context.commit().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert_eq!(error.fact("change"), Some("save (1, 2)"));
        let context = database.transaction();
        assert!(
            !open(&context, &metadata)
                .await?
                .record_exists(&Tuple::from((1, 1)))
                .await?
        );

        // Who is refused before anything is written may go on.
        let context = database.transaction();
        let store = open(&context, &metadata).await?;
        store.save_record(&user(1, "ada")).await?;
        let bytes = record_store::Record::from_bytes("User", vec![0xff]);
        assert_eq!(kind(store.save_record(&bytes).await), ErrorKind::InvalidRecord);
        context.commit().await?;

        // A body that swallows the error is told by `run`, and is not run again.
        let outcome = database
            .run(|context| {
                let (metadata, long) = (&metadata, &long);
                async move {
                    let store = open(&context, metadata).await?;
                    assert!(store.save_record(&user(1, long)).await.is_err());
                    Ok::<_, record_store::Error>(())
                }
            })
            .await;
        assert_eq!(kind(outcome), ErrorKind::InvalidArgument);
        let context = database.transaction();
        let store = open(&context, &metadata).await?;
        let names = store
            .scan_index("by_name", None, ScanOptions::default())?
            .next_batch(9)
            .await?;
        assert_eq!(names.len(), 1);
        assert_eq!(store.index_state("by_id"), IndexState::Readable);
        Ok(())
    })
}
