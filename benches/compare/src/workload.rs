//! What the peers are given to do: plain records, or records with indexes; on disk, or in memory.

use crate::peer::Kind;
use crate::{kv_raw, record_store, redb_raw, sqlite};

/// One kind of work, and who does it.
pub(crate) struct Workload {
    /// Heads its tables.
    pub(crate) title: &'static str,
    /// Whether users are found by their e-mail address, city and age, and counted by city.
    pub(crate) indexed: bool,
    /// Whether queries are measured, instead of saves, gets and scans.
    pub(crate) queries: bool,
    /// Whether a save is on disk before it returns; otherwise everything stays in memory.
    pub(crate) durable: bool,
    /// The most records that it is measured with.
    pub(crate) records_max: i64,
    /// Ours first.
    pub(crate) peers: &'static [Kind],
}

/// Everything that is measured.
pub(crate) const WORKLOADS: &[Workload] = &[
    Workload {
        title: "Records",
        indexed: false,
        queries: false,
        durable: true,
        records_max: i64::MAX,
        peers: &[RECORD_STORE, REDB_RAW, SQLITE],
    },
    Workload {
        title: "Records with three value indexes and a count index",
        indexed: true,
        queries: false,
        durable: true,
        records_max: i64::MAX,
        peers: &[RECORD_STORE, RAW_WRITES, SQLITE],
    },
    Workload {
        title: "The same in memory, where only the processor counts",
        indexed: true,
        queries: false,
        durable: false,
        records_max: 100_000,
        peers: &[RECORD_STORE, RAW_WRITES, SQLITE],
    },
    Workload {
        title: "Queries",
        indexed: true,
        queries: true,
        durable: true,
        records_max: i64::MAX,
        peers: &[RECORD_STORE, SQLITE],
    },
];

const RECORD_STORE: Kind = Kind {
    name: "Record-Store",
    open: record_store::open,
};
const RAW_WRITES: Kind = Kind {
    name: "raw writes",
    open: kv_raw::open,
};
const REDB_RAW: Kind = Kind {
    name: "redb raw",
    open: redb_raw::open,
};
const SQLITE: Kind = Kind {
    name: "SQLite",
    open: sqlite::open,
};
