//! [`FilterCursor`]: only some of the results of a cursor. Java: `FilterCursor`.

use std::task::{Context, Poll, ready};

use super::dynamic::{BoxCursor, Cursor};
use super::{NoNextReason, Position};
use crate::Result;

/// The results of a cursor that pass a test.
pub(crate) struct FilterCursor<T> {
    inner: BoxCursor<T>,
    test: Test<T>,
}

type Test<T> = Box<dyn FnMut(&T) -> Result<bool> + Send>;

impl<T: Send + Sync + 'static> FilterCursor<T> {
    pub(crate) fn new(inner: BoxCursor<T>, test: impl FnMut(&T) -> Result<bool> + Send + 'static) -> Self {
        FilterCursor {
            inner,
            test: Box::new(test),
        }
    }
}

impl<T: Send + Sync + 'static> Cursor for FilterCursor<T> {
    type Item = T;

    fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<T>>> {
        while let Some(result) = ready!(self.inner.poll_next(task))? {
            if (self.test)(&result)? {
                return Poll::Ready(Ok(Some(result)));
            }
        }
        Poll::Ready(Ok(None))
    }

    fn no_next_reason(&self) -> Option<NoNextReason> {
        self.inner.no_next_reason()
    }

    fn position(&self) -> Position {
        self.inner.position()
    }
}
