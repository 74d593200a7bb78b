//! FoundationDB's client for Node.js, from npm.

use std::fs;
use std::path::{Path, PathBuf};

use crate::step::{Failure, Program};
use crate::workspace;

/// The release that people install.
const PACKAGE: &str = "foundationdb@2.0.1";

/// What the client sees.
pub(crate) fn run(library: &Path) -> Result<(), Failure> {
    let modules = install()?;
    program(library, &modules, "tests/clients/node/client.cjs").run()
}

/// Node.js with the client, ready to run a script.
pub(crate) fn program(library: &Path, modules: &Path, script: &str) -> Program {
    Program::new("node")
        .args([script])
        .env("NODE_PATH", modules)
        .env("LD_LIBRARY_PATH", library)
}

/// Installs the client into the cache; returns the folder that modules are found in.
pub(crate) fn install() -> Result<PathBuf, Failure> {
    let folder = workspace::cache().join("fdb-node");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Program::new("npm")
        .args([
            "install",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--prefer-offline",
            "--loglevel=error",
        ])
        // Its script builds the addon if it cannot load the one that it comes with, and for that misses the library.
        .args(["--ignore-scripts", PACKAGE])
        .within(&folder)
        .run()
        .map_err(|why| format!("{why}; the Node.js client needs npm"))?;
    Ok(folder.join("node_modules"))
}
