//! `cargo xtask demo`: the main job on real data. A program in Rust loads the cities of the world into a durable directory
//! and works with them; programs in Python, JavaScript and C go on with the same directory.

use std::path::PathBuf;

use crate::c::{self, Profile};
use crate::step::{Failure, Program};
use crate::{dataset, node, python, workspace};

/// Runs the demo in `directory`, or in a fresh one in the cache.
pub(crate) fn run(directory: Option<PathBuf>) -> Result<(), Failure> {
    let data = dataset::cities()?;
    let directory = match directory {
        Some(directory) => directory,
        None => fresh_directory()?,
    };
    Program::cargo()
        .args([
            "run",
            "--quiet",
            "--release",
            "--package",
            "record-store-examples",
            "--bin",
            "cities",
            "--",
        ])
        .args([data.as_os_str(), directory.as_os_str()])
        .run()?;
    println!("\npreparing the Python package");
    let environment = python::Environment::with_package()?;
    environment
        .program()
        .args(["examples/python/cities.py".as_ref(), directory.as_os_str()])
        .run()?;
    println!("\npreparing the Node.js package");
    let environment = node::Environment::with_package(node::Profile::Release)?;
    let directory = std::path::absolute(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    environment.example("cities.mjs")?.args([&directory]).run()?;

    println!("\npreparing the C library");
    let folder = workspace::cache().join("c");
    let library = c::install(&folder.join("release"), Profile::Release)?;
    let program = folder.join("cities");
    library.compile(&["examples/c/cities.c"], &program, &["-O2"])?;
    Program::new(program).args([&directory]).run()
}

fn fresh_directory() -> Result<PathBuf, Failure> {
    let directory = workspace::cache().join("demo");
    if directory.exists() {
        std::fs::remove_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    }
    Ok(directory)
}
