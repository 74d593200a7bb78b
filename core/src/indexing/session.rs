//! [`Session`]: one build, from the first transaction to the last.
//!
//! Java classes: `IndexingBase`, `IndexingThrottle` (the loop).

use std::time::Duration;

use super::chunk::{Chunk, Chunks};
use super::heartbeat::Heartbeat;
use super::mutual::Fragments;
use super::progress::{IndexBuildProgress, IndexBuildSummary};
use super::target::{self, Target};
use super::throttle::Throttle;
use super::{IndexingMethod, OnlineIndexer};
use crate::index::IndexState;
use crate::{Error, ErrorKind, FormatVersion, RecordStore, Result};

/// One build.
pub(super) struct Session<'a> {
    indexer: &'a OnlineIndexer,
    heartbeat: Heartbeat,
    throttle: Throttle,
    /// How the work is shared, if it is.
    fragments: Option<Fragments>,
    began: Duration,
    is_stopped: bool,
    summary: IndexBuildSummary,
}

impl<'a> Session<'a> {
    pub(super) fn new(indexer: &'a OnlineIndexer) -> Self {
        let env = indexer.database.kv().env();
        Session {
            heartbeat: Heartbeat::new(
                env,
                indexer.options.lease,
                matches!(indexer.options.method, IndexingMethod::Mutually { .. }),
            ),
            fragments: None,
            throttle: Throttle::new(env, &indexer.options),
            began: env.clock().monotonic(),
            is_stopped: false,
            summary: IndexBuildSummary::default(),
            indexer,
        }
    }

    pub(super) async fn build(mut self) -> Result<IndexBuildSummary> {
        let groups = match &self.indexer.indexes[..] {
            [] => {
                self.run(|store| async move { target::unreadable(&store).await })
                    .await?
            }
            named => vec![named.to_vec()],
        };
        let mut failed = None;
        for group in &groups {
            if let Err(error) = self.build_together(group).await {
                // What is wrong with one index need not be wrong with others; what is wrong with the database is.
                if self.is_stopped || error.fdb_code().is_some() {
                    return Err(error);
                }
                failed.get_or_insert(error);
            }
        }
        match failed {
            Some(error) => Err(error),
            None => {
                let names = &groups.concat();
                self.summary.states = self
                    .run(|store| async move {
                        let state = |name: &String| (name.clone(), store.index_state(name));
                        Ok(names.iter().map(state).collect())
                    })
                    .await?;
                Ok(self.summary)
            }
        }
    }

    /// Builds some indexes in one pass.
    async fn build_together(&mut self, names: &[String]) -> Result<()> {
        let work = {
            let (options, heartbeat) = (&self.indexer.options, &self.heartbeat);
            self.run(|store| async move { target::prepare(&store, names, options, heartbeat).await })
                .await?
        };
        let result = self.build_and_mark(&work).await;
        if !work.build.is_empty() && (result.is_err() || !self.indexer.options.mark_readable) {
            let (targets, heartbeat) = (&work.build, &self.heartbeat);
            let cleared = self
                .run(|store| async move {
                    for target in targets {
                        if let Ok(index) = store.metadata().index(target.name()) {
                            heartbeat.clear(&store, index);
                        }
                    }
                    Ok(())
                })
                .await;
            // A sign of life that stays is one of a builder that died: it counts no longer than the lease.
            return result.and(cleared);
        }
        result
    }

