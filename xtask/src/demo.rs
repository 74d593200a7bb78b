//! `cargo xtask demo`: the main job on real data. A program in Rust loads the cities of the world into a durable directory
//! and works with them; programs in Python, JavaScript and C go on with the same directory, and at last with each other's pages.

use std::path::PathBuf;

use crate::c::{self, Profile};
use crate::step::{Failure, Program};
use crate::{dataset, node, python, relay, workspace};

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
    let python = python::Environment::with_package()?;
    python
        .program()
        .args(["examples/python/cities.py".as_ref(), directory.as_os_str()])
        .run()?;
    println!("\npreparing the Node.js package");
    let node = node::Environment::with_package(node::Profile::Release)?;
    let directory = std::path::absolute(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    node.example("cities.mjs")?.args([&directory]).run()?;

    println!("\npreparing the C library");
    let folder = workspace::cache().join("c");
    let library = c::install(&folder.join("release"), Profile::Release)?;
    let program = folder.join("cities");
    library.compile(&["examples/c/cities.c"], &program, &["-O2"])?;
    Program::new(program).args([&directory]).run()?;

    println!("\none query, whose pages are handed from one language to another");
    let program = folder.join("relay");
    library.compile(&["examples/c/relay.c"], &program, &["-O2"])?;
    relay::run(
        &[
            ("Rust", &|| Ok(relay::rust_program(Profile::Release))),
            ("Python", &|| Ok(python.program().args(["examples/python/relay.py"]))),
            ("JavaScript", &|| node.example("relay.mjs")),
            ("C", &|| Ok(Program::new(&program))),
        ],
        &directory,
        "CH",
        10,
    )
}

fn fresh_directory() -> Result<PathBuf, Failure> {
    let directory = workspace::cache().join("demo");
    if directory.exists() {
        std::fs::remove_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    }
    Ok(directory)
}
