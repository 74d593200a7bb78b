//! Queries over stores and record spaces: plans, pages, and random queries with and without indexes.

mod chance;
mod covered;
#[path = "../forward/mod.rs"]
mod forward;
mod late;
mod lookups;
mod pages;
mod plans;
mod prepared;
mod random;
mod random_query;
mod sorts;
