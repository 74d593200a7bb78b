//! FoundationDB's client for Python, from PyPI.

use std::path::{Path, PathBuf};

use crate::python::Environment;
use crate::step::{Failure, Program};

/// The release that people install.
const REQUIREMENT: &str = "foundationdb==7.3.77";

/// An interpreter that has the client, and the library for it.
pub(crate) struct Client {
    environment: Environment,
    library: PathBuf,
}

impl Client {
    /// Installs the client into the cache, once.
    pub(crate) fn install(library: &Path) -> Result<Self, Failure> {
        Ok(Client {
            environment: Environment::of_requirements("fdb-python", &[REQUIREMENT])?,
            library: library.to_owned(),
        })
    }

    /// The interpreter, ready to be given arguments.
    pub(crate) fn program(&self) -> Program {
        self.environment.program().env("LD_LIBRARY_PATH", &self.library)
    }
}

/// What the client sees.
pub(crate) fn run(library: &Path) -> Result<(), Failure> {
    Client::install(library)?
        .program()
        .args([
            "-m",
            "unittest",
            "discover",
            "--start-directory",
            "tests/clients/python",
        ])
        .run()
}