    async fn build_and_mark(&mut self, work: &target::Work) -> Result<()> {
        if !work.build.is_empty() {
            self.build_all_ranges(work).await?;
        }
        if !self.indexer.options.mark_readable {
            return Ok(());
        }
        let mut failed = None;
        for target in work.build.iter().chain(&work.mark) {
            if let Err(error) = self.mark_readable(target).await {
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn build_all_ranges(&mut self, work: &target::Work) -> Result<()> {
        let mut records_scanned = work.records_scanned;
        if let IndexingMethod::Mutually { boundaries } = &self.indexer.options.method {
            let rng = self.indexer.database.kv().env().rng();
            let divided = self
                .run(|store| async move { Fragments::divide(&store, boundaries, rng).await })
                .await?;
            self.fragments = Some(divided);
        }
        {
            let chunks = &self.chunks(&work.build);
            self.run(|store| async move { chunks.leave_out_other_types(&store).await })
                .await?;
        }
        loop {
            self.check_limits()?;
            let chunk = self.build_chunk(&work.build).await?;
            self.throttle.succeeded(chunk.records);
            self.summary.transactions += 1;
            self.summary.records_scanned += chunk.records as u64;
            records_scanned += chunk.records as u64;
            let is_to_go_on = self.tell(work, records_scanned, chunk);
            if chunk.ranges_left == 0 {
                return Ok(());
            }
            if !is_to_go_on {
                return Err(self.stop("the build was stopped by its own program: another one goes on with it"));
            }
            self.throttle.rest().await;
        }
    }

    /// One transaction; after failures that come from doing too much, with less.
    async fn build_chunk(&self, targets: &[Target]) -> Result<Chunk> {
        let chunks = &self.chunks(targets);
        loop {
            let built = self
                .indexer
                .database
                .run(|context| async move {
                    if context.attempt().number > 1 {
                        self.throttle.failed();
                        if let Some(fragments) = &self.fragments {
                            fragments.conflicted();
                        }
                    }
                    self.throttle.scanned(0);
                    let store = (self.indexer.open)(context).await?;
                    chunks.build_chunk(&store).await
                })
                .await;
            match built {
                Err(error) if self.throttle.may_cure(&error) => self.throttle.failed(),
                other => return other,
            }
        }
    }

    /// Makes an index readable that has all records, and forgets how it was built.
    async fn mark_readable(&self, target: &Target) -> Result<()> {
        let allow_unique_pending = self.indexer.options.allow_unique_pending;
        self.run(|store| async move {
            let index = target.find(&store)?.clone();
            let is_pending = store.index_state(index.name()) == IndexState::ReadableUniquePending;
            let may_be_pending = store.format_version().is_at_least(FormatVersion::ReadableUniquePending);
            if is_pending || allow_unique_pending && may_be_pending {
                store.mark_index_readable_or_unique_pending(index.name()).await?;
            } else {
                store.mark_index_readable(index.name()).await?;
            }
            for range in store.index_context(&index).layout().build_state() {
                store.context().clear_range(&range.begin, &range.end);
            }
            Ok(())
        })
        .await
    }

    /// Tells the progress; says whether to go on.
    fn tell(&self, work: &target::Work, records_scanned: u64, chunk: Chunk) -> bool {
        let Some(on_progress) = &self.indexer.on_progress else {
            return true;
        };
        let progress = IndexBuildProgress {
            indexes: work.build.iter().map(|target| target.name().to_owned()).collect(),
            records_scanned,
            records_total: work.records_total,
            ranges_left: chunk.ranges_left,
            limit: self.throttle.limit(),
        };
        on_progress(&progress).is_continue()
    }

    /// Errors: `IndexBuild` if the build has gone on for as long as it may.
    fn check_limits(&mut self) -> Result<()> {
        let options = &self.indexer.options;
        let now = self.indexer.database.kv().env().clock().monotonic();
        if options
            .stop_after
            .is_some_and(|transactions| self.summary.transactions >= transactions)
        {
            return Err(
                self.stop("the build was stopped after its number of transactions: another one goes on with it")
            );
        }
        if options
            .time_max
            .is_some_and(|time| now.saturating_sub(self.began) > time)
        {
            return Err(self.stop("the build was stopped after its time: another one goes on with it"));
        }
        Ok(())
    }

    fn stop(&mut self, message: &'static str) -> Error {
        self.is_stopped = true;
        Error::new(ErrorKind::IndexBuild, message)
            .with("transactions", self.summary.transactions)
            .with("records_scanned", self.summary.records_scanned)
    }

    fn chunks<'s>(&'s self, targets: &'s [Target]) -> Chunks<'s> {
        Chunks {
            targets,
            options: &self.indexer.options,
            heartbeat: &self.heartbeat,
            throttle: &self.throttle,
            fragments: self.fragments.as_ref(),
        }
    }

    /// Runs one transaction on the store.
    async fn run<T, Fut: Future<Output = Result<T>>>(&self, body: impl Fn(RecordStore) -> Fut) -> Result<T> {
        let body = &body;
        self.indexer
            .database
            .run(|context| async move { body((self.indexer.open)(context).await?).await })
            .await
    }
}
