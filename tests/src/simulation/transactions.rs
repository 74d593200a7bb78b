//! Concurrent transactions on a few keys, with everything that may go wrong.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_executor::block_on;
use record_store_engine::simulation::{Faults, Simulation};
use record_store_kv::{BoxFuture, Error, MutationType, RangeRequest, StreamingMode, Transaction, fdb_code};

use super::history::{Attempt, Outcome, Rows, Stamp, Step, judge};
use super::{FOREVER, Summary, is_expected, simulation};

/// Runs the simulation of a seed.
///
/// # Errors
/// What was not as it must be. The seed replays it.
pub fn run(seed: u64) -> Result<Summary, String> {
    let simulation = simulation(seed)?;
    let history = Arc::new(Mutex::new(Vec::new()));
    let actors = 1 + simulation.random_below(5);
    let tasks = (0..actors)
        .map(|_| -> BoxFuture<()> { Box::pin(act(simulation.clone(), history.clone())) })
        .collect();
    simulation.run(tasks).map_err(|error| error.to_string())?;
    simulation.set_faults(Faults::NONE);
    if simulation.random_below(2) == 0 {
        simulation.power_loss().map_err(|error| error.to_string())?;
    }
    let attempts = std::mem::take(&mut *history.lock().map_err(|_| "an actor panicked")?);
    for attempt in &attempts {
        if let Err(why) = attempt {
            return Err(why.clone());
        }
    }
    let attempts: Vec<Attempt> = attempts.into_iter().flatten().collect();
    let (stamps, end) = block_on(read_end(&simulation)).map_err(|error| error.to_string())?;
    judge(&attempts, &stamps, &end)?;
    Ok(Summary {
        attempts: u64::try_from(attempts.len()).unwrap_or(u64::MAX),
        committed: u64::try_from(stamps.len()).unwrap_or(u64::MAX),
        starts: simulation.starts(),
    })
}

/// What the actors note down: attempts, or what must never happen.
type History = Arc<Mutex<Vec<Result<Attempt, String>>>>;

/// Transactions one after the other, each tried a few times.
async fn act(simulation: Simulation, history: History) {
    let database = simulation.database();
    for _ in 0..2 + simulation.random_below(6) {
        let transaction = database.transaction();
        for _ in 0..10 {
            let Some(code) = try_once(&simulation, &transaction, &history).await else {
                break;
            };
            if transaction.on_error_code(code).await.is_err() {
                break;
            }
        }
        if simulation.random_below(40) == 0 {
            // It may be the very moment at which others commit.
            drop(simulation.power_loss());
        }
    }
}

/// One attempt; gives the error with which it ended.
async fn try_once(simulation: &Simulation, transaction: &Transaction, history: &History) -> Option<i32> {
    let mut attempt = Attempt {
        read_version: 0,
        steps: Vec::new(),
        outcome: Outcome::Failed,
    };
    // Its number is its place in the history, which its mark in the database says.
    let number = {
        let mut history = history.lock().expect("no actor panics");
        history.push(Ok(attempt.clone()));
        history.len() - 1
    };
    let result = steps(simulation, transaction, number, &mut attempt).await;
    let code = result.as_ref().err().map(|error| error.fdb_code());
    let note = match (code, result) {
        (Some(code), Err(error)) if !is_expected(code) => Err(format!("attempt {number} failed with {error}")),
        _ => Ok(attempt),
    };
    if let Some(place) = history.lock().expect("no actor panics").get_mut(number) {
        *place = note;
    }
    code.flatten()
}

