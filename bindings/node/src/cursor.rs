//! `Cursor`: the records of a scan, or the entries of an index, a batch at a time.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{BufferSlice, Either, PromiseRaw};
use napi_derive::napi;
use record_store::kv::BoxFuture;
use record_store::{
    Error, ErrorKind, IndexCursor, IndexEntry, IndexRecordCursor, RecordContext, RecordCursor, Result, SpaceCursor,
    StoredRecord,
};
use tokio::sync::Mutex;

use crate::error::Failure;
use crate::index::write_entry;
use crate::packed::Writer;
use crate::record::write_record;
use crate::runtime::{CLOSED, Family, Handle, promise_packed};
use crate::transaction::{ENDED, Transaction};

/// The results of a scan. Made by the scans of `RecordSpace`.
#[napi]
pub struct Cursor {
    handle: Arc<Handle<Arc<Mutex<Scan>>>>,
    /// The transaction that the scan is part of.
    transaction: Option<Arc<Handle<RecordContext>>>,
}

/// Where the results come from.
pub(crate) enum Source {
    Space(SpaceCursor),
    Transaction(RecordCursor),
    SpaceEntries(SpaceCursor<IndexEntry>),
    TransactionEntries(IndexCursor),
    TransactionByIndex(IndexRecordCursor),
}

enum Scan {
    /// Nothing has been asked for yet.
    Planned(BoxFuture<Result<Source>>),
    Open(Box<Source>),
    Failed,
}

impl Cursor {
    /// A cursor over the source that `open` gives; it is opened with the first batch.
    pub(crate) fn new(
        family: &Family,
        transaction: Option<&Transaction>,
        open: impl Future<Output = Result<Source>> + Send + 'static,
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
    /// A list of the next `count` results; of fewer at the end.
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
            *self = Scan::Open(Box::new(open.await?));
        }
        let Scan::Open(source) = self else {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "the scan has failed; start it again",
            ));
        };
        match &mut **source {
            Source::Space(cursor) => records(&cursor.next_batch(count).await?),
            Source::Transaction(cursor) => records(&cursor.next_batch(count).await?),
            Source::TransactionByIndex(cursor) => records(&cursor.next_batch(count).await?),
            Source::SpaceEntries(cursor) => Ok(entries(&cursor.next_batch(count).await?)),
            Source::TransactionEntries(cursor) => Ok(entries(&cursor.next_batch(count).await?)),
        }
    }
}

fn records(batch: &[StoredRecord]) -> Result<Vec<u8>> {
    let mut writer = Writer::default();
    writer.list(batch.len());
    batch.iter().try_for_each(|stored| write_record(&mut writer, stored))?;
    Ok(writer.into_bytes())
}

fn entries(batch: &[IndexEntry]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.list(batch.len());
    batch.iter().for_each(|entry| write_entry(&mut writer, entry));
    writer.into_bytes()
}
