//! The cluster as a whole: commits, conflicts, versions, watches; on disk: what a start finds.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_executor::block_on;
use record_store_kv::env::{Clock, Env};
use record_store_kv::{ErrorKind, fdb_code};

use super::log::record;
use super::testing::ManualClock;
use super::{Cluster, Committer, ScanLimits};
use crate::atomic::{self, AtomicOp};
use crate::key::Key;
use crate::mutation::{CommitOutcome, CommitRequest, Committed, KeyRange, Mutation};
use crate::options::EngineOptions;

pub(super) fn options(env: Env) -> EngineOptions {
    EngineOptions {
        env,
        ..EngineOptions::default()
    }
}

pub(super) fn memory() -> (Arc<Cluster>, Arc<ManualClock>) {
    let (env, clock) = ManualClock::env();
    (Arc::new(Cluster::in_memory(&options(env)).unwrap()), clock)
}

pub(super) fn on_disk(path: &Path) -> Arc<Cluster> {
    Arc::new(Cluster::open(path, &options(Env::system())).unwrap())
}

pub(super) fn set(key: &str, value: &str) -> Mutation {
    Mutation::Set {
        key: Key::new(key.as_bytes()),
        value: Bytes::copy_from_slice(value.as_bytes()),
    }
}

pub(super) fn atomic(op: AtomicOp, key: &[u8], operand: &[u8]) -> Mutation {
    Mutation::Atomic {
        op,
        key: Key::new(key),
        operand: Bytes::copy_from_slice(operand),
    }
}

pub(super) fn writes(mutations: Vec<Mutation>) -> CommitRequest {
    let write_conflicts = mutations
        .iter()
        .filter_map(|mutation| match mutation {
            Mutation::Set { key, .. } => Some(KeyRange::single(key)),
            Mutation::ClearRange(range) => Some(range.clone()),
            Mutation::Atomic {
                op: AtomicOp::SetVersionstampedKey,
                ..
            } => None,
            Mutation::Atomic { key, .. } => Some(KeyRange::single(key)),
        })
        .collect();
    CommitRequest {
        write_conflicts,
        mutations,
        ..CommitRequest::default()
    }
}

pub(super) fn reading(mut request: CommitRequest, version: i64, keys: &[&str]) -> CommitRequest {
    request.read_version = Some(version);
    request.read_conflicts = keys.iter().map(|key| KeyRange::single(key.as_bytes())).collect();
    request
}

pub(super) fn commit(cluster: &Arc<Cluster>, request: CommitRequest) -> Committed {
    match block_on(cluster.commit(request)).unwrap() {
        CommitOutcome::Committed(committed) => committed,
        CommitOutcome::Conflict(ranges) => panic!("a conflict in {ranges:?}"),
    }
}

pub(super) fn get(cluster: &Cluster, key: &str) -> Option<String> {
    let value = cluster.get(key.as_bytes(), cluster.read_version().unwrap()).unwrap();
    value.map(|value| String::from_utf8(value.to_vec()).unwrap())
}

#[test]
fn a_commit_is_seen_from_its_version_on() {
    let (cluster, clock) = memory();
    let before = cluster.read_version().unwrap();
    clock.advance(Duration::from_millis(1));
    let Committed { version, batch_index } = commit(&cluster, writes(vec![set("a", "1")]));
    assert!(version > before && cluster.read_version().unwrap() >= version);
    assert_eq!(batch_index, 0);
    assert_eq!(cluster.get(b"a", before).unwrap(), None);
    assert_eq!(cluster.get(b"a", version).unwrap().as_deref(), Some(&b"1"[..]));
}

#[test]
fn a_write_after_the_read_version_conflicts_and_can_be_named() {
    let (cluster, _) = memory();
    let version = cluster.read_version().unwrap();
    commit(&cluster, writes(vec![set("b", "1")]));
    let mut request = reading(writes(vec![set("c", "1")]), version, &["a", "b", "b"]);
    let outcome = |request: &CommitRequest| block_on(cluster.commit(request.clone())).unwrap();
    assert_eq!(outcome(&request), CommitOutcome::Conflict(vec![]));
    request.report_conflicting_keys = true;
    assert_eq!(outcome(&request), CommitOutcome::Conflict(vec![1, 2]));
    request.read_version = Some(cluster.read_version().unwrap());
    assert!(matches!(outcome(&request), CommitOutcome::Committed(_)));
}

