//! Results that can stop and go on: limits, continuations, and the leaf that reads ranges of keys.
//!
//! Nothing here knows records; the scan of a store's records is `store::scan`.

mod continuation;
mod key_value;
mod limits;
mod paging;
mod transaction;

pub use continuation::Continuation;
pub use limits::{NoNextReason, ScanLimits};

use limits::LimitManager;

pub(crate) use key_value::{KeyValueCursor, KeyValueScan, RowsWanted};
pub(crate) use paging::Paging;
pub(crate) use transaction::{ScanProgress, TransactionCursor, next_batch};
