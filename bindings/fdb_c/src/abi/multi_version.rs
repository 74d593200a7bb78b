//! What a client of FoundationDB's that loads others of other versions asks of each. They share nothing here.

use std::ffi::{c_int, c_void};

use crate::abi::guard::export;
use crate::abi::handle::{FDBDatabase, FDBFuture, give, object};
use crate::client;
use crate::error::codes;

export! {
    /// What the handles of several clients share.
    fn fdb_database_create_shared_state(database: *mut FDBDatabase) -> *mut FDBFuture {
        object(database)?;
        Ok(give(client::unsupported()))
    }

    /// Shares it with another.
    fn fdb_database_set_shared_state(database: *mut FDBDatabase, _state: *mut c_void) -> () {
        object(database)?;
        Ok(())
    }

    /// What handles share, out of a future: no future holds it.
    fn fdb_future_get_shared_state(future: *mut FDBFuture, _out_state: *mut *mut c_void) -> c_int {
        object(future)?.check()?;
        Err(codes::CLIENT_INVALID_OPERATION)
    }

    /// Says that the cluster's protocol is a later one: it is always ours.
    fn fdb_use_future_protocol_version() -> () {
        Ok(())
    }
}
