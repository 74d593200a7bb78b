//! [`Player`]: executes the calls of one program and observes what a client observes.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, select};
use record_store_kv::{
    BoxFuture, Bytes, ConflictRangeType, Database, DatabaseOption, Error, KeySelector, KeyValue, RangeBatch,
    RangeRequest, Read, Result, StreamingMode, Transaction, TransactionOption, fdb_code,
};
use serde_json::{Value, json};

use super::call;
use super::clock::Time;
use super::program::{Difference, Observed, Outcome, Program};
use super::tenants::{self, Tenants};
use super::value::{bytes, flag, hex, mode, option_value, result_with_stamps, rows, selector};

/// Replays a program on a database.
pub(crate) struct Player {
    database: Database,
    clock: Time,
    /// Further handles on it.
    handles: BTreeMap<i64, Database>,
    tenants: Tenants,
    transactions: BTreeMap<i64, Transaction>,
    futures: BTreeMap<i64, BoxFuture<Observed>>,
    /// The calls that the futures come from.
    calls: BTreeMap<i64, Vec<Value>>,
    watches: BTreeMap<i64, BoxFuture<Observed>>,
    /// The versionstamps of the commits so far, in hex.
    stamps: Vec<String>,
}

/// The arguments of one call, after its name.
struct Arguments<'a> {
    values: &'a [Value],
    stamps: &'a [String],
}

/// What a call comes to, now or later.
type Pending = BoxFuture<Observed>;

impl Player {
    /// A player on an empty database.
    pub(crate) fn new(database: Database, clock: Time) -> Self {
        Player {
            database,
            clock,
            handles: BTreeMap::new(),
            tenants: Tenants::default(),
            transactions: BTreeMap::new(),
            futures: BTreeMap::new(),
            calls: BTreeMap::new(),
            watches: BTreeMap::new(),
            stamps: Vec::new(),
        }
    }

    /// Executes every step until one comes out otherwise than recorded.
    pub(crate) fn play(mut self, program: &Program) -> Outcome {
        for (number, step) in program.steps.iter().enumerate() {
            let Some(got) = self.step(&step.op) else {
                let name = step.op.first().map(Value::to_string).unwrap_or_default();
                return Outcome::NotApplicable(format!("operation {name}, or its arguments, are unknown"));
            };
            let expected = match &step.expected {
                Observed::Ok(value) => Observed::Ok(result_with_stamps(value, &self.stamps)),
                error => error.clone(),
            };
            if got != expected {
                let op = Value::from(step.op.clone()).to_string();
                return Outcome::Failed(Difference {
                    step: number,
                    op,
                    expected,
                    got,
                });
            }
        }
        Outcome::Passed
    }

