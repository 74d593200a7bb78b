//! FoundationDB's limits, as data. Source: `fdbclient/ClientKnobs.cpp` and `fdbclient/ServerKnobs.cpp` of 7.3.

/// The longest key in bytes.
pub(crate) const KEY_SIZE_MAX: usize = 10_000;
/// The longest key in bytes of the system key space (from `\xff`).
pub(crate) const SYSTEM_KEY_SIZE_MAX: usize = 30_000;
/// The longest value or operand in bytes.
pub(crate) const VALUE_SIZE_MAX: usize = 100_000;
/// The largest transaction in bytes.
pub(crate) const TRANSACTION_SIZE_MAX: i64 = 10_000_000;
/// How many versions back a transaction may read and commit: five seconds.
pub(crate) const VERSION_WINDOW: i64 = 5_000_000;
/// Versions a second.
pub(crate) const VERSIONS_PER_SECOND: i64 = 1_000_000;
/// How far versions jump when the database is opened: no transaction that was open before can go on.
pub(crate) const RECOVERY_VERSION_JUMP: i64 = 100_000_000;
/// The most watches that may be pending on a database handle, unless an option says otherwise.
pub(crate) const WATCHES_MAX_DEFAULT: i64 = 10_000;
