//! [`Handle`]: a database handle, which makes transactions and gives them their defaults.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use parking_lot::{Mutex, MutexGuard};
use record_store_kv::env::Env;
use record_store_kv::{DatabaseBackend, Error, Result, TenantBackend, TransactionBackend};

use super::EngineTransaction;
use super::options::Defaults;
use super::round_trips::RoundTrips;
use super::tenant::EngineTenant;
use crate::buggify::ClientBuggify;
use crate::cluster::Cluster;

/// A database handle. Handles on one database have their own defaults and watch limits.
pub(crate) struct Handle {
    cluster: Arc<Cluster>,
    name: String,
    defaults: Mutex<Defaults>,
    buggify: Option<ClientBuggify>,
    watches: Arc<AtomicI64>,
    round_trips: Arc<RoundTrips>,
}

impl Handle {
    /// A handle on `cluster`, called `name` in error messages, whose clients see a version of FoundationDB's API.
    pub(crate) fn new(cluster: Arc<Cluster>, name: String, api_version: i32) -> Self {
        Handle {
            cluster,
            name,
            defaults: Mutex::new(Defaults::of_api(api_version)),
            buggify: None,
            watches: Arc::default(),
            round_trips: Arc::default(),
        }
    }

    /// A handle whose calls fail as `buggify` says.
    pub(crate) fn with_buggify(self, buggify: Option<ClientBuggify>) -> Self {
        Handle { buggify, ..self }
    }

    /// Another handle on the same database, without what this one was told; no failures are made up for it.
    pub(crate) fn again(&self) -> Self {
        Handle::new(self.cluster.clone(), self.name.clone(), self.defaults().api_version())
    }

    /// What makes up failures.
    pub(crate) fn buggify(&self) -> Option<&ClientBuggify> {
        self.buggify.as_ref()
    }

    /// The database.
    pub(crate) fn cluster(&self) -> &Arc<Cluster> {
        &self.cluster
    }

    /// What the database is called.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What its transactions start with.
    pub(crate) fn defaults(&self) -> MutexGuard<'_, Defaults> {
        self.defaults.lock()
    }

    /// The number of pending watches.
    pub(crate) fn watches(&self) -> &Arc<AtomicI64> {
        &self.watches
    }

    /// The calls that have waited for the database.
    pub(crate) fn round_trips(&self) -> &Arc<RoundTrips> {
        &self.round_trips
    }
}

/// A [`Handle`] as a backend, which shares it with its transactions.
pub(crate) struct EngineDatabase(pub(crate) Arc<Handle>);

impl DatabaseBackend for EngineDatabase {
    fn create_transaction(&self) -> Arc<dyn TransactionBackend> {
        EngineTransaction::new(self.0.clone(), None)
    }

    fn set_option(&self, code: i32, value: Option<&[u8]>) -> Result<()> {
        self.0.defaults().set(code, value).map_err(Error::fdb)
    }

    fn env(&self) -> &Env {
        self.0.cluster.env()
    }

    fn name(&self) -> String {
        self.0.name.clone()
    }

    fn new_handle(&self) -> Result<Arc<dyn DatabaseBackend>> {
        let handle = self.0.again().with_buggify(self.0.buggify.clone());
        Ok(Arc::new(EngineDatabase(Arc::new(handle))))
    }

    fn tenant(&self, name: &[u8]) -> Result<Arc<dyn TenantBackend>> {
        Ok(Arc::new(EngineTenant::new(self.0.clone(), name)?))
    }
}
