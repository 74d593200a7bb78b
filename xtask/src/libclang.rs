//! libclang, with which the bindings of FoundationDB's C header are made: what builds the `fdb:` backend needs it.

use std::path::PathBuf;

use crate::python::Environment;
use crate::step::{Failure, Program};

/// The variable that says in which folder libclang lies.
const VARIABLE: &str = "LIBCLANG_PATH";

/// The cargo that runs us, ready to build all of the workspace: with the libclang that `LIBCLANG_PATH` names, or else with that of the
/// Python package of this name, which is installed into the cache once.
pub(crate) fn cargo() -> Result<Program, Failure> {
    Ok(Program::cargo().env(VARIABLE, folder()?))
}

/// Gives `program` the libclang that [`cargo`] uses.
pub(crate) fn lend(program: Program) -> Result<Program, Failure> {
    Ok(program.env(VARIABLE, folder()?))
}

fn folder() -> Result<PathBuf, Failure> {
    if let Some(named) = std::env::var_os(VARIABLE) {
        return Ok(named.into());
    }
    let environment = Environment::of_requirements("libclang", &["libclang>=16,<19"])?;
    let script = "import clang, pathlib; print(pathlib.Path(clang.__path__[0]) / 'native')";
    let printed = environment.program().args(["-c", script]).output()?;
    Ok(printed.trim().into())
}
