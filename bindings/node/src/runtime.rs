//! What every call stands on: promises that the addon's threads settle, and handles that are closed together.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};

use futures_util::FutureExt;
use napi::Env;
use napi::bindgen_prelude::{BufferSlice, Either, PromiseRaw, ToNapiValue};
use parking_lot::Mutex;
use record_store::{Error, ErrorKind, Result};

use crate::error::Failure;

/// What a call on a closed handle is told.
pub(crate) const CLOSED: &str = "the database is closed; open it again";

/// A promise of what `work` gives, or of the reason why it failed. The JavaScript thread does not wait.
pub(crate) fn promise<'env, T>(
    env: &'env Env,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> napi::Result<PromiseRaw<'env, Either<T, Failure>>>
where
    T: ToNapiValue + Send + 'static,
{
    env.spawn_future(async {
        Ok(match contained(work).await {
            Ok(value) => Either::A(value),
            Err(error) => Either::B(error.into()),
        })
    })
}

/// As [`promise`], of packed values.
pub(crate) fn promise_packed<'env>(
    env: &'env Env,
    work: impl Future<Output = Result<Vec<u8>>> + Send + 'static,
) -> napi::Result<PromiseRaw<'env, Either<BufferSlice<'env>, Failure>>> {
    env.spawn_future_with_callback(async { Ok(contained(work).await) }, |env, packed| match packed {
        Ok(packed) => BufferSlice::copy_from(env, packed).map(Either::A),
        Err(error) => Ok(Either::B(error.into())),
    })
}

/// Runs `work`, which computes or waits for the operating system, where nobody else waits for it.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|failure| {
        Err(Error::new(ErrorKind::Internal, "a task of the addon did not end").caused_by(failure))
    })
}

/// A panic ends the call, not the process.
async fn contained<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let caught = AssertUnwindSafe(work).catch_unwind().await;
    caught.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<&str>().map(ToString::to_string);
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(Error::new(ErrorKind::Internal, "the addon panicked").with("panic", said.unwrap_or_default()))
    })
}

/// A handle of the core behind a JavaScript object, until it is closed.
pub(crate) struct Handle<T>(Mutex<Option<T>>);

impl<T: Clone> Handle<T> {
    /// The core's handle.
    ///
    /// **Errors**: `InvalidArgument` when it is closed.
    pub(crate) fn get(&self, closed: &'static str) -> Result<T> {
        let open = self.0.lock().clone();
        open.ok_or_else(|| Error::new(ErrorKind::InvalidArgument, closed))
    }
}

impl<T> Handle<T> {
    /// Takes the core's handle out, for its last use.
    pub(crate) fn take(&self) -> Option<T> {
        self.0.lock().take()
    }
}

trait Close: Send + Sync {
    fn close(&self);
}

impl<T: Send> Close for Handle<T> {
    fn close(&self) {
        drop(self.take());
    }
}

/// All handles that came from one opened database. They are closed together, because each of them keeps the database open.
#[derive(Default)]
pub(crate) struct Family(Mutex<Members>);

#[derive(Default)]
struct Members {
    closed: bool,
    handles: Vec<Weak<dyn Close>>,
}

impl Family {
    /// Takes a handle of the core in; if the family is closed, so is what it returns.
    pub(crate) fn adopt<T: Send + 'static>(&self, handle: T) -> Arc<Handle<T>> {
        let mut members = self.0.lock();
        let handle = Arc::new(Handle(Mutex::new(Some(handle).filter(|_| !members.closed))));
        if members.handles.len() == members.handles.capacity() {
            members.handles.retain(|member| member.strong_count() > 0);
        }
        let member: Arc<dyn Close> = handle.clone();
        members.handles.push(Arc::downgrade(&member));
        handle
    }

    /// Closes every handle. A second time does nothing.
    pub(crate) fn close(&self) {
        let handles = {
            let mut members = self.0.lock();
            members.closed = true;
            std::mem::take(&mut members.handles)
        };
        handles
            .iter()
            .filter_map(Weak::upgrade)
            .for_each(|handle| handle.close());
    }
}
