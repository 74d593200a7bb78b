//! [`Cursor`]: what the cursors of plans have in common, so that one can stand over any other.

use futures_util::future::BoxFuture;

use super::{NoNextReason, Position};
use crate::Result;

/// Results one after the other, within one transaction. Java: `RecordCursor`.
pub(crate) trait Cursor: Send {
    /// What it gives.
    type Item;

    /// The next result, or none at the end or at a limit.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Self::Item>>>;

    /// Why there is no next result; none while there may be one.
    fn no_next_reason(&self) -> Option<NoNextReason>;

    /// Where the cursor stands.
    fn position(&self) -> Position;
}

/// A cursor of any kind.
pub(crate) type BoxCursor<T> = Box<dyn Cursor<Item = T>>;

/// Begins a cursor at a position: that of another one, or the start.
pub(crate) type Begin<'a, T> = Box<dyn Fn(Option<&super::Continuation>) -> Result<BoxCursor<T>> + 'a>;
