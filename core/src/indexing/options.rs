//! [`IndexingOptions`]: how an index is built, as plain data.

use std::time::Duration;

use record_store_kv::tuple::Tuple;

use crate::index::IndexState;
use crate::{Error, ErrorKind, Result};

/// What a builder does with an index that it finds in some state.
///
/// Java class: `OnlineIndexer.IndexingPolicy.DesiredAction`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IndexingAction {
    /// It refuses.
    Error,
    /// It empties the index and begins at the beginning.
    Rebuild,
    /// It does what is left to do; of a readable index that is nothing.
    Continue,
    /// It indexes nothing, and makes the index readable if it has all records.
    MarkReadable,
}

impl IndexingAction {
    /// Every action.
    pub const ALL: [IndexingAction; 4] = [
        IndexingAction::Error,
        IndexingAction::Rebuild,
        IndexingAction::Continue,
        IndexingAction::MarkReadable,
    ];

    /// Its name: `error`, `rebuild`, `continue` or `mark_readable`.
    pub fn name(self) -> &'static str {
        match self {
            IndexingAction::Error => "error",
            IndexingAction::Rebuild => "rebuild",
            IndexingAction::Continue => "continue",
            IndexingAction::MarkReadable => "mark_readable",
        }
    }

    /// The action of this name.
    ///
    /// ```
    /// # use record_store::indexing::IndexingAction;
    /// assert_eq!(IndexingAction::from_name("rebuild")?, IndexingAction::Rebuild);
    /// assert!(IndexingAction::from_name("retry").is_err());
    /// # Ok::<(), record_store::Error>(())
    /// ```
    ///
    /// **Errors**: `InvalidArgument` for a name that no action has.
    pub fn from_name(name: &str) -> Result<Self> {
        let named = IndexingAction::ALL.into_iter().find(|action| action.name() == name);
        named.ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                "what a build does with an index that it finds is error, rebuild, continue or mark_readable",
            )
            .with("given", name)
        })
    }
}

/// By what a build goes, and whether others take part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IndexingMethod {
    /// By the records, in the order of their primary keys; one builder at a time.
    #[default]
    ByRecords,
    /// By the entries of a value index over the same single record type, which has one for each record: where a store holds
    /// many records of other types, only those of this type are read. It builds one index alone.
    ByIndex(String),
    /// By the records, together with all other builders that build the same indexes in this way, each in fragments of its own.
    Mutually {
        /// The primary keys at which fragments begin, best the same for all builders. Without any, the database is asked where
        /// the records make parts of 10 MB, which reads them on the embedded engine.
        boundaries: Vec<Tuple>,
    },
}

/// How an index is built. The defaults are Java's, but that there is no limit of records a second.
///
/// ```
/// use record_store::indexing::{IndexingAction, IndexingOptions};
/// let gently = IndexingOptions::default().limit(50).records_per_second(10_000);
/// let anew = IndexingOptions::default().if_readable(IndexingAction::Rebuild).if_write_only(IndexingAction::Rebuild);
/// assert_ne!(gently, anew);
/// ```
///
/// Java classes: `OnlineIndexer.IndexingPolicy`, `OnlineIndexOperationConfig`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexingOptions {
    /// What to do with a disabled index. Default: rebuild.
    pub if_disabled: IndexingAction,
    /// What to do with a write-only index, one whose build was stopped. Default: continue.
    pub if_write_only: IndexingAction,
    /// What to do with an index that can be scanned. Default: continue, which leaves it as it is.
    pub if_readable: IndexingAction,
    /// Whether the index is made readable when it has all records. Default: it is.
    pub mark_readable: bool,
    /// Whether a unique index is made readable though records have the same value; the state is then
    /// [`ReadableUniquePending`](IndexState::ReadableUniquePending), in stores of formats that have it. Default: it is not.
    pub allow_unique_pending: bool,
    /// By what the build goes. Default: by the records.
    pub method: IndexingMethod,
    /// From the greatest primary key downwards. Default: upwards.
    pub reverse: bool,
    /// The most records that one transaction indexes; after conflicts and time-outs there are fewer. Default: 100.
    pub limit: usize,
    /// A transaction ends behind the record with which it has so many bytes to commit. Default: 900,000.
    pub write_size_max: u64,
    /// A transaction ends behind the record at which it is so old. Default: four seconds.
    pub transaction_time_max: Duration,
    /// The most records a second, over all transactions. Default: as many as can be.
    pub records_per_second: Option<u32>,
    /// How long the sign of life of another builder counts: while it does, a build of the same index is refused. Zero lets
    /// several builders work at once: they get in each other's way, but index each record once. Default: ten seconds.
    pub lease: Duration,
    /// The build stops, with an error, after so many transactions that index records. Default: it does not.
    pub stop_after: Option<u64>,
    /// The build stops, with an error, after this time. Default: it does not.
    pub time_max: Option<Duration>,
}

