//! Entries of indexes, what breaks their uniqueness, and the building of indexes with its progress.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use napi::Env;
use napi::bindgen_prelude::{Either, PromiseRaw, spawn};
use napi_derive::napi;
use record_store::indexing::{
    IndexBuildProgress, IndexBuildSummary, IndexingAction, IndexingMethod, IndexingOptions, OnlineIndexer,
};
use record_store::{Error, ErrorKind, IndexEntry, IndexState, Result, UniquenessViolation};
use tokio::sync::{Mutex, mpsc};

use crate::error::Failure;
use crate::packed::Writer;
use crate::record::{write_primary_key, write_tuple};
use crate::runtime::{blocking, promise};

/// Writes an entry: the columns of its key, those of its value, the primary key of its record.
pub(crate) fn write_entry(writer: &mut Writer, entry: &IndexEntry) -> Result<()> {
    writer.list(3);
    write_tuple(writer, entry.key());
    write_tuple(writer, entry.value());
    write_primary_key(writer, entry.primary_key());
    Ok(())
}

/// Writes a violation: the columns of the index, the primary key of a record, that of another one with the same value or null.
pub(crate) fn write_violation(writer: &mut Writer, violation: &UniquenessViolation) -> Result<()> {
    writer.list(3);
    write_tuple(writer, violation.value());
    write_primary_key(writer, violation.primary_key());
    match violation.existing_primary_key() {
        Some(existing) => write_primary_key(writer, existing),
        None => writer.null(),
    }
    Ok(())
}

/// How an index is built, where it is not as the core does it by itself.
#[napi(object, object_to_js = false)]
pub struct BuildOptions {
    /// What becomes of an index that is disabled.
    pub if_disabled: Option<String>,
    /// What becomes of an index whose build was stopped.
    pub if_write_only: Option<String>,
    /// What becomes of an index that is readable.
    pub if_readable: Option<String>,
    /// Whether the index is made readable when it has all records.
    pub mark_readable: Option<bool>,
    /// Whether a unique index becomes readable though records have the same value.
    pub allow_unique_pending: Option<bool>,
    /// The value index of which the build reads the entries, instead of the records.
    pub by_index: Option<String>,
    /// From the greatest primary key downwards.
    pub reverse: Option<bool>,
    /// The most records of one transaction.
    pub limit: Option<u32>,
    /// The most bytes that one transaction writes.
    pub max_write_bytes: Option<u32>,
    /// The most milliseconds of one transaction.
    pub max_transaction_ms: Option<f64>,
    /// The most records a second.
    pub records_per_second: Option<u32>,
    /// After how many transactions the build stops.
    pub stop_after: Option<u32>,
    /// The most milliseconds of the build.
    pub time_max_ms: Option<f64>,
    /// For how many milliseconds the sign of life of another builder counts.
    pub lease_ms: Option<f64>,
}

/// A build under way, whose progress JavaScript takes turn by turn. Made by `RecordSpace.buildIndexes`.
///
/// After each transaction it waits for JavaScript, on a thread of its own, so that who stops it knows how far it has come.
#[napi]
pub struct IndexBuild {
    turns: Arc<Mutex<mpsc::UnboundedReceiver<Turn>>>,
    go_on: parking_lot::Mutex<GoOn>,
}

/// Whether a build goes on after a turn.
struct GoOn {
    sender: std::sync::mpsc::Sender<bool>,
    /// Whether a turn was taken and the build waits.
    asked: Arc<AtomicBool>,
    stopped: bool,
}

enum Turn {
    Progress(IndexBuildProgress),
    Done(Result<IndexBuildSummary>),
}

/// How far a build is.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct BuildProgress {
    /// The indexes that are being built together.
    pub indexes: Vec<String>,
    /// How many records this build and those that it goes on with have seen.
    pub records_scanned: f64,
    /// How many records there were when it began, if the space counts them.
    pub records_total: Option<f64>,
    /// How many ranges of primary keys are left; up to a thousand are counted.
    pub ranges_left: f64,
}

/// What a build has done.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct BuildSummary {
    /// How many records it has seen.
    pub records_scanned: f64,
    /// In how many transactions.
    pub transactions: f64,
    /// The states of the indexes that it was to build: names and states.
    pub states: Vec<Vec<String>>,
}

