//! The key of the record's type. Java: `RecordTypeKeyExpression`.

use std::fmt;

use super::{KeyExpression, Kind};
use crate::proto;

/// The key of the record's type, which begins the keys of records and indexes that many types share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordTypeKey;

impl Kind for RecordTypeKey {
    fn column_count(&self) -> usize {
        1
    }

    fn children(&self) -> Vec<&KeyExpression> {
        Vec::new()
    }

    fn normalized_columns(&self) -> Vec<KeyExpression> {
        vec![KeyExpression::RecordTypeKey(*self)]
    }

    fn to_proto(&self) -> proto::KeyExpression {
        proto::KeyExpression {
            record_type_key: Some(proto::RecordTypeKey {}),
            ..Default::default()
        }
    }
}

impl fmt::Display for RecordTypeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordTypeKey")
    }
}
