//! `rs_database`: opening by URL, the tree of spaces, and the one retry loop, which is the core's.

use std::ffi::c_void;
use std::sync::Arc;
use std::time::Duration;

use record_store::kv::RunOptions;
use record_store::{DatabaseOptions, RecordContext};

use crate::buffer::{Out, options, rs_bytes};
use crate::error::{Failure, Reported, invalid, rs_error, status_of};
use crate::handle::{self, Kind, Object, Table};
use crate::memory::rs_list;
use crate::panic::{call, call_without_error};
use crate::runtime::{Family, refuse_after_fork, wait, watch_forks};
use crate::status::{RS_OK, rs_status};
use crate::transaction::{CommittedBy, Transaction, rs_transaction};

/// An open database. Threads: may be used by several at once.
pub struct rs_database;

/// How a database is used. Zeros are the defaults; make it with `rs_open_options_init`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_open_options {
    /// The size of this struct.
    pub size: usize,
    /// The directory below which all record spaces lie; none means the root of FoundationDB's directory layer.
    pub root: rs_bytes,
}

/// How long `rs_run` tries. Zeros are the defaults; make it with `rs_run_options_init`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_run_options {
    /// The size of this struct.
    pub size: usize,
    /// No new attempt starts after so many milliseconds; 0 means 30 seconds, UINT64_MAX without limit.
    pub timeout_ms: u64,
    /// At most so many attempts; 0 means without limit.
    pub max_attempts: u32,
}

/// An open database.
pub(crate) struct Database {
    core: record_store::Database,
    pub(crate) family: Arc<Family>,
}

static DATABASES: Table<Database> = Table::new();

impl Object for Database {
    type Handle = rs_database;
    const KIND: Kind = Kind::Database;

    fn table() -> &'static Table<Self> {
        &DATABASES
    }
}

impl Database {
    pub(crate) fn core(&self) -> &record_store::Database {
        &self.core
    }
}

/// Opens the database that `url` names: "memory:" is a new one in this process; a path, or "file:" and a path, is the embedded
/// database in that directory, made if it is not there; "fdb:" and the path of a cluster file is a FoundationDB cluster. Behind
/// the path of "file:" options may stand: "file:data?cache_mib=1024&window_mib=512&durability=none&lock_wait_ms=2000". Several
/// processes may open one directory and take turns: RS_LOCKED says that one does not hand it over in time. FoundationDB's client
/// library is opened when a cluster is; behind the path of "fdb:" may stand "library=", "api_version=", "connect_timeout_ms=" and
/// FoundationDB's network and database options by their names, such as "tls_ca_path=". "root=apps/shop" is for both.
///
/// `options` may be NULL. The database is closed by `rs_close`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_open(
    url: rs_bytes,
    options: *const rs_open_options,
    database: *mut *mut rs_database,
    error: *mut *mut rs_error,
) -> rs_status {
    let database = Out::new(database);
    call(error, || {
        let database = database.required("database")?;
        let given = self::options(options)?;
        let mut options = DatabaseOptions::default();
        if !given.root.is_null() {
            options.root = Some(given.root.text("root")?.parse()?);
        }
        let url = url.text("url")?;
        watch_forks();
        refuse_after_fork()?;
        let core = wait(record_store::Database::open_with(&url, options))?;
        let family = Family::found();
        let opened = Database {
            core,
            family: family.clone(),
        };
        database.set(family.adopt(Arc::new(opened))?);
        Ok(RS_OK)
    })
}

/// Closes a database and frees its handle with all that came from it: spaces, transactions and cursors. To use or to free one
/// of these afterwards is an error without effect. Calls of other threads that are under way end normally. NULL is closed.
#[unsafe(no_mangle)]
pub extern "C" fn rs_close(database: *mut rs_database) -> rs_status {
    call_without_error(|| {
        if !database.is_null() {
            let family = handle::get::<Database>(database)?.family.clone();
            family.close();
        }
        Ok(RS_OK)
    })
}

/// The paths of the record spaces below `prefix`, at any depth, in order; all of them without it. Free them with `rs_list_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_spaces(
    database: *mut rs_database,
    prefix: rs_bytes,
    paths: *mut rs_list,
    error: *mut *mut rs_error,
) -> rs_status {
    let paths = Out::new(paths);
    call(error, || {
        let paths = paths.required("paths")?;
        let database = handle::get::<Database>(database)?;
        let found = wait(database.core.spaces(&prefix.text("prefix")?))?;
        paths.set(rs_list::new(found.iter().map(ToString::to_string).collect())?);
        Ok(RS_OK)
    })
}

