//! A record type is dropped only when it has no records left: nothing could read them afterwards.

use record_store_kv::Subspace;

use crate::metadata::{RecordMetaData, RecordType};
use crate::store::{OpenFor, StoreSchema};
use crate::{
    Error, ErrorKind, NoNextReason, RecordContext, RecordStore, Result, ScanOptions, StoreExistenceCheck, StoreOptions,
};

/// Checks that no record type of `old` that `new` lacks has records.
///
/// Errors: `MetaDataEvolution`.
pub(super) async fn check_unused(
    context: &RecordContext,
    data: &Subspace,
    old: &RecordMetaData,
    new: &RecordMetaData,
    options: &StoreOptions,
) -> Result<()> {
    let dropped: Vec<&RecordType> = old
        .record_types()
        .iter()
        .filter(|known| new.record_type_from_union_field(known.union_field_number()).is_none())
        .collect();
    if dropped.is_empty() {
        return Ok(());
    }
    let options = options.clone().existence(StoreExistenceCheck::ErrorIfNoInfoAndNotEmpty);
    let schema = StoreSchema::new(old.clone());
    let store = RecordStore::open_with_schema(context, data.clone(), schema, &options, OpenFor::All).await?;
    for record_type in dropped {
        let Some(refusal) = refusal(&store, record_type).await? else {
            continue;
        };
        return Err(Error::new(ErrorKind::MetaDataEvolution, refusal)
            .with("record_type", record_type.name())
            .with("way_out", WAY_OUT));
    }
    Ok(())
}

/// Why a record type of the store's schema cannot be dropped; none if it has no records.
pub(super) async fn refusal(store: &RecordStore, record_type: &RecordType) -> Result<Option<&'static str>> {
    let stands_alone = record_type.primary_key_has_record_type_prefix() || store.metadata().record_types().len() == 1;
    let options = match stands_alone {
        true => ScanOptions::default()
            .range(store.metadata().record_type_range(record_type.name())?)
            .limit(1),
        // The records stand among those of other types.
        false => ScanOptions::default().scanned_rows_max(SCANNED_ROWS_MAX),
    };
    let mut records = store.scan_records(options)?;
    while let Some(record) = records.next().await? {
        if record.record_type() == record_type.name() {
            return Ok(Some(HAS_RECORDS));
        }
    }
    Ok(match records.no_next_reason() {
        Some(NoNextReason::SourceExhausted | NoNextReason::ReturnLimitReached) => None,
        _ => Some(TOO_MANY_RECORDS),
    })
}

/// How many rows are looked through for a record of a type that has no range of its own.
const SCANNED_ROWS_MAX: u64 = 10_000;

const HAS_RECORDS: &str = "a record type is dropped that still has records";
const TOO_MANY_RECORDS: &str =
    "a record type is dropped whose records would stand among too many others to look for them";
pub(super) const WAY_OUT: &str = "delete its records first; where they stand among others, leave the type undropped";
