//! What the tests share with the child processes that they start and kill.

pub mod load;
