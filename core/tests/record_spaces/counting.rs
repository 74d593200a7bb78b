//! What opening a space costs, counted in reads below the record layer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_executor::block_on;
use record_store::kv::{self, Bytes, KeySelector, RangeBatch, RangeRequest, Read};
use record_store::{Database, Result, Schema};
use record_store_tests::given::fresh;

use super::forward::{Reads, over};
use super::{USERS, user, users, users_and_orders};

/// Reads that are counted.
#[derive(Clone)]
struct Counting(Arc<AtomicUsize>);

impl Counting {
    fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Reads for Counting {
    fn get(&self, below: &kv::Transaction, key: &[u8], snapshot: bool) -> Read<Option<Bytes>> {
        self.count();
        below.get(key, snapshot)
    }

    fn get_key(&self, below: &kv::Transaction, selector: &KeySelector, snapshot: bool) -> Read<Bytes> {
        self.count();
        below.get_key(selector, snapshot)
    }

    fn get_range(&self, below: &kv::Transaction, request: &RangeRequest, snapshot: bool) -> Read<RangeBatch> {
        self.count();
        below.get_range(request, snapshot)
    }
}

fn counting() -> Result<(Database, Arc<AtomicUsize>)> {
    let reads = Arc::new(AtomicUsize::new(0));
    let below = fresh()?.kv().clone();
    Ok((Database::from_kv(over(below, Counting(reads.clone()))), reads))
}

#[test]
fn opening_a_store_costs_one_read_and_none_the_second_time() -> Result<()> {
    block_on(async {
        let (db, reads) = counting()?;
        let space = db.space("users").schema(&users()?).open().await?;
        let other_handle = db.space("users").open().await?;
        let context = db.transaction();
        reads.store(0, Ordering::Relaxed);
        let store = space.store(&context).await?;
        assert_eq!(reads.load(Ordering::Relaxed), 1);

        let again = space.store(&context).await?;
        other_handle.store(&context).await?;
        assert_eq!(reads.load(Ordering::Relaxed), 1, "the transaction has it open");

        // What one does to the header, the other sees.
        store.set_header_user_field("owner", b"ada").await?;
        assert_eq!(again.header_bytes(), store.header_bytes());
        let saved = again.save_record(&user(1)).await?;
        assert_eq!(store.load_record(saved.primary_key()).await?, Some(saved));

        reads.store(0, Ordering::Relaxed);
        space.store(&db.transaction()).await?;
        assert_eq!(reads.load(Ordering::Relaxed), 1, "each transaction opens it once");
        reads.store(0, Ordering::Relaxed);
        space.get(1).await?;
        assert_eq!(reads.load(Ordering::Relaxed), 2, "the header and the record");
        Ok(())
    })
}

#[test]
fn the_states_of_indexes_are_read_with_the_header() -> Result<()> {
    block_on(async {
        let (db, reads) = counting()?;
        let schema = Schema::builder()
            .proto("shop.proto", USERS)
            .record_type("User", |t| t.primary_key("id").index(("by_name", "name")))
            .build()?;
        let space = db.space("users").schema(&schema).open().await?;
        let context = db.transaction();
        reads.store(0, Ordering::Relaxed);
        space.store(&context).await?;
        assert_eq!(reads.load(Ordering::Relaxed), 2);
        space.store(&context).await?;
        assert_eq!(reads.load(Ordering::Relaxed), 2);
        Ok(())
    })
}

/// A handle that is behind reads the schema once and is then as cheap as any.
#[test]
fn a_handle_that_is_behind_catches_up_once() -> Result<()> {
    block_on(async {
        let (db, reads) = counting()?;
        let old = db.space("shop").schema(&users()?).open().await?;
        db.space("shop").schema(&users_and_orders()?).open().await?;
        let mut counted = Vec::new();
        for _ in 0..2 {
            reads.store(0, Ordering::Relaxed);
            let old = &old;
            db.run(|context| async move { old.store(&context).await.map(drop) })
                .await?;
            counted.push(reads.load(Ordering::Relaxed));
        }
        assert!(counted[0] > 1, "{counted:?}");
        assert_eq!(counted[1], 1);
        Ok(())
    })
}
