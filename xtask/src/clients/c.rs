//! C programs with FoundationDB's header, under gcc's sanitizers: one that knows what it wants to see, and one that makes random calls.

use std::path::{Path, PathBuf};

use super::library;
use crate::c::STRICT;
use crate::c_tests::{SANITIZED, empty_folder};
use crate::step::{Failure, Program};
use crate::workspace;

/// The random program's seeds, and how many calls each of its threads makes.
const SEEDS: [&str; 5] = ["1", "2", "3", "4", "5"];
const CALLS: &str = "20000";

/// What the programs see.
pub(crate) fn run(library: &Path) -> Result<(), Failure> {
    let folder = empty_folder(&workspace::cache().join("fdb-c"))?;
    let include = library::include(&folder)?;
    let client = compile("client", &folder, &include, library)?;
    Program::new(&client)
        .args([empty_folder(&folder.join("databases"))?])
        .run()?;
    let random = compile("random", &folder, &include, library)?;
    for seed in SEEDS {
        Program::new(&random).args([CALLS, seed]).run()?;
    }
    Ok(())
}

fn compile(name: &str, folder: &Path, include: &Path, library: &Path) -> Result<PathBuf, Failure> {
    let program = folder.join(name);
    Program::new("gcc")
        .args(["-std=gnu11"])
        // FoundationDB's header is as strict as it is.
        .args(STRICT.iter().filter(|option| **option != "-pedantic"))
        .args(SANITIZED)
        .args([format!("-I{}", include.display()), format!("tests/clients/c/{name}.c")])
        .args(["-o".as_ref(), program.as_os_str()])
        .args(library::link(library))
        .run()?;
    Ok(program)
}
