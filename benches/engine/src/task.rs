//! The measurements, each in a process of its own.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use crate::figure::Figure;
use crate::load;
use crate::store::{Outcome, Place, Store};

/// One measurement of one store.
#[derive(Args, Clone, Debug)]
pub(crate) struct Task {
    /// What is measured
    #[arg(long)]
    pub(crate) what: What,
    #[command(flatten)]
    pub(crate) place: Place,
    /// How many keys the store holds
    #[arg(long)]
    pub(crate) keys: u64,
    /// For how long
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
    /// How many puts a commit has
    #[arg(long, default_value_t = 10)]
    pub(crate) puts: u64,
    /// How many threads commit
    #[arg(long, default_value_t = 1)]
    pub(crate) clients: usize,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// Fills the store, 1,000 keys a commit.
    Fill,
    /// Commits random puts for some time.
    Commits,
    /// Gets and ranges.
    Reads,
    /// The same while every tenth key has just been written.
    FreshReads,
    /// Removes everything.
    Clear,
    /// Opens the store and reads a key.
    Open,
    /// Commits until it is killed.
    Doomed,
}

impl Task {
    /// Measures, and prints the figures a line each.
    pub(crate) fn run(&self) -> Outcome<()> {
        let figures = match self.what {
            What::Fill => self.fill()?,
            What::Commits => self.commits()?,
            What::Reads => self.reads(0)?,
            What::FreshReads => self.reads(self.keys / 10)?,
            What::Clear => self.clear()?,
            What::Open => self.open()?,
            What::Doomed => self.doomed()?,
        };
        for figure in figures {
            println!("{}", figure.line());
        }
        Ok(())
    }

    fn fill(&self) -> Outcome<Vec<Figure>> {
        let store = self.place.open()?;
        let (time, slowest) = self.fill_store(&*store)?;
        let peak = peak_memory()?;
        store.rest();
        Ok(vec![
            Figure::rate("keys loaded", usize::try_from(self.keys)?, time),
            Figure::time("slowest commit", slowest),
            Figure::mebibytes("most memory", peak),
        ])
    }

    fn fill_store(&self, store: &dyn Store) -> Outcome<(Duration, Duration)> {
        let (mut time, mut slowest) = (Duration::ZERO, Duration::ZERO);
        for first in (0..self.keys).step_by(1_000) {
            let puts: Vec<_> = (first..self.keys.min(first + 1_000))
                .map(|number| load::put(number, 0))
                .collect();
            let (took, ()) = timed(|| store.commit(&puts))?;
            time += took;
            slowest = slowest.max(took);
        }
        Ok((time, slowest))
    }

    /// `clients` threads commit for some time.
    fn commits(&self) -> Outcome<Vec<Figure>> {
        let store = self.place.open()?;
        let turn = AtomicUsize::new(0);
        let duration = Duration::from_secs(self.seconds);
        let (time, (times, late)) = timed(|| {
            std::thread::scope(|scope| {
                let metronome = scope.spawn(|| longest_oversleep(duration));
                let clients: Vec<_> = (0..self.clients)
                    .map(|_| scope.spawn(|| self.commit_for(&*store, &turn, duration)))
                    .collect();
                let mut times = Vec::new();
                for client in clients {
                    times.extend(client.join().map_err(|_| "a client panicked")??);
                }
                let late = metronome.join().map_err(|_| "the metronome panicked")?;
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>((times, late))
            })
        })?;
        let mut times = times;
        times.sort_unstable();
        let at = |part: usize| times.get(times.len() * part / 1_000).copied().unwrap_or_default();
        Ok(vec![
            Figure::rate("commits", times.len(), time),
            Figure::time("median", at(500)),
            Figure::time("99 %", at(990)),
            Figure::time("99.9 %", at(999)),
            Figure::time("slowest", times.last().copied().unwrap_or_default()),
            Figure::time("a bare sleep late by", late),
            Figure::mebibytes("most memory", peak_memory()?),
        ])
    }

    #[allow(clippy::disallowed_methods, reason = "a benchmark measures time")]
    fn commit_for(&self, store: &dyn Store, turn: &AtomicUsize, duration: Duration) -> Outcome<Vec<Duration>> {
        let started = Instant::now();
        let mut times = Vec::new();
        while started.elapsed() < duration {
            let turn = u64::try_from(turn.fetch_add(1, Ordering::Relaxed))?;
            let puts = load::random_puts(turn, self.puts, self.keys);
            times.push(timed(|| store.commit(&puts))?.0);
        }
        Ok(times)
    }

