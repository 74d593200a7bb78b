//! Whatever else a case is about: meta-data that Java stored is written back as Java wrote it.

use anyhow::{Result, ensure};
use prost::Message;
use record_store::proto;

use super::case::Case;

/// Reads and writes all meta-data of a case.
pub(super) fn check(case: &Case) -> Result<()> {
    for (stored, metadata) in case.stored_metadata()?.iter().zip(&case.metadata) {
        let written = metadata.to_proto_bytes();
        ensure!(
            canonical(&written)? == canonical(stored)?,
            "meta-data of version {} is written back otherwise",
            metadata.version()
        );
        if metadata.record_types().len() == 1 {
            ensure!(
                written == *stored,
                "meta-data of version {} is written back in another order",
                metadata.version()
            );
        }
    }
    Ok(())
}

/// Meta-data with its record types, and the types of its indexes, in the order of their names: Java's is that of a hash table.
fn canonical(stored: &[u8]) -> Result<proto::MetaData> {
    let mut message = proto::MetaData::decode(stored)?;
    message.record_types.sort_by(|a, b| a.name.cmp(&b.name));
    message.joined_record_types.sort_by(|a, b| a.name.cmp(&b.name));
    message.unnested_record_types.sort_by(|a, b| a.name.cmp(&b.name));
    for index in &mut message.indexes {
        index.record_type.sort();
    }
    Ok(message)
}
