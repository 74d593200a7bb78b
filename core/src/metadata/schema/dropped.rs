//! What a schema drops from the meta-data that a space has. What is not there has been dropped already, or never was.

use super::Parts;
use crate::error::Result;
use crate::metadata::{RecordMetaData, RecordMetaDataBuilder};

/// The stored meta-data without the indexes and record types that the schema drops: indexes first, so that those over several
/// types hold none of them back.
pub(super) fn without_dropped(schema: &Parts, stored: &RecordMetaData) -> Result<RecordMetaData> {
    let mut left = stored.clone();
    let indexes: Vec<&String> = schema
        .dropped_indexes
        .iter()
        .filter(|name| stored.index(name).is_ok())
        .collect();
    if !indexes.is_empty() {
        let mut builder = RecordMetaDataBuilder::from(stored);
        for name in indexes {
            builder.remove_index(name)?;
        }
        left = builder.build()?;
    }
    for name in &schema.dropped_types {
        if left.record_type(name).is_ok() {
            left = left.without_record_type(name)?;
        }
    }
    Ok(left)
}