    fn reads(&self, fresh: u64) -> Outcome<Vec<Figure>> {
        let store = self.place.open()?;
        let expect = |found, expected| match found == expected {
            true => Ok(()),
            false => Err(format!("{found} found where there are {expected}")),
        };
        // What is read is in the cache, as far as that is large enough.
        for first in (0..self.keys).step_by(1_000) {
            let keys: Vec<_> = (first..self.keys.min(first + 1_000)).map(load::key).collect();
            expect(store.get(&keys)?, 100 * keys.len())?;
        }
        for turn in 0..fresh / 500 {
            store.commit(&load::random_puts(turn, 500, self.keys))?;
        }
        let keys: Vec<_> = (0..GETS).map(|turn| load::key(load::pick(turn, self.keys))).collect();
        let gets = |in_one: usize| -> Outcome<Duration> {
            let rounds = keys.chunks(GETS_IN_ROUND).map(|keys| {
                let time = timed(|| {
                    keys.chunks(in_one)
                        .try_for_each(|keys| Ok(expect(store.get(keys)?, 100 * keys.len())?))
                });
                Ok(time?.0 / u32::try_from(keys.len())?)
            });
            undisturbed(rounds)
        };
        let ranges = |count: usize, in_round: u64| -> Outcome<Duration> {
            let rounds = (0..ROUNDS).map(|round| {
                let begins: Vec<_> = (0..in_round)
                    .map(|i| load::key(load::pick(round * in_round + i, self.keys)))
                    .collect();
                // Few begin so near to the end that there are not enough rows.
                let time = timed(|| begins.iter().try_for_each(|begin| store.range(begin, count).map(drop)));
                Ok(time?.0 / u32::try_from(in_round)?)
            });
            undisturbed(rounds)
        };
        gets(1)?;
        Ok(vec![
            Figure::time("get", gets(1)?),
            Figure::time("get, 100 in a transaction", gets(100)?),
            Figure::time("range of 100", ranges(100, 50)?),
            Figure::time("range of 10,000", ranges(10_000, 1)?),
        ])
    }

    fn clear(&self) -> Outcome<Vec<Figure>> {
        let store = self.place.open()?;
        let (time, ()) = timed(|| store.clear())?;
        if store.range(&load::bounds().0, 1)? != 0 {
            return Err("something is left".into());
        }
        Ok(vec![Figure::time("clearing everything", time)])
    }

    fn open(&self) -> Outcome<Vec<Figure>> {
        let (time, _store) = timed(|| {
            let store = self.place.open()?;
            if store.get(&[load::key(0)])? != 100 {
                return Err("a key is missing".into());
            }
            Ok(store)
        })?;
        Ok(vec![Figure::time("open after a crash", time)])
    }

    fn doomed(&self) -> Outcome<Vec<Figure>> {
        let store = self.place.open()?;
        println!("open");
        std::io::stdout().flush()?;
        for turn in 0.. {
            store.commit(&load::random_puts(turn, self.puts, self.keys))?;
        }
        Ok(Vec::new())
    }
}

#[allow(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn timed<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<(Duration, T)> {
    let started = Instant::now();
    let result = work()?;
    Ok((started.elapsed(), result))
}

/// How much too long the longest of many short sleeps took: for so long the machine had no processor for a thread that wanted
/// one, whatever the store does.
#[allow(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn longest_oversleep(duration: Duration) -> Duration {
    let started = Instant::now();
    let mut longest = Duration::ZERO;
    while started.elapsed() < duration {
        let before = Instant::now();
        std::thread::sleep(SHORT_SLEEP);
        longest = longest.max(before.elapsed().saturating_sub(SHORT_SLEEP));
    }
    longest
}

/// The time of rounds that others have disturbed little: a tenth of the rounds took less.
fn undisturbed(rounds: impl Iterator<Item = Outcome<Duration>>) -> Outcome<Duration> {
    let mut times = rounds.collect::<Outcome<Vec<_>>>()?;
    times.sort_unstable();
    Ok(times.get(times.len() / 10).copied().ok_or("there are rounds")?)
}

/// The most memory that this process ever had, in KiB.
fn peak_memory() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let amount = line.and_then(|line| line.split_whitespace().next());
    Ok(amount.ok_or("the system tells no memory")?.parse()?)
}

/// Rounds are short, so that some of them have a processor to themselves.
const ROUNDS: u64 = 100;
const GETS_IN_ROUND: usize = 1_000;
const GETS: u64 = 100_000;
const SHORT_SLEEP: Duration = Duration::from_millis(1);
