//! The scenarios of `tests/scenarios` in C: a program of tables made from them, beside `tests/scenario/c`, which carries them out.

mod expected;
mod literal;
mod program;

use std::fs;
use std::path::{Path, PathBuf};

use record_store_tests::scenario;

use crate::step::Failure;
use crate::workspace;

/// The hand-written files, by the root of the checkout.
const SUPPORT: [&str; 2] = ["tests/scenario/c/scenario.c", "tests/scenario/c/result.c"];

/// Writes the tables below `folder` and gives the sources of the whole program.
pub(crate) fn generate(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let told = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    fs::create_dir_all(folder).map_err(|error| told(folder, error))?;
    let tables = folder.join("scenarios.c");
    let text = program::write(&scenario::all()?)?;
    fs::write(&tables, text).map_err(|error| told(&tables, error))?;
    let support = SUPPORT.iter().map(|file| workspace::root().join(file));
    Ok(support.chain([tables]).collect())
}
