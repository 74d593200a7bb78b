//! Where record spaces lie.

mod path;

pub use path::SpacePath;
