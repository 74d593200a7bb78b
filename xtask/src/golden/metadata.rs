//! What a case asks of a meta-data store.

use anyhow::{Context, Result};
use prost::Message;
use record_store::kv::Subspace;
use record_store::metadata::MetaDataEvolutionValidator;
use record_store::{Error, Index, MetaDataStore, RecordContext, RecordMetaDataBuilder, proto};
use serde_json::Value;

use super::bytes::{from_base64, text};
use super::case::Case;
use super::report::not_applicable;

/// Runs an operation on the meta-data store.
pub(super) async fn run(
    case: &Case,
    context: &RecordContext,
    subspace: &Subspace,
    op: &Value,
) -> Result<std::result::Result<(), Error>> {
    let store = MetaDataStore::new(context, subspace.clone());
    let rules = MetaDataEvolutionValidator::default();
    let changed = match text(op, "op")? {
        "save_metadata_to_metadata_store" => {
            let number = op["metadata"]
                .as_u64()
                .context("the number of the meta-data is missing")?;
            let metadata = case
                .metadata
                .get(usize::try_from(number)?)
                .context("there is no such meta-data")?;
            return Ok(store.save(metadata, &rules).await);
        }
        "metadata_store_add_index" => {
            let index = index(op)?.on(text(op, "type")?);
            store.update(&rules, |builder| builder.add_index(index).map(drop)).await
        }
        "metadata_store_add_universal_index" => {
            let index = index(op)?;
            store.update(&rules, |builder| builder.add_index(index).map(drop)).await
        }
        "metadata_store_drop_index" => {
            let name = text(op, "index")?;
            store
                .update(&rules, |builder| builder.remove_index(name).map(drop))
                .await
        }
        "metadata_store_enable_split" => {
            let change = |builder: &mut RecordMetaDataBuilder| {
                builder.set_split_long_records(true);
                Ok(())
            };
            store.update(&rules, change).await
        }
        other => return Err(not_applicable(other)),
    };
    Ok(changed.map(drop))
}

fn index(op: &Value) -> Result<Index> {
    let message = proto::Index::decode(from_base64(text(op, "index")?)?.as_slice())?;
    Ok(Index::from_proto(&message)?)
}
