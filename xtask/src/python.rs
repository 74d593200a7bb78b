//! The Python package in a virtual environment of its own, kept in the cache.

use std::path::PathBuf;

use crate::step::{Failure, Program};
use crate::workspace;

/// A virtual environment with the package of this checkout.
pub(crate) struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Makes the environment if it is not there, and installs the package with its test requirements.
    pub(crate) fn with_package() -> Result<Self, Failure> {
        let environment = Environment {
            folder: workspace::cache().join("venv"),
        };
        if !environment.python().exists() {
            Program::new("python3")
                .args(["-m", "venv"])
                .args([&environment.folder])
                .run()
                .map_err(|why| {
                    format!(
                        "no virtual environment: {why}; the project needs Python 3.10 or later with its venv module"
                    )
                })?;
        }
        environment.pip(&["install", "--quiet", "./python[test]"])?;
        Ok(environment)
    }

    /// The environment's interpreter.
    pub(crate) fn python(&self) -> PathBuf {
        self.folder.join("bin").join("python")
    }

    /// The interpreter, ready to be given arguments.
    pub(crate) fn program(&self) -> Program {
        Program::new(self.python())
    }

    fn pip(&self, args: &[&str]) -> Result<(), Failure> {
        self.program()
            .args(["-m", "pip"])
            .args(args)
            .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
            .run()
    }
}
