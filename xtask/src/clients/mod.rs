//! `cargo xtask clients`: FoundationDB's own clients, as people install them, on the drop-in `libfdb_c`. Each runs a program of
//! `tests/clients`, which ends with an error if the client sees anything that it does not see on a cluster. At last several of them work on
//! one directory together.

mod c;
mod go;
pub(crate) mod java;
pub(crate) mod library;
mod node;
pub(crate) mod python;
mod rust;
mod soak;

use std::path::Path;

pub(crate) use self::soak::Options;
use crate::step::{Failure, Steps};

/// A client: its name, and what runs its program on the library in a folder.
type Client = (&'static str, fn(&Path) -> Result<(), Failure>);

const CLIENTS: [Client; 7] = [
    ("c", c::run),
    ("python", python::run),
    ("java", java::fdb_client),
    ("record-layer", java::record_layer),
    ("go", go::run),
    ("node", node::run),
    ("rust", rust::run),
];

/// Runs all of them, or those of these names.
pub(crate) fn run(only: Vec<String>, soak: Options) -> Result<(), Failure> {
    let library = library::build()?;
    let mut steps = Steps::of(only);
    for (name, client) in CLIENTS {
        steps.step(name, || client(&library));
    }
    steps.step("soak", || soak::run(&library, soak));
    steps.finish()
}
