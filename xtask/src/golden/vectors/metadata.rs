//! Meta-data: what Java made of options in `.proto` files, what it refused, and how it stored indexes.

use anyhow::{Context, Result, bail};
use prost::Message;
use record_store::key_expression::{field, function};
use record_store::metadata::{Descriptors, RecordMetaDataBuilder};
use record_store::{Error, ErrorKind, Index, RecordMetaData, Tuple, proto};
use serde_json::{Value, json};

use super::{refused as refusal, same};
use crate::golden::bytes::{from_base64, hex, text};
use crate::golden::case::Case;

/// The meta-data of a file with options is what Java made of it.
pub(super) fn from_options(case: &Case) -> Result<()> {
    if case.name != "metadata_from_options" {
        return Ok(());
    }
    let set = from_base64(text(&case.json, "file_descriptor_set")?)?;
    let descriptors = Descriptors::from_file_descriptor_set(set, "opts.proto")?;
    let metadata = RecordMetaDataBuilder::new(descriptors)?.build()?;
    same(
        "meta-data",
        hex(&metadata.to_proto_bytes()),
        hex(&from_base64(text(&case.json, "metadata")?)?),
    )
}

/// What Java refuses is refused, for a reason of the same kind.
pub(super) fn refused(vector: &Value) -> Result<()> {
    let what = text(vector, "what")?;
    let error = match vector.get("metadata") {
        Some(_) => refusal(RecordMetaData::from_proto_bytes(from_base64(text(
            vector, "metadata",
        )?)?)),
        None => refusal(by_hand(what, from_base64(text(vector, "file_descriptor_set")?)?)),
    };
    let error = error.with_context(|| what.to_owned())?;
    let kind = match text(&vector["error"], "class")? {
        "MetaDataException" => ErrorKind::MetaData,
        "InvalidExpressionException" => ErrorKind::InvalidExpression,
        other => bail!("no kind for {other}"),
    };
    same("refused for", error.kind(), kind).with_context(|| format!("{what}: {error}"))
}

/// What the meta-data of a vector without any would be: Java refused before there was one to write.
fn by_hand(what: &str, set: Vec<u8>) -> Result<RecordMetaData, Error> {
    let mut builder = RecordMetaDataBuilder::new(Descriptors::from_file_descriptor_set(set, "m.proto")?)?;
    if what != "no primary key" {
        builder.record_type("A")?.set_primary_key(field("id"));
    }
    match what {
        "two indexes of one name" => {
            builder.add_index(Index::new("x", field("s")).on("A"))?;
            builder.add_index(Index::new("x", field("s")).on("A"))?;
        }
        "index on an unknown type" => {
            builder.add_index(Index::new("x", field("s")).on("Nope"))?;
        }
        "unknown function" => {
            function("no_such_function", field("s"))?;
        }
        _ => {}
    }
    builder.build()
}

/// An index is read and written as Java does, from the old forms too.
pub(super) fn index(vector: &Value) -> Result<()> {
    let written = from_base64(text(vector, "index")?)?;
    let decoded = |bytes: &[u8]| -> Result<Index> { Ok(Index::from_proto(&proto::Index::decode(bytes)?)?) };
    let read = match vector.get("read_back_of") {
        Some(_) => decoded(&from_base64(text(vector, "read_back_of")?)?)?,
        // Made in a program, it has no versions yet.
        None => decoded(&written)?.with_versions(0, 0),
    };
    let is = |name: &str, ours: Value| same(name, ours, vector[name].clone());
    same("written", hex(&read.to_proto().encode_to_vec()), hex(&written))?;
    is("type", json!(read.kind()))?;
    is(
        "subspace_key",
        json!(hex(&Tuple::from(vec![read.subspace_key().clone()]).pack())),
    )?;
    if vector.get("root").is_some() {
        is("root", json!(read.root_expression().to_string()))?;
        is("unique", json!(read.is_unique()))?;
        is("added_version", json!(read.added_version()))?;
        is("last_modified_version", json!(read.last_modified_version()))?;
    }
    Ok(())
}
