//! Power loss at any moment, hand-overs included, from a seed: what a start finds is what was acknowledged.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_executor::block_on;
use record_store_kv::{ErrorKind, fdb_code};

use super::testing::{ManualClock, SimulatedDisk, SplitMix};
use super::{Cluster, ScanLimits};
use crate::atomic::{self, AtomicOp};
use crate::key::Key;
use crate::mutation::{CommitOutcome, CommitRequest, KeyRange, Mutation};
use crate::options::{Durability, EngineOptions};

type Rows = BTreeMap<Bytes, Bytes>;

fn key(rng: &SplitMix) -> Bytes {
    Bytes::from(format!("{:02}", rng.below(40)))
}

fn mutation(rng: &SplitMix) -> Mutation {
    match rng.below(10) {
        0..=5 => Mutation::Set {
            key: Key::new(&key(rng)),
            value: vec![b'v'; usize::try_from(rng.below(300)).unwrap()].into(),
        },
        6 => Mutation::ClearRange(KeyRange::single(&key(rng))),
        7 => Mutation::ClearRange(KeyRange::new(&key(rng), &key(rng))),
        _ => Mutation::Atomic {
            op: AtomicOp::AppendIfFits,
            key: Key::new(&key(rng)),
            operand: "a".into(),
        },
    }
}

fn model_change(rows: &mut Rows, mutation: &Mutation) {
    match mutation {
        Mutation::Set { key, value } => drop(rows.insert(key.to_bytes(), value.clone())),
        Mutation::ClearRange(range) => rows.retain(|key, _| key[..] < *range.begin || key[..] >= *range.end),
        Mutation::Atomic { op, key, operand } => {
            let value = atomic::apply(*op, rows.get(&key[..]).map(|value| &value[..]), operand).unwrap();
            rows.insert(key.to_bytes(), value);
        }
    }
}

fn all_rows(cluster: &Cluster, version: i64) -> record_store_kv::Result<Rows> {
    let mut rows = Vec::new();
    cluster.scan(b"", b"\xff", false, version, ScanLimits::NONE, &mut rows)?;
    Ok(rows.into_iter().map(|row| (row.key, row.value)).collect())
}

/// The states that a start may find, the last one being that of all commits, and the highest version seen so far.
struct Expected {
    states: Vec<Rows>,
    version: i64,
}

/// One life of a database, until the power fails.
fn live(disk: &SimulatedDisk, rng: &SplitMix, durability: Durability, expected: &mut Expected, context: &str) {
    let (env, clock) = ManualClock::env();
    let options = EngineOptions {
        durability,
        threads: false,
        env,
        ..EngineOptions::default()
    };
    let cluster = match Cluster::recover(Arc::new(disk.clone()), &options) {
        Ok(cluster) => Arc::new(cluster),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Io, "{context}: {error}");
            return;
        }
    };
    let version = cluster.read_version().unwrap();
    assert!(version > expected.version + 5_000_000, "{context}: versions grow");
    expected.version = version;
    // A read may meet the end of the power, too.
    let Ok(found) = all_rows(&cluster, version) else {
        return;
    };
    assert!(
        expected.states.contains(&found),
        "{context}: found {found:?}, expected one of {:?}",
        expected.states
    );
    expected.states = vec![found];
    loop {
        clock.advance(Duration::from_micros(rng.below(4_000_000)));
        let mutations: Vec<Mutation> = (0..rng.below(6)).map(|_| mutation(rng)).collect();
        let mut after = expected.states.last().unwrap().clone();
        mutations.iter().for_each(|mutation| model_change(&mut after, mutation));
        match block_on(cluster.commit(CommitRequest {
            mutations,
            ..CommitRequest::default()
        })) {
            Ok(CommitOutcome::Committed(committed)) => {
                assert!(committed.version > expected.version, "{context}: versions grow");
                expected.version = committed.version;
                if durability == Durability::Sync {
                    expected.states.clear();
                }
                expected.states.push(after);
            }
            Ok(CommitOutcome::Conflict(_)) => panic!("{context}: a blind write conflicts with nobody"),
            Err(error) => {
                let code = error.fdb_code();
                // The power failed while the database was given away, or while it was taken again.
                if error.kind() == ErrorKind::Io && code.is_none() {
                    return;
                }
                if code == Some(fdb_code::COMMIT_UNKNOWN_RESULT) {
                    expected.states.push(after);
                }
                assert!(
                    matches!(code, Some(fdb_code::COMMIT_UNKNOWN_RESULT | fdb_code::IO_ERROR)),
                    "{context}: {error}"
                );
                return;
            }
        }
        match rng.below(12) {
            0..3 => match cluster.read_version() {
                Ok(version) => expected.version = expected.version.max(version),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Io, "{context}: {error}");
                    return;
                }
            },
            3 => cluster.hand_over(),
            _ => {}
        }
    }
}

fn run(seed: u64, durability: Durability) {
    let rng = SplitMix::new(seed);
    let operations = || i64::try_from(1 + rng.below(if rng.below(3) == 0 { 60 } else { 1_500 })).unwrap();
    let mut disk = SimulatedDisk::new(seed, operations());
    let mut expected = Expected {
        states: vec![Rows::new()],
        version: 0,
    };
    for life in 0..6 {
        live(
            &disk,
            &rng,
            durability,
            &mut expected,
            &format!("seed {seed}, life {life}"),
        );
        disk = disk.restart(operations());
    }
}

