//! Filters asked of encoded records.
