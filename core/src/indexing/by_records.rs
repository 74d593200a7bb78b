//! Building by the records themselves, in the order of their primary keys. Java class: `IndexingMultiTargetByRecords`.

use std::sync::Arc;

use crate::index::structure::RangeSet;
use crate::metadata::Index;
use crate::{RecordStore, Result};

/// Notes down that indexes have what lies outside of where their records are.
pub(super) async fn leave_out_other_types(store: &RecordStore, indexes: &[&Arc<Index>]) -> Result<()> {
    let Some(range) = store.packed_keys_to_index(indexes)? else {
        return Ok(());
    };
    let transaction = store.context().transaction();
    for index in indexes {
        let ranges = store.built_ranges(index);
        ranges
            .insert_if_empty(transaction, RangeSet::FIRST, &range.begin)
            .await?;
        ranges.insert_if_empty(transaction, &range.end, RangeSet::LAST).await?;
    }
    Ok(())
}
