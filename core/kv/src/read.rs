//! [`Read`]: a result that is there already, or on its way.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::{Error, Result};

/// A future that runs on any executor.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The result of a read. An embedded engine answers at once and allocates nothing; a cluster answers later.
///
/// ```
/// use record_store_kv::Read;
/// let read = Read::ready(Ok(7));
/// assert_eq!(futures_executor::block_on(read).unwrap(), 7);
/// ```
#[must_use = "a read does nothing visible until it is awaited"]
pub struct Read<T>(State<T>);

enum State<T> {
    Ready(Option<Result<T>>),
    Pending(BoxFuture<Result<T>>),
}

impl<T> Read<T> {
    /// A result that is there.
    pub fn ready(result: Result<T>) -> Self {
        Read(State::Ready(Some(result)))
    }

    /// FoundationDB's error `code`, at once.
    pub fn failed(code: i32) -> Self {
        Read::ready(Err(Error::fdb(code)))
    }

    /// A result that comes later.
    pub fn pending(future: impl Future<Output = Result<T>> + Send + 'static) -> Self {
        Read(State::Pending(Box::pin(future)))
    }

    /// The result if it is there already, else the read itself.
    pub fn try_ready(self) -> std::result::Result<Result<T>, Self> {
        match self.0 {
            State::Ready(Some(result)) => Ok(result),
            other => Err(Read(other)),
        }
    }
}

impl<T: Unpin> Future for Read<T> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.get_mut().0 {
            State::Ready(result) => Poll::Ready(result.take().expect("a read is polled to its end only once")),
            State::Pending(future) => future.as_mut().poll(cx),
        }
    }
}

impl<T> fmt::Debug for Read<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            State::Ready(_) => "Read::Ready",
            State::Pending(_) => "Read::Pending",
        })
    }
}
