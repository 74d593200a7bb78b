//! [`FlatMapCursor`]: the results of a cursor for each value of a list, one after the other. Java: `FlatMapPipelinedCursor`
//! over a `ListCursor`.

use std::task::{Context, Poll, ready};

use record_store_kv::Bytes;
use record_store_kv::tuple::{Element, Tuple};

use super::dynamic::{BoxCursor, Cursor};
use super::position::{FlatMapPosition, decoded};
use super::{Continuation, NoNextReason, Position};
use crate::proto::FlatMapContinuation;
use crate::{Error, ErrorKind, Result};

/// The results of a cursor for each value.
pub(crate) struct FlatMapCursor<T> {
    values: Vec<Element>,
    begin: BeginFor<T>,
    /// The place of the value at hand.
    at: usize,
    inner: Option<BoxCursor<T>>,
    /// Where the first inner cursor goes on, and by what its value is known again.
    resumed: Option<(Continuation, Option<Bytes>)>,
    position: Position,
    stopped: Option<NoNextReason>,
}

/// Begins the cursor for a value.
type BeginFor<T> = Box<dyn Fn(&Element, Option<&Continuation>) -> Result<BoxCursor<T>> + Send>;

impl<T: Send + 'static> FlatMapCursor<T> {
    /// Errors: `InvalidContinuation`.
    pub(crate) fn new(
        values: Vec<Element>,
        continuation: Option<&Continuation>,
        begin: impl Fn(&Element, Option<&Continuation>) -> Result<BoxCursor<T>> + Send + 'static,
    ) -> Result<Self> {
        let message: FlatMapContinuation = match continuation {
            None => FlatMapContinuation::default(),
            Some(continuation) => decoded(continuation)?,
        };
        let at = match message.outer_continuation.as_deref() {
            None | Some([]) => 0,
            Some(outer) => position_of_list(outer)?,
        };
        let inner = message.inner_continuation.filter(|inner| !inner.is_empty());
        Ok(FlatMapCursor {
            values,
            begin: Box::new(begin),
            at,
            inner: None,
            resumed: inner.map(|inner| (Continuation::from_bytes(inner), message.check_value)),
            position: Position::from_continuation(continuation),
            stopped: None,
        })
    }

    fn poll_result(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<T>>> {
        while self.stopped.is_none() {
            let Some(value) = self.values.get(self.at) else {
                self.stopped = Some(NoNextReason::SourceExhausted);
                self.position = Position::End;
                break;
            };
            let check_value = Bytes::from(Tuple::from(vec![value.clone()]).pack());
            let inner = match &mut self.inner {
                Some(inner) => inner,
                None => {
                    let resumed = self.resumed.take();
                    let resumed = resumed.filter(|(_, check)| check.as_ref().is_none_or(|check| *check == check_value));
                    let continuation = resumed.map(|(continuation, _)| continuation);
                    self.inner.insert((self.begin)(value, continuation.as_ref())?)
                }
            };
            let result = ready!(inner.poll_next(task))?;
            let reason = inner.no_next_reason();
            if result.is_none() && reason.is_none_or(NoNextReason::is_source_exhausted) {
                self.inner = None;
                self.at += 1;
                continue;
            }
            self.position = Position::FlatMap(Box::new(FlatMapPosition {
                before_outer: list_position(self.at),
                behind_outer: list_position(self.at + 1),
                inner: inner.position(),
                check_value,
            }));
            if result.is_none() {
                self.stopped = reason;
            }
            return Poll::Ready(Ok(result));
        }
        Poll::Ready(Ok(None))
    }
}

impl<T: Send + 'static> Cursor for FlatMapCursor<T> {
    type Item = T;

    fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<T>>> {
        self.poll_result(task)
    }

    fn no_next_reason(&self) -> Option<NoNextReason> {
        self.stopped
    }

    fn position(&self) -> Position {
        self.position.clone()
    }
}

fn list_position(at: usize) -> Position {
    match u32::try_from(at) {
        Ok(0) | Err(_) => Position::Start,
        Ok(at) => Position::List(at),
    }
}

/// Java: `ListCursor`. Errors: `InvalidContinuation`.
fn position_of_list(bytes: &[u8]) -> Result<usize> {
    let at = <[u8; 4]>::try_from(bytes).map(u32::from_be_bytes).ok();
    at.and_then(|at| usize::try_from(at).ok()).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidContinuation,
            "the continuation has no place in a list: give it to the query from which it came",
        )
    })
}
