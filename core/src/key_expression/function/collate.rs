//! `collate_*`: texts as the sort keys of a locale. Java: `CollateFunctionKeyExpression`.
//!
//! The bytes are those of the collator that wrote them (the JDK's, or ICU's in Apple's extra module), which nothing here
//! reproduces. So meta-data with such expressions can be read and written, but they cannot be evaluated.

use crate::{Error, ErrorKind};

pub(super) const NAMES: [&str; 2] = ["collate_jre", "collate_icu"];

pub(super) fn unsupported(name: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "collation keys are those of a Java runtime and cannot be made here",
    )
    .with("function", name)
}
