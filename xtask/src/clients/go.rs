//! FoundationDB's client for Go.

use std::path::{Path, PathBuf};

use super::library;
use crate::c_tests::empty_folder;
use crate::step::{Failure, Program};
use crate::workspace;

/// What the client sees.
pub(crate) fn run(library: &Path) -> Result<(), Failure> {
    let program = build(library, ".", "fdb-go")?;
    Program::new(&program).env("LD_LIBRARY_PATH", library).run()
}

/// Builds a package of `tests/clients/go`, in a folder of the cache.
pub(crate) fn build(library: &Path, package: &str, folder: &str) -> Result<PathBuf, Failure> {
    let folder = empty_folder(&workspace::cache().join(folder))?;
    let program = folder.join("client");
    Program::new("go")
        .args(["build", "-mod=readonly", "-o"])
        .args([&program])
        .args([package])
        .env("CGO_CFLAGS", format!("-I{}", library::include(&folder)?.display()))
        .env("CGO_LDFLAGS", format!("-L{}", library.display()))
        .within(&workspace::root().join("tests/clients/go"))
        .run()
        .map_err(|why| format!("{why}; the Go client needs Go 1.21 or later and gcc"))?;
    Ok(program)
}
