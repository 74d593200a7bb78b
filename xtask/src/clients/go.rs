//! FoundationDB's client for Go.

use std::path::Path;

use super::library;
use crate::c_tests::empty_folder;
use crate::step::{Failure, Program};
use crate::workspace;

/// What the client sees.
pub(crate) fn run(library: &Path) -> Result<(), Failure> {
    let folder = empty_folder(&workspace::cache().join("fdb-go"))?;
    let program = folder.join("client");
    Program::new("go")
        .args(["build", "-mod=readonly", "-o"])
        .args([&program])
        .args(["."])
        .env("CGO_CFLAGS", format!("-I{}", library::include(&folder)?.display()))
        .env("CGO_LDFLAGS", format!("-L{}", library.display()))
        .within(&workspace::root().join("tests/clients/go"))
        .run()
        .map_err(|why| format!("{why}; the Go client needs Go 1.21 or later and gcc"))?;
    Program::new(&program).env("LD_LIBRARY_PATH", library).run()
}
