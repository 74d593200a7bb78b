//! What a schema would cost a space: the changes of the schema, with what only the store knows.

use super::dropped_type;
use crate::metadata::{
    Action, ChangeCost, MetaDataChange, RecordEstimate, RecordMetaData, Schema, SchemaDiff, Subject,
};
use crate::{NoNextReason, RecordStore, Result, ScanOptions};

/// The changes that `schema` makes to the stored schema of the space.
pub(super) async fn plan(store: &RecordStore, stored: &RecordMetaData, schema: &Schema) -> Result<SchemaDiff> {
    let mut changes = schema.diff(stored)?.into_changes();
    let mut records = None;
    for change in &mut changes {
        if let ChangeCost::IndexBuild { records: estimate } = &mut change.cost {
            *estimate = match records {
                Some(known) => known,
                None => *records.insert(count(store).await?),
            };
        } else if is_dropped_type(change)
            // A type that the store does not know yet has no records.
            && let Ok(record_type) = store.metadata().record_type(&change.name)
            && let Some(rule) = dropped_type::refusal(store, record_type).await?
        {
            change.cost = ChangeCost::Refused {
                rule: rule.to_owned(),
                way_out: dropped_type::WAY_OUT.to_owned(),
            };
        }
    }
    Ok(SchemaDiff::new(changes))
}

fn is_dropped_type(change: &MetaDataChange) -> bool {
    change.subject == Subject::RecordType && change.action == Action::Removed && !change.cost.is_refused()
}

/// How many records a build of an index reads: all of the space, as far as a short look finds out.
async fn count(store: &RecordStore) -> Result<RecordEstimate> {
    let options = ScanOptions::default().limit(COUNTED_MAX).snapshot();
    let mut records = store.scan_records(options)?;
    let mut count = 0;
    while records.next().await?.is_some() {
        count += 1;
    }
    Ok(match records.no_next_reason() {
        Some(NoNextReason::SourceExhausted) => RecordEstimate::Exactly(count),
        _ => RecordEstimate::MoreThan(count.saturating_sub(1)),
    })
}

/// How many records are counted at most.
const COUNTED_MAX: usize = 10_001;
