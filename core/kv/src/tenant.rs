//! [`Tenant`]: a part of a database with a key space of its own.

use std::sync::Arc;

use crate::{Read, Transaction, TransactionBackend};

/// What a backend does for a tenant.
pub trait TenantBackend: Send + Sync {
    /// A fresh transaction whose keys are those of the tenant.
    fn create_transaction(&self) -> Arc<dyn TransactionBackend>;
    /// The tenant's number. Errors: 2131.
    fn id(&self) -> Read<i64>;
}

/// A tenant. Clones are handles on the same one. What a handle has found out about its tenant's existence stays: after the tenant
/// is made or removed a new handle is needed.
#[derive(Clone)]
pub struct Tenant {
    backend: Arc<dyn TenantBackend>,
}

impl Tenant {
    /// A tenant over a backend; databases make them with [`Database::tenant`](crate::Database::tenant).
    pub fn from_backend(backend: Arc<dyn TenantBackend>) -> Self {
        Tenant { backend }
    }

    /// A fresh transaction whose keys are those of the tenant. Errors (of its operations): 2131 if the tenant does not exist.
    pub fn transaction(&self) -> Transaction {
        Transaction::from_backend(self.backend.create_transaction())
    }

    /// The tenant's number, which no other tenant of the database ever gets. Errors: 2131.
    pub fn id(&self) -> Read<i64> {
        self.backend.id()
    }
}

impl std::fmt::Debug for Tenant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tenant")
    }
}