async fn steps(
    simulation: &Simulation,
    transaction: &Transaction,
    number: usize,
    attempt: &mut Attempt,
) -> Result<(), Error> {
    let chance = |below: u64| simulation.random_below(below);
    attempt.read_version = transaction.read_version().await?;
    let mut writes = false;
    for _ in 0..1 + chance(6) {
        let step = match chance(10) {
            0..=2 => {
                let (key, snapshot) = (key(simulation), chance(4) == 0);
                let found = transaction.get(&key, snapshot).await?.map(|value| value.to_vec());
                Step::Get { key, snapshot, found }
            }
            3 | 4 => read_range(simulation, transaction).await?,
            5 | 6 => {
                let value = vec![b'v'; usize::try_from(chance(200)).unwrap_or(0)];
                let step = Step::Set(key(simulation), [&number.to_string().into_bytes()[..], &value].concat());
                if let Step::Set(key, value) = &step {
                    transaction.set(key, value);
                }
                step
            }
            7 => {
                let (one, other) = (key(simulation), key(simulation));
                let (begin, end) = (one.clone().min(other.clone()), one.max(other));
                transaction.clear_range(&begin, &end);
                Step::Clear(begin, end)
            }
            _ => {
                let mutation = [
                    MutationType::Add,
                    MutationType::ByteMax,
                    MutationType::AppendIfFits,
                    MutationType::CompareAndClear,
                ][usize::try_from(chance(4)).unwrap_or(0)];
                let (key, operand) = (key(simulation), vec![u8::try_from(chance(250)).unwrap_or(0); 2]);
                transaction.atomic_op(mutation, &key, &operand);
                Step::Atomic(mutation, key, operand)
            }
        };
        writes |= !matches!(step, Step::Get { .. } | Step::Range { .. });
        attempt.steps.push(step);
    }
    if writes {
        let mark = [MARKS, &u64::try_from(number).unwrap_or(u64::MAX).to_be_bytes()].concat();
        transaction.atomic_op(MutationType::SetVersionstampedValue, &mark, &[0; 14]);
    }
    match transaction.commit().await {
        Ok(()) if writes => attempt.outcome = Outcome::Committed(transaction.committed_version()),
        Ok(()) => attempt.outcome = Outcome::ReadOnly,
        Err(error) => {
            if error.fdb_code() == Some(fdb_code::COMMIT_UNKNOWN_RESULT) {
                attempt.outcome = Outcome::Unknown;
            }
            return Err(error);
        }
    }
    Ok(())
}

async fn read_range(simulation: &Simulation, transaction: &Transaction) -> Result<Step, Error> {
    let chance = |below: u64| simulation.random_below(below);
    let (one, other) = (key(simulation), key(simulation));
    let (begin, end) = (one.clone().min(other.clone()), one.max(other));
    let (reverse, snapshot) = (chance(2) == 0, chance(4) == 0);
    let limit = usize::try_from(1 + chance(6)).unwrap_or(1);
    let mode = [StreamingMode::WantAll, StreamingMode::Iterator, StreamingMode::Small]
        [usize::try_from(chance(3)).unwrap_or(0)];
    let request = RangeRequest::keys(begin.clone(), end.clone())
        .limit(i32::try_from(limit).unwrap_or(1))
        .mode(mode)
        .reverse(reverse);
    let rows = transaction.get_range_all(&request, snapshot).await?;
    let found = rows
        .into_iter()
        .map(|row| (row.key.to_vec(), row.value.to_vec()))
        .collect();
    Ok(Step::Range {
        begin,
        end,
        limit,
        reverse,
        snapshot,
        found,
    })
}

/// The marks of those that committed, and everything else.
async fn read_end(simulation: &Simulation) -> Result<(BTreeMap<usize, Stamp>, Rows), Error> {
    let all = RangeRequest::keys(&b""[..], &b"\xff"[..]);
    let rows = simulation
        .database()
        .run(&FOREVER, |transaction, _| {
            let all = all.clone();
            async move { transaction.get_range_all(&all, false).await }
        })
        .await?;
    let (mut stamps, mut others) = (BTreeMap::new(), Rows::new());
    for row in rows {
        match row.key.strip_prefix(MARKS) {
            Some(number) => {
                let number = number.try_into().map_or(u64::MAX, u64::from_be_bytes);
                let stamp = row.value.split_first_chunk().map_or((0, 0), |(version, place)| {
                    let place = place.try_into().map_or(0, u16::from_be_bytes);
                    (i64::from_be_bytes(*version), place)
                });
                stamps.insert(usize::try_from(number).unwrap_or(usize::MAX), stamp);
            }
            None => drop(others.insert(row.key.to_vec(), row.value.to_vec())),
        }
    }
    Ok((stamps, others))
}

/// Few keys, so that transactions meet.
fn key(simulation: &Simulation) -> Vec<u8> {
    format!("k{:02}", simulation.random_below(12)).into_bytes()
}

/// Where each attempt leaves its versionstamp.
const MARKS: &[u8] = b"mark/";
