//! [`SortCursor`]: the records of a step, sorted in memory. Java: `MemorySortCursor`.
//!
//! All records are read before the first is given; only as many are held as will be asked for, and if more are asked for all the
//! same, the step is read again. An execution that stops while
//! it reads puts what it holds into its continuation; one that stops while it gives reads again from the start, and gives
//! what lies behind the last key.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use prost::Message;
use record_store_kv::Bytes;
use record_store_kv::tuple::Tuple;

use super::{Execution, Records};
use crate::cursor::{Cursor, Position, SortPosition, decoded};
use crate::key_expression::KeyExpression;
use crate::proto::{MemorySortContinuation, SortedRecord};
use crate::query::plan::{Bindings, Plan};
use crate::{
    Continuation, Error, ErrorKind, NoNextReason, RecordStore, RecordVersion, Result, StoredRecord, serialize,
};

/// The records of a step in another order.
pub(super) struct SortCursor {
    store: RecordStore,
    /// None when all records were read.
    child: Option<Records>,
    begin_again: Box<dyn Fn() -> Result<Records> + Send>,
    key_of: KeyOf,
    reverse: bool,
    /// The records by their sort keys, each followed by its primary key.
    sorted: BTreeMap<Vec<u8>, StoredRecord>,
    /// How many records will be asked for.
    wanted: Option<usize>,
    bytes: usize,
    bytes_max: usize,
    /// The key of the last record that was given, here or before.
    minimum_key: Option<Bytes>,
    /// The key from which on records were read and not held, because fewer were asked for.
    left_out_from: Option<Bytes>,
    stopped: Option<NoNextReason>,
}

/// The packed key by which a record is sorted.
type KeyOf = Box<dyn FnMut(&StoredRecord) -> Result<Vec<u8>> + Send>;

impl SortCursor {
    /// Errors: `InvalidContinuation`; those of beginning the step.
    pub(super) fn new(
        execution: &Execution,
        child: &Plan,
        bindings: &Bindings,
        key: &KeyExpression,
        reverse: bool,
        continuation: Option<&Continuation>,
        wanted: Option<usize>,
    ) -> Result<Self> {
        let message: MemorySortContinuation = match continuation {
            None => MemorySortContinuation::default(),
            Some(continuation) => decoded(continuation)?,
        };
        let read_on = message.continuation.map(Continuation::from_bytes);
        let begun = execution.begin(child, bindings, read_on.as_ref(), None)?;
        let again = (execution.clone(), child.clone(), bindings.clone());
        let mut columns_of = execution.key_of(Some(key));
        let mut cursor = SortCursor {
            store: execution.store.clone(),
            child: Some(begun),
            begin_again: Box::new(move || {
                let (execution, child, bindings) = &again;
                execution.begin(child, bindings, None, None)
            }),
            key_of: Box::new(move |record| {
                let mut key = columns_of(record)?;
                key.extend_from_slice(record.packed_primary_key());
                Ok(key)
            }),
            reverse,
            sorted: BTreeMap::new(),
            wanted,
            bytes: 0,
            bytes_max: execution.sort_bytes_max,
            minimum_key: message.minimum_key,
            left_out_from: message.left_out_from,
            stopped: None,
        };
        for record in &message.records {
            let record = read_record(&cursor.store, record)?;
            cursor.add(record)?;
        }
        Ok(cursor)
    }

