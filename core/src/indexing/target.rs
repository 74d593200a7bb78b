//! What is to be built: which indexes together, and what the states in which they are found mean for each.
//!
//! Java method: `IndexingBase.handleStateAndDoBuildIndexAsync`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::by_index::Source;
use super::heartbeat::Heartbeat;
use super::stamp::IndexingStamp;
use super::{IndexingAction, IndexingMethod, IndexingOptions};
use crate::index::IndexState;
use crate::metadata::Index;
use crate::{Error, ErrorKind, RecordStore, Result};

/// An index that is being built, as it was defined when the build began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    name: String,
    last_modified_version: i32,
}

impl Target {
    fn new(index: &Index) -> Self {
        Target {
            name: index.name().to_owned(),
            last_modified_version: index.last_modified_version(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The index in a store that is open.
    ///
    /// Errors: `IndexBuild` if it is no more the index whose build began.
    pub(super) fn find<'a>(&self, store: &'a RecordStore) -> Result<&'a Arc<Index>> {
        match store.metadata().index(&self.name) {
            Ok(index) if index.last_modified_version() == self.last_modified_version => Ok(index),
            _ => Err(Error::new(
                ErrorKind::IndexBuild,
                "the index was changed or removed while it was built: build it again",
            )
            .with("index", &self.name)),
        }
    }
}

/// What is to be done for some indexes.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// These are to be built, together.
    pub(super) build: Vec<Target>,
    /// These have all records and are not readable.
    pub(super) mark: Vec<Target>,
    /// How many records earlier builders of the first have seen.
    pub(super) records_scanned: u64,
    /// How many records there are, if the store counts them.
    pub(super) records_total: Option<u64>,
}

/// The indexes of a store that are not readable, in the groups in which they are to be built: those that are disabled all
/// together, those whose build was stopped as it was begun. What replaced indexes and types that this release does not
/// maintain need is nothing.
pub(super) async fn unreadable(store: &RecordStore) -> Result<Vec<Vec<String>>> {
    let mut together: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    let mut groups = Vec::new();
    let mut disabled = Vec::new();
    for index in store.metadata().indexes() {
        let name = index.name().to_owned();
        match store.index_state(&name) {
            IndexState::Readable => {}
            _ if !store.is_maintained(index) || index.replaced_by().next().is_some() => {}
            IndexState::Disabled => disabled.push(name),
            _ => match IndexingStamp::load(store, index).await? {
                Some(stamp) if !stamp.targets().is_empty() => {
                    together.entry(stamp.targets().to_vec()).or_default().push(name);
                }
                _ => groups.push(vec![name]),
            },
        }
    }
    for (wanted, mut found) in together {
        found.sort_unstable();
        if found == wanted {
            groups.push(found);
        } else {
            groups.extend(found.into_iter().map(|name| vec![name]));
        }
    }
    if !disabled.is_empty() {
        groups.push(disabled);
    }
    Ok(groups)
}

/// Finds out what is to be done for some indexes, and prepares those that are to be built.
///
/// Errors: `MetaData` for an unknown index; `Unsupported` for a type that this release does not maintain; `IndexBuild` for
/// states that the options or each other exclude, or if another builder is at work.
pub(super) async fn prepare(
    store: &RecordStore,
    names: &[String],
    options: &IndexingOptions,
    heartbeat: &Heartbeat,
) -> Result<Work> {
    let mut names = names.to_vec();
    names.sort_unstable();
    names.dedup();
    let (mut clear, mut go_on, mut work) = (Vec::new(), Vec::new(), Work::default());
    for name in &names {
        let index = store.metadata().index(name)?;
        let state = store.index_state(name);
        match options.action(state) {
            IndexingAction::Error => return Err(refuse_state(index, state)),
            IndexingAction::MarkReadable => work.mark.push(Target::new(index)),
            _ if !store.is_maintained(index) => return Err(refuse_type(index)),
            IndexingAction::Rebuild => clear.push(index),
            IndexingAction::Continue => match state {
                IndexState::Readable => {}
                IndexState::WriteOnlyWithQueue => return Err(refuse_queue(index)),
                IndexState::Disabled => clear.push(index),
                IndexState::WriteOnly | IndexState::ReadableUniquePending => {
                    if store.first_unbuilt_range(name).await?.is_none() {
                        work.mark.push(Target::new(index));
                    } else {
                        go_on.push(index);
                    }
                }
            },
        }
    }
    if let (Some(cleared), Some(going_on)) = (clear.first(), go_on.first()) {
        return Err(Error::new(
            ErrorKind::IndexBuild,
            "one of the indexes was partly built and another was not: build them one by one, or rebuild all",
        )
        .with("partly_built_index", going_on.name())
        .with("index", cleared.name()));
    }
    let to_build: Vec<&Arc<Index>> = clear.iter().chain(&go_on).copied().collect();
    if let (IndexingMethod::ByIndex(source), false) = (&options.method, to_build.is_empty()) {
        Source::find(store, source, &to_build)?;
    }
    let stamp = IndexingStamp::new(store, &options.method, to_build.iter().map(|index| index.name()))?;
    for index in &clear {
        store.clear_and_mark_index_write_only(index.name()).await?;
        stamp.save(store, index);
    }
    for index in &go_on {
        store.mark_index_write_only(index.name()).await?;
        stamp.continue_from(store, index).await?;
    }
    let build = to_build;
    for index in &build {
        heartbeat.beat(store, index, stamp.method_name()).await?;
    }
    if let Some(first) = build.first() {
        work.records_scanned = unsigned(store.records_scanned_by_builders(first).await?);
        work.records_total = store.count_records_to_index(&build).await?.map(unsigned);
    }
    work.build = build.into_iter().map(|index| Target::new(index)).collect();
    Ok(work)
}

/// A count of records; less than none is no count.
fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

fn refuse_state(index: &Index, state: IndexState) -> Error {
    Error::new(
        ErrorKind::IndexBuild,
        "the index is in a state in which it is not to be built: say what to do with such indexes",
    )
    .with("index", index.name())
    .with("state", state.name())
}

fn refuse_type(index: &Index) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "this release does not maintain indexes of this type: build the index with Apple's layer",
    )
    .with("index", index.name())
    .with("type", index.kind())
}

fn refuse_queue(index: &Index) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "a builder of Apple's layer queues the changes of the index: finish the build there, or rebuild the index",
    )
    .with("index", index.name())
}
