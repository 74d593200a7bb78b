//! FoundationDB's client for Node.js, from npm.

use std::fs;
use std::path::Path;

use crate::step::{Failure, Program};
use crate::workspace;

/// The release that people install.
const PACKAGE: &str = "foundationdb@2.0.1";

/// What the client sees.
pub(crate) fn run(library: &Path) -> Result<(), Failure> {
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
    Program::new("node")
        .args(["tests/clients/node/client.cjs"])
        .env("NODE_PATH", folder.join("node_modules"))
        .env("LD_LIBRARY_PATH", library)
        .run()
}