    fn poll_result(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<StoredRecord>>> {
        loop {
            if self.stopped.is_some() || !ready!(self.poll_all(task))? {
                return Poll::Ready(Ok(None));
            }
            let first = match self.reverse {
                false => self.sorted.pop_first(),
                true => self.sorted.pop_last(),
            };
            if let Some((key, record)) = first {
                self.bytes -= key.len() + record.bytes().len();
                self.minimum_key = Some(key.into());
                return Poll::Ready(Ok(Some(record)));
            }
            if self.left_out_from.take().is_none() {
                self.stopped = Some(NoNextReason::SourceExhausted);
                return Poll::Ready(Ok(None));
            }
            // More is asked for than was held: those behind the last one are read again.
            self.child = Some((self.begin_again)()?);
        }
    }

    /// Reads what is left of the step; says whether that was not stopped by a limit.
    fn poll_all(&mut self, task: &mut Context<'_>) -> Poll<Result<bool>> {
        while let Some(child) = &mut self.child {
            match ready!(child.poll_next(task))? {
                Some(record) => self.add(record)?,
                None => match child.no_next_reason() {
                    Some(reason) if !reason.is_source_exhausted() => {
                        self.stopped = Some(reason);
                        return Poll::Ready(Ok(false));
                    }
                    _ => self.child = None,
                },
            }
        }
        Poll::Ready(Ok(true))
    }

    /// Holds a record, if it is among those that will be asked for. Errors: `TooLarge`.
    fn add(&mut self, record: StoredRecord) -> Result<()> {
        let key = (self.key_of)(&record)?;
        let was_given = self
            .minimum_key
            .as_ref()
            .is_some_and(|minimum| !self.is_before(minimum, &key));
        let is_left_out = self
            .left_out_from
            .as_ref()
            .is_some_and(|from| !self.is_before(&key, from));
        if was_given || is_left_out {
            return Ok(());
        }
        self.bytes += key.len() + record.bytes().len();
        self.sorted.insert(key, record);
        if self.wanted.is_some_and(|wanted| self.sorted.len() > wanted) {
            let last = match self.reverse {
                false => self.sorted.pop_last(),
                true => self.sorted.pop_first(),
            };
            if let Some((key, record)) = last {
                self.bytes -= key.len() + record.bytes().len();
                self.left_out_from = Some(key.into());
            }
        }
        if self.bytes > self.bytes_max {
            return Err(Error::new(
                ErrorKind::TooLarge,
                "a query sorts more records in memory than it may: give it a limit, make an index in its order, or allow more \
                 bytes (sort_bytes_max)",
            )
            .with("sort_bytes_max", self.bytes_max)
            .with("records", self.sorted.len()));
        }
        Ok(())
    }

    /// Whether a key comes before another one.
    fn is_before(&self, key: &[u8], other: &[u8]) -> bool {
        match self.reverse {
            false => key < other,
            true => key > other,
        }
    }

    /// The records held, as a continuation keeps them.
    fn kept_records(&self) -> Vec<Bytes> {
        let mut stored = Vec::new();
        let mut kept = Vec::with_capacity(self.sorted.len());
        for record in self.sorted.values() {
            let Ok(record_type) = self.store.metadata().record_type(record.record_type()) else {
                continue;
            };
            serialize::wrap(record_type, record.bytes(), &mut stored);
            let message = SortedRecord {
                primary_key: Some(record.packed_primary_key().clone()),
                message: Some(stored.clone().into()),
                version: record.version().map(|version| version.to_bytes().to_vec().into()),
            };
            kept.push(message.encode_to_vec().into());
        }
        kept
    }
}

impl Cursor for SortCursor {
    type Item = StoredRecord;

    fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<StoredRecord>>> {
        self.poll_result(task)
    }

    fn no_next_reason(&self) -> Option<NoNextReason> {
        self.stopped
    }

    fn position(&self) -> Position {
        if self.stopped.is_some_and(NoNextReason::is_source_exhausted) {
            return Position::End;
        }
        let position = match &self.child {
            Some(child) => SortPosition {
                records: self.kept_records(),
                minimum_key: self.minimum_key.clone(),
                child: child.position(),
                left_out_from: self.left_out_from.clone(),
            },
            None => SortPosition {
                records: Vec::new(),
                minimum_key: self.minimum_key.clone(),
                child: Position::Start,
                left_out_from: None,
            },
        };
        Position::Sort(Arc::new(position))
    }
}

/// A record from a continuation. Errors: `InvalidContinuation`.
fn read_record(store: &RecordStore, kept: &Bytes) -> Result<StoredRecord> {
    let damaged = || {
        Error::new(
            ErrorKind::InvalidContinuation,
            "the continuation holds what is no record: give it to the query from which it came",
        )
    };
    let message = SortedRecord::decode(kept.clone()).map_err(|error| damaged().caused_by(error))?;
    let primary_key =
        Tuple::unpack(&message.primary_key.unwrap_or_default()).map_err(|error| damaged().caused_by(error))?;
    let version = message.version.map(|version| RecordVersion::from_bytes(&version));
    let version = version.transpose().map_err(|error| damaged().caused_by(error))?;
    let stored = message.message.unwrap_or_default();
    let (record_type, bytes) =
        serialize::unwrap(store.metadata(), &stored).map_err(|error| damaged().caused_by(error))?;
    Ok(StoredRecord::new(
        record_type.descriptor().clone(),
        primary_key,
        bytes,
        version,
    ))
}
