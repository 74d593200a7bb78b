//! The scenarios of `tests/scenarios` in C: a program of tables made from them, beside `tests/scenario/c`, which carries them out.

mod expected;
mod literal;
mod program;

use std::fs;
use std::path::Path;

use record_store_tests::scenario;

use crate::c::Installed;
use crate::c_tests::{SANITIZED, empty_folder};
use crate::step::{Failure, Program};

/// Makes the program below `folder`, and runs it with gcc's sanitizers; on the database that is given, too.
pub(crate) fn run(library: &Installed, folder: &Path, given: Option<&str>) -> Result<(), Failure> {
    let tables = folder.join("scenarios.c");
    let told = |error: std::io::Error| format!("{}: {error}", tables.display());
    fs::write(&tables, program::write(&scenario::all()?)?).map_err(told)?;
    let program = folder.join("c-scenarios");
    let sources = [
        "tests/scenario/c/scenario.c",
        "tests/scenario/c/key.c",
        "tests/scenario/c/result.c",
        "tests/scenario/c/indexes.c",
        &tables.to_string_lossy(),
    ];
    // A long record is a long literal.
    let own = ["-Itests/scenario/c", "-Wno-overlength-strings"];
    library.compile(&sources, &program, &[&SANITIZED[..], &own].concat())?;
    let scratch = empty_folder(&folder.join("c-scenarios-scratch"))?;
    Program::new(&program).args([scratch]).args(given).run()
}
