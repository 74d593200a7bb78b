//! Databases.

use std::ffi::{c_char, c_int};

use crate::abi::guard::export;
use crate::abi::handle::{self, FDBDatabase, FDBFuture, FDBTenant, FDBTransaction, give, object};
use crate::abi::memory::{bytes, put, text};
use crate::database::Database;
use crate::error::codes;
use crate::future::Future;
use crate::location::Named;
use crate::value::Value;
use crate::{client, network};

export! {
    /// A handle on the database that a cluster file names.
    fn fdb_create_database(cluster_file_path: *const c_char, out_database: *mut *mut FDBDatabase) -> c_int {
        create(Named::File(text(cluster_file_path)?.to_owned()), out_database)
    }

    /// A handle on the database that the text of a cluster file names.
    fn fdb_create_database_from_connection_string(
        connection_string: *const c_char,
        out_database: *mut *mut FDBDatabase,
    ) -> c_int {
        create(Named::Connection(text(connection_string)?.to_owned()), out_database)
    }

    /// Destroys a handle. Transactions of it go on.
    fn fdb_database_destroy(database: *mut FDBDatabase) -> () {
        drop(handle::take(database));
        Ok(())
    }

    /// Sets an option of a handle.
    fn fdb_database_set_option(
        database: *mut FDBDatabase,
        option: c_int,
        value: *const u8,
        value_length: c_int,
    ) -> c_int {
        object(database)?.set_option(option, bytes(value, value_length)?).map(|()| 0)
    }

    /// A handle on a tenant.
    fn fdb_database_open_tenant(
        database: *mut FDBDatabase,
        tenant_name: *const u8,
        tenant_name_length: c_int,
        out_tenant: *mut *mut FDBTenant,
    ) -> c_int {
        let (database, name) = (object(database)?, bytes(tenant_name, tenant_name_length)?);
        wanted(out_tenant)?;
        put(out_tenant, give(database.tenant(name)));
        Ok(0)
    }

    /// A transaction.
    fn fdb_database_create_transaction(database: *mut FDBDatabase, out_transaction: *mut *mut FDBTransaction) -> c_int {
        let database = object(database)?;
        wanted(out_transaction)?;
        put(out_transaction, give(database.transaction()));
        Ok(0)
    }

    /// Has a process of the cluster start again; there is none, and none is counted.
    fn fdb_database_reboot_worker(
        database: *mut FDBDatabase,
        _address: *const u8,
        _address_length: c_int,
        _check: c_int,
        _duration: c_int,
    ) -> *mut FDBFuture {
        object(database)?;
        Ok(give(Future::ready(Ok(Value::Int64(0)))))
    }

    /// Which part of its time the network's thread is busy.
    fn fdb_database_get_main_thread_busyness(database: *mut FDBDatabase) -> f64 {
        object(database)?;
        Ok(network::busyness())
    }

    /// The protocol of the cluster, as soon as it is another one.
    fn fdb_database_get_server_protocol(database: *mut FDBDatabase, expected_version: u64) -> *mut FDBFuture {
        object(database)?;
        Ok(give(client::server_protocol(expected_version)))
    }

    /// The state of the connection.
    fn fdb_database_get_client_status(database: *mut FDBDatabase) -> *mut FDBFuture {
        object(database)?;
        Ok(give(client::status()))
    }
}

fn create(named: Named, out: *mut *mut FDBDatabase) -> Result<c_int, crate::error::Code> {
    wanted(out)?;
    put(out, give(Database::create(named)?));
    Ok(0)
}

/// **Errors**: 2000 if nobody would ever get the object.
fn wanted<T>(out: *mut T) -> Result<(), crate::error::Code> {
    if out.is_null() {
        Err(codes::CLIENT_INVALID_OPERATION)
    } else {
        Ok(())
    }
}
