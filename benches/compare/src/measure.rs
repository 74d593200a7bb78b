//! The measurements: how long a save, a get and a scan take at a given number of records.

use std::time::{Duration, Instant};

use crate::peer::{Kind, Outcome, Peer};
use crate::question::{Asked, Question};
use crate::user::{User, scatter};
use crate::workload::Workload;

/// Users saved in one transaction.
pub(crate) const BATCH: usize = 100;
/// Users read by one scan.
pub(crate) const SCAN: usize = 100;
const GETS: usize = 20_000;
const SCANS: usize = 2_000;

/// The times that are measured of a workload, as the heads of its tables.
pub(crate) fn columns(workload: &Workload, asked: &Asked) -> Vec<String> {
    if workload.queries {
        return asked.questions().map(|question| question.head().to_owned()).collect();
    }
    let scan = format!("scan of {SCAN}");
    vec![
        format!("save of {BATCH}"),
        "slowest save".to_owned(),
        "get".to_owned(),
        scan,
    ]
}

/// Fills a fresh store of this kind with `records` users, in scattered order, and reads from it; gives a time for
/// each of the [`columns`].
#[allow(clippy::disallowed_methods, reason = "a benchmark measures time")]
pub(crate) fn measure(
    workload: &Workload,
    kind: &Kind,
    records: i64,
    asked: &Asked,
    progress: impl Fn(u64),
) -> Outcome<Vec<Duration>> {
    let folder = tempfile::tempdir()?;
    let mut peer = (kind.open)(workload, folder.path())?;
    let order = scattered_order(records);

    let (mut saves, mut save_slowest) = (Duration::ZERO, Duration::ZERO);
    for ids in order.chunks(BATCH) {
        let users: Vec<User> = ids.iter().map(|&id| User::numbered(id)).collect();
        peer.prepare(&users);
        let started = Instant::now();
        peer.save(&users)?;
        let time = started.elapsed();
        saves += time;
        save_slowest = save_slowest.max(time);
        progress(u64::try_from(ids.len())?);
    }

    if workload.queries {
        return asked
            .questions()
            .map(|question| ask(peer.as_mut(), question, asked.times(question), records))
            .collect();
    }

    let started = Instant::now();
    for n in 0..GETS {
        let id = pick(n, records);
        if peer.get(id)?.is_none_or(|user| user.id != id) {
            return Err(format!("{}: user {id} is missing", kind.name).into());
        }
    }
    let gets = started.elapsed();

    let started = Instant::now();
    for n in 0..SCANS {
        let first = pick(n, records - i64::try_from(SCAN)?);
        if peer.scan(first, SCAN)? != SCAN {
            return Err(format!("{}: a scan from {first} came short", kind.name).into());
        }
    }
    let scans = started.elapsed();

    Ok(vec![
        saves / u32::try_from(order.len().div_ceil(BATCH))?,
        save_slowest,
        gets / u32::try_from(GETS)?,
        scans / u32::try_from(SCANS)?,
    ])
}

/// The mean time of one answer.
#[allow(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn ask(peer: &mut dyn Peer, question: &Question, times: usize, records: i64) -> Outcome<Duration> {
    // The first answer may make a plan, and warms what the question reads.
    peer.ask(question, pick(0, records))?;
    let mut rows = 0;
    let started = Instant::now();
    for n in 0..times {
        rows += peer.ask(question, pick(n, records))?;
    }
    let time = started.elapsed();
    if rows == 0 {
        return Err(format!("{}: no rows at all", question.head()).into());
    }
    Ok(time / u32::try_from(times)?)
}

/// The numbers below `records` in a fixed order that jumps about.
fn scattered_order(records: i64) -> Vec<i64> {
    let mut order: Vec<i64> = (0..records).collect();
    order.sort_by_key(|&id| scatter(id));
    order
}

fn pick(n: usize, below: i64) -> i64 {
    let bound = u64::try_from(below.max(1)).unwrap_or(1);
    i64::try_from(scatter(i64::try_from(n).unwrap_or(0)) % bound).unwrap_or(0)
}
