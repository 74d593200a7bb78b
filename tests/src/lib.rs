//! What tests share with the programs that run beside them: child processes that are killed, fuzzers, and scenarios.

pub mod fuzz;
pub mod load;
pub mod scenario;

/// The programs of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
