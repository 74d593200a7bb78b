//! Results that can stop and go on: limits, continuations, and the leaf that reads ranges of keys.
//!
//! Nothing here knows records; the scan of a store's records is `store::scan`.

mod continuation;
mod envelope;
mod key_value;
mod limits;
mod transaction;

pub use continuation::Continuation;
pub use limits::{NoNextReason, ScanLimits};

pub(crate) use envelope::Seal;
pub(crate) use key_value::{KeyValueCursor, KeyValueScan, RowsWanted};
pub(crate) use limits::LimitManager;
pub(crate) use transaction::{ScanIdentity, ScanProgress, TransactionCursor};
