//! [`Fetch`]: records that are read by their primary keys, several together.

use std::collections::VecDeque;
use std::task::{Context, Poll, ready};

use futures_util::FutureExt;
use record_store_kv::{BoxFuture, Bytes};

use super::{RecordStore, StoredRecord, load};
use crate::Result;
use crate::split::Loading;

/// Records whose reads are under way, in the order in which they were begun. Each has something with it.
pub(crate) struct Fetch<W> {
    store: RecordStore,
    snapshot: bool,
    under_way: VecDeque<UnderWay<W>>,
    /// The first record, if its version is read apart from it.
    completing: Option<(BoxFuture<Result<StoredRecord>>, W)>,
}

struct UnderWay<W> {
    /// The key of the record, without suffix.
    key: Vec<u8>,
    loading: Loading,
    with: W,
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
    pub(crate) fn begin(&mut self, with: W, append_primary_key: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
        let prefix = self.store.layout().records().prefix();
        let mut key = Vec::with_capacity(prefix.len() + PRIMARY_KEY_LENGTH_EXPECTED);
        key.extend_from_slice(prefix);
        append_primary_key(&mut key)?;
        let loading = Loading::start(self.store.context(), &key, self.store.split_layout(), self.snapshot);
        self.under_way.push_back(UnderWay { key, loading, with });
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
            let raw = ready!(first.loading.poll(self.store.context(), &first.key, task));
            let Some(UnderWay { key, with, .. }) = self.under_way.pop_front() else {
                return Poll::Ready(Ok(None));
            };
            let prefix = self.store.layout().records().prefix().len();
            let Some(raw) = raw? else {
                let packed = key.get(prefix..).unwrap_or_default();
                return Poll::Ready(Ok(Some((Fetched::Nothing(Bytes::copy_from_slice(packed)), with))));
            };
            let primary_key = load::primary_key_of(&self.store, key.into())?;
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

const PRIMARY_KEY_LENGTH_EXPECTED: usize = 32;
