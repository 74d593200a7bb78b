//! The crates at work together: each module tests the behaviour of one room over a real database.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod corpus;
mod directory;
mod extremes;
mod kill;
