//! Where FoundationDB's client library may be.

use std::env;
use std::path::{Path, PathBuf};

/// The name by which FoundationDB's own shim library finds the client; when it is set, nothing else is tried.
const VARIABLE: &str = "FDB_LOCAL_CLIENT_LIBRARY_PATH";

/// The library's file name, which the system's loader looks up in its own places.
const NAME: &str = if cfg!(target_os = "macos") {
    "libfdb_c.dylib"
} else {
    "libfdb_c.so"
};

/// Where packages put it, on systems whose loader does not look there.
const FOLDERS: [&str; 3] = ["/usr/lib", "/usr/lib64", "/usr/local/lib"];

/// The files to try, in turn.
pub(crate) fn candidates(named: Option<&Path>) -> Vec<PathBuf> {
    if let Some(named) = named {
        return vec![named.to_owned()];
    }
    if let Some(named) = env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        return vec![named.into()];
    }
    let folders = FOLDERS.iter().map(|folder| Path::new(folder).join(NAME));
    std::iter::once(PathBuf::from(NAME)).chain(folders).collect()
}

/// One line on a file that could not be opened.
pub(crate) fn describe(candidate: &Path, error: &libloading::Error) -> String {
    let reason = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    if reason.contains(&*candidate.to_string_lossy()) {
        reason
    } else {
        format!("{}: {reason}", candidate.display())
    }
}
