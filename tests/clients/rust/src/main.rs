//! Crate `foundationdb` on the drop-in library, which `FDB_LOCAL_CLIENT_LIBRARY_PATH` names.

use std::error::Error;

use foundationdb::options::{MutationType, StreamingMode};
use foundationdb::tuple::{Subspace, Versionstamp, pack, pack_with_versionstamp};
use foundationdb::{Database, FdbBindingError, FdbError, KeySelector, RangeOption, TransactOption};
use futures_util::TryStreamExt;
use futures_util::future::try_join_all;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

fn main() -> Result<()> {
    record_store_fdb_dl::load(None)?;
    // SAFETY: it is dropped, and with it the network stopped, before this function returns.
    let network = unsafe { foundationdb::boot() };
    futures_executor::block_on(run())?;
    drop(network);
    println!("the Rust client saw what it should");
    Ok(())
}

async fn run() -> Result<()> {
    let db = Database::from_path("memory:rust")?;
    keys_and_ranges(&db).await?;
    mapped_ranges(&db).await?;
    many_at_once(&db).await?;
    watches(&db).await?;
    versionstamps(&db).await?;
    failures(&db).await?;
    Ok(())
}

async fn keys_and_ranges(db: &Database) -> Result<()> {
    let rows = Subspace::all().subspace(&"rows");
    let tr = db.create_trx()?;
    for number in 0..1000 {
        tr.set(&rows.pack(&number), &[7; 100]);
    }
    tr.commit().await.map_err(FdbError::from)?;
    let tr = db.create_trx()?;
    for mode in [StreamingMode::WantAll, StreamingMode::Iterator, StreamingMode::Small] {
        for reverse in [false, true] {
            let mut range = RangeOption::from(rows.range());
            (range.mode, range.reverse) = (mode, reverse);
            let found: Vec<_> = tr.get_ranges_keyvalues(range, false).try_collect().await?;
            assert_eq!(found.len(), 1000);
            assert_eq!(rows.unpack::<i64>(found[0].key())?, if reverse { 999 } else { 0 });
        }
    }
    let key = tr
        .get_key(&KeySelector::first_greater_than(rows.pack(&1)), false)
        .await?;
    assert_eq!(rows.unpack::<i64>(&key)?, 2);
    tr.clear_subspace_range(&rows);
    let left: Vec<_> = tr
        .get_ranges_keyvalues(RangeOption::from(rows.range()), false)
        .try_collect()
        .await?;
    assert!(left.is_empty());
    assert!(tr.get(b"missing", false).await?.is_none());
    assert!(tr.get_estimated_range_size_bytes(b"a", b"z").await? >= 0);
    Ok(())
}

/// Entries of an index come with the rows of their records.
async fn mapped_ranges(db: &Database) -> Result<()> {
    let tr = db.create_trx()?;
    for number in 0..200_i64 {
        tr.set(&pack(&("index", number, "id")), b"");
        for part in 0..2_i64 {
            tr.set(&pack(&("record", number, part)), &[u8::try_from(part)?]);
        }
    }
    tr.commit().await.map_err(FdbError::from)?;
    let tr = db.create_trx()?;
    let mut range = RangeOption::from(Subspace::from_bytes(pack(&"index")).range());
    range.mode = StreamingMode::Iterator;
    let mapper = pack(&("record", "{K[1]}", "{...}"));
    let batches: Vec<_> = tr.get_mapped_ranges(range, &mapper, false).try_collect().await?;
    let rows = batches.iter().flat_map(|batch| batch.iter());
    let mut numbers = 0_i64;
    for row in rows {
        assert_eq!(row.parent_key(), pack(&("index", numbers, "id")));
        assert_eq!(row.begin_range(), pack(&("record", numbers)));
        let found: Vec<_> = row
            .key_values()
            .iter()
            .map(|found| (found.key().to_vec(), found.value().to_vec()))
            .collect();
        let expected = [0, 1_u8].map(|part| (pack(&("record", numbers, i64::from(part))), vec![part]));
        assert_eq!(found, expected);
        numbers += 1;
    }
    assert_eq!(numbers, 200);
    Ok(())
}

async fn many_at_once(db: &Database) -> Result<()> {
    let increment = || {
        db.run(|tr, _| async move {
            let before = tr.get(b"sum", false).await?;
            let sum = before.map_or(0, |bytes| bytes.first().copied().unwrap_or(0));
            tr.set(b"sum", &[sum + 1]);
            Ok::<(), FdbBindingError>(())
        })
    };
    try_join_all((0..100).map(|_| increment())).await?;
    assert_eq!(db.create_trx()?.get(b"sum", false).await?.as_deref(), Some(&[100][..]));
    Ok(())
}

async fn watches(db: &Database) -> Result<()> {
    let tr = db.create_trx()?;
    let watch = tr.watch(b"watched");
    tr.commit().await.map_err(FdbError::from)?;
    let tr = db.create_trx()?;
    tr.set(b"watched", b"now");
    tr.commit().await.map_err(FdbError::from)?;
    watch.await?;
    Ok(())
}

async fn versionstamps(db: &Database) -> Result<()> {
    let tr = db.create_trx()?;
    let key = pack_with_versionstamp(&("at", Versionstamp::incomplete(3)));
    tr.atomic_op(&key, b"", MutationType::SetVersionstampedKey);
    let stamp = tr.get_versionstamp();
    let committed = tr.commit().await.map_err(FdbError::from)?;
    let version = committed.committed_version()?;
    assert_eq!(stamp.await?.first_chunk(), Some(&version.to_be_bytes()));
    Ok(())
}

async fn failures(db: &Database) -> Result<()> {
    let tr = db.create_trx()?;
    tr.set(b"\xff", b"");
    assert_eq!(tr.commit().await.map(drop).map_err(|error| error.code()), Err(2004));
    let tr = db.create_trx()?.cancel().reset();
    assert!(tr.get(b"a", false).await.is_ok());
    let missing = Database::from_path("/no/such/file")?;
    let result = missing.transact_boxed(
        (),
        |tr, ()| Box::pin(async move { tr.get(b"a", false).await.map(drop) }),
        TransactOption::default(),
    );
    assert_eq!(result.await.map_err(|error: FdbError| error.code()), Err(1515));
    Ok(())
}
