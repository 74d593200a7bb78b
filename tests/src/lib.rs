//! What the tests share with the child processes that they start and kill.

pub mod load;

/// The programs of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