impl BuildOptions {
    pub(crate) fn to_core(&self) -> Result<IndexingOptions> {
        let default = IndexingOptions::default();
        let time = |given: Option<f64>| given.map(milliseconds).transpose();
        Ok(IndexingOptions {
            if_disabled: action(self.if_disabled.as_ref())?.unwrap_or(default.if_disabled),
            if_write_only: action(self.if_write_only.as_ref())?.unwrap_or(default.if_write_only),
            if_readable: action(self.if_readable.as_ref())?.unwrap_or(default.if_readable),
            mark_readable: self.mark_readable.unwrap_or(default.mark_readable),
            allow_unique_pending: self.allow_unique_pending.unwrap_or(default.allow_unique_pending),
            method: match &self.by_index {
                Some(source) => IndexingMethod::ByIndex(source.clone()),
                None => default.method,
            },
            reverse: self.reverse.unwrap_or(default.reverse),
            limit: self
                .limit
                .map_or(Ok(default.limit), usize::try_from)
                .unwrap_or(usize::MAX),
            write_size_max: self.max_write_bytes.map_or(default.write_size_max, u64::from),
            transaction_time_max: time(self.max_transaction_ms)?.unwrap_or(default.transaction_time_max),
            records_per_second: self.records_per_second.or(default.records_per_second),
            lease: time(self.lease_ms)?.unwrap_or(default.lease),
            stop_after: self.stop_after.map(u64::from).or(default.stop_after),
            time_max: time(self.time_max_ms)?.or(default.time_max),
        })
    }
}

fn action(given: Option<&String>) -> Result<Option<IndexingAction>> {
    given.map(|name| IndexingAction::from_name(name)).transpose()
}

/// A time that is given in milliseconds.
///
/// **Errors**: `InvalidArgument` for what is no time.
pub(crate) fn milliseconds(milliseconds: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(milliseconds / 1e3).map_err(|error| {
        Error::new(
            ErrorKind::InvalidArgument,
            "a time limit is a number of milliseconds, from 0",
        )
        .with("milliseconds", milliseconds)
        .caused_by(error)
    })
}

impl IndexBuild {
    pub(crate) fn start(indexer: OnlineIndexer) -> Self {
        let (sender, turns) = mpsc::unbounded_channel();
        let (go_on, answers) = std::sync::mpsc::channel();
        let (told, answers) = (sender.clone(), parking_lot::Mutex::new(answers));
        let indexer = indexer.on_progress(move |progress| {
            let heard = told.send(Turn::Progress(progress.clone())).is_ok();
            // Nobody answers any more when JavaScript has forgotten the build.
            match heard && answers.lock().recv().unwrap_or(false) {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        });
        spawn(async move {
            let build = blocking(move || tokio::runtime::Handle::current().block_on(indexer.build()));
            let _ = sender.send(Turn::Done(build.await));
        });
        IndexBuild {
            turns: Arc::new(Mutex::new(turns)),
            go_on: parking_lot::Mutex::new(GoOn {
                sender: go_on,
                asked: Arc::default(),
                stopped: false,
            }),
        }
    }
}

#[napi]
impl IndexBuild {
    /// Lets the build go on. Gives the progress after its next transaction, or what it has done.
    #[napi]
    pub fn next<'env>(
        &self,
        env: &'env Env,
    ) -> napi::Result<PromiseRaw<'env, Either<Either<BuildProgress, BuildSummary>, Failure>>> {
        let (turns, asked) = (self.turns.clone(), self.go_on.lock().answer());
        promise(env, async move {
            let turn: Option<Turn> = turns.lock().await.recv().await;
            match turn {
                Some(Turn::Progress(progress)) => {
                    asked.store(true, Ordering::Relaxed);
                    Ok(Either::A(to_progress(progress)))
                }
                Some(Turn::Done(done)) => Ok(Either::B(to_summary(&done?))),
                None => Err(Error::new(ErrorKind::InvalidArgument, "the build has ended")),
            }
        })
    }

    /// Stops the build after the transaction that it is in; another build goes on with it.
    #[napi]
    pub fn stop(&self) {
        let mut go_on = self.go_on.lock();
        go_on.stopped = true;
        let _ = go_on.sender.send(false);
    }
}

impl GoOn {
    /// Answers the turn that was taken last, if the build still waits; gives where to note down that it waits again.
    fn answer(&mut self) -> Arc<AtomicBool> {
        if self.asked.swap(false, Ordering::Relaxed) && !self.stopped {
            let _ = self.sender.send(true);
        }
        self.asked.clone()
    }
}

/// States as names and values.
pub(crate) fn to_states<'a>(states: impl IntoIterator<Item = (&'a String, &'a IndexState)>) -> Vec<Vec<String>> {
    let states = states.into_iter();
    states
        .map(|(name, state)| vec![name.clone(), state.name().to_owned()])
        .collect()
}

fn to_progress(progress: IndexBuildProgress) -> BuildProgress {
    BuildProgress {
        indexes: progress.indexes,
        records_scanned: progress.records_scanned as f64,
        records_total: progress.records_total.map(|total| total as f64),
        ranges_left: progress.ranges_left as f64,
    }
}

fn to_summary(summary: &IndexBuildSummary) -> BuildSummary {
    BuildSummary {
        records_scanned: summary.records_scanned as f64,
        transactions: summary.transactions as f64,
        states: to_states(&summary.states),
    }
}