/// Whether there is a record space at `path`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_space_exists(
    database: *mut rs_database,
    path: rs_bytes,
    exists: *mut bool,
    error: *mut *mut rs_error,
) -> rs_status {
    let exists = Out::new(exists);
    call(error, || {
        let exists = exists.required("exists")?;
        let database = handle::get::<Database>(database)?;
        exists.set(wait(database.core.space_exists(&path.text("path")?))?);
        Ok(RS_OK)
    })
}

/// Removes a record space with its records, its schema and all spaces below it. `removed`, which may be NULL, says whether
/// there was one.
#[unsafe(no_mangle)]
pub extern "C" fn rs_remove_space(
    database: *mut rs_database,
    path: rs_bytes,
    removed: *mut bool,
    error: *mut *mut rs_error,
) -> rs_status {
    let removed = Out::new(removed);
    call(error, || {
        let database = handle::get::<Database>(database)?;
        removed.set(wait(database.core.remove_space(&path.text("path")?))?);
        Ok(RS_OK)
    })
}

/// Moves a record space, or a folder of some, with all spaces below it. Nothing is copied, and spaces that are open stay so.
#[unsafe(no_mangle)]
pub extern "C" fn rs_move_space(
    database: *mut rs_database,
    from: rs_bytes,
    to: rs_bytes,
    error: *mut *mut rs_error,
) -> rs_status {
    call(error, || {
        let database = handle::get::<Database>(database)?;
        wait(database.core.move_space(&from.text("from")?, &to.text("to")?))?;
        Ok(RS_OK)
    })
}

/// What `rs_run` runs in a transaction. It returns RS_OK to commit, and anything else to give up: the status of a call that
/// failed, perhaps with the error that the call put into `error`, or a status of its own, from RS_USER on.
///
/// The transaction is that of the call alone: `rs_run` commits and frees it.
pub type rs_body = Option<
    extern "C" fn(transaction: *mut rs_transaction, context: *mut c_void, error: *mut *mut rs_error) -> rs_status,
>;

/// Runs `body` in a transaction and commits it. On a conflict it is tried again, so `body` must have no effects but through the
/// transaction.
///
/// It is tried again where FoundationDB says that this is right, when the commit fails, or when `body` returns the status of
/// a call with its transaction that failed. Every other status of `body` is returned as it is, with the error that `body`
/// filled in. `options` may be NULL. `context` is handed to `body`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_run(
    database: *mut rs_database,
    options: *const rs_run_options,
    body: rs_body,
    context: *mut c_void,
    error: *mut *mut rs_error,
) -> rs_status {
    call(error, || {
        let database = handle::get::<Database>(database)?;
        let given = self::options(options)?;
        let body = body.ok_or_else(|| invalid("the function to run is NULL", "body"))?;
        let mut options = RunOptions::default();
        match given.timeout_ms {
            0 => {}
            u64::MAX => options.timeout = None,
            milliseconds => options.timeout = Some(Duration::from_millis(milliseconds)),
        }
        if given.max_attempts > 0 {
            options.max_attempts = Some(given.max_attempts);
        }
        let family = &database.family;
        let attempt = async |transaction: RecordContext| {
            let transaction = Arc::new(Transaction::new(family, transaction, CommittedBy::Run));
            let handle = family.adopt(transaction.clone())?;
            let mut raised = std::ptr::null_mut();
            let status = body(handle, context, &raw mut raised);
            // A database that the body has closed has freed the handle already.
            drop(Transaction::release(handle));
            transaction.end();
            // The error is ours from here on, whatever becomes of it.
            let raised = handle::take::<Reported>(raised).ok();
            match status {
                RS_OK => Ok(()),
                status => Err(returned(status, raised.as_deref(), &transaction)),
            }
        };
        wait(database.core.run_with(&options, attempt))?;
        Ok(RS_OK)
    })
}

/// What the body of `rs_run` gave up with: the error that it handed out, or else the one of the transaction's last call that
/// failed, if that is what the status says.
fn returned(status: rs_status, raised: Option<&Reported>, transaction: &Transaction) -> Failure {
    let error = match raised {
        Some(raised) => Some(raised.error().clone()),
        None => transaction
            .last_failure()
            .filter(|error| status_of(error.kind()) == status),
    };
    Failure::Returned(status, error)
}

/// A transaction that the caller commits with `rs_transaction_commit` and, on a conflict, tries again. Most programs want
/// `rs_run`. Free it with `rs_transaction_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_transaction_begin(
    database: *mut rs_database,
    transaction: *mut *mut rs_transaction,
    error: *mut *mut rs_error,
) -> rs_status {
    let transaction = Out::new(transaction);
    call(error, || {
        let transaction = transaction.required("transaction")?;
        let database = handle::get::<Database>(database)?;
        let (family, context) = (&database.family, database.core.transaction());
        let begun = Arc::new(Transaction::new(family, context, CommittedBy::User));
        transaction.set(family.adopt(begun)?);
        Ok(RS_OK)
    })
}
