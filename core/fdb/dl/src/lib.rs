//! Opens FoundationDB's client library (`libfdb_c`) at run time, so that nothing that is built from this project needs it to be
//! built, linked or started.
//!
//! Crate `foundationdb` is linked against an archive of jumps (`build.rs`); [`load`] fills the slots that they go through. Before that they lead
//! nowhere: whoever calls into crate `foundationdb` calls [`load`] first, as `record-store-fdb` does.

mod search;

use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

include!(concat!(env!("OUT_DIR"), "/functions.rs"));

unsafe extern "C" {
    /// Where the jumps of the archive lead, in the order of [`FUNCTIONS`]; null before the library is loaded.
    #[link_name = "record_store_fdb_slots"]
    static SLOTS: [AtomicPtr<c_void>; FUNCTIONS.len()];
}

/// Why there is no client library.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoadError {
    /// No file could be opened: what was tried, each with the reason.
    #[error("FoundationDB client library (libfdb_c) could not be loaded. Tried: {}", .0.join("; "))]
    NotFound(Vec<String>),
    /// The file is a library, but not FoundationDB's.
    #[error("{} is no FoundationDB client library: it has no function fdb_select_api_version_impl", .0.display())]
    Foreign(PathBuf),
    /// Another file was loaded before, and a process uses one.
    #[error("this process uses the FoundationDB client library {}; {} cannot be loaded beside it", loaded.display(), wanted.display())]
    Another {
        /// The file in use.
        loaded: PathBuf,
        /// The file asked for.
        wanted: PathBuf,
    },
}

/// Loads the client library once for this process and says which file it is: `named`, or else what the environment variable
/// `FDB_LOCAL_CLIENT_LIBRARY_PATH` names, or else `libfdb_c.so` where the system's loader and a few usual folders have it. It is
/// never unloaded.
///
/// **Errors**: [`LoadError`]; after one, another call may try again.
pub fn load(named: Option<&Path>) -> Result<PathBuf, LoadError> {
    static LOADED: OnceLock<PathBuf> = OnceLock::new();
    static LOADING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one_at_a_time = LOADING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(loaded) = LOADED.get() {
        return match named {
            Some(wanted) if wanted != loaded => Err(LoadError::Another {
                loaded: loaded.clone(),
                wanted: wanted.to_owned(),
            }),
            _ => Ok(loaded.clone()),
        };
    }
    let mut tried = Vec::new();
    for candidate in search::candidates(named) {
        // SAFETY: opening a library runs its initializers; that it is FoundationDB's, whose have no effect, is the caller's word.
        match unsafe { Library::open(Some(&candidate), RTLD_NOW | RTLD_LOCAL) } {
            Ok(library) => {
                fill(library, &candidate)?;
                return Ok(LOADED.get_or_init(|| candidate).clone());
            }
            Err(error) => tried.push(search::describe(&candidate, &error)),
        }
    }
    Err(LoadError::NotFound(tried))
}

/// Makes the archive's jumps lead into `library`, which stays open for ever.
fn fill(library: Library, path: &Path) -> Result<(), LoadError> {
    let address = |name: &std::ffi::CStr| {
        // SAFETY: the symbol is taken as a bare address and called through the archive's jump alone, with the header's types.
        unsafe { library.get::<*mut c_void>(name.to_bytes_with_nul()) }
            .ok()
            .map(|symbol| symbol.into_raw())
    };
    if address(c"fdb_select_api_version_impl").is_none() {
        return Err(LoadError::Foreign(path.to_owned()));
    }
    for (slot, name) in FUNCTIONS.iter().enumerate() {
        let target = address(name).unwrap_or(missing as *mut c_void);
        // SAFETY: the archive defines the slots with this length, aligned; they are only written here, under the lock of `load`.
        unsafe { &SLOTS[slot] }.store(target, Ordering::Release);
    }
    std::mem::forget(library);
    Ok(())
}

/// Where the jumps lead to functions that an older client library lacks.
extern "C" fn missing() {
    eprintln!("the loaded FoundationDB client library lacks a function that was called; it is older than version 7.3");
    std::process::abort();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_library_is_named_with_the_way_out() {
        let error = load(Some(Path::new("/nowhere/libfdb_c.so"))).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("/nowhere/libfdb_c.so"), "{text}");
    }

    #[test]
    fn a_foreign_library_is_refused() {
        // The C library is on every machine that runs this.
        let error = load(Some(Path::new("libc.so.6"))).unwrap_err();
        assert!(matches!(error, LoadError::Foreign(_)), "{error}");
    }

    #[test]
    fn the_slots_are_those_of_the_archive() {
        // SAFETY: as in `fill`.
        let slots = unsafe { &SLOTS };
        assert!(slots.iter().all(|slot| slot.load(Ordering::Acquire).is_null()));
    }
}
