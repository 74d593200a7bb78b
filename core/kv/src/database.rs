//! [`Database`]: makes transactions, and holds the one loop that tries them again.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::env::Env;
use crate::{DatabaseOption, Error, Result, Tenant, TenantBackend, Transaction, TransactionBackend, fdb_code};

/// What a backend does for a database.
pub trait DatabaseBackend: Send + Sync {
    /// A fresh transaction. It costs nothing; errors of opening surface at its first operation.
    fn create_transaction(&self) -> Arc<dyn TransactionBackend>;
    /// Sets an option. Errors: 2007 for an unknown one.
    fn set_option(&self, code: i32, value: Option<&[u8]>) -> Result<()>;
    /// Time, chance and threads of this database.
    fn env(&self) -> &Env;
    /// A short name for error messages and logs: `memory:`, a path, or a cluster file.
    fn name(&self) -> String;
    /// Another handle on the same database, with options of its own. Errors: 2108 where there is none.
    fn new_handle(&self) -> Result<Arc<dyn DatabaseBackend>> {
        Err(Error::fdb(fdb_code::UNSUPPORTED_OPERATION))
    }
    /// The tenant called `name`; that it does not exist shows in its operations. Errors: 2108 where there are none.
    fn tenant(&self, _name: &[u8]) -> Result<Arc<dyn TenantBackend>> {
        Err(Error::fdb(fdb_code::UNSUPPORTED_OPERATION))
    }
}

/// A database. Clones are handles on the same one.
#[derive(Clone)]
pub struct Database {
    backend: Arc<dyn DatabaseBackend>,
}

impl Database {
    /// A database over a backend.
    pub fn from_backend(backend: Arc<dyn DatabaseBackend>) -> Self {
        Database { backend }
    }

    /// A fresh transaction, tried once: its user deals with conflicts. Most programs want [`Database::run`].
    pub fn transaction(&self) -> Transaction {
        Transaction::from_backend(self.backend.create_transaction())
    }

    /// Sets an option. Errors: 2007 for an unknown one.
    pub fn set_option(&self, option: &DatabaseOption) -> Result<()> {
        self.backend.set_option(option.code(), option.value().as_deref())
    }

    /// Another handle on the same database: it has options, defaults and a limit of watches of its own, as a database that is
    /// opened again has in FoundationDB. Errors: 2108 for a backend that cannot.
    pub fn new_handle(&self) -> Result<Database> {
        self.backend.new_handle().map(Database::from_backend)
    }

    /// A part of the key space of its own, as FoundationDB's tenants are. It is made and removed through the special keys
    /// `\xff\xff/management/tenant/map/`; that there is none of this name shows in its operations (2131). Errors: 2108 for a
    /// backend without tenants.
    pub fn tenant(&self, name: &[u8]) -> Result<Tenant> {
        self.backend.tenant(name).map(Tenant::from_backend)
    }

    /// Time, chance and threads of this database.
    pub fn env(&self) -> &Env {
        self.backend.env()
    }

    /// A short name for error messages and logs.
    pub fn name(&self) -> String {
        self.backend.name()
    }

    /// Runs `body` in a transaction and commits it; tries again where FoundationDB says that this is right.
    ///
    /// `body` may run more than once, so it must have no effects but through the transaction, and leave the commit to this
    /// function: a transaction that is committed twice fails with 2017. An error that is not FoundationDB's is returned
    /// untouched, at once.
    ///
    /// **Errors**: those of `body`; FoundationDB's that no retry can cure; after the deadline of `options` the last
    /// retryable one, with the number of attempts.
    pub async fn run<T, E, F, Fut>(&self, options: &RunOptions, mut body: F) -> std::result::Result<T, E>
    where
        E: RunError,
        F: FnMut(Transaction, Attempt) -> Fut,
        Fut: Future<Output = std::result::Result<T, E>>,
    {
        let transaction = self.transaction();
        let clock = self.env().clock();
        let started = clock.monotonic();
        let mut attempt = Attempt {
            number: 1,
            maybe_committed: false,
        };
        loop {
            let error = match body(transaction.clone(), attempt).await {
                Ok(result) => match transaction.commit().await {
                    Ok(()) => return Ok(result),
                    Err(error) => E::from(error),
                },
                Err(error) => error,
            };
            let Some(code) = error.fdb_code() else {
                return Err(error);
            };
            let out_of_attempts = options.max_attempts.is_some_and(|most| attempt.number >= most);
            let out_of_time = options
                .timeout
                .is_some_and(|most| clock.monotonic().saturating_sub(started) >= most);
            if out_of_attempts || out_of_time || transaction.on_error_code(code).await.is_err() {
                return Err(error);
            }
            attempt = Attempt {
                number: attempt.number + 1,
                maybe_committed: attempt.maybe_committed || fdb_code::is_maybe_committed(code),
            };
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({})", self.name())
    }
}

/// How long [`Database::run`] tries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOptions {
    /// No new attempt starts after this time; `None` means without limit.
    pub timeout: Option<Duration>,
    /// At most so many attempts; `None` means without limit.
    pub max_attempts: Option<u32>,
}

impl Default for RunOptions {
    /// A deadline of 30 seconds, any number of attempts.
    fn default() -> Self {
        RunOptions {
            timeout: Some(Duration::from_secs(30)),
            max_attempts: None,
        }
    }
}

/// Which attempt of [`Database::run`] this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The number of this attempt, from 1.
    pub number: u32,
    /// Whether an earlier attempt may have committed (FoundationDB's 1021): what this one writes may be there already.
    pub maybe_committed: bool,
}

/// What [`Database::run`] must know of the error type of its body.
pub trait RunError: From<Error> {
    /// FoundationDB's code, if the error has one.
    fn fdb_code(&self) -> Option<i32>;
}

impl RunError for Error {
    fn fdb_code(&self) -> Option<i32> {
        Error::fdb_code(self)
    }
}
