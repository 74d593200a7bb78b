//! Where things are: the checkout, and the cache outside it that later runs find again.

use std::path::{Path, PathBuf};

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().expect("xtask lies in the checkout").to_path_buf()
}

/// A folder for what can be made again: data sets, virtual environments. `RECORD_STORE_CACHE` names another place.
pub(crate) fn cache() -> PathBuf {
    if let Some(named) = std::env::var_os("RECORD_STORE_CACHE") {
        return PathBuf::from(named);
    }
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .unwrap_or_else(std::env::temp_dir);
    base.join("record-store")
}
