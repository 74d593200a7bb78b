//! Tenants.

use std::ffi::c_int;

use crate::abi::guard::export;
use crate::abi::handle::{self, FDBFuture, FDBTenant, FDBTransaction, give, object};
use crate::abi::memory::put;
use crate::error::codes;

export! {
    /// A transaction of a tenant.
    fn fdb_tenant_create_transaction(tenant: *mut FDBTenant, out_transaction: *mut *mut FDBTransaction) -> c_int {
        let tenant = object(tenant)?;
        if out_transaction.is_null() {
            return Err(codes::CLIENT_INVALID_OPERATION);
        }
        put(out_transaction, give(tenant.transaction()));
        Ok(0)
    }

    /// A tenant's number.
    fn fdb_tenant_get_id(tenant: *mut FDBTenant) -> *mut FDBFuture {
        Ok(give(object(tenant)?.id()))
    }

    /// Destroys a handle. Transactions of it go on.
    fn fdb_tenant_destroy(tenant: *mut FDBTenant) -> () {
        drop(handle::take(tenant));
        Ok(())
    }
}
