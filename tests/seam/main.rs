//! What every backend of `record_store_kv` must do, tried on the database that is given (`RECORD_STORE_TEST_URL`), or else on the
//! engine in memory. What single calls see is held by the recorded programs (`tests/traces`).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conflicts;
mod ends;
mod reads;
mod tenants;
mod watches;

use futures_executor::block_on;
use record_store_kv::{Database, Result, Transaction};
use record_store_tests::given::fresh;

/// A database of its own for a test.
fn database() -> Database {
    fresh().unwrap().kv().clone()
}

fn commit(database: &Database, write: impl FnOnce(&Transaction)) -> Result<()> {
    let transaction = database.transaction();
    write(&transaction);
    block_on(transaction.commit())
}

fn code<T>(result: Result<T>) -> Option<i32> {
    result.err().and_then(|error| error.fdb_code())
}
