//! Virtual environments of Python, kept in the cache; above all the one that has the package of this checkout.

use std::fs;
use std::path::PathBuf;

use crate::step::{Failure, Program};
use crate::{libclang, workspace};

/// A virtual environment in the cache.
pub(crate) struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Makes the environment if it is not there, and installs the package of this checkout with its test requirements.
    pub(crate) fn with_package() -> Result<Self, Failure> {
        let environment = Self::named("venv")?;
        libclang::lend(environment.pip(&["install", "--quiet", "./python[test]"]))?.run()?;
        Ok(environment)
    }

    /// Makes the environment called `name` if it is not there, and installs packages into it, the first time.
    pub(crate) fn of_requirements(name: &str, requirements: &[&str]) -> Result<Self, Failure> {
        let environment = Self::named(name)?;
        let installed = environment.folder.join("requirements.txt");
        let wanted = requirements.join("\n");
        if fs::read_to_string(&installed).ok().as_deref() != Some(&wanted) {
            environment.pip(&["install", "--quiet"]).args(requirements).run()?;
            fs::write(&installed, wanted).map_err(|error| format!("{}: {error}", installed.display()))?;
        }
        Ok(environment)
    }

    fn named(name: &str) -> Result<Self, Failure> {
        let environment = Environment {
            folder: workspace::cache().join(name),
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

    fn pip(&self, args: &[&str]) -> Program {
        self.program()
            .args(["-m", "pip"])
            .args(args)
            .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    }
}
