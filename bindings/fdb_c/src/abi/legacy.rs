//! What programs use that were compiled with headers before version 620: clusters, and a name for versions. A program with a
//! newer header cannot name these functions. Forms from before version 23 cannot be asked for, because no version before 510 can be
//! selected.

use std::ffi::{c_char, c_int};
use std::sync::Arc;

use crate::abi::future::take;
use crate::abi::guard::export;
use crate::abi::handle::{self, FDBCluster, FDBDatabase, FDBFuture, FDBTransaction, give, object};
use crate::abi::memory::{bytes, put, selector, text};
use crate::database::Database;
use crate::error::codes;
use crate::future::Future;
use crate::location::Named;
use crate::transaction::Range;
use crate::value::Value;

export! {
    /// Before version 620: a version.
    fn fdb_future_get_version(future: *mut FDBFuture, out_version: *mut i64) -> c_int {
        put(out_version, take!(future, Value::Int64(number) => *number));
        Ok(0)
    }

    /// Before version 23: whether a future failed.
    fn fdb_future_is_error(future: *mut FDBFuture) -> c_int {
        Ok(c_int::from(object(future).is_ok_and(|future| future.check().is_err())))
    }

    /// Before version 610: the cluster that a cluster file names.
    fn fdb_create_cluster(cluster_file_path: *const c_char) -> *mut FDBFuture {
        let named = Named::File(text(cluster_file_path)?.to_owned());
        Ok(give(Future::ready(Ok(Value::Cluster(named)))))
    }

    /// The cluster of a future.
    fn fdb_future_get_cluster(future: *mut FDBFuture, out_cluster: *mut *mut FDBCluster) -> c_int {
        let named = take!(future, Value::Cluster(named) => named.clone());
        if out_cluster.is_null() {
            return Err(codes::CLIENT_INVALID_OPERATION);
        }
        put(out_cluster, give(Arc::new(named)));
        Ok(0)
    }

    /// There are no options of clusters.
    fn fdb_cluster_set_option(
        cluster: *mut FDBCluster,
        _option: c_int,
        _value: *const u8,
        _value_length: c_int,
    ) -> c_int {
        object(cluster)?;
        Err(codes::INVALID_OPTION)
    }

    /// The database of a cluster, which is called DB.
    fn fdb_cluster_create_database(
        cluster: *mut FDBCluster,
        db_name: *const u8,
        db_name_length: c_int,
    ) -> *mut FDBFuture {
        if bytes(db_name, db_name_length)? != b"DB" {
            return Err(codes::INVALID_DATABASE_NAME);
        }
        let database = Database::create(object(cluster)?.clone())?;
        Ok(give(Future::ready(Ok(Value::Database(database)))))
    }

    /// The database of a future.
    fn fdb_future_get_database(future: *mut FDBFuture, out_database: *mut *mut FDBDatabase) -> c_int {
        let database = take!(future, Value::Database(database) => database.clone());
        if out_database.is_null() {
            return Err(codes::CLIENT_INVALID_OPERATION);
        }
        put(out_database, give(database));
        Ok(0)
    }

    /// Destroys a cluster. Databases of it go on.
    fn fdb_cluster_destroy(cluster: *mut FDBCluster) -> () {
        drop(handle::take(cluster));
        Ok(())
    }

    /// Before version 14: reads the rows between two selectors.
    fn fdb_transaction_get_range_selector(
        transaction: *mut FDBTransaction,
        begin_key_name: *const u8,
        begin_key_name_length: c_int,
        begin_or_equal: c_int,
        begin_offset: c_int,
        end_key_name: *const u8,
        end_key_name_length: c_int,
        end_or_equal: c_int,
        end_offset: c_int,
        limit: c_int,
    ) -> *mut FDBFuture {
        let range = Range {
            begin: selector(begin_key_name, begin_key_name_length, begin_or_equal, begin_offset)?,
            end: selector(end_key_name, end_key_name_length, end_or_equal, end_offset)?,
            limit,
            target_bytes: 0,
            mode: -2,
            iteration: 1,
            reverse: false,
        };
        Ok(give(object(transaction)?.get_range(range, false)))
    }
}
