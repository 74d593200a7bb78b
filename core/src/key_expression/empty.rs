//! No columns. Java: `EmptyKeyExpression`.

use std::fmt;

use super::{KeyExpression, Kind};
use crate::proto;

/// No columns: every record gives one row of nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Empty;

impl Kind for Empty {
    fn column_count(&self) -> usize {
        0
    }

    fn children(&self) -> Vec<&KeyExpression> {
        Vec::new()
    }

    fn normalized_columns(&self) -> Vec<KeyExpression> {
        vec![KeyExpression::Empty(*self)]
    }

    fn to_proto(&self) -> proto::KeyExpression {
        proto::KeyExpression {
            empty: Some(proto::Empty {}),
            ..Default::default()
        }
    }
}

impl fmt::Display for Empty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Empty")
    }
}
