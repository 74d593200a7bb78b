//! What the fuzz targets do with their input. Each turns any bytes into calls of the public API and fails when a property
//! of the answer does not hold: a panic of a target is a defect of what it calls.
//!
//! A fuzzer (folder `fuzz/`) finds inputs; a plain test runs the kept ones through the same functions.

mod continuation;
mod header;
mod key_expression;
mod metadata;
mod query;
mod record;
mod schema;
mod tuple;

use record_store::{Error, ErrorKind};

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: that of its program, and of the folder of its corpus.
    pub name: &'static str,
    /// Checks one input. **Panics** if a property does not hold.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 7] = [
    target("continuation", continuation::run),
    target("header", header::run),
    target("key_expression", key_expression::run),
    target("metadata", metadata::run),
    target("query", query::run),
    target("record", record::run),
    target("tuple", tuple::run),
];

/// Checks one input of the target with this name.
///
/// **Panics** if a property does not hold, and for an unknown name.
pub fn run(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.expect("the target is in the list").run)(input);
}

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run }
}

/// The first byte, which chooses what is done, and the bytes that it is done with; empty input counts as a zero.
fn choice(input: &[u8]) -> (u8, &[u8]) {
    input.split_first().map_or((0, input), |(choice, rest)| (*choice, rest))
}

/// Refused input gets an error that says so: of a kind that `allowed` has, with words.
fn refused(error: &Error, allowed: &[ErrorKind]) {
    assert!(allowed.contains(&error.kind()), "{error:?}");
    assert!(!error.message().is_empty(), "{error:?}");
}
