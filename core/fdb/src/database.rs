//! [`open`] and [`FdbDatabase`]: the seam's database over a cluster.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use record_store_kv::env::Env;
use record_store_kv::{
    Database, DatabaseBackend, Error, ErrorKind, Read, Result, TenantBackend, TransactionBackend, TransactionOption,
    fdb_code,
};

use crate::convert::read;
use crate::handle::{DatabaseHandle, TenantHandle};
use crate::transaction::FdbTransaction;
use crate::{FdbOptions, network};

/// Opens the cluster that `options` name, and waits until it answers.
///
/// **Errors**: `Unsupported` without a client library; `InvalidArgument` if the process already uses another library, API version or
/// other network options; FoundationDB's: 1031 for a cluster that does not answer in time, 1515 without a cluster file, 2104 for one
/// that cannot be read, 2203 for an API version that the library does not know.
///
/// ```no_run
/// use record_store_fdb::FdbOptions;
///
/// # futures_executor::block_on(async {
/// let database = record_store_fdb::open(&FdbOptions::parse("/etc/foundationdb/fdb.cluster")?).await?;
/// let transaction = database.transaction();
/// transaction.set(b"hello", b"world");
/// transaction.commit().await?;
/// # Ok::<(), record_store_kv::Error>(())
/// # }).unwrap();
/// ```
pub async fn open(options: &FdbOptions) -> Result<Database> {
    network::start(options)?;
    let name = match &options.cluster_file {
        Some(file) => format!("fdb:{}", file.display()),
        None => "fdb:".to_owned(),
    };
    let database = FdbDatabase::create(name, options)?;
    let database = Database::from_backend(Arc::new(database));
    answers(&database, options).await?;
    Ok(database)
}

/// Waits for the cluster's first answer: a cluster that is not there would make every later call wait.
async fn answers(database: &Database, options: &FdbOptions) -> Result<()> {
    let transaction = database.transaction();
    let limit = i64::try_from(options.connect_timeout.as_millis()).unwrap_or(i64::MAX);
    transaction.set_option(&TransactionOption::Timeout(limit))?;
    transaction.set_option(&TransactionOption::LockAware)?;
    match transaction.read_version().await {
        Ok(_) => Ok(()),
        Err(error) if error.fdb_code() == Some(fdb_code::TRANSACTION_TIMED_OUT) => Err(Error::new(
            ErrorKind::Fdb,
            "the cluster does not answer; see whether it runs and whether the cluster file names its coordinators",
        )
        .with_fdb_code(fdb_code::TRANSACTION_TIMED_OUT)
        .with("database", database.name())
        .with("waited", format_args!("{limit} ms"))),
        Err(error) => Err(error.with("database", database.name())),
    }
}

/// A handle on a cluster, with options of its own.
struct FdbDatabase {
    handle: DatabaseHandle,
    name: String,
    options: FdbOptions,
    env: Env,
}

impl FdbDatabase {
    fn create(name: String, options: &FdbOptions) -> Result<Self> {
        let file = options
            .cluster_file
            .as_ref()
            .map(|file| CString::new(file.as_os_str().as_bytes()));
        let file = file.transpose().map_err(|_| {
            Error::new(
                ErrorKind::InvalidArgument,
                "the path of a cluster file has no zero byte",
            )
            .with("database", &name)
        })?;
        let handle = DatabaseHandle::create(file.as_deref()).map_err(|error| error.with("database", &name))?;
        for option in &options.database {
            let set = handle.set_option(option.code(), option.value().as_deref());
            set.map_err(|error| error.with("database option", option.code()))?;
        }
        Ok(FdbDatabase {
            handle,
            name,
            options: options.clone(),
            env: Env::system(),
        })
    }
}

impl DatabaseBackend for FdbDatabase {
    fn create_transaction(&self) -> Arc<dyn TransactionBackend> {
        Arc::new(FdbTransaction::new(self.handle.transaction()))
    }

    fn set_option(&self, code: i32, value: Option<&[u8]>) -> Result<()> {
        self.handle.set_option(code, value)
    }

    fn env(&self) -> &Env {
        &self.env
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn new_handle(&self) -> Result<Arc<dyn DatabaseBackend>> {
        Ok(Arc::new(FdbDatabase::create(self.name.clone(), &self.options)?))
    }

    fn tenant(&self, name: &[u8]) -> Result<Arc<dyn TenantBackend>> {
        Ok(Arc::new(FdbTenant(self.handle.tenant(name)?)))
    }
}

/// A tenant of a cluster.
struct FdbTenant(TenantHandle);

impl TenantBackend for FdbTenant {
    fn create_transaction(&self) -> Arc<dyn TransactionBackend> {
        Arc::new(FdbTransaction::new(self.0.transaction()))
    }

    fn id(&self) -> Read<i64> {
        read(self.0.id(), |id| id)
    }
}
