//! What programs may rely on: replay, outliving losses of power, errors that are FoundationDB's.

use std::sync::Arc;

use futures_executor::block_on;
use parking_lot::Mutex;
use record_store_kv::{BoxFuture, Database, Error, RunOptions, Transaction, fdb_code};

use super::*;

/// Tasks that count in one key, until each has counted `most` times. Gives what happened.
fn count(simulation: &Simulation, tasks: u8, most: u32) -> Vec<String> {
    let history = Arc::new(Mutex::new(Vec::new()));
    let count = |task: u8| -> BoxFuture<()> {
        let (database, history) = (simulation.database(), history.clone());
        Box::pin(async move {
            for round in 0..most {
                let counted = database.run(&FOREVER, |transaction, attempt| {
                    let history = history.clone();
                    async move {
                        let note = format!("{task} {round} {} {}", attempt.number, attempt.maybe_committed);
                        history.lock().push(note);
                        count_once(&transaction, task, round).await
                    }
                });
                counted.await.unwrap();
            }
        })
    };
    simulation.run((0..tasks).map(count).collect()).unwrap();
    Arc::into_inner(history).unwrap().into_inner()
}

/// Counts, but for a round that was counted by an attempt whose end nobody knew.
async fn count_once(transaction: &Transaction, task: u8, round: u32) -> Result<()> {
    let mark = [&[b'm', task][..], &round.to_be_bytes()].concat();
    if transaction.get(&mark, false).await?.is_some() {
        return Ok(());
    }
    let before = transaction.get(b"count", false).await?;
    let before = before.map_or(0, |bytes| u32::from_be_bytes(bytes[..].try_into().unwrap()));
    transaction.set(b"count", &(before + 1).to_be_bytes());
    transaction.set(&mark, b"");
    Ok(())
}

fn counted(database: &Database) -> u32 {
    let value: std::result::Result<_, Error> = block_on(database.run(&FOREVER, |transaction, _| async move {
        transaction.get(b"count", false).await
    }));
    value
        .unwrap()
        .map_or(0, |bytes| u32::from_be_bytes(bytes[..].try_into().unwrap()))
}

const FOREVER: RunOptions = RunOptions {
    timeout: None,
    max_attempts: None,
};

#[test]
fn every_count_counts_once_whatever_goes_wrong() {
    let mut starts = 0;
    for seed in 0..40 {
        let faults = Faults {
            power_losses: 0.05,
            ..Faults::default()
        };
        let simulation = Simulation::new(seed, faults).unwrap();
        let history = count(&simulation, 3, 10);
        assert!(history.len() >= 30);
        assert_eq!(counted(&simulation.database()), 30, "seed {seed}");
        assert!(simulation.failure().is_none(), "seed {seed}");
        starts += simulation.starts();
    }
    assert!(starts > 80, "the power has failed now and then: {starts} starts");
}

#[test]
fn an_operation_that_fails_costs_nothing_that_was_acknowledged() {
    let (mut starts, mut segments) = (0, 0);
    for seed in 0..40 {
        let faults = Faults {
            disk_errors: 0.1,
            disk_delays: 0.1,
            ..Faults::NONE
        };
        let simulation = Simulation::new(seed, faults).unwrap();
        count(&simulation, 3, 10);
        assert_eq!(counted(&simulation.database()), 30, "seed {seed}");
        assert!(simulation.failure().is_none(), "seed {seed}");
        starts += simulation.starts();
        let log_files = simulation
            .world
            .files()
            .into_iter()
            .filter(|name| name.starts_with("log-"));
        segments = segments.max(log_files.count());
    }
    assert!(starts > 80, "operations have failed now and then: {starts} starts");
    assert!(segments > 1, "simulations come to the end of a log segment");
}

#[test]
fn a_seed_is_a_history() {
    let history = |seed| {
        let simulation = Simulation::new(seed, Faults::default()).unwrap();
        (
            count(&simulation, 4, 8),
            simulation.env().clock().monotonic(),
            simulation.starts(),
        )
    };
    assert_eq!(history(3), history(3));
    assert_ne!(history(3), history(4));
}

#[test]
fn without_faults_nothing_fails() {
    let simulation = Simulation::new(1, Faults::NONE).unwrap();
    assert_eq!(count(&simulation, 1, 20).len(), 20, "one attempt each");
    assert_eq!(simulation.starts(), 1);
}

#[test]
fn a_transaction_outlives_a_loss_of_power_as_a_new_attempt() {
    let simulation = Simulation::new(1, Faults::NONE).unwrap();
    let transaction = simulation.database().transaction();
    transaction.set(b"a", b"1");
    block_on(transaction.commit()).unwrap();
    transaction.reset();
    assert!(block_on(transaction.get(b"a", false)).unwrap().is_some());
    simulation.power_loss().unwrap();
    let error = block_on(transaction.get(b"a", false)).unwrap_err();
    assert_eq!(error.fdb_code(), Some(fdb_code::TRANSACTION_TOO_OLD));
    block_on(transaction.on_error(error)).unwrap();
    assert!(block_on(transaction.get(b"a", false)).unwrap().is_some());
}

#[test]
fn each_fault_has_its_code() {
    let code = |faults: Faults| {
        let transaction = Simulation::new(5, faults).unwrap().database().transaction();
        let read = block_on(transaction.get(b"k", false)).map_err(|error| error.fdb_code());
        transaction.set(b"k", b"v");
        (
            read.err().flatten(),
            block_on(transaction.commit()).unwrap_err().fdb_code(),
        )
    };
    let of = |set: fn(&mut Faults)| {
        let mut faults = Faults::NONE;
        set(&mut faults);
        code(faults)
    };
    assert_eq!(
        of(|faults| faults.conflicts = 1.0),
        (None, Some(fdb_code::NOT_COMMITTED))
    );
    assert_eq!(
        of(|faults| faults.unknown_results = 1.0),
        (None, Some(fdb_code::COMMIT_UNKNOWN_RESULT))
    );
    let too_old = Some(fdb_code::TRANSACTION_TOO_OLD);
    assert_eq!(of(|faults| faults.too_old = 1.0), (too_old, too_old));
}

#[test]
fn tasks_that_wait_for_one_another_are_an_error() {
    let simulation = Simulation::new(1, Faults::NONE).unwrap();
    let never: BoxFuture<()> = Box::pin(std::future::pending());
    let error = simulation.run(vec![never]).unwrap_err();
    assert!(error.to_string().contains("wait for what none of them does"), "{error}");
}
