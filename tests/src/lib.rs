//! What tests share with the programs that run beside them: child processes that are killed, and fuzzers.

pub mod fuzz;
pub mod load;

/// The programs of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
