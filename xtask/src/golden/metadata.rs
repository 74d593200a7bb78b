//! What a case asks of a meta-data store.

use anyhow::{Context, Result};
use record_store::kv::Subspace;
use record_store::metadata::MetaDataEvolutionValidator;
use record_store::{Error, MetaDataStore, RecordContext};
use serde_json::Value;

use super::case::Case;
use super::not_applicable;

/// Runs an operation on the meta-data store.
pub(super) async fn run(
    case: &Case,
    context: &RecordContext,
    subspace: &Subspace,
    op: &Value,
) -> Result<std::result::Result<(), Error>> {
    let store = MetaDataStore::new(context, subspace.clone());
    match op["op"].as_str().unwrap_or_default() {
        "save_metadata_to_metadata_store" => {
            let number = op["metadata"]
                .as_u64()
                .context("the number of the meta-data is missing")?;
            let metadata = case
                .metadata
                .get(usize::try_from(number)?)
                .context("there is no such meta-data")?;
            Ok(store.save(metadata, &MetaDataEvolutionValidator::default()).await)
        }
        other => Err(not_applicable(format!("operation {other}"))),
    }
}
