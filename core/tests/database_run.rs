//! Transactions as a program runs them: retries, its own errors, its own commits, hooks, threads.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_executor::block_on;
use record_store::{Database, Error, ErrorKind, Record, RecordSpace, Result, RunError, ScanOptions, Schema, Tuple};
use record_store_tests::given::fresh;

const USERS: &str = "syntax = 'proto3'; message User { int64 id = 1; string name = 2; }";

fn users() -> Result<Schema> {
    Schema::builder()
        .proto("shop.proto", USERS)
        .record_type("User", |t| t.primary_key("id"))
        .build()
}

fn user(id: i64) -> Record {
    Record::from_json("User", format!(r#"{{"id": {id}, "name": "u{id}"}}"#))
}

fn kind<T: std::fmt::Debug>(result: Result<T>) -> ErrorKind {
    result.expect_err("it is refused").kind()
}

#[test]
fn a_conflict_is_tried_again() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let space = &db.space("users").schema(&users()?).open().await?;
        space.put(user(1)).await?;
        let attempts = &AtomicU32::new(0);
        db.run(|context| async move {
            let store = space.store(&context).await?;
            let attempt = attempts.fetch_add(1, Ordering::Relaxed);
            assert_eq!(context.attempt().number, attempt + 1);
            store.load_record(&Tuple::from((1, 1))).await?;
            if attempt == 0 {
                space
                    .put(Record::from_json("User", r#"{"id": 1, "name": "other"}"#))
                    .await?;
            }
            store.save_record(&user(2)).await
        })
        .await?;
        assert_eq!(attempts.load(Ordering::Relaxed), 2);
        Ok(())
    })
}

#[test]
fn a_body_may_commit_by_itself_and_change_what_it_holds() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let space = &db.space("users").schema(&users()?).open().await?;
        let mut calls = 0;
        let version = db
            .run(|context| {
                calls += 1;
                async move {
                    let saved = space.store(&context).await?.save_record(&user(1)).await?;
                    context.commit().await?;
                    let stamp = context.committed_versionstamp().expect("a version was written");
                    context.commit().await?;
                    saved.version().expect("it has one").complete_with(stamp)
                }
            })
            .await?;
        assert_eq!(calls, 1);
        assert_eq!(space.get(1).await?.and_then(|record| record.version()), Some(version));
        Ok(())
    })
}

/// An error of the application's own.
#[derive(Debug)]
enum Failure {
    Store(Error),
    OutOfStock { left: u32 },
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Store(error)
    }
}

impl RunError for Failure {
    fn fdb_code(&self) -> Option<i32> {
        match self {
            Failure::Store(error) => error.fdb_code(),
            Failure::OutOfStock { .. } => None,
        }
    }
}

#[test]
fn an_error_of_the_application_comes_back_untouched_and_calls_off_the_transaction() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let space = &db.space("users").schema(&users()?).open().await?;
        let attempts = &AtomicU32::new(0);
        let result: std::result::Result<(), Failure> = db
            .run(|context| async move {
                attempts.fetch_add(1, Ordering::Relaxed);
                space.store(&context).await?.save_record(&user(1)).await?;
                Err(Failure::OutOfStock { left: 0 })
            })
            .await;
        assert!(matches!(result, Err(Failure::OutOfStock { left: 0 })));
        assert_eq!(attempts.load(Ordering::Relaxed), 1);
        assert!(!space.exists(1).await?);
        let result: std::result::Result<(), Failure> = db
            .run(|_| async { Err(Error::new(ErrorKind::InvalidArgument, "no").into()) })
            .await;
        assert!(matches!(result, Err(Failure::Store(error)) if error.kind() == ErrorKind::InvalidArgument));
        Ok(())
    })
}

#[test]
fn hooks_run_at_their_side_of_the_commit() -> Result<()> {
    block_on(async {
        let db = &fresh()?;
        let done: &'static AtomicU32 = Box::leak(Box::default());
        db.run(|context| async move {
            context.before_commit(|context| async move {
                context.transaction().set(b"checked", b"yes");
                Ok(())
            });
            context.after_commit(|| done.store(1, Ordering::Relaxed));
            assert_eq!(done.load(Ordering::Relaxed), 0);
            Ok::<_, Error>(())
        })
        .await?;
        assert_eq!(done.load(Ordering::Relaxed), 1);
        let checked = db.transaction().transaction().get(b"checked", true).await?;
        assert_eq!(checked.as_deref(), Some(&b"yes"[..]));

        let context = db.transaction();
        context.transaction().set(b"lost", b"");
        context.before_commit(|_| async { Err(Error::new(ErrorKind::UniquenessViolation, "taken")) });
        context.after_commit(|| done.store(2, Ordering::Relaxed));
        assert_eq!(kind(context.commit().await), ErrorKind::UniquenessViolation);
        assert_eq!(done.load(Ordering::Relaxed), 1);
        assert_eq!(db.transaction().transaction().get(b"lost", true).await?, None);
        Ok(())
    })
}

/// Programs hand these to tasks and threads.
#[test]
fn handles_and_futures_cross_threads() {
    fn is_send<T: Send>(_: &T) {}
    fn is_shared<T: Send + Sync + Clone + 'static>() {}
    is_shared::<Database>();
    is_shared::<RecordSpace>();
    is_shared::<record_store::RecordStore>();
    is_shared::<record_store::RecordContext>();
    let work = async {
        let db = fresh()?;
        let space = db.space("users").schema(&users()?).open().await?;
        space.put(user(1)).await?;
        space.get(1).await?;
        let mut cursor = space.scan(ScanOptions::default());
        while cursor.next().await?.is_some() {}
        let space = &space;
        db.run(|context| async move {
            let store = space.store(&context).await?;
            store.scan_records(ScanOptions::default())?.next_batch(5).await
        })
        .await
    };
    is_send(&work);
    assert_eq!(block_on(work).expect("it works").len(), 1);
}
