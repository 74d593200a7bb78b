//! The smallest steps: results turned into others, and no results at all.

use std::task::{Context, Poll, ready};

use crate::cursor::{BoxCursor, Cursor, Position};
use crate::{NoNextReason, Result};

/// The results of another step, each turned into something else.
pub(super) struct Mapped<S, F> {
    inner: BoxCursor<S>,
    map: F,
}

impl<S, F> Mapped<S, F> {
    pub(super) fn new(inner: BoxCursor<S>, map: F) -> Self {
        Mapped { inner, map }
    }
}

impl<S, F, T> Cursor for Mapped<S, F>
where
    S: Send + 'static,
    F: FnMut(S) -> Result<T> + Send + 'static,
{
    type Item = T;

    fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<T>>> {
        let result = ready!(self.inner.poll_next(task))?;
        Poll::Ready(result.map(&mut self.map).transpose())
    }

    fn no_next_reason(&self) -> Option<NoNextReason> {
        self.inner.no_next_reason()
    }

    fn position(&self) -> Position {
        self.inner.position()
    }
}

/// No results. Java: `EmptyCursor`.
pub(super) struct EmptyCursor<T>(std::marker::PhantomData<fn() -> T>);

impl<T> Default for EmptyCursor<T> {
    fn default() -> Self {
        EmptyCursor(std::marker::PhantomData)
    }
}

impl<T: Send + 'static> Cursor for EmptyCursor<T> {
    type Item = T;

    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Result<Option<T>>> {
        Poll::Ready(Ok(None))
    }

    fn no_next_reason(&self) -> Option<NoNextReason> {
        Some(NoNextReason::SourceExhausted)
    }

    fn position(&self) -> Position {
        Position::End
    }
}