    /// Executes one call to its end. `None` if its arguments make no sense.
    fn step(&mut self, op: &[Value]) -> Option<Observed> {
        let (name, values) = op.split_first()?;
        let name = name.as_str()?;
        let number = |at: usize| values.get(at).and_then(Value::as_i64);
        match name {
            "db" => {
                let handle = self.database.new_handle().ok()?;
                handle.set_option(&super::TIMEOUT).ok()?;
                self.handles.insert(number(0)?, handle);
            }
            "tx" => {
                let transaction = self.handle(number(1))?.transaction();
                self.transactions.insert(number(0)?, transaction);
            }
            "tenant" => {
                let name = bytes(values.get(1)?, &self.stamps)?;
                let tenant = self.handle(number(2))?.tenant(&name).ok()?;
                self.tenants.open.insert(number(0)?, tenant);
            }
            "tenant_tx" => {
                let transaction = self.tenants.open.get(&number(1)?)?.transaction();
                self.transactions.insert(number(0)?, transaction);
            }
            "tenant_id" => {
                let id = self.clock.result(self.tenants.open.get(&number(0)?)?.id());
                return Some(observe(id.map(|id| self.tenants.relative(id).into())));
            }
            "tenant_list" => {
                let (begin, end) = (bytes(values.get(1)?, &[])?, bytes(values.get(2)?, &[])?);
                let limit = call::number(values.get(3)?)?;
                let transaction = self.transactions.get(&number(0)?)?;
                return Some(observe(self.tenants.list(
                    &self.clock,
                    transaction,
                    (&begin, &end),
                    limit,
                )));
            }
            "json_keys" => {
                let key = bytes(values.get(1)?, &[])?;
                let document = self.clock.result(self.transactions.get(&number(0)?)?.get(&key, false));
                let names = values.get(2)?.as_array()?;
                return Some(observe(
                    document.map(|document| tenants::json_keys(document.as_deref(), names)),
                ));
            }
            "destroy_tx" => drop(self.transactions.remove(&number(0)?)),
            "commit" => return self.commit(number(0)?),
            "async" => {
                let op = values.get(1)?.as_array()?;
                let future = self.start(op)?;
                self.calls.insert(number(0)?, op.clone());
                self.futures.insert(number(0)?, future);
            }
            "wait" => {
                let future = self.futures.remove(&number(0)?)?;
                let observed = self.clock.wait(future)?;
                let op = self.calls.get(&number(0)?).cloned().unwrap_or_default();
                return Some(self.described(&op, observed));
            }
            "is_ready" => {
                let ready = self
                    .within(number(0)?, number(1)?, |player| &mut player.futures)
                    .is_some();
                return Some(Observed::Ok(ready.into()));
            }
            "cancel_future" => {
                self.futures
                    .insert(number(0)?, now(Err(Error::fdb(fdb_code::OPERATION_CANCELLED))));
            }
            "watch" => {
                let arguments = Arguments {
                    values,
                    stamps: &self.stamps,
                };
                let watch = self.transactions.get(&number(1)?)?.watch(&arguments.bytes(2)?);
                self.watches.insert(number(0)?, later(watch, |()| json!("fired")));
            }
            "watch_state" => {
                let state = self.within(number(0)?, number(1)?, |player| &mut player.watches);
                return Some(state.unwrap_or(Observed::Ok(json!("pending"))));
            }
            "watch_cancel" => {
                self.watches
                    .insert(number(0)?, now(Err(Error::fdb(fdb_code::OPERATION_CANCELLED))));
            }
            "sleep" => self.clock.wait(self.clock.sleep(milliseconds(number(0)?)))?,
            "db_option" => {
                let option = DatabaseOption::Other(call::database_option(values.get(1)?)?, option_value(values.get(2)));
                let handle = self.handle(number(0))?;
                return Some(observe(handle.set_option(&option).map(|()| Value::Null)));
            }
            "predicate" => {
                let code = call::number(values.get(1)?)?;
                let holds = match number(0)? {
                    50_000 => fdb_code::is_retryable(code),
                    50_001 => fdb_code::is_maybe_committed(code),
                    50_002 => fdb_code::is_retryable_not_committed(code),
                    _ => false,
                };
                return Some(Observed::Ok(holds.into()));
            }
            "version_cmp" => {
                let (x, y) = (self.version(values.first()?)?, self.version(values.get(2)?)?);
                let holds = match values.get(1)?.as_str()? {
                    "ge" => x >= y,
                    "gt" => x > y,
                    _ => x == y,
                };
                return Some(Observed::Ok(holds.into()));
            }
            "same_read_version" => {
                let version = self
                    .clock
                    .result(self.transactions.get(&number(1)?)?.read_version())
                    .ok()?;
                self.transactions.get(&number(0)?)?.set_read_version(version);
            }
            "set_read_version" => {
                let version = self.version(values.get(1)?)?.saturating_add(number(2).unwrap_or(0));
                self.transactions.get(&number(0)?)?.set_read_version(version);
            }
            _ => {
                let started = self.start(op)?;
                let observed = self.clock.wait(started)?;
                return Some(self.described(op, observed));
            }
        }
        Some(Observed::Ok(Value::Null))
    }

    /// A handle on the database by its number; the first one without.
    fn handle(&self, number: Option<i64>) -> Option<&Database> {
        match number {
            None | Some(0) => Some(&self.database),
            Some(number) => self.handles.get(&number),
        }
    }

