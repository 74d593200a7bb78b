//! [`LimitCursor`]: leaves out the first results, and stops behind some. Java: `SkipCursor`, `RowLimitedCursor`.

use std::task::{Context, Poll, ready};

use super::dynamic::{BoxCursor, Cursor};
use super::{NoNextReason, Position};
use crate::Result;

/// Part of the results of a cursor.
pub(crate) struct LimitCursor<T> {
    inner: BoxCursor<T>,
    skip: usize,
    /// How many results may still be given.
    remaining: Option<usize>,
    stopped: Option<NoNextReason>,
}

impl<T: Send + 'static> LimitCursor<T> {
    pub(crate) fn new(inner: BoxCursor<T>, skip: usize, limit: Option<usize>) -> Self {
        LimitCursor {
            inner,
            skip,
            remaining: limit,
            stopped: None,
        }
    }

    /// How many results are still to be left out.
    pub(crate) fn skip(&self) -> usize {
        self.skip
    }
}

impl<T: Send + 'static> Cursor for LimitCursor<T> {
    type Item = T;

    fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<T>>> {
        loop {
            if self.stopped.is_some() {
                return Poll::Ready(Ok(None));
            }
            if self.remaining == Some(0) {
                self.stopped = Some(NoNextReason::ReturnLimitReached);
                return Poll::Ready(Ok(None));
            }
            let Some(result) = ready!(self.inner.poll_next(task))? else {
                self.stopped = self.inner.no_next_reason();
                return Poll::Ready(Ok(None));
            };
            if self.skip > 0 {
                self.skip -= 1;
                continue;
            }
            if let Some(remaining) = &mut self.remaining {
                *remaining -= 1;
            }
            return Poll::Ready(Ok(Some(result)));
        }
    }

    fn no_next_reason(&self) -> Option<NoNextReason> {
        self.stopped
    }

    fn position(&self) -> Position {
        self.inner.position()
    }
}
