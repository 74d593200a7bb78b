//! [`Database`] and [`Tenant`]: what C knows as `FDBDatabase` and `FDBTenant`.
//!
//! To create one touches nothing. It is opened by its first transaction, and if it cannot be, that transaction's results fail;
//! the next transaction tries again.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use record_store_engine::{Engine, EngineOptions, Location};
use record_store_kv::{self as kv, DatabaseOption};

use crate::api_version;
use crate::error::{self, Code};
use crate::future::Future;
use crate::location::{Named, Place};
use crate::network;
use crate::options;
use crate::transaction::Transaction;

/// A handle on a database, with options of its own.
pub(crate) struct Database {
    named: Named,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    opened: Option<kv::Database>,
    /// Options that were set before it was opened.
    options: Vec<(i32, Option<Bytes>)>,
}

/// A handle on a tenant.
pub(crate) struct Tenant(Result<kv::Tenant, Code>);

/// The databases in memory, by name. They last as long as the process: a program that closes one and opens it again finds
/// what it has written, as with a cluster.
static MEMORY: Mutex<BTreeMap<String, kv::Database>> = Mutex::new(BTreeMap::new());

impl Database {
    /// A handle on the database that is named so.
    ///
    /// **Errors**: 2200 before a version of the API is selected, 2008 before the network is set up.
    pub(crate) fn create(named: Named) -> Result<Arc<Self>, Code> {
        api_version::selected()?;
        network::check_set_up()?;
        Ok(Arc::new(Database {
            named,
            state: Mutex::default(),
        }))
    }

    /// Sets an option.
    ///
    /// **Errors**: 2007 for an unknown one.
    pub(crate) fn set_option(&self, option: i32, value: &[u8]) -> Result<(), Code> {
        let value = (!value.is_empty()).then(|| Bytes::copy_from_slice(value));
        match self.open() {
            Ok(database) => set_option(&database, option, value),
            Err(_) => {
                self.state.lock().options.push((option, value));
                Ok(())
            }
        }
    }

    /// A fresh transaction.
    pub(crate) fn transaction(&self) -> Arc<Transaction> {
        Transaction::new(self.open().map(|database| database.transaction()))
    }

    /// The tenant of this name.
    pub(crate) fn tenant(&self, name: &[u8]) -> Arc<Tenant> {
        let tenant = self.open().and_then(|database| {
            let tenant = database.tenant(name);
            tenant.map_err(|error| error::code(&error))
        });
        Arc::new(Tenant(tenant))
    }

    fn open(&self) -> Result<kv::Database, Code> {
        let mut state = self.state.lock();
        if let Some(database) = &state.opened {
            return Ok(database.clone());
        }
        let database = open(self.named.find()?).map_err(|error| error::code(&error))?;
        for (option, value) in std::mem::take(&mut state.options) {
            // That it is unknown could have been said only when it was set.
            let _ = set_option(&database, option, value);
        }
        state.opened = Some(database.clone());
        Ok(database)
    }
}

impl Tenant {
    /// A fresh transaction of the tenant.
    pub(crate) fn transaction(&self) -> Arc<Transaction> {
        Transaction::new(self.0.as_ref().map(|tenant| tenant.transaction()).map_err(|code| *code))
    }

    /// The tenant's number.
    pub(crate) fn id(&self) -> Arc<Future> {
        match &self.0 {
            Ok(tenant) => Future::of(tenant.id()),
            Err(code) => Future::ready(Err(*code)),
        }
    }
}

fn set_option(database: &kv::Database, option: i32, value: Option<Bytes>) -> Result<(), Code> {
    let set = database.set_option(&DatabaseOption::Other(option, value));
    set.map_err(|error| error::code(&error))
}

/// Opens a database, or makes another handle on one in memory.
fn open(place: Place) -> kv::Result<kv::Database> {
    let api_version = api_version::selected().map_err(kv::Error::fdb)?;
    let with_version = |options| EngineOptions {
        api_version,
        client_buggify: Some(options::client_buggify().clone()),
        ..options
    };
    match place {
        Place::Directory(path, options) => Engine::open(Location::Path(path), with_version(options)),
        Place::Memory(name, options) => {
            let mut databases = MEMORY.lock();
            if let Some(database) = databases.get(&name) {
                return database.new_handle();
            }
            let database = Engine::open(Location::Memory, with_version(options))?;
            databases.insert(name, database.clone());
            database.new_handle()
        }
    }
}