    /// The result of a call on a transaction with what only its committed version tells. A call itself must not hold the
    /// transaction: programs destroy transactions with calls pending.
    fn described(&self, op: &[Value], observed: Observed) -> Observed {
        let transaction = op
            .get(1)
            .and_then(Value::as_i64)
            .and_then(|id| self.transactions.get(&id));
        let committed = transaction.map_or(-1, Transaction::committed_version);
        match (op.first().and_then(Value::as_str), observed) {
            (Some("commit_only"), Observed::Ok(_)) if committed == -1 => Observed::Ok(json!("read_only")),
            (Some("commit_only"), Observed::Ok(_)) => Observed::Ok(json!("committed")),
            (Some("versionstamp"), Observed::Ok(version)) => {
                Observed::Ok(json!({"bytes": 10, "is_commit_version": version == json!(committed)}))
            }
            (_, observed) => observed,
        }
    }

    /// Starts a call on a transaction.
    fn start(&mut self, op: &[Value]) -> Option<Pending> {
        let (name, values) = op.split_first()?;
        let arguments = Arguments {
            values,
            stamps: &self.stamps,
        };
        let transaction = self.transactions.get(&values.first()?.as_i64()?)?.clone();
        let done = |()| Value::Null;
        Some(match name.as_str()? {
            "get" => later(transaction.get(&arguments.bytes(1)?, arguments.flag(2)), |value| {
                value.map_or(Value::Null, |value| hex(&value).into())
            }),
            "get_key" => later(transaction.get_key(&arguments.selector(1)?, arguments.flag(2)), |key| {
                hex(&key).into()
            }),
            "get_range" => {
                let request = RangeRequest::new(arguments.selector(1)?, arguments.selector(2)?)
                    .limit(arguments.number(3)?)
                    .reverse(arguments.flag(4));
                now(all_pages(&self.clock, &transaction, request, arguments.flag(5)).map(|all| rows(&all)))
            }
            "raw_range" => later(
                arguments.raw_range(&transaction)?,
                |batch| json!({"rows": rows(&batch.rows), "more": batch.more}),
            ),
            "range_len" => later(arguments.raw_range(&transaction)?, range_len),
            "range_keys" => {
                let request = RangeRequest::new(arguments.selector(1)?, arguments.selector(2)?)
                    .limit(arguments.number(3)?)
                    .reverse(arguments.flag(5));
                later(
                    transaction.get_range(&request, arguments.flag(4)),
                    |batch| json!({"keys": keys(&batch.rows), "more": batch.more}),
                )
            }
            "range_pages" => now(arguments.range_pages(&self.clock, &transaction)?),
            "conflict_ranges" => now(conflict_ranges(&self.clock, &transaction, arguments.text(1)?)),
            "set" => {
                transaction.set(&arguments.bytes(1)?, &arguments.bytes(2)?);
                nothing()
            }
            "clear" => {
                transaction.clear(&arguments.bytes(1)?);
                nothing()
            }
            "clear_range" => {
                transaction.clear_range(&arguments.bytes(1)?, &arguments.bytes(2)?);
                nothing()
            }
            "atomic" => {
                let mutation = call::mutation(values.get(1)?)?;
                transaction.atomic_op_code(mutation, &arguments.bytes(2)?, &arguments.bytes(3)?);
                nothing()
            }
            "conflict" => {
                let kind = match arguments.text(1)? {
                    "read" => ConflictRangeType::Read,
                    _ => ConflictRangeType::Write,
                };
                let result = transaction.add_conflict_range(&arguments.bytes(2)?, &arguments.bytes(3)?, kind);
                now(result.map(done))
            }
            "option" => {
                let value = match arguments.text(1) {
                    Some("retry_limit_0") => option_value(Some(&json!(0))),
                    Some("size_limit_100") => option_value(Some(&json!(100))),
                    _ => option_value(values.get(2)),
                };
                let option = TransactionOption::Other(call::transaction_option(values.get(1)?)?, value);
                now(transaction.set_option(&option).map(done))
            }
            "read_version" => later(transaction.read_version(), |_| Value::Null),
            "commit_only" => later(transaction.commit(), done),
            "committed_version" => now(Ok(match transaction.committed_version() {
                -1 => json!(-1),
                _ => json!("version"),
            })),
            "versionstamp" => later(transaction.versionstamp(), |stamp| {
                json!(stamp.first_chunk::<8>().map(|version| i64::from_be_bytes(*version)))
            }),
            "on_error" => later(transaction.on_error_code(arguments.number(1)?), done),
            "reset" => {
                transaction.reset();
                nothing()
            }
            "cancel" => {
                transaction.cancel();
                nothing()
            }
            "size" => later(transaction.approximate_size(), Value::from),
            "addresses" => later(transaction.addresses_for_key(&arguments.bytes(1)?), |addresses| {
                let port = addresses.first().map(|address| address.contains(':'));
                json!({"count": addresses.len(), "port": port})
            }),
            "estimated_size" => {
                let size = transaction.estimated_range_size_bytes(&arguments.bytes(1)?, &arguments.bytes(2)?);
                later(size, |size| if size >= 0 { json!("zero_or_more") } else { json!(size) })
            }
            "estimated_zero" => {
                let size = transaction.estimated_range_size_bytes(&arguments.bytes(1)?, &arguments.bytes(2)?);
                later(size, |size| json!(size == 0))
            }
            "split_points" => {
                let (begin, end) = (arguments.bytes(1)?, arguments.bytes(2)?);
                let points = transaction.range_split_points(&begin, &end, values.get(3)?.as_i64()?);
                later(points, |points| split_points(&points))
            }
            _ => return None,
        })
    }

