//! [`FetchCursor`]: the records of which another step tells the primary keys, several loaded together.

use std::collections::VecDeque;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, try_join_all};
use record_store_kv::tuple::Tuple;

use super::Execution;
use crate::cursor::{BoxCursor, Cursor, Position};
use crate::{Error, ErrorKind, NoNextReason, Result, StoredRecord};

/// The whole records of the results of a step.
pub(super) struct FetchCursor<S> {
    execution: Execution,
    inner: BoxCursor<S>,
    key_of: fn(&S) -> &Tuple,
    /// How many to load together next: few at first, because few may be asked for.
    together: usize,
    /// The records loaded ahead, with where the step stood behind each.
    fetched: VecDeque<(StoredRecord, Position)>,
    position: Option<Position>,
    stopped: Option<NoNextReason>,
}

impl<S: Send + Sync + 'static> FetchCursor<S> {
    pub(super) fn new(
        execution: &Execution,
        inner: BoxCursor<S>,
        key_of: fn(&S) -> &Tuple,
        wanted: Option<usize>,
    ) -> Self {
        FetchCursor {
            execution: execution.clone(),
            inner,
            key_of,
            together: wanted.unwrap_or(TOGETHER_AT_FIRST).clamp(1, TOGETHER_MAX),
            fetched: VecDeque::new(),
            position: None,
            stopped: None,
        }
    }

    async fn next_result(&mut self) -> Result<Option<StoredRecord>> {
        if self.fetched.is_empty() && self.stopped.is_none() {
            self.fetch().await?;
        }
        match self.fetched.pop_front() {
            Some((record, position)) => {
                self.position = Some(position);
                Ok(Some(record))
            }
            None => {
                self.stopped = self.inner.no_next_reason();
                self.position = Some(self.inner.position());
                Ok(None)
            }
        }
    }

    async fn fetch(&mut self) -> Result<()> {
        let mut known = Vec::new();
        while known.len() < self.together {
            match self.inner.next().await? {
                Some(result) => known.push((result, self.inner.position())),
                None => break,
            }
        }
        self.together = (self.together * 4).min(TOGETHER_MAX);
        let execution = &self.execution;
        let loads = known.iter().map(|(result, _)| load(execution, (self.key_of)(result)));
        let records = try_join_all(loads).await?;
        for (record, (_, position)) in records.into_iter().zip(known) {
            self.execution.scanned.count_bytes(record.bytes().len());
            self.fetched.push_back((record, position));
        }
        Ok(())
    }
}

impl<S: Send + Sync + 'static> Cursor for FetchCursor<S> {
    type Item = StoredRecord;

    fn next(&mut self) -> BoxFuture<'_, Result<Option<StoredRecord>>> {
        self.next_result().boxed()
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

async fn load(execution: &Execution, primary_key: &Tuple) -> Result<StoredRecord> {
    let store = &execution.store;
    let record = store.load_record_as(primary_key, execution.snapshot).await?;
    record.ok_or_else(|| {
        Error::new(
            ErrorKind::Corrupt,
            "an entry of an index leads to no record: rebuild the index",
        )
        .with("primary_key", primary_key)
        .with("store", store.subspace())
    })
}

/// How many records are loaded together at first.
const TOGETHER_AT_FIRST: usize = 4;

/// How many records are loaded together at most.
const TOGETHER_MAX: usize = 64;
