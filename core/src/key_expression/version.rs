//! The version of the record. Java: `VersionKeyExpression`.

use std::fmt;

use super::{KeyExpression, Kind};
use crate::proto;

/// The version of the record, null for a record that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version;

impl Kind for Version {
    fn column_count(&self) -> usize {
        1
    }

    fn children(&self) -> Vec<&KeyExpression> {
        Vec::new()
    }

    fn normalized_columns(&self) -> Vec<KeyExpression> {
        vec![KeyExpression::Version(*self)]
    }

    fn to_proto(&self) -> proto::KeyExpression {
        proto::KeyExpression {
            version: Some(proto::Version {}),
            ..Default::default()
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Version")
    }
}