    /// Commits, and compares the versionstamp with the committed version.
    fn commit(&mut self, transaction: i64) -> Option<Observed> {
        let transaction = self.transactions.get(&transaction)?;
        let stamp = transaction.versionstamp();
        Some(observe(self.clock.result(transaction.commit()).and_then(|()| {
            let version = transaction.committed_version();
            if version == -1 {
                return Ok(json!("read_only"));
            }
            let stamp = self.clock.result(stamp)?;
            self.stamps.push(hex(&stamp));
            let stamped = stamp.first_chunk::<8>().map(|version| i64::from_be_bytes(*version));
            Ok(json!({"version_matches_stamp": stamped == Some(version)}))
        })))
    }

    /// Waits for a future at most so many milliseconds; it stays where it is, done or not.
    fn within(
        &mut self,
        id: i64,
        wait: i64,
        futures: impl Fn(&mut Self) -> &mut BTreeMap<i64, Pending>,
    ) -> Option<Observed> {
        let mut future = futures(self).remove(&id)?;
        let sleep = self.clock.sleep(milliseconds(wait));
        let (observed, future) = match self.clock.wait(select(&mut future, sleep))? {
            Either::Left((observed, _)) => (Some(observed.clone()), std::future::ready(observed).boxed()),
            Either::Right(_) => (None, future),
        };
        futures(self).insert(id, future);
        observed
    }

    fn version(&self, base: &Value) -> Option<i64> {
        let latest = || self.clock.result(self.database.transaction().read_version()).ok();
        match base {
            Value::Number(number) => number.as_i64(),
            Value::String(_) => latest(),
            base => {
                let transaction = self.transactions.get(&base.get(1)?.as_i64()?)?;
                match base.get(0)?.as_str()? {
                    "committed" => Some(transaction.committed_version()),
                    _ => self.clock.result(transaction.read_version()).ok(),
                }
            }
        }
    }
}

