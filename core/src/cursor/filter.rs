//! [`FilterCursor`]: only some of the results of a cursor. Java: `FilterCursor`.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

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

    async fn next_result(&mut self) -> Result<Option<T>> {
        while let Some(result) = self.inner.next().await? {
            if (self.test)(&result)? {
                return Ok(Some(result));
            }
        }
        Ok(None)
    }
}

impl<T: Send + Sync + 'static> Cursor for FilterCursor<T> {
    type Item = T;

    fn next(&mut self) -> BoxFuture<'_, Result<Option<T>>> {
        self.next_result().boxed()
    }

    fn no_next_reason(&self) -> Option<NoNextReason> {
        self.inner.no_next_reason()
    }

    fn position(&self) -> Position {
        self.inner.position()
    }
}
