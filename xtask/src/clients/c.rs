//! A C program with FoundationDB's header, under gcc's sanitizers.

use std::path::Path;

use super::library;
use crate::c::STRICT;
use crate::c_tests::{SANITIZED, empty_folder};
use crate::step::{Failure, Program};
use crate::workspace;

/// What the program sees.
pub(crate) fn run(library: &Path) -> Result<(), Failure> {
    let folder = empty_folder(&workspace::cache().join("fdb-c"))?;
    let program = folder.join("client");
    Program::new("gcc")
        .args(["-std=gnu11"])
        // FoundationDB's header is as strict as it is.
        .args(STRICT.iter().filter(|option| **option != "-pedantic"))
        .args(SANITIZED)
        .args([format!("-I{}", library::include(&folder)?.display())])
        .args(["tests/clients/c/client.c", "-o"])
        .args([&program])
        .args([
            format!("-L{}", library.display()),
            format!("-Wl,-rpath,{}", library.display()),
        ])
        .args(["-lfdb_c", "-lpthread"])
        .run()?;
    Program::new(&program)
        .args([empty_folder(&folder.join("databases"))?])
        .run()
}
