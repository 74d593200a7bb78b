//! Java's exceptions, and the kinds of ours that stand for them.

use anyhow::{Result, bail};
use record_store::{Error, ErrorKind, kv};
use serde_json::Value;

use super::report;

/// Checks that an error stands for Java's.
pub(super) fn check(error: Error, javas: &Value) -> Result<()> {
    let class = javas["class"].as_str().unwrap_or_default();
    if report::lack(&error).is_some() {
        // It is not refused for Java's reason.
        return Err(error.into());
    }
    if class == "FDBStoreTransactionConflictException" && error.fdb_code() != Some(kv::fdb_code::NOT_COMMITTED) {
        bail!("error {:?} ({error}) where Java had a conflict", error.kind());
    }
    let Some(kinds) = kinds(class) else { return Ok(()) };
    if !kinds.contains(&error.kind()) {
        bail!("error {:?} ({error}) where Java threw {class}", error.kind());
    }
    Ok(())
}

/// What stands for an exception; none for those that Java throws for anything.
fn kinds(class: &str) -> Option<&'static [ErrorKind]> {
    Some(match class {
        "RecordStoreDoesNotExistException" => &[ErrorKind::StoreNotFound],
        "RecordStoreAlreadyExistsException" | "RecordStoreNoInfoAndNotEmptyException" => {
            &[ErrorKind::StoreAlreadyExists]
        }
        "RecordStoreStaleMetaDataVersionException" => &[ErrorKind::StaleMetaData],
        "RecordStoreStaleUserVersionException" => &[ErrorKind::StaleUserVersion],
        "UnsupportedFormatVersionException" => &[ErrorKind::NewerFormat],
        "StoreIsFullyLockedException" | "StoreIsLockedForRecordUpdates" | "UnknownStoreLockStateException" => {
            &[ErrorKind::StoreLocked]
        }
        "RecordAlreadyExistsException" => &[ErrorKind::RecordAlreadyExists],
        "RecordDoesNotExistException" => &[ErrorKind::RecordNotFound],
        "RecordTypeChangedException" => &[ErrorKind::RecordTypeChanged],
        "RecordDeserializationException" | "FoundSplitWithoutStartException" | "FoundSplitOutOfOrderException" => {
            &[ErrorKind::Corrupt]
        }
        "RecordIndexUniquenessViolation" => &[ErrorKind::UniquenessViolation],
        "ScanNonReadableIndexException" | "IndexNotBuiltException" => &[ErrorKind::IndexNotReadable],
        "FDBStoreKeySizeException" | "FDBStoreValueSizeException" => &[ErrorKind::TooLarge],
        "AggregateFunctionNotSupportedException" => &[ErrorKind::Unsupported],
        "MetaDataException" => &[ErrorKind::MetaData, ErrorKind::MetaDataEvolution],
        _ => return None,
    })
}
