//! Data structures that live in the keys of an index.

mod range_set;

pub(crate) use range_set::{Contains, RangeSet};