impl Arguments<'_> {
    fn bytes(&self, at: usize) -> Option<Bytes> {
        bytes(self.values.get(at)?, self.stamps)
    }

    fn selector(&self, at: usize) -> Option<KeySelector> {
        selector(self.values.get(at)?, self.stamps)
    }

    fn number(&self, at: usize) -> Option<i32> {
        call::number(self.values.get(at)?)
    }

    fn text(&self, at: usize) -> Option<&str> {
        self.values.get(at)?.as_str()
    }

    fn flag(&self, at: usize) -> bool {
        self.values.get(at).is_some_and(flag)
    }

    /// One call: begin, end, limit, target bytes, mode, iteration, snapshot, reverse.
    fn raw_range(&self, transaction: &Transaction) -> Option<Read<RangeBatch>> {
        let request = RangeRequest {
            limit: self.number(3)?,
            target_bytes: self.number(4)?,
            mode: mode(self.values.get(5)?)?,
            iteration: self.number(6)?,
            reverse: self.flag(8),
            ..RangeRequest::new(self.selector(1)?, self.selector(2)?)
        };
        Some(transaction.get_range(&request, self.flag(7)))
    }

    /// All pages as a binding reads them: begin, end, limit, mode, snapshot, reverse.
    fn range_pages(&self, clock: &Time, transaction: &Transaction) -> Option<Result<Value>> {
        let request = RangeRequest::new(self.selector(1)?, self.selector(2)?)
            .limit(self.number(3)?)
            .mode(mode(self.values.get(4)?)?)
            .reverse(self.flag(6));
        Some(all_pages(clock, transaction, request, self.flag(5)).map(|all| keys(&all).into()))
    }
}

/// Reads on from page to page as a binding does.
fn all_pages(clock: &Time, transaction: &Transaction, request: RangeRequest, snapshot: bool) -> Result<Vec<KeyValue>> {
    clock.result(transaction.get_range_all(&request, snapshot))
}

fn conflict_ranges(clock: &Time, transaction: &Transaction, kind: &str) -> Result<Value> {
    let prefix = match kind {
        "read" => "\u{ff}\u{ff}/transaction/read_conflict_range/",
        "write" => "\u{ff}\u{ff}/transaction/write_conflict_range/",
        _ => "\u{ff}\u{ff}/transaction/conflicting_keys/",
    };
    let prefix: Vec<u8> = prefix.chars().filter_map(|letter| u8::try_from(letter).ok()).collect();
    let end = [&prefix[..], b"\xff\xff"].concat();
    let request = RangeRequest::keys(prefix.clone(), end).mode(StreamingMode::WantAll);
    let batch = clock.result(transaction.get_range(&request, false))?;
    let row = |row: &KeyValue| {
        let key = row.key.strip_prefix(&prefix[..]).unwrap_or(&row.key);
        json!([hex(key), String::from_utf8_lossy(&row.value)])
    };
    Ok(batch.rows.iter().map(row).collect())
}

fn keys(rows: &[KeyValue]) -> Vec<Value> {
    rows.iter().map(|row| hex(&row.key).into()).collect()
}

fn range_len(batch: RangeBatch) -> Value {
    let key = |row: Option<&KeyValue>| row.map(|row| hex(&row.key));
    json!({
        "rows": batch.rows.len(),
        "first": key(batch.rows.first()),
        "last": key(batch.rows.last()),
        "more": batch.more,
    })
}

fn split_points(points: &[Bytes]) -> Value {
    json!({
        "first": points.first().map(|key| hex(key)),
        "last": points.last().map(|key| hex(key)),
        "ascending": points.is_sorted(),
        "two": points.len() == 2,
    })
}

/// What a call without a result comes to.
fn nothing() -> Pending {
    now(Ok(Value::Null))
}

fn now(result: Result<Value>) -> Pending {
    std::future::ready(observe(result)).boxed()
}

fn later<T: Unpin + Send + 'static>(read: Read<T>, describe: impl FnOnce(T) -> Value + Send + 'static) -> Pending {
    read.map(|result| observe(result.map(describe))).boxed()
}

/// An error without a code of FoundationDB's is none that its clients know.
fn observe(result: Result<Value>) -> Observed {
    match result {
        Ok(value) => Observed::Ok(value),
        Err(error) => Observed::Err(error.fdb_code().unwrap_or(fdb_code::INTERNAL_ERROR)),
    }
}

fn milliseconds(wait: i64) -> Duration {
    Duration::from_millis(wait.unsigned_abs())
}
