//! Handles that are behind: others have moved or removed the space, or evolved its schema.

use futures_executor::block_on;
use record_store::{Error, ErrorKind, RecordKey, Result, ScanOptions, Schema};
use record_store_tests::given::fresh;

use super::{USERS, USERS_AND_ORDERS, contents, kind, order, user, users, users_and_orders};

#[test]
fn a_handle_follows_a_space_that_moved() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let handle = db.space("users").schema(&users()?).open().await?;
        handle.put(user(1)).await?;
        db.move_space("users", "moved/users").await?;
        handle.put(user(2)).await?;
        let moved = db.space("moved/users").open().await?;
        assert!(moved.exists(1).await? && moved.exists(2).await?);
        assert_eq!(kind(db.space("users").open().await), ErrorKind::StoreNotFound);

        // Its schema evolves at the new place, and the handle sees that too.
        db.space("moved/users").schema(&users_and_orders()?).open().await?;
        handle.put(order(7)).await?;
        assert!(handle.exists(RecordKey::of("Order", 7)).await?);
        assert_eq!(handle.schema_versions().await?.len(), 2);

        // Another space at the old path is another space: what would go by the path says so.
        let other = db.space("users").schema(&users()?).open().await?;
        handle.put(user(3)).await?;
        assert!(!other.exists(3).await?);
        assert_eq!(kind(handle.children().await), ErrorKind::StoreNotFound);
        let before = contents(&db).await?;
        assert_eq!(
            kind(handle.child("archive").schema(&users()?).open().await),
            ErrorKind::StoreNotFound
        );
        assert_eq!(contents(&db).await?, before);
        Ok(())
    })
}

#[test]
fn a_handle_on_a_removed_space_says_so_and_writes_nothing() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let handle = db.space("users").schema(&users()?).open().await?;
        handle.put(user(1)).await?;
        assert!(db.remove_space("users").await?);
        let before = contents(&db).await?;
        assert_eq!(kind(handle.put(user(2)).await), ErrorKind::StoreNotFound);
        assert_eq!(
            kind(handle.scan(ScanOptions::default()).next().await),
            ErrorKind::StoreNotFound
        );
        assert_eq!(kind(handle.schema_versions().await), ErrorKind::StoreNotFound);
        assert_eq!(kind(handle.plan(&users()?).await), ErrorKind::StoreNotFound);
        assert_eq!(kind(handle.children().await), ErrorKind::StoreNotFound);
        assert_eq!(
            kind(handle.child("archive").schema(&users()?).open().await),
            ErrorKind::StoreNotFound
        );
        assert_eq!(contents(&db).await?, before);
        Ok(())
    })
}

/// A removal that commits while a transaction has the store open makes that transaction fail, and so does an evolution.
#[test]
fn a_transaction_does_not_write_into_what_was_removed_or_evolved_meanwhile() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let handle = db.space("users").schema(&users()?).open().await?;
        for remove in [false, true] {
            let context = db.transaction();
            handle.store(&context).await?.save_record(&user(1)).await?;
            if remove {
                db.remove_space("users").await?;
            } else {
                db.space("users").schema(&users_and_orders()?).open().await?;
            }
            let error = context.commit().await.expect_err("it conflicts");
            assert_eq!(error.fdb_code(), Some(1020), "{error}");
        }
        Ok(())
    })
}

/// Two handles in one transaction, one of them behind: the store that is open serves both.
#[test]
fn an_older_handle_takes_the_newer_store_of_the_transaction() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let old = &db.space("shop").schema(&users()?).open().await?;
        let new = &db.space("shop").schema(&users_and_orders()?).open().await?;
        db.run(|context| async move {
            new.store(&context).await?.save_record(&order(1)).await?;
            let store = old.store(&context).await?;
            assert_eq!(store.metadata().version(), new.metadata().version());
            store.save_record(&order(2)).await?;
            Ok::<_, Error>(())
        })
        .await?;
        assert!(new.exists(RecordKey::of("Order", 2)).await?);
        Ok(())
    })
}

#[test]
fn a_space_that_was_dropped_from_and_added_to_is_still_the_handles() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let indexed = Schema::builder()
            .proto("shop.proto", USERS)
            .record_type("User", |t| t.primary_key("id").index(("by_name", "name")))
            .build()?;
        let handle = db.space("shop").schema(&indexed).open().await?;
        handle.put(user(1)).await?;
        let dropped = Schema::builder()
            .proto("shop.proto", USERS_AND_ORDERS)
            .record_type("User", |t| t.primary_key("id"))
            .drop_index("by_name")
            .build()?;
        db.space("shop").schema(&dropped).open().await?;
        handle.put(user(2)).await?;
        assert_eq!(handle.metadata().indexes().len(), 0);
        assert_eq!(handle.metadata().former_indexes().len(), 1);
        Ok(())
    })
}
