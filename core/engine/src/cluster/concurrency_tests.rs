//! Many threads at once: no commit is lost, every snapshot is consistent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use futures_executor::block_on;
use record_store_kv::{Error, Result, fdb_code};

use super::testing::{ManualClock, SplitMix};
use super::tests::{atomic, commit, get, memory, on_disk, options, writes};
use super::{Cluster, ScanLimits};
use crate::atomic::AtomicOp;
use crate::key::Key;
use crate::mutation::{CommitOutcome, KeyRange, Mutation};

#[test]
fn commits_from_many_threads_are_all_there() {
    let directory = tempfile::tempdir().unwrap();
    let cluster = on_disk(directory.path());
    thread::scope(|scope| {
        for thread in 0..8 {
            let cluster = &cluster;
            scope.spawn(move || {
                let rng = SplitMix::new(thread);
                for _ in 0..50 {
                    commit(
                        cluster,
                        writes(vec![atomic(AtomicOp::Add, b"sum", &1_u64.to_le_bytes())]),
                    );
                    if rng.below(8) == 0 {
                        get(cluster, "other");
                    }
                }
            });
        }
    });
    drop(cluster);
    let cluster = on_disk(directory.path());
    let sum = cluster.get(b"sum", cluster.read_version().unwrap()).unwrap().unwrap();
    assert_eq!(sum, 400_u64.to_le_bytes()[..]);
}

/// Money moves between accounts while others count it; the clock runs so fast that the window empties all the time.
fn move_money(cluster: &Arc<Cluster>, clock: &ManualClock) {
    const ACCOUNTS: u64 = 20;
    const TOTAL: u64 = ACCOUNTS * 100;
    let account = |number: u64| Bytes::from(format!("{number:02}"));
    let amount = |value: &[u8]| u64::from_le_bytes(value.try_into().unwrap());
    let put = |number, amount: u64| Mutation::Set {
        key: Key::new(&account(number)),
        value: Bytes::copy_from_slice(&amount.to_le_bytes()),
    };
    commit(cluster, writes((0..ACCOUNTS).map(|number| put(number, 100)).collect()));
    let transfer = |rng: &SplitMix| {
        let version = cluster.read_version()?;
        let (from, to) = (rng.below(ACCOUNTS), rng.below(ACCOUNTS));
        let read = |number| -> Result<u64> {
            let value = cluster.get(&account(number), version)?;
            Ok(value.map_or(0, |value| amount(&value)))
        };
        let (before, other) = (read(from)?, read(to)?);
        let moved = rng.below(before + 1);
        let mut mutations = vec![Mutation::ClearRange(KeyRange::single(&account(from)))];
        if from != to {
            mutations.extend([put(from, before - moved), put(to, other + moved)]);
        } else {
            mutations.push(put(from, before));
        }
        let mut request = writes(mutations);
        request.read_version = Some(version);
        request.read_conflicts = vec![KeyRange::single(&account(from)), KeyRange::single(&account(to))];
        block_on(cluster.commit(request)).map(|outcome| matches!(outcome, CommitOutcome::Committed(_)))
    };
    let count = |rng: &SplitMix| -> Result<u64> {
        let version = cluster.read_version()?;
        let mut rows = Vec::new();
        cluster.scan(b"", b"\xff", rng.below(2) == 0, version, ScanLimits::NONE, &mut rows)?;
        Ok(rows.iter().map(|row| amount(&row.value)).sum())
    };
    let committed = AtomicU64::new(0);
    thread::scope(|scope| {
        for thread in 0..4 {
            let (transfer, count, committed) = (&transfer, &count, &committed);
            scope.spawn(move || {
                let rng = SplitMix::new(thread);
                for _ in 0..400 {
                    clock.advance(Duration::from_millis(rng.below(1_000)));
                    let too_old = |error: Error| {
                        assert_eq!(error.fdb_code(), Some(fdb_code::TRANSACTION_TOO_OLD));
                    };
                    match transfer(&rng) {
                        Ok(done) => drop(committed.fetch_add(done.into(), Ordering::Relaxed)),
                        Err(error) => too_old(error),
                    }
                    match count(&rng) {
                        Ok(sum) => assert_eq!(sum, TOTAL, "thread {thread}"),
                        Err(error) => too_old(error),
                    }
                }
            });
        }
    });
    assert!(committed.into_inner() > 100, "some transfers succeed");
}

#[test]
fn every_snapshot_is_consistent_while_threads_write_in_memory() {
    let (cluster, clock) = memory();
    move_money(&cluster, &clock);
}

#[test]
fn every_snapshot_is_consistent_while_threads_write_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    let (env, clock) = ManualClock::env();
    let cluster = Arc::new(Cluster::open(directory.path(), &options(env)).unwrap());
    move_money(&cluster, &clock);
}