#[test]
fn five_seconds_are_the_end_of_reads_and_of_commits_that_read() {
    let (cluster, clock) = memory();
    let version = commit(&cluster, writes(vec![set("a", "1")])).version;
    // Nobody commits: the database moves on every two seconds.
    clock.advance(Duration::from_micros(6_000_000));
    assert!(cluster.get(b"a", version).is_ok());
    clock.advance(Duration::from_micros(1));
    let code = |error: record_store_kv::Error| error.fdb_code();
    assert_eq!(
        cluster.get(b"a", version).map_err(code),
        Err(Some(fdb_code::TRANSACTION_TOO_OLD))
    );
    let scanned = cluster.scan(b"", b"z", false, version, ScanLimits::NONE, &mut Vec::new());
    assert_eq!(scanned.map_err(code), Err(Some(fdb_code::TRANSACTION_TOO_OLD)));
    let late = block_on(cluster.commit(reading(writes(vec![set("a", "2")]), version, &["a"])));
    assert_eq!(late.map_err(code), Err(Some(fdb_code::TRANSACTION_TOO_OLD)));
    // A blind write conflicts with nobody, however old its read version.
    commit(&cluster, reading(writes(vec![set("a", "3")]), version, &[]));
    assert_eq!(get(&cluster, "a").as_deref(), Some("3"));
}

#[test]
fn a_version_of_the_future_comes_or_is_refused_after_a_second() {
    let (cluster, clock) = memory();
    let now = cluster.read_version().unwrap();
    clock.advance(Duration::from_millis(1_500));
    block_on(cluster.wait_for_version(now + 1_900_000)).unwrap();
    assert_eq!(cluster.read_version().unwrap(), now + 2_000_000);
    // An idle database does not get there in time.
    for version in [now + 2_000_001, 1 << 62] {
        let began = clock.monotonic();
        let refused = block_on(cluster.wait_for_version(version)).unwrap_err();
        assert_eq!(refused.fdb_code(), Some(fdb_code::FUTURE_VERSION));
        assert_eq!(clock.monotonic(), began + Duration::from_secs(1));
    }
}

#[test]
fn mutations_apply_in_order_and_stamps_are_filled_in() {
    let (cluster, _) = memory();
    let stamp_at_2 = |body: &[u8]| [body, &2_i32.to_le_bytes()].concat();
    let Committed { version, batch_index } = commit(
        &cluster,
        writes(vec![
            set("n", "x"),
            Mutation::ClearRange(KeyRange::new(b"a", b"z")),
            atomic(AtomicOp::Add, b"n", &[1]),
            atomic(AtomicOp::Add, b"n", &[2]),
            atomic(AtomicOp::SetVersionstampedKey, &stamp_at_2(b"k/0123456789"), b"v"),
            atomic(AtomicOp::SetVersionstampedValue, b"s", &stamp_at_2(b"s/0123456789")),
            atomic(AtomicOp::CompareAndClear, b"n", &[3]),
            atomic(AtomicOp::ByteMax, b"m", b"top"),
        ]),
    );
    let stamp = atomic::transaction_version(version, batch_index);
    let stamped_key = [&b"k/"[..], &stamp].concat();
    let expected = [
        (stamped_key, b"v".to_vec()),
        (b"m".to_vec(), b"top".to_vec()),
        (b"s".to_vec(), [&b"s/"[..], &stamp].concat()),
    ];
    let mut rows = Vec::new();
    cluster
        .scan(b"", b"\xff", false, version, ScanLimits::NONE, &mut rows)
        .unwrap();
    let found: Vec<_> = rows
        .into_iter()
        .map(|row| (row.key.to_vec(), row.value.to_vec()))
        .collect();
    assert_eq!(found, expected);
    // The final key counts as written.
    let reader = CommitRequest {
        read_conflicts: vec![KeyRange::new(b"k/", b"k0")],
        ..reading(writes(vec![set("q", "")]), version - 1, &[])
    };
    assert_eq!(
        block_on(cluster.commit(reader)).unwrap(),
        CommitOutcome::Conflict(vec![])
    );
}

#[test]
fn a_locked_database_takes_only_commits_that_know_it() {
    let (cluster, _) = memory();
    let lock = Mutation::Set {
        key: Key::new(b"\xff/dbLocked"),
        value: "id".into(),
    };
    commit(&cluster, writes(vec![lock]));
    assert!(cluster.is_locked().unwrap());
    assert_eq!(
        block_on(cluster.commit(writes(vec![set("a", "1")]))).unwrap(),
        CommitOutcome::Conflict(vec![])
    );
    let unlock = Mutation::ClearRange(KeyRange::new(b"\xff", b"\xff\xff"));
    commit(
        &cluster,
        CommitRequest {
            lock_aware: true,
            ..writes(vec![unlock])
        },
    );
    assert!(!cluster.is_locked().unwrap());
    commit(&cluster, writes(vec![set("a", "1")]));
}

