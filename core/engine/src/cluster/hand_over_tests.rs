//! Hand-over of a directory: what transactions, versions and watches see of it. Two clusters on one directory are to each other
//! what two processes are.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_executor::block_on;
use record_store_kv::env::Env;
use record_store_kv::{ErrorKind, fdb_code};

use super::Cluster;
use super::tests::{commit, get, on_disk, options, reading, set, writes};
use crate::mutation::CommitOutcome;
use crate::options::EngineOptions;

/// A cluster that gives its directory away only when it is told to.
fn without_threads(path: &Path) -> Arc<Cluster> {
    let options = EngineOptions {
        threads: false,
        lock_wait: Duration::ZERO,
        ..options(Env::system())
    };
    Arc::new(Cluster::open(path, &options).unwrap())
}

#[test]
fn a_version_from_before_a_hand_over_is_too_old_and_the_next_ones_are_higher() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = {
        let one = without_threads(directory.path());
        let before = commit(&one, writes(vec![set("a", "1")])).version;
        one.hand_over();
        let other = without_threads(directory.path());
        let tenure = other.begin().unwrap();
        let version = commit(
            &other,
            reading(writes(vec![set("a", "2")]), tenure.read_version(), &["a"]),
        )
        .version;
        assert!(version > before + 5_000_000);
        other.hand_over();
        assert!(tenure.get(b"a", version).is_err(), "the tenure is over");
        assert!(one.read_version().unwrap() > version + 5_000_000);
        let late = block_on(one.commit(reading(writes(vec![set("a", "3")]), before, &["a"])));
        assert_eq!(late.unwrap_err().fdb_code(), Some(fdb_code::TRANSACTION_TOO_OLD));
        assert_eq!(
            one.get(b"a", before).unwrap_err().fdb_code(),
            Some(fdb_code::TRANSACTION_TOO_OLD)
        );
        (one, other)
    };
    assert_eq!(get(&one, "a").as_deref(), Some("2"));
    let version = one.read_version().unwrap();
    let refused = other.begin().map(drop).unwrap_err();
    assert_eq!(
        (refused.kind(), refused.fdb_code()),
        (ErrorKind::Locked, Some(fdb_code::LOCK_FILE_FAILURE))
    );
    one.hand_over();
    assert!(other.read_version().unwrap() > version);
}

#[test]
fn a_blind_write_takes_the_database_again() {
    let directory = tempfile::tempdir().unwrap();
    let cluster = without_threads(directory.path());
    for round in 0..3 {
        cluster.hand_over();
        commit(&cluster, writes(vec![set("round", &round.to_string())]));
    }
    cluster.hand_over();
    assert_eq!(get(&cluster, "round").as_deref(), Some("2"));
}

#[test]
fn many_changes_are_there_after_a_hand_over() {
    let directory = tempfile::tempdir().unwrap();
    let cluster = without_threads(directory.path());
    let large = "x".repeat(60_000);
    // More than is left in the log, and more than goes into the base at once.
    for i in 0..200 {
        commit(&cluster, writes(vec![set(&format!("{i:03}"), &large)]));
    }
    cluster.hand_over();
    let there = (0..200).filter(|i| get(&cluster, &format!("{i:03}")).as_deref() == Some(&large));
    assert_eq!(there.count(), 200);
}

#[test]
fn a_busy_cluster_hands_over_and_gets_it_back() {
    const TURNS: u64 = 150;
    let directory = tempfile::tempdir().unwrap();
    let clusters: Vec<_> = (0..3).map(|_| on_disk(directory.path())).collect();
    let increment = |cluster: &Arc<Cluster>| {
        let tenure = cluster.begin().unwrap();
        let version = tenure.read_version();
        let Ok(value) = tenure.get(b"sum", version) else {
            return false;
        };
        let value = value.map_or(0, |value| String::from_utf8_lossy(&value).parse::<u64>().unwrap());
        let request = reading(writes(vec![set("sum", &(value + 1).to_string())]), version, &["sum"]);
        match block_on(cluster.commit(request)) {
            Ok(CommitOutcome::Committed(_)) => true,
            Ok(CommitOutcome::Conflict(_)) => false,
            Err(error) => {
                assert_eq!(error.fdb_code(), Some(fdb_code::TRANSACTION_TOO_OLD), "{error}");
                false
            }
        }
    };
    std::thread::scope(|scope| {
        for cluster in &clusters {
            scope.spawn(|| {
                let mut done = 0;
                while done < TURNS {
                    done += u64::from(increment(cluster));
                }
            });
        }
    });
    for cluster in &clusters {
        assert_eq!(get(cluster, "sum"), Some((3 * TURNS).to_string()));
    }
}

#[test]
fn a_watch_sees_what_another_process_commits_and_what_it_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (on_disk(directory.path()), on_disk(directory.path()));
    let version = commit(&one, writes(vec![set("a", "1"), set("b", "1")])).version;
    let watched = one.watch(b"a", Some("1".into()), version);
    let unchanged = one.watch(b"b", Some("1".into()), version);
    commit(&other, writes(vec![set("b", "1")]));
    commit(&other, writes(vec![set("a", "2")]));
    block_on(watched).unwrap();
    assert!(unchanged.try_ready().is_err(), "b has the same value");
    assert_eq!(get(&one, "a").as_deref(), Some("2"));
}

#[test]
fn a_watch_that_is_set_while_another_process_has_the_database_fires_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let one = on_disk(directory.path());
    let version = commit(&one, writes(vec![set("a", "1")])).version;
    one.hand_over();
    let other = without_threads(directory.path());
    commit(&other, writes(vec![set("a", "2")]));
    let watched = one.watch(b"a", Some("1".into()), version);
    other.hand_over();
    block_on(watched).unwrap();
}

#[test]
fn a_transaction_that_has_begun_keeps_the_database_until_it_is_over() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (on_disk(directory.path()), directory.path());
    let tenure = one.begin().unwrap();
    let version = tenure.read_version();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| commit(&on_disk(other), writes(vec![set("a", "1")])).version);
        while !tenure.is_wanted() {
            std::thread::yield_now();
        }
        assert_eq!(tenure.get(b"a", version).unwrap(), None);
        drop(tenure);
        assert!(waiting.join().unwrap() > version);
    });
}
