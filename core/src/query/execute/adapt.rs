//! Cursors of a store as steps of a plan.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::cursor::{BoxCursor, Cursor, Position, TransactionCursor};
use crate::{NoNextReason, Result};

/// The results of a scan, each turned into something else.
pub(super) struct Adapted<C, F> {
    inner: C,
    map: F,
}

impl<C, F> Adapted<C, F> {
    pub(super) fn new(inner: C, map: F) -> Self {
        Adapted { inner, map }
    }
}

impl<C, F, T> Cursor for Adapted<C, F>
where
    C: TransactionCursor + 'static,
    F: FnMut(C::Item) -> Result<T> + Send + 'static,
{
    type Item = T;

    fn next(&mut self) -> BoxFuture<'_, Result<Option<T>>> {
        async move {
            let result = self.inner.next().await?;
            result.map(&mut self.map).transpose()
        }
        .boxed()
    }

    fn no_next_reason(&self) -> Option<NoNextReason> {
        self.inner.no_next_reason()
    }

    fn position(&self) -> Position {
        self.inner.position()
    }
}

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

    fn next(&mut self) -> BoxFuture<'_, Result<Option<T>>> {
        async move {
            let result = self.inner.next().await?;
            result.map(&mut self.map).transpose()
        }
        .boxed()
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

    fn next(&mut self) -> BoxFuture<'_, Result<Option<T>>> {
        std::future::ready(Ok(None)).boxed()
    }

    fn no_next_reason(&self) -> Option<NoNextReason> {
        Some(NoNextReason::SourceExhausted)
    }

    fn position(&self) -> Position {
        Position::End
    }
}
