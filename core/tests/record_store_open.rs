//! Record stores as they are opened, locked, upgraded and deleted.

mod scene;

use futures_executor::block_on;
use record_store::{
    Error, ErrorKind, FormatVersion, RecordCountState, RecordStore, Result, StoreExistenceCheck, StoreLock,
    StoreOptions, Tuple,
};

use scene::{Scene, USER, key, kind, user};

#[test]
fn a_place_is_opened_only_as_the_existence_check_allows() -> Result<()> {
    use StoreExistenceCheck::{
        ErrorIfExists, ErrorIfNoInfoAndHasRecordsOrIndexes, ErrorIfNoInfoAndNotEmpty, ErrorIfNotExists, None,
    };
    let taken = Err(ErrorKind::StoreAlreadyExists);
    let missing = Err(ErrorKind::StoreNotFound);
    // (check, empty, data without a header, the state of an index alone, a store)
    let table = [
        (None, Ok(()), Ok(()), Ok(()), Ok(())),
        (ErrorIfNoInfoAndNotEmpty, Ok(()), taken, taken, Ok(())),
        (ErrorIfNoInfoAndHasRecordsOrIndexes, Ok(()), taken, Ok(()), Ok(())),
        (ErrorIfNotExists, missing, taken, taken, Ok(())),
        (ErrorIfExists, Ok(()), taken, taken, taken),
    ];
    for (check, empty, data, state, store) in table {
        let outcomes = [("empty", empty), ("data", data), ("state", state), ("store", store)];
        for (place, expected) in outcomes {
            block_on(async {
                let scene = Scene::new()?;
                let context = scene.database.transaction();
                match place {
                    "data" => context
                        .transaction()
                        .set(&scene.subspace.pack(&Tuple::from((1, 1, 0))), b"x"),
                    "state" => context
                        .transaction()
                        .set(&scene.subspace.pack(&Tuple::from((5, "ix"))), b"\x15\x01"),
                    "store" => drop(scene.open(&context, &StoreOptions::default()).await?),
                    _ => {}
                }
                let opened = scene.open(&context, &StoreOptions::default().existence(check)).await;
                let outcome = opened.map(drop).map_err(|error| error.kind());
                assert_eq!(outcome, expected, "{check:?}, {place}");
                Ok::<_, Error>(())
            })?;
        }
    }
    Ok(())
}

#[test]
fn opening_again_writes_nothing() -> Result<()> {
    block_on(async {
        let scene = Scene::new()?;
        scene.run(|_| async { Ok(()) }).await?;
        let context = scene.database.transaction();
        scene.open(&context, &StoreOptions::default()).await?;
        context.commit().await?;
        assert_eq!(context.transaction().committed_version(), -1);
        Ok(())
    })
}

#[test]
fn locks_are_kept() -> Result<()> {
    block_on(async {
        let scene = &Scene::new()?;
        let newest = &StoreOptions::default().format_version(FormatVersion::FullStoreLock);
        let locked = |lock: StoreLock, bypass: &'static str| async move {
            let context = scene.database.transaction();
            let store = scene.open(&context, newest).await?;
            store.save_record(&user(1, "Ada")).await?;
            store.set_store_lock(Some(lock)).await?;
            let store = scene
                .open(&context, &newest.clone().bypass_full_store_lock(bypass))
                .await?;
            store.load_record(&key(USER, 1)).await?;
            store.delete_record(&key(USER, 1)).await?;
            Ok::<_, Error>(())
        };
        let reason = || "moving".to_owned();
        assert_eq!(
            kind(locked(StoreLock::ForbidRecordUpdate { reason: reason() }, "moving").await),
            ErrorKind::StoreLocked
        );
        assert_eq!(
            kind(locked(StoreLock::FullStore { reason: reason() }, "other").await),
            ErrorKind::StoreLocked
        );
        locked(StoreLock::FullStore { reason: reason() }, "moving").await?;
        Ok(())
    })
}

#[test]
fn what_a_format_does_not_have_is_refused() -> Result<()> {
    block_on(async {
        let scene = Scene::new()?;
        let context = scene.database.transaction();
        let oldest = StoreOptions::default().format_version(FormatVersion::InfoAdded);
        let store = scene.open(&context, &oldest).await?;
        assert_eq!(
            kind(store.set_header_user_field("a", b"1").await),
            ErrorKind::Unsupported
        );
        assert_eq!(kind(store.set_state_cacheability(true).await), ErrorKind::Unsupported);
        assert_eq!(kind(store.set_store_lock(None).await), ErrorKind::Unsupported);
        assert_eq!(
            kind(store.update_record_count_state(RecordCountState::Disabled).await),
            ErrorKind::Unsupported
        );
        assert_eq!(kind(store.update_incarnation(1).await), ErrorKind::Unsupported);
        assert_eq!(
            kind(store.snapshot_record_count(&Tuple::from(())).await),
            ErrorKind::Unsupported
        );
        Ok(())
    })
}

#[test]
fn an_old_store_is_upgraded_with_its_versions() -> Result<()> {
    block_on(async {
        let scene = Scene::new()?;
        let old = StoreOptions::default().format_version(FormatVersion::SaveUnsplitWithSuffix);
        let context = scene.database.transaction();
        let store = scene.open(&context, &old).await?;
        let saved = store.save_record(&user(1, "Ada")).await?;
        assert_eq!(store.load_record(&key(USER, 1)).await?.as_ref(), Some(&saved));
        context.commit().await?;
        let stamp = context.committed_versionstamp().expect("a version was written");
        let version = saved.version().expect("it has one").complete_with(stamp)?;
        let separate = scene.subspace.pack(&Tuple::from((8, USER, 1)));
        let context = scene.database.transaction();
        assert!(context.transaction().get(&separate, true).await?.is_some());

        let loaded = scene
            .run(|store| async move { store.load_record(&key(USER, 1)).await })
            .await?;
        let loaded = loaded.expect("it is still there");
        assert_eq!(loaded.version(), Some(version));
        assert!(loaded.sizes().versioned_inline);
        let context = scene.database.transaction();
        assert_eq!(context.transaction().get(&separate, true).await?, None);
        Ok(())
    })
}

/// A deliberate difference: Java leaves the version that an earlier transaction committed.
#[test]
fn a_version_kept_apart_does_not_outlive_its_record() -> Result<()> {
    block_on(async {
        let scene = Scene::new()?;
        let old = StoreOptions::default().format_version(FormatVersion::InfoAdded);
        for delete in [false, true] {
            let context = scene.database.transaction();
            let store = scene.open(&context, &old).await?;
            store.save_record(&user(1, "Ada")).await?;
            if delete {
                store.delete_record(&key(USER, 1)).await?;
            }
            context.commit().await?;
        }
        let context = scene.database.transaction();
        let separate = scene.subspace.pack(&Tuple::from((8, USER, 1)));
        assert_eq!(context.transaction().get(&separate, true).await?, None);
        assert!(
            !scene
                .run(|store| async move { store.record_exists(&key(USER, 1)).await })
                .await?
        );
        Ok(())
    })
}

#[test]
fn deleting_a_store_leaves_nothing() -> Result<()> {
    block_on(async {
        let scene = Scene::new()?;
        scene
            .run(|store| async move { store.save_record(&user(1, "Ada")).await })
            .await?;
        let context = scene.database.transaction();
        RecordStore::delete_store(&context, scene.subspace.clone()).await?;
        let request = scene.subspace.prefix_range().request();
        assert!(context.transaction().get_range_all(&request, true).await?.is_empty());
        Ok(())
    })
}
