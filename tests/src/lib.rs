//! What tests share with the programs that run beside them: child processes that are killed, and fuzzers.

pub mod fuzz;
pub mod load;
