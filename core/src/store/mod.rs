//! The record store.

mod format_version;
mod header;
mod layout;

pub use format_version::FormatVersion;
pub use header::{RecordCountState, StoreHeader, StoreLock};
pub use layout::StoreKeyspace;
