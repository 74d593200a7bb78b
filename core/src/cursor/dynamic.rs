//! [`Cursor`]: what the cursors of plans have in common, so that one can stand over any other.
//!
//! A cursor is polled, as a stream is: a result that is there is given without a future, or an allocation, in between.

use std::future::poll_fn;
use std::task::{Context, Poll};

use super::{NoNextReason, Position};
use crate::Result;

/// Results one after the other, within one transaction. Java: `RecordCursor`.
pub(crate) trait Cursor: Send {
    /// What it gives.
    type Item;

    /// The next result, or none at the end or at a limit.
    fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<Self::Item>>>;

    /// Why there is no next result; none while there may be one.
    fn no_next_reason(&self) -> Option<NoNextReason>;

    /// Where the cursor stands, behind the last result.
    fn position(&self) -> Position;
}

/// A cursor of any kind.
pub(crate) type BoxCursor<T> = Box<dyn Cursor<Item = T>>;

/// Begins a cursor at a position: that of another one, or the start.
pub(crate) type Begin<'a, T> = Box<dyn Fn(Option<&super::Continuation>) -> Result<BoxCursor<T>> + 'a>;

/// The next result of a cursor, or none at the end or at a limit.
pub(crate) async fn next<C: Cursor + ?Sized>(cursor: &mut C) -> Result<Option<C::Item>> {
    poll_fn(|task| cursor.poll_next(task)).await
}

/// Up to `count` results; fewer only at the end or at a limit.
pub(crate) async fn next_batch<C: Cursor + ?Sized>(cursor: &mut C, count: usize) -> Result<Vec<C::Item>> {
    let mut batch = Vec::new();
    while batch.len() < count {
        match next(cursor).await? {
            Some(result) => batch.push(result),
            None => break,
        }
    }
    Ok(batch)
}
