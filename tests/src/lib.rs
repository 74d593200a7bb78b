//! What tests share with the programs that run beside them: child processes that are killed, fuzzers, scenarios, and
//! simulations.

pub mod chance;
pub mod fuzz;
pub mod given;
pub mod load;
pub mod scenario;
pub mod simulation;
pub mod stack_machine;
pub mod whole;

/// The programs of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
