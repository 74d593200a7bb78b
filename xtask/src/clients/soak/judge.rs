//! Whether the database has what the processes of a soak were told; read through the engine itself.

use std::collections::BTreeSet;

use record_store_kv::fdb_code::TRANSACTION_TOO_OLD;
use record_store_kv::{Database, KeyValue, RangeRequest};

use super::process::{Process, Worker};
use crate::step::Failure;

/// A process that takes the database goes on 100,000,000 versions higher, which are 100 seconds of the clock.
const BETWEEN_TENURES: i64 = 50_000_000;

/// Looks at the accounts and at all logs, and prints what the processes have done.
pub(crate) async fn judge(database: &Database, processes: &[Process]) -> Result<(), Failure> {
    let accounts = rows(database, "account/", "account0").await?;
    let amounts: Result<Vec<i64>, Failure> = accounts.iter().map(|row| parse(&row.value)).collect();
    let sum: i64 = amounts?.iter().sum();
    if accounts.len() != super::ACCOUNTS || sum != 0 {
        return Err(format!("{} accounts hold {sum}", accounts.len()));
    }
    let mut versions = Vec::new();
    let mut unsaid = 0;
    for (number, process) in processes.iter().enumerate() {
        for (i, worker) in process.workers.iter().enumerate() {
            let log = read_log(database, &format!("log/{number}/{i}/")).await?;
            let serials: Vec<u64> = log.iter().map(|(_, serial)| *serial).collect();
            let told = |why| format!("{}, worker {i}: {why}", process.name);
            unsaid += usize::from(check(worker, &serials, process.was_killed).map_err(told)?);
            versions.extend(log.into_iter().map(|(version, _)| version));
        }
        print(process);
        if process.fired == 0 && !process.was_killed {
            return Err(format!("{} has seen no watch fire", process.name));
        }
        if !process.errors.contains_key(&TRANSACTION_TOO_OLD) && !process.was_killed {
            return Err(format!(
                "{} has held a transaction for too long, and committed it",
                process.name
            ));
        }
    }
    versions.sort_unstable();
    let hand_overs = versions.windows(2).filter(|pair| pair[1] - pair[0] > BETWEEN_TENURES);
    println!(
        "    {} transactions in the logs, {} hand-overs between them; {unsaid} of the one that was killed are there that it \
         did not get to acknowledge",
        versions.len(),
        hand_overs.count()
    );
    Ok(())
}

/// Whether a log, in the order of its versionstamps, has every transaction that was acknowledged, once and in order, and no others but those of which
/// nobody knows. Tells whether the one is there that a killed worker was committing.
fn check(worker: &Worker, serials: &[u64], was_killed: bool) -> Result<bool, Failure> {
    if let Some(pair) = serials.windows(2).find(|pair| pair[0] >= pair[1]) {
        return Err(format!("transaction {} comes before {} in the log", pair[0], pair[1]));
    }
    let there: BTreeSet<u64> = serials.iter().copied().collect();
    if let Some(lost) = worker.acknowledged.difference(&there).next() {
        return Err(format!("transaction {lost} was acknowledged and is not there"));
    }
    // A worker that is killed may not have got to say what has become of its last transaction.
    let told = worker.acknowledged.union(&worker.unknown).max();
    let unsaid = was_killed.then(|| told.map_or(1, |last| last + 1));
    let unexplained = there
        .difference(&worker.acknowledged)
        .find(|serial| !worker.unknown.contains(serial) && Some(**serial) != unsaid);
    match unexplained {
        Some(serial) => Err(format!("transaction {serial} is there and was not acknowledged")),
        None if worker.acknowledged.is_empty() && !was_killed => Err("it has committed nothing".to_owned()),
        None => Ok(unsaid.is_some_and(|serial| there.contains(&serial))),
    }
}

fn print(process: &Process) {
    let count = |of: fn(&Worker) -> usize| process.workers.iter().map(of).sum::<usize>();
    let end = if process.was_killed { ", then killed" } else { "" };
    let errors: Vec<String> = process
        .errors
        .iter()
        .map(|(code, times)| format!("{times} of {code}"))
        .collect();
    println!(
        "    {}: {} commits, {} unknown; {} watches; tried again after {}{end}",
        process.name,
        count(|worker| worker.acknowledged.len()),
        count(|worker| worker.unknown.len()),
        process.fired,
        if errors.is_empty() {
            "nothing".to_owned()
        } else {
            errors.join(", ")
        },
    );
}

/// The versions and serial numbers of a log, in the order of the versionstamps.
async fn read_log(database: &Database, prefix: &str) -> Result<Vec<(i64, u64)>, Failure> {
    let end = format!("{}0", prefix.trim_end_matches('/'));
    let rows = rows(database, prefix, &end).await?;
    let read = |row: &KeyValue| {
        let stamp = row.key.get(prefix.len()..).filter(|stamp| stamp.len() == 10);
        let version = stamp.and_then(|stamp| stamp.first_chunk());
        let version = version.ok_or_else(|| format!("a log has the key {:?}", row.key))?;
        Ok((i64::from_be_bytes(*version), parse(&row.value)?))
    };
    rows.iter().map(read).collect()
}

/// All rows of a range, a part in each transaction, so that none is open for too long.
async fn rows(database: &Database, begin: &str, end: &str) -> Result<Vec<KeyValue>, Failure> {
    const PART: i32 = 10_000;
    let mut rows: Vec<KeyValue> = Vec::new();
    loop {
        let after = rows.last().map(|row| [&row.key[..], &[0]].concat());
        let begin = after.unwrap_or_else(|| begin.as_bytes().to_vec());
        let request = RangeRequest::keys(begin, end.to_owned()).limit(PART);
        let part = database.transaction().get_range_all(&request, true).await;
        let part = part.map_err(|error| error.to_string())?;
        if part.is_empty() {
            return Ok(rows);
        }
        rows.extend(part);
    }
}

fn parse<N: std::str::FromStr>(value: &[u8]) -> Result<N, Failure> {
    let text = String::from_utf8_lossy(value);
    text.parse().map_err(|_| format!("a value is no number: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_does_not_hold_what_was_said_is_refused() {
        let mut worker = Worker::default();
        worker.acknowledged.extend([1, 2, 4]);
        worker.unknown.insert(3);
        for log in [&[1, 2, 4][..], &[1, 2, 3, 4]] {
            assert_eq!(check(&worker, log, false), Ok(false), "{log:?}");
        }
        for log in [&[1, 4][..], &[1, 2, 2, 4], &[2, 1, 4], &[1, 2, 4, 5], &[]] {
            assert!(check(&worker, log, false).is_err(), "{log:?}");
        }
        assert_eq!(
            check(&worker, &[1, 2, 4, 5], true),
            Ok(true),
            "it was killed before it could say so"
        );
        assert!(check(&worker, &[1, 2, 4, 6], true).is_err());
        assert!(check(&worker, &[1, 4], true).is_err());
    }
}
