//! FoundationDB clusters behind the seam: a thin room over FoundationDB's own client library, which is opened at run time.
//!
//! The futures and their values are those of crate `foundationdb`. The handles of databases and transactions are ours
//! (`handle.rs`): the crate's transaction is used up by a commit, the seam's may be asked and reset by anyone who holds it.
//! What a transaction does is FoundationDB's business; nothing here caches, retries or checks.

mod convert;
mod database;
mod handle;
mod mapped;
mod network;
mod network_option;
mod options;
mod transaction;

pub use self::database::open;
pub use self::network::stop_network;
pub use self::network_option::NetworkOption;
pub use self::options::FdbOptions;
