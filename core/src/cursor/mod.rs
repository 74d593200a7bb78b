//! Results that can stop and go on: limits, continuations, the leaf that reads ranges of keys, and cursors over cursors.
//!
//! Nothing here knows records; the scan of a store's records is `store::scan`.

mod continuation;
mod dynamic;
mod envelope;
mod filter;
mod flat_map;
mod key_value;
mod limit;
mod limits;
mod merge;
mod paging;
mod position;
mod transaction;

pub use continuation::Continuation;
pub use limits::{NoNextReason, ScanLimits};

use limits::LimitManager;

pub(crate) use dynamic::{Begin, BoxCursor, Cursor, next, next_batch};
pub(crate) use envelope::{Envelope, Seal};
pub(crate) use filter::FilterCursor;
pub(crate) use flat_map::FlatMapCursor;
pub(crate) use key_value::{KeyValueCursor, KeyValueScan, RowsWanted};
pub(crate) use limit::LimitCursor;
pub(crate) use limits::Scanned;
pub(crate) use merge::{MergeCursor, MergeKind};
pub(crate) use paging::Paging;
pub(crate) use position::{Position, SortPosition, decoded};
pub(crate) use transaction::{Identify, Identity, ScanIdentity, ScanProgress, TransactionCursor};

#[cfg(test)]
mod tests;
