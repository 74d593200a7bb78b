//! [`TransactionCursor`]: what the cursors of one transaction have in common, for scans that take many.

use std::sync::Arc;

use super::{Continuation, Cursor, NoNextReason};

/// The results of a scan within one transaction, one after the other.
pub(crate) trait TransactionCursor: Cursor {
    /// Which scan it is.
    fn identity(&self) -> Identity;

    /// How far the scan has come.
    fn progress(&self) -> ScanProgress;
}

/// Which scan it is. That of a plan is told when somebody asks, because it is the text of the plan.
#[derive(Clone)]
pub(crate) enum Identity {
    Known(ScanIdentity),
    Told(Arc<dyn Identify>),
}

/// What can tell which scan it is.
pub(crate) trait Identify: Send + Sync {
    fn identity(&self) -> ScanIdentity;
}

impl Identity {
    /// Which scan it is.
    pub(crate) fn tell(&self) -> ScanIdentity {
        match self {
            Identity::Known(identity) => identity.clone(),
            Identity::Told(of) => of.identity(),
        }
    }
}

impl From<ScanIdentity> for Identity {
    fn from(identity: ScanIdentity) -> Self {
        Identity::Known(identity)
    }
}

/// Which scan it is: a continuation of one is none of another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ScanIdentity {
    /// What is read, in which direction.
    pub(crate) plan_hash: u32,
    /// The version of the meta-data that made or last changed what is read.
    pub(crate) since: i32,
    /// The indexes that a planner chose.
    pub(crate) indexes: Vec<String>,
}

/// How far a scan within one transaction has come.
#[derive(Debug)]
pub(crate) struct ScanProgress {
    /// Why there is no next result; none while there may be one.
    pub(crate) no_next_reason: Option<NoNextReason>,
    /// Where another scan goes on.
    pub(crate) continuation: Option<Continuation>,
    /// How many key-value pairs were read.
    pub(crate) scanned_rows: u64,
    /// How many bytes were read.
    pub(crate) scanned_bytes: u64,
    /// How many results are still to be left out.
    pub(crate) skip: usize,
}
