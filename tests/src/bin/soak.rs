//! A process of the soak (`cargo xtask clients soak`), on the engine itself.
//!
//! Arguments: the directory, the prefix of its logs, the key that it writes, the key of another process that it watches, a seed, and how
//! many transactions it runs at a time. It works until key `stop` is there, and says on standard output what it was told and saw.

use std::error::Error as StdError;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use futures_executor::block_on;
use record_store_engine::{Engine, EngineOptions, Location};
use record_store_kv::{
    Database, Error, KeyValue, MutationType, RangeRequest, Result, RunOptions, Transaction, fdb_code,
};
use record_store_tests::chance::Chance;

/// The worker and the transaction that is held open for too long the first time: it ends with 1007, and is tried again.
const HELD: (u64, u64) = (0, 2);
const TOO_LONG: Duration = Duration::from_secs(6);

/// What the threads share.
struct Soak {
    database: Database,
    log: String,
    beat: String,
}

fn main() -> Result<(), Box<dyn StdError>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, log, beat, watched, seed, workers] = &arguments[..] else {
        return Err("a soak needs a directory, a log, a beat, a watched key, a seed and a number of workers".into());
    };
    let (seed, workers): (u64, u64) = (seed.parse()?, workers.parse()?);
    let options = EngineOptions {
        lock_wait: Duration::from_secs(60),
        ..EngineOptions::default()
    };
    let soak = Soak {
        database: Engine::open(Location::Path(PathBuf::from(directory)), options)?,
        log: log.clone(),
        beat: beat.clone(),
    };
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let soak = &soak;
            scope.spawn(move || {
                if let Err(error) = block_on(soak.work(worker, Chance::of_part(seed, worker))) {
                    fail(&format!("worker {worker}: {error}"));
                }
            });
        }
        block_on(soak.watch(watched.as_bytes()))
    })?;
    Ok(())
}

impl Soak {
    /// Waits for change after change of another process's key.
    async fn watch(&self, key: &[u8]) -> Result<()> {
        let options = RunOptions::default();
        loop {
            let change = self.database.run(&options, |transaction, _| async move {
                let stopped = is_stopped(&transaction).await?;
                Ok::<_, Error>((!stopped).then(|| transaction.watch(key)))
            });
            let Some(change) = change.await? else { return Ok(()) };
            change.await?;
            say("fired");
        }
    }

    async fn work(&self, worker: u64, mut chance: Chance) -> Result<()> {
        for serial in 1.. {
            let Some(said) = self.turn(worker, serial, &mut chance).await? else {
                break;
            };
            say(&format!("{said} {worker} {serial}"));
        }
        say(&format!("done {worker}"));
        Ok(())
    }

    /// One transaction, tried until it is known what has become of it; nothing once everybody shall stop.
    async fn turn(&self, worker: u64, serial: u64, chance: &mut Chance) -> Result<Option<&'static str>> {
        let transaction = self.database.transaction();
        let mut hold = (worker, serial) == HELD;
        loop {
            let done = match self
                .move_amount(&transaction, worker, serial, chance, std::mem::take(&mut hold))
                .await
            {
                Ok(false) => return Ok(None),
                Ok(true) => transaction.commit().await,
                Err(error) => Err(error),
            };
            let Err(error) = done else { return Ok(Some("ack")) };
            let code = error.fdb_code();
            say(&format!("error {}", code.unwrap_or(0)));
            transaction.on_error(error).await?;
            if code == Some(fdb_code::COMMIT_UNKNOWN_RESULT) {
                return Ok(Some("maybe"));
            }
        }
    }

    /// Moves an amount from one account to another, and says so in the log; false once everybody shall stop.
    async fn move_amount(
        &self,
        tr: &Transaction,
        worker: u64,
        serial: u64,
        chance: &mut Chance,
        hold: bool,
    ) -> Result<bool> {
        if is_stopped(tr).await? {
            return Ok(false);
        }
        let accounts = read_accounts(tr).await?;
        if hold {
            self.database.env().clock().sleep(TOO_LONG).await;
        }
        let from = chance.below(accounts.len());
        let to = (from + 1 + chance.below(accounts.len() - 1)) % accounts.len();
        let amount = 1 + i64::try_from(chance.below(99)).unwrap_or(0);
        for (account, change) in [(from, -amount), (to, amount)] {
            let key = &accounts[account].key;
            let before = number(&tr.get(key, false).await?.unwrap_or_default());
            tr.set(key, (before + change).to_string().as_bytes());
        }
        read_accounts(tr).await?;
        let place = format!("{}{worker}/", self.log);
        let offset = u32::try_from(place.len()).expect("a short key");
        let key = [place.as_bytes(), &[0; 10], &offset.to_le_bytes()].concat();
        tr.atomic_op(MutationType::SetVersionstampedKey, &key, serial.to_string().as_bytes());
        tr.set(self.beat.as_bytes(), format!("{serial} of {worker}").as_bytes());
        Ok(true)
    }
}

/// All accounts, in one read; together they always hold nothing.
async fn read_accounts(transaction: &Transaction) -> Result<Vec<KeyValue>> {
    let accounts = RangeRequest::keys("account/", "account0");
    let accounts = transaction.get_range_all(&accounts, true).await?;
    let sum: i64 = accounts.iter().map(|account| number(&account.value)).sum();
    if sum != 0 {
        fail(&format!("the accounts do not hold what they should: {accounts:?}"));
    }
    Ok(accounts)
}

async fn is_stopped(transaction: &Transaction) -> Result<bool> {
    Ok(transaction.get(b"stop", true).await?.is_some())
}

fn number(value: &[u8]) -> i64 {
    let text = std::str::from_utf8(value).ok();
    text.and_then(|text| text.parse().ok()).expect("an amount")
}

/// Ends the process, whatever its other threads do.
fn fail(why: &str) -> ! {
    eprintln!("{why}");
    std::process::exit(1);
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .expect("somebody listens");
}
