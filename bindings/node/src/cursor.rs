//! `Cursor`: what a scan or a query gives (records, their keys, entries of an index, what breaks its uniqueness), a batch at a time.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use napi::Env;
use napi::bindgen_prelude::{BufferSlice, Either, PromiseRaw};
use napi_derive::napi;
use record_store::{
    Error, ErrorKind, IndexEntry, NoNextReason, RecordContext, Result, SpaceCursor, Tuple, UniquenessViolation,
};
use tokio::sync::Mutex;

use crate::error::Failure;
use crate::index::{write_entry, write_violation};
use crate::packed::Writer;
use crate::record::{write_primary_key, write_record};
use crate::runtime::{CLOSED, Family, Handle, promise_packed};
use crate::transaction::{ENDED, Transaction};

/// The results of a scan. Made by the scans of `RecordSpace`.
#[napi]
pub struct Cursor {
    handle: Arc<Handle<Arc<Mutex<Scan>>>>,
    /// The transaction that the scan is part of.
    transaction: Option<Arc<Handle<RecordContext>>>,
}

/// Where the results come from: a cursor of the core.
pub(crate) trait Source: Send {
    /// A list of the next `count` results, fewer only at the end; then where another scan goes on, and why there are fewer.
    fn next_batch(&mut self, count: usize) -> BoxFuture<'_, Result<Vec<u8>>>;
}

enum Scan {
    /// Nothing has been asked for yet.
    Planned(BoxFuture<'static, Result<Box<dyn Source>>>),
    Open(Box<dyn Source>),
    Failed,
}

impl Cursor {
    /// A cursor over the source that `open` gives; it is opened with the first batch.
    pub(crate) fn new(
        family: &Family,
        transaction: Option<&Transaction>,
        open: impl Future<Output = Result<Box<dyn Source>>> + Send + 'static,
    ) -> Self {
        let scan = Scan::Planned(Box::pin(open));
        Cursor {
            handle: family.adopt(Arc::new(Mutex::new(scan))),
            transaction: transaction.map(Transaction::handle),
        }
    }
}

#[napi]
impl Cursor {
    /// A list of the next `count` results, fewer only at the end; then where another scan goes on, and why there are fewer.
    #[napi]
    pub fn next_batch<'env>(
        &self,
        env: &'env Env,
        count: u32,
    ) -> napi::Result<PromiseRaw<'env, Either<BufferSlice<'env>, Failure>>> {
        let ended = self.transaction.as_ref().map(|transaction| transaction.get(ENDED));
        let scan = ended.transpose().and_then(|_| self.handle.get(CLOSED));
        promise_packed(env, async move {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            scan?.lock().await.next_batch(count).await
        })
    }

    /// Leaves the results that are left. A second time does nothing.
    #[napi]
    pub fn close(&self) {
        drop(self.handle.take());
    }
}

impl Scan {
    async fn next_batch(&mut self, count: usize) -> Result<Vec<u8>> {
        if let Scan::Planned(_) = self
            && let Scan::Planned(open) = std::mem::replace(self, Scan::Failed)
        {
            *self = Scan::Open(open.await?);
        }
        match self {
            Scan::Open(source) => source.next_batch(count).await,
            _ => Err(Error::new(
                ErrorKind::InvalidArgument,
                "the scan has failed; start it again",
            )),
        }
    }
}

fn write_key(writer: &mut Writer, key: &Tuple) -> Result<()> {
    write_primary_key(writer, key);
    Ok(())
}

macro_rules! sources {
    ($($cursor:ty => $write:expr,)*) => {$(
        impl Source for $cursor {
            fn next_batch(&mut self, count: usize) -> BoxFuture<'_, Result<Vec<u8>>> {
                Box::pin(async move {
                    let batch = <$cursor>::next_batch(self, count).await?;
                    let mut writer = Writer::default();
                    writer.list(batch.len());
                    batch.iter().try_for_each(|result| $write(&mut writer, result))?;
                    match self.continuation() {
                        Some(continuation) => writer.bytes(continuation.as_bytes()),
                        None => writer.null(),
                    }
                    match self.no_next_reason().map(NoNextReason::name) {
                        Some(reason) => writer.text(reason),
                        None => writer.null(),
                    }
                    Ok(writer.into_bytes())
                })
            }
        }
    )*};
}

sources! {
    SpaceCursor => write_record,
    SpaceCursor<IndexEntry> => write_entry,
    SpaceCursor<UniquenessViolation> => write_violation,
    SpaceCursor<Tuple> => write_key,
}