#[test]
fn damage_to_the_log_is_named_or_does_not_matter() {
    for seed in 0..150 {
        let rng = SplitMix::new(seed);
        let disk = SimulatedDisk::new(seed, i64::MAX);
        let open = |disk: &SimulatedDisk| {
            let (env, clock) = ManualClock::env();
            let options = EngineOptions {
                threads: false,
                env,
                ..EngineOptions::default()
            };
            Cluster::recover(Arc::new(disk.clone()), &options).map(|cluster| (Arc::new(cluster), clock))
        };
        let (cluster, clock) = open(&disk).unwrap();
        let mut states = vec![Rows::new()];
        for _ in 0..rng.below(80) {
            clock.advance(Duration::from_micros(rng.below(1_000_000)));
            let mutations: Vec<Mutation> = (0..1 + rng.below(5)).map(|_| mutation(&rng)).collect();
            let mut after = states.last().unwrap().clone();
            mutations.iter().for_each(|mutation| model_change(&mut after, mutation));
            // A transaction that only clears empty ranges has no record.
            if mutations
                .iter()
                .any(|mutation| !matches!(mutation, Mutation::ClearRange(range) if range.is_empty()))
            {
                states.push(after);
            }
            block_on(cluster.commit(CommitRequest {
                mutations,
                ..CommitRequest::default()
            }))
            .unwrap();
        }
        drop(cluster);
        let damage = disk.damage("log-");
        match open(&disk) {
            Ok((cluster, _)) => {
                let found = all_rows(&cluster, cluster.read_version().unwrap()).unwrap();
                let expected = states.last().unwrap();
                assert_eq!(found, *expected, "seed {seed}, {damage}: commits are gone in silence");
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Corrupt, "seed {seed}, {damage}: {error}");
                let said = error.to_string();
                assert!(
                    said.contains("log-") && said.contains("offset"),
                    "seed {seed}, {damage}: {error}"
                );
            }
        }
    }
}

#[test]
fn after_a_failed_write_reads_go_on_and_commits_do_not() {
    let (env, _) = ManualClock::env();
    let options = EngineOptions {
        threads: false,
        env,
        ..EngineOptions::default()
    };
    let disk = SimulatedDisk::new(1, i64::MAX);
    let cluster = Arc::new(Cluster::recover(Arc::new(disk.clone()), &options).unwrap());
    let commit = |value: &'static str| {
        let set = Mutation::Set {
            key: Key::new(b"k"),
            value: value.into(),
        };
        block_on(cluster.commit(CommitRequest {
            mutations: vec![set],
            ..CommitRequest::default()
        }))
    };
    commit("acknowledged").unwrap();
    disk.fail_after(0);
    assert_eq!(
        commit("unknown").unwrap_err().fdb_code(),
        Some(fdb_code::COMMIT_UNKNOWN_RESULT)
    );
    let error = commit("refused").unwrap_err();
    assert_eq!(
        (error.kind(), error.fdb_code()),
        (ErrorKind::Io, Some(fdb_code::IO_ERROR))
    );
    let version = cluster.read_version().unwrap();
    assert_eq!(
        cluster.get(b"k", version).unwrap().as_deref(),
        Some(&b"acknowledged"[..])
    );
}

#[test]
fn whichever_operation_of_the_disk_fails_commits_stop_and_none_is_lost() {
    let mut failed = 0;
    for operation in 1..60 {
        let disk = SimulatedDisk::new(u64::try_from(operation).unwrap(), i64::MAX);
        let open = |disk: &SimulatedDisk| {
            let (env, _) = ManualClock::env();
            let options = EngineOptions {
                threads: false,
                env,
                ..EngineOptions::default()
            };
            Arc::new(Cluster::recover(Arc::new(disk.clone()), &options).unwrap())
        };
        let cluster = open(&disk);
        disk.trouble().fail(operation);
        let mut after = Rows::new();
        let mut before = after.clone();
        for number in 0..40 {
            let key = Key::new(format!("{number:02}").as_bytes());
            before.clone_from(&after);
            after.insert(key.to_bytes(), Bytes::from_static(&[b'v'; 300]));
            let set = Mutation::Set {
                key,
                value: Bytes::from_static(&[b'v'; 300]),
            };
            let request = CommitRequest {
                mutations: vec![set],
                ..CommitRequest::default()
            };
            let Err(error) = block_on(cluster.commit(request.clone())) else {
                continue;
            };
            failed += 1;
            match error.fdb_code() {
                Some(fdb_code::COMMIT_UNKNOWN_RESULT) => {}
                // The mark after the commit before could not be written.
                Some(fdb_code::IO_ERROR) => after.clone_from(&before),
                _ => panic!("operation {operation}: {error}"),
            }
            let refused = block_on(cluster.commit(request)).unwrap_err();
            assert_eq!(refused.fdb_code(), Some(fdb_code::IO_ERROR), "operation {operation}");
            break;
        }
        let version = cluster.read_version().unwrap();
        let seen = all_rows(&cluster, version).unwrap();
        assert!(
            seen == before || seen == after,
            "operation {operation}: what was acknowledged is seen"
        );
        drop(cluster);
        let cluster = open(&disk.restart(i64::MAX));
        let found = all_rows(&cluster, cluster.read_version().unwrap()).unwrap();
        assert!(
            found == before || found == after,
            "operation {operation}: what was acknowledged is there"
        );
    }
    assert!(failed > 40, "{failed} commits failed");
}

#[test]
fn synced_commits_survive_power_loss_at_any_moment() {
    for seed in 0..60 {
        run(seed, Durability::Sync);
    }
}

#[test]
fn unsynced_commits_survive_power_loss_up_to_one_of_them() {
    for seed in 0..60 {
        run(seed, Durability::None);
    }
}
