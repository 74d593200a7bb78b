//! What needs a cluster or is not there: blob granules, recovery by force, snapshots of disks. The functions exist,
//! because clients look them up when they start, and fail with FoundationDB's own 2108.
//!
//! They take the first of their arguments alone: by the calling conventions of C the others are the caller's to clean up.

use std::ffi::{c_int, c_void};
use std::sync::Arc;

use crate::abi::guard::export;
use crate::abi::handle::{self, FDBFuture, FDBResult, give, object};
use crate::client;
use crate::error::codes;

/// Functions that give a future, which fails.
macro_rules! futures {
    ($($name:ident)*) => {
        export! {
            $(
                fn $name(_subject: *mut c_void) -> *mut FDBFuture {
                    Ok(give(client::unsupported()))
                }
            )*
        }
    };
}

futures! {
    fdb_database_force_recovery_with_data_loss
    fdb_database_create_snapshot

    fdb_database_blobbify_range
    fdb_database_blobbify_range_blocking
    fdb_database_unblobbify_range
    fdb_database_list_blobbified_ranges
    fdb_database_verify_blob_range
    fdb_database_flush_blob_range
    fdb_database_purge_blob_granules
    fdb_database_wait_purge_granules_complete

    fdb_tenant_blobbify_range
    fdb_tenant_blobbify_range_blocking
    fdb_tenant_unblobbify_range
    fdb_tenant_list_blobbified_ranges
    fdb_tenant_verify_blob_range
    fdb_tenant_flush_blob_range
    fdb_tenant_purge_blob_granules
    fdb_tenant_wait_purge_granules_complete

    fdb_transaction_get_blob_granule_ranges
    fdb_transaction_summarize_blob_granules
    fdb_transaction_read_blob_granules_description
    fdb_transaction_read_blob_granules_start
}

/// Functions that give a result, which fails.
macro_rules! results {
    ($($name:ident)*) => {
        $(
            #[unsafe(no_mangle)]
            pub(crate) extern "C" fn $name(_subject: *mut c_void) -> *mut FDBResult {
                give(Arc::new(codes::UNSUPPORTED_OPERATION))
            }
        )*
    };
}

results! {
    fdb_transaction_read_blob_granules
    fdb_transaction_read_blob_granules_finish
    fdb_readbg_parse_snapshot_file
    fdb_readbg_parse_delta_file
}

/// Functions that take out of a future what none holds: they fail as the future does.
macro_rules! held_by_none {
    ($($name:ident)*) => {
        export! {
            $(
                fn $name(future: *mut FDBFuture) -> c_int {
                    object(future)?.check()?;
                    Err(codes::CLIENT_INVALID_OPERATION)
                }
            )*
        }
    };
}

held_by_none! {
    fdb_future_get_bool
    fdb_future_get_keyrange_array
    fdb_future_get_granule_summary_array
    fdb_future_readbg_get_descriptions
}

export! {
    fn fdb_result_get_keyvalue_array(result: *mut FDBResult) -> c_int {
        Err(*object(result)?)
    }

    fn fdb_result_get_bg_mutations_array(result: *mut FDBResult) -> c_int {
        Err(*object(result)?)
    }

    fn fdb_result_destroy(result: *mut FDBResult) -> () {
        drop(handle::take(result));
        Ok(())
    }
}