#[test]
fn in_a_group_earlier_transactions_go_before_later_ones() {
    let (cluster, _) = memory();
    let version = cluster.read_version().unwrap();
    let lock = Mutation::Set {
        key: Key::new(b"\xff/dbLocked"),
        value: "id".into(),
    };
    let group = vec![
        writes(vec![set("a", "1")]),
        reading(writes(vec![set("b", "1")]), version, &["a"]),
        writes(vec![set("c", "1")]),
        writes(vec![lock]),
        writes(vec![set("d", "1")]),
        CommitRequest {
            lock_aware: true,
            ..writes(vec![set("e", "1")])
        },
    ];
    let (outcomes, _) = Committer::new(cluster.shared().clone(), None).commit(group);
    let places: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| match outcome.unwrap() {
            CommitOutcome::Committed(committed) => Some(committed.batch_index),
            CommitOutcome::Conflict(_) => None,
        })
        .collect();
    assert_eq!(places, [Some(0), None, Some(2), Some(3), None, Some(5)]);
    assert_eq!(get(&cluster, "b").or(get(&cluster, "d")), None);
}

#[test]
fn a_watch_fires_on_another_value_only() {
    let (cluster, _) = memory();
    let version = commit(&cluster, writes(vec![set("a", "1")])).version;
    let watch = cluster.watch(b"a", Some("1".into()), version);
    commit(&cluster, writes(vec![set("a", "1")]));
    let Err(watch) = watch.try_ready() else {
        panic!("fired on the same value")
    };
    commit(&cluster, writes(vec![set("a", "2")]));
    block_on(watch).unwrap();
    assert!(cluster.watch(b"a", Some("1".into()), version).try_ready().is_ok());
    let closed = cluster.watch(b"a", Some("2".into()), version);
    drop(cluster);
    assert_eq!(
        block_on(closed).unwrap_err().fdb_code(),
        Some(fdb_code::OPERATION_CANCELLED)
    );
}

#[test]
fn old_changes_leave_the_window_and_stay_readable() {
    let (cluster, clock) = memory();
    for i in 0..2_000 {
        commit(
            &cluster,
            writes(vec![set(&format!("{i:04}"), "v"), set("same", &i.to_string())]),
        );
        clock.advance(Duration::from_millis(20));
    }
    // 2,000 commits at 50 a second: the last five seconds are 250.
    assert!(
        cluster
            .shared()
            .applier
            .is_empty_before(cluster.read_version().unwrap() - 6_000_000)
    );
    assert_eq!(get(&cluster, "same").as_deref(), Some("1999"));
    let mut rows = Vec::new();
    let more = cluster
        .scan(
            b"",
            b"\xff",
            true,
            cluster.read_version().unwrap(),
            ScanLimits::NONE,
            &mut rows,
        )
        .unwrap();
    assert_eq!((rows.len(), more), (2_001, false));
}

#[test]
fn a_full_window_makes_commits_wait_until_it_has_room() {
    let (env, _) = ManualClock::env();
    let cluster = Arc::new(
        Cluster::in_memory(&EngineOptions {
            window_bytes: 10_000,
            ..options(env)
        })
        .unwrap(),
    );
    let oldest = cluster.read_version().unwrap();
    for i in 0..100 {
        // The sleeps of a commit that waits move the clock.
        commit(
            &cluster,
            writes(vec![set("k", &i.to_string()), set("big", &"x".repeat(1_000))]),
        );
    }
    assert!(cluster.read_version().unwrap() > oldest + 30_000_000);
    assert_eq!(get(&cluster, "k").as_deref(), Some("99"));
}

#[test]
fn what_was_acknowledged_is_there_after_a_start_and_versions_grow() {
    let directory = tempfile::tempdir().unwrap();
    let mut latest = 0;
    for round in 0..4 {
        let cluster = on_disk(directory.path());
        assert_eq!(
            get(&cluster, "round").unwrap_or_default(),
            if round == 0 {
                String::new()
            } else {
                (round - 1).to_string()
            }
        );
        let version = cluster.read_version().unwrap();
        assert!(version > latest + 5_000_000, "round {round}");
        latest = commit(
            &cluster,
            writes(vec![set("round", &round.to_string()), set(&format!("r{round}"), "")]),
        )
        .version;
        let gone = Mutation::ClearRange(KeyRange::new(b"r0", format!("r{round}").as_bytes()));
        if round > 0 {
            commit(&cluster, writes(vec![gone]));
        }
    }
    let cluster = on_disk(directory.path());
    let mut rows = Vec::new();
    cluster
        .scan(
            b"",
            b"\xff",
            false,
            cluster.read_version().unwrap(),
            ScanLimits::NONE,
            &mut rows,
        )
        .unwrap();
    assert_eq!(
        rows.iter().map(|row| &row.key[..]).collect::<Vec<_>>(),
        [&b"r3"[..], b"round"]
    );
}