impl Default for IndexingOptions {
    fn default() -> Self {
        IndexingOptions {
            if_disabled: IndexingAction::Rebuild,
            if_write_only: IndexingAction::Continue,
            if_readable: IndexingAction::Continue,
            mark_readable: true,
            allow_unique_pending: false,
            method: IndexingMethod::ByRecords,
            reverse: false,
            limit: 100,
            write_size_max: 900_000,
            transaction_time_max: Duration::from_secs(4),
            records_per_second: None,
            lease: Duration::from_secs(10),
            stop_after: None,
            time_max: None,
        }
    }
}

impl IndexingOptions {
    /// What to do with a disabled index.
    #[must_use]
    pub fn if_disabled(mut self, action: IndexingAction) -> Self {
        self.if_disabled = action;
        self
    }

    /// What to do with a write-only index.
    #[must_use]
    pub fn if_write_only(mut self, action: IndexingAction) -> Self {
        self.if_write_only = action;
        self
    }

    /// What to do with an index that can be scanned.
    #[must_use]
    pub fn if_readable(mut self, action: IndexingAction) -> Self {
        self.if_readable = action;
        self
    }

    /// Whether the index is made readable when it has all records.
    #[must_use]
    pub fn mark_readable(mut self, mark: bool) -> Self {
        self.mark_readable = mark;
        self
    }

    /// Makes a unique index readable though records have the same value.
    #[must_use]
    pub fn allow_unique_pending(mut self) -> Self {
        self.allow_unique_pending = true;
        self
    }

    /// By the entries of this index.
    #[must_use]
    pub fn by_index(mut self, source: impl Into<String>) -> Self {
        self.method = IndexingMethod::ByIndex(source.into());
        self
    }

    /// Together with others, in fragments that begin at these primary keys.
    #[must_use]
    pub fn mutually(mut self, boundaries: impl IntoIterator<Item = Tuple>) -> Self {
        self.method = IndexingMethod::Mutually {
            boundaries: boundaries.into_iter().collect(),
        };
        self
    }

    /// From the greatest primary key downwards.
    #[must_use]
    pub fn reverse(mut self) -> Self {
        self.reverse = true;
        self
    }

    /// The most records that one transaction indexes.
    #[must_use]
    pub fn limit(mut self, records: usize) -> Self {
        self.limit = records;
        self
    }

    /// The most records a second.
    #[must_use]
    pub fn records_per_second(mut self, records: u32) -> Self {
        self.records_per_second = Some(records);
        self
    }

    /// How long the sign of life of another builder counts.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Stops after so many transactions that index records.
    #[must_use]
    pub fn stop_after(mut self, transactions: u64) -> Self {
        self.stop_after = Some(transactions);
        self
    }

    /// Stops after this time.
    #[must_use]
    pub fn time_max(mut self, time: Duration) -> Self {
        self.time_max = Some(time);
        self
    }

    /// What to do with an index in this state.
    pub(super) fn action(&self, state: IndexState) -> IndexingAction {
        match state {
            IndexState::Disabled => self.if_disabled,
            IndexState::WriteOnly | IndexState::WriteOnlyWithQueue => self.if_write_only,
            IndexState::Readable | IndexState::ReadableUniquePending => self.if_readable,
        }
    }

    /// Errors: `InvalidArgument` for limits with which nothing goes on, and what does not go together.
    pub(super) fn check(&self) -> Result<()> {
        for (name, value) in [
            ("limit", Some(self.limit as u64)),
            ("records_per_second", self.records_per_second.map(u64::from)),
        ] {
            if value == Some(0) {
                return Err(
                    Error::new(ErrorKind::InvalidArgument, "with this limit no record would be indexed")
                        .with("option", name)
                        .with("value", 0),
                );
            }
        }
        if self.reverse && matches!(self.method, IndexingMethod::Mutually { .. }) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "builders that share the work go upwards: leave out reverse, or build alone",
            ));
        }
        Ok(())
    }
}
