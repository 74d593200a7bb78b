//! FoundationDB's client in this process: loaded, given its API version and options, and running on a thread of its own, from the
//! first database on until the process ends.

use std::path::PathBuf;
use std::ptr;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use foundationdb_sys as sys;
use parking_lot::Mutex;
use record_store_fdb_dl::LoadError;
use record_store_kv::env::Env;
use record_store_kv::{Error, ErrorKind, Result};

use crate::handle::checked;
use crate::{FdbOptions, NetworkOption};

/// What this process has of FoundationDB's client.
static CLIENT: Mutex<Client> = Mutex::new(Client::Absent);

enum Client {
    /// Nothing but perhaps the library, and an API version that was selected.
    Absent,
    /// The API version is selected; it can be selected once. What came after it failed.
    Selected(i32),
    Running(Running),
    /// It was stopped, which is for good.
    Stopped,
}

struct Running {
    library: PathBuf,
    api_version: i32,
    options: Vec<NetworkOption>,
    /// Gets a word when the network thread has ended.
    ended: Receiver<()>,
}

/// Starts the client, or sees to it that what runs is what `options` ask for.
///
/// **Errors**: `Unsupported` without a client library; FoundationDB's for an API version or an option that it refuses (2203, 2006…);
/// `InvalidArgument` if the process already runs the client otherwise; 2025 after [`stop_network`].
pub(crate) fn start(options: &FdbOptions) -> Result<()> {
    let mut client = CLIENT.lock();
    match &*client {
        Client::Running(running) => return running.agrees(options),
        Client::Stopped => return Err(Error::fdb(record_store_kv::fdb_code::NETWORK_CANNOT_BE_RESTARTED)),
        Client::Absent | Client::Selected(_) => {}
    }
    let library = record_store_fdb_dl::load(options.library.as_deref()).map_err(not_loaded)?;
    match *client {
        Client::Selected(version) if version != options.api_version => return Err(another("api_version", version)),
        Client::Selected(_) => {}
        _ => {
            select(options.api_version)?;
            *client = Client::Selected(options.api_version);
        }
    }
    for option in &options.network {
        let value = option.value().unwrap_or_default();
        let length =
            i32::try_from(value.len()).map_err(|_| Error::fdb(record_store_kv::fdb_code::INVALID_OPTION_VALUE))?;
        let bytes = if option.value().is_some() {
            value.as_ptr()
        } else {
            ptr::null()
        };
        // SAFETY: the library is loaded; the bytes are copied before the call returns.
        checked(unsafe { sys::fdb_network_set_option(option.code(), bytes, length) })
            .map_err(|error| error.with("network option", option.code()))?;
    }
    // SAFETY: the library is loaded and the API version selected; only this function, under its lock, sets the network up.
    checked(unsafe { sys::fdb_setup_network() })?;
    *client = Client::Running(Running {
        library,
        api_version: options.api_version,
        options: options.network.clone(),
        ended: run()?,
    });
    // SAFETY: the function is `extern "C"` and lives as long as the process. It runs before the library's own clean-up, which was
    // registered before it; FoundationDB's thread must have ended by then.
    unsafe { libc::atexit(stop_at_exit) };
    Ok(())
}

/// Selects the API version, once for this process.
fn select(version: i32) -> Result<()> {
    let header = i32::try_from(sys::FDB_API_VERSION).expect("an API version is a small number");
    // SAFETY: the library is loaded.
    checked(unsafe { sys::fdb_select_api_version_impl(version, header) }).map_err(|error| {
        // SAFETY: the library is loaded.
        let newest = unsafe { sys::fdb_get_max_api_version() };
        error
            .with("api_version", version)
            .with("newest of the client library", newest)
    })
}

/// Starts FoundationDB's network thread.
fn run() -> Result<Receiver<()>> {
    let (sender, ended) = channel();
    let work = move || {
        // SAFETY: the network is set up, and this is the only thread that runs it.
        let code = unsafe { sys::fdb_run_network() };
        if code != 0 {
            eprintln!("FoundationDB's network thread ended: {}", Error::fdb(code));
        }
        // Nobody waits unless the process ends.
        let _ = sender.send(());
    };
    Env::system().spawn().spawn("fdb-network", Box::new(work))?;
    Ok(ended)
}

impl Running {
    fn agrees(&self, options: &FdbOptions) -> Result<()> {
        if options.library.as_ref().is_some_and(|library| *library != self.library) {
            return Err(another("library", self.library.display()));
        }
        if options.api_version != self.api_version {
            return Err(another("api_version", self.api_version));
        }
        if !options.network.is_empty() && options.network != self.options {
            return Err(another("network options", format_args!("{:?}", self.options)));
        }
        Ok(())
    }
}

fn another(name: &'static str, value: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        "this process already runs FoundationDB's client, and otherwise: the first database that is opened decides",
    )
    .with(name, value)
}

/// The facts are in the error itself, not in its cause alone: they are the way out.
fn not_loaded(error: LoadError) -> Error {
    match &error {
        LoadError::NotFound(tried) => Error::new(
            ErrorKind::Unsupported,
            "FoundationDB client library (libfdb_c) could not be loaded; install foundationdb-clients or name the file in \
             FDB_LOCAL_CLIENT_LIBRARY_PATH",
        )
        .with("tried", tried.join("; ")),
        LoadError::Foreign(file) => {
            Error::new(ErrorKind::Unsupported, "the file is a library, but no FoundationDB client").with("library", file.display())
        }
        LoadError::Another { loaded, .. } => another("library", loaded.display()),
    }
    .caused_by(error)
}

/// Stops FoundationDB's client in this process, for good, and waits a moment for its thread. A program that ends does so by itself;
/// call this before the process unloads libraries or forks.
///
/// Transactions and watches that are under way never complete; no cluster can be opened afterwards.
pub fn stop_network() {
    let mut client = CLIENT.lock();
    if let Client::Running(running) = std::mem::replace(&mut *client, Client::Stopped) {
        // SAFETY: the network is set up.
        if unsafe { sys::fdb_stop_network() } == 0 {
            // An end that does not come must not hold up the process for ever.
            let _ = running.ended.recv_timeout(Duration::from_secs(5));
        }
    }
}

extern "C" fn stop_at_exit() {
    // A thread that ended while it held the lock, as in a forked child, would make this wait for ever.
    if !CLIENT.is_locked() {
        stop_network();
    }
}