#[test]
fn changes_move_into_the_base_and_the_log_is_cut() {
    let directory = tempfile::tempdir().unwrap();
    let (env, clock) = ManualClock::env();
    let inline = EngineOptions {
        threads: false,
        ..options(env)
    };
    let cluster = Arc::new(Cluster::open(directory.path(), &inline).unwrap());
    for i in 0..1_200 {
        commit(
            &cluster,
            writes(vec![
                set(&format!("{:03}", i % 300), &"x".repeat(100)),
                set("last", &i.to_string()),
            ]),
        );
        clock.advance(Duration::from_millis(20));
    }
    let files = fs::read_dir(directory.path())
        .unwrap()
        .map(|file| file.unwrap().file_name());
    let segments = files.filter(|name| name.to_string_lossy().starts_with("log-")).count();
    // A segment of 4 KiB, as tests have them, takes 22 of these commits; the 700 of the last 15 seconds may be in the log.
    assert!((10..40).contains(&segments), "{segments} segments of 55");
    drop(cluster);
    let cluster = Arc::new(Cluster::open(directory.path(), &inline).unwrap());
    assert_eq!(get(&cluster, "last").as_deref(), Some("1199"));
    let mut rows = Vec::new();
    cluster
        .scan(
            b"",
            b"\xff",
            false,
            cluster.read_version().unwrap(),
            ScanLimits::NONE,
            &mut rows,
        )
        .unwrap();
    assert_eq!(rows.len(), 301);
}

#[test]
fn changes_move_into_the_base_when_nobody_comes_any_more() {
    let directory = tempfile::tempdir().unwrap();
    let (env, clock) = ManualClock::env();
    let cluster = Arc::new(Cluster::open(directory.path(), &options(env)).unwrap());
    let version = commit(&cluster, writes(vec![set("a", "1")])).version;
    clock.advance(Duration::from_secs(20));
    while !cluster.shared().applier.is_empty_before(version) {
        std::thread::yield_now();
    }
    assert_eq!(get(&cluster, "a").as_deref(), Some("1"));
}

/// A directory with three small commits, closed; its log; and where in that the last commit is. After it comes the mark.
fn three_commits() -> (tempfile::TempDir, std::path::PathBuf, Vec<u8>, Range<usize>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log-0000000000000001");
    let written = || {
        let log = fs::read(&path).unwrap();
        log.iter().rposition(|byte| *byte != 0).unwrap() + 1
    };
    let cluster = on_disk(directory.path());
    commit(&cluster, writes(vec![set("a", "1")]));
    commit(&cluster, writes(vec![set("b", "2")]));
    let begin = written();
    commit(&cluster, writes(vec![set("c", "3")]));
    drop(cluster);
    let log = fs::read(&path).unwrap();
    let end = log.len() - record::HEADER;
    (directory, path, log, begin..end)
}

#[test]
fn a_log_torn_in_its_last_record_loses_that_record_only() {
    let (directory, path, whole, last) = three_commits();
    for length in last {
        fs::write(&path, &whole[..length]).unwrap();
        let cluster = on_disk(directory.path());
        let found = [get(&cluster, "a"), get(&cluster, "b"), get(&cluster, "c")];
        assert_eq!(
            found,
            [Some("1".into()), Some("2".into()), None],
            "cut to {length} of {} bytes",
            whole.len()
        );
        drop(cluster);
    }
    let cluster = on_disk(directory.path());
    commit(&cluster, writes(vec![set("d", "4")]));
    drop(cluster);
    assert_eq!(get(&on_disk(directory.path()), "d").as_deref(), Some("4"));
}

#[test]
fn damage_is_named_in_the_last_record_too() {
    let (directory, path, whole, last) = three_commits();
    for at in 0..last.end {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        fs::write(&path, &damaged).unwrap();
        let error = Cluster::open(directory.path(), &options(Env::system()))
            .map(drop)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "byte {at}: {error}");
        assert!(error.to_string().contains("log-0000000000000001"), "byte {at}: {error}");
    }
    for at in last.end..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        fs::write(&path, &damaged).unwrap();
        let found = get(&on_disk(directory.path()), "c");
        assert_eq!(found.as_deref(), Some("3"), "byte {at}, of the mark");
    }
}
