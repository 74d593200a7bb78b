//! [`FetchCursor`]: the records of which another step tells the primary keys, several loaded together.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use record_store_kv::tuple::Tuple;

use super::Execution;
use crate::cursor::{BoxCursor, Cursor, Position, Scanned};
use crate::store::{Fetch, Fetched};
use crate::{Error, ErrorKind, NoNextReason, Result, StoredRecord};

/// The whole records of the results of a step.
pub(super) struct FetchCursor<S> {
    inner: BoxCursor<S>,
    key_of: KeyOf<S>,
    /// The records that are loaded ahead, with where the step stood behind each.
    fetch: Fetch<Position>,
    /// How many to load together next: few at first, because few may be asked for.
    together: usize,
    /// Whether more are to be loaded before the first is given.
    is_beginning: bool,
    scanned: Arc<Scanned>,
    position: Option<Position>,
    stopped: Option<NoNextReason>,
}

/// Appends the packed primary key of a result's record.
type KeyOf<S> = Box<dyn Fn(&S, &mut Vec<u8>) -> Result<()> + Send>;

impl<S: Send + Sync + 'static> FetchCursor<S> {
    pub(super) fn new(
        execution: &Execution,
        inner: BoxCursor<S>,
        wanted: Option<usize>,
        key_of: impl Fn(&S, &mut Vec<u8>) -> Result<()> + Send + 'static,
    ) -> Self {
        FetchCursor {
            inner,
            key_of: Box::new(key_of),
            fetch: Fetch::new(&execution.store, execution.snapshot),
            together: wanted.unwrap_or(TOGETHER_AT_FIRST).clamp(1, TOGETHER_MAX),
            is_beginning: true,
            scanned: Arc::clone(&execution.scanned),
            position: None,
            stopped: None,
        }
    }

    /// Begins to load as many records as are to be loaded together.
    fn poll_begin(&mut self, task: &mut Context<'_>) -> Poll<Result<()>> {
        while self.fetch.len() < self.together {
            let Some(result) = ready!(self.inner.poll_next(task))? else {
                break;
            };
            let (key_of, position) = (&self.key_of, self.inner.position());
            self.fetch.begin(position, |key| key_of(&result, key), task)?;
        }
        self.together = (self.together * 4).min(TOGETHER_MAX);
        self.is_beginning = false;
        Poll::Ready(Ok(()))
    }
}

impl<S: Send + Sync + 'static> Cursor for FetchCursor<S> {
    type Item = StoredRecord;

    fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<StoredRecord>>> {
        if self.stopped.is_some() {
            return Poll::Ready(Ok(None));
        }
        if self.is_beginning {
            ready!(self.poll_begin(task))?;
        }
        let Some((fetched, position)) = ready!(self.fetch.poll_next(task))? else {
            self.stopped = self.inner.no_next_reason();
            self.position = Some(self.inner.position());
            return Poll::Ready(Ok(None));
        };
        self.is_beginning = self.fetch.len() == 0;
        self.position = Some(position);
        match fetched {
            Fetched::Record(record) => {
                self.scanned.count_bytes(record.bytes().len());
                Poll::Ready(Ok(Some(record)))
            }
            Fetched::Nothing(primary_key) => {
                let error = Error::new(
                    ErrorKind::Corrupt,
                    "an entry of an index leads to no record: rebuild the index",
                );
                let error = match Tuple::unpack(&primary_key) {
                    Ok(primary_key) => error.with("primary_key", primary_key),
                    Err(unreadable) => error
                        .with("primary_key", primary_key.escape_ascii())
                        .caused_by(unreadable),
                };
                Poll::Ready(Err(error.with("store", self.fetch.store().subspace())))
            }
        }
    }

    fn no_next_reason(&self) -> Option<NoNextReason> {
        self.stopped
    }

    fn position(&self) -> Position {
        // What was loaded ahead is not given yet.
        match &self.position {
            Some(position) => position.clone(),
            None => self.inner.position(),
        }
    }
}

/// How many records are loaded together at first.
const TOGETHER_AT_FIRST: usize = 4;

/// How many records are loaded together at most.
const TOGETHER_MAX: usize = 64;
