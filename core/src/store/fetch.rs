//! [`Fetch`]: records that are read by their primary keys, several together.

use std::collections::VecDeque;
use std::task::{Context, Poll, ready};

use futures_util::FutureExt;
use record_store_kv::{BoxFuture, Bytes};

use super::{RecordStore, StoredRecord, load};
use crate::Result;
use crate::split::{Loading, RawRecord};

/// Records whose reads are under way, in the order in which they were begun. Each has something with it.
pub(crate) struct Fetch<W> {
    store: RecordStore,
    snapshot: bool,
    under_way: VecDeque<UnderWay<W>>,
    /// Room for keys.
    key: Vec<u8>,
    /// The first record, if its version is read apart from it.
    completing: Option<(BoxFuture<Result<StoredRecord>>, W)>,
}

struct UnderWay<W> {
    read: ReadOne,
    with: W,
}

/// The read of one record.
enum ReadOne {
    /// It is done, with the key of the record, without suffix.
    Done(Result<(Bytes, RawRecord)>),
    /// Nothing is at this packed primary key.
    Nothing(Bytes),
    /// It waits.
    Waiting { key: Bytes, loading: Loading },
}

/// What a primary key leads to.
pub(crate) enum Fetched {
    Record(StoredRecord),
    /// Nothing is at this packed primary key.
    Nothing(Bytes),
}

impl<W> Fetch<W> {
    pub(crate) fn new(store: &RecordStore, snapshot: bool) -> Self {
        Fetch {
            store: store.clone(),
            snapshot,
            under_way: VecDeque::new(),
            key: Vec::new(),
            completing: None,
        }
    }

    /// Where the records are.
    pub(crate) fn store(&self) -> &RecordStore {
        &self.store
    }

    /// How many records are under way.
    pub(crate) fn len(&self) -> usize {
        self.under_way.len() + usize::from(self.completing.is_some())
    }

    /// Begins to read the record whose packed primary key `append_primary_key` appends.
    ///
    /// Errors: those of `append_primary_key`.
    pub(crate) fn begin(
        &mut self,
        with: W,
        append_primary_key: impl FnOnce(&mut Vec<u8>) -> Result<()>,
        task: &mut Context<'_>,
    ) -> Result<()> {
        let prefix = self.store.layout().records().prefix();
        self.key.clear();
        self.key.extend_from_slice(prefix);
        append_primary_key(&mut self.key)?;
        let (context, key) = (self.store.context(), &self.key[..]);
        let mut loading = Loading::start(context, key, self.store.split_layout(), self.snapshot);
        // An embedded engine has answered, and the key need not be kept.
        let read = match loading.poll(context, key, task) {
            Poll::Ready(found) => ReadOne::of(found, prefix, key),
            Poll::Pending => ReadOne::Waiting {
                key: Bytes::copy_from_slice(key),
                loading,
            },
        };
        self.under_way.push_back(UnderWay { read, with });
        Ok(())
    }

    /// The next record that was begun; none if there is none.
    pub(crate) fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<(Fetched, W)>>> {
        loop {
            if let Some((completing, _)) = &mut self.completing {
                let record = ready!(completing.poll_unpin(task));
                let with = self.completing.take().map(|(_, with)| with);
                return Poll::Ready(record.map(|record| with.map(|with| (Fetched::Record(record), with))));
            }
            let Some(first) = self.under_way.front_mut() else {
                return Poll::Ready(Ok(None));
            };
            if let ReadOne::Waiting { key, loading } = &mut first.read {
                let found = ready!(loading.poll(self.store.context(), key, task));
                first.read = ReadOne::of(found, self.store.layout().records().prefix(), key);
            }
            let Some(UnderWay { read, with }) = self.under_way.pop_front() else {
                return Poll::Ready(Ok(None));
            };
            let (key, raw) = match read {
                ReadOne::Done(read) => read?,
                ReadOne::Nothing(primary_key) => return Poll::Ready(Ok(Some((Fetched::Nothing(primary_key), with)))),
                ReadOne::Waiting { .. } => continue,
            };
            let primary_key = load::primary_key_of(&self.store, key)?;
            if !self.store.keeps_versions_apart() {
                let (_, record) = load::from_raw(&self.store, primary_key, raw)?;
                return Poll::Ready(Ok(Some((Fetched::Record(record), with))));
            }
            let (store, snapshot) = (self.store.clone(), self.snapshot);
            let completing = async move {
                let (_, record) = load::complete(&store, primary_key, raw, snapshot).await?;
                Ok(record)
            };
            self.completing = Some((Box::pin(completing), with));
        }
    }
}

impl ReadOne {
    fn of(found: Result<Option<(Bytes, RawRecord)>>, prefix: &[u8], key: &[u8]) -> Self {
        match found {
            Ok(Some(found)) => ReadOne::Done(Ok(found)),
            Ok(None) => ReadOne::Nothing(Bytes::copy_from_slice(key.get(prefix.len()..).unwrap_or_default())),
            Err(error) => ReadOne::Done(Err(error)),
        }
    }
}
