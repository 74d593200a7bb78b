//! Evolution: which new meta-data Java lets take the place of an old one, and by which rule it refuses the others.

use anyhow::{Context, Result, bail, ensure};
use record_store::metadata::MetaDataEvolutionValidator;
use record_store::{ErrorKind, RecordMetaData};
use serde_json::Value;

use super::{refused, same};
use crate::golden::bytes::{from_base64, text};

/// Meta-data evolves where Java lets it.
pub(super) fn validated(vector: &Value) -> Result<()> {
    let what = text(vector, "what")?;
    check(vector).with_context(|| what.to_owned())
}

fn check(vector: &Value) -> Result<()> {
    let metadata = |name: &str| -> Result<RecordMetaData> {
        Ok(RecordMetaData::from_proto_bytes(from_base64(text(vector, name)?)?)?)
    };
    let mut validator = MetaDataEvolutionValidator::default();
    for (option, value) in vector["options"].as_object().context("the options are missing")? {
        let value = value.as_bool().context("an option is a truth value")?;
        match option.as_str() {
            "setAllowNoVersionChange" => validator.allow_no_version_change = value,
            "setAllowUnsplitToSplit" => validator.allow_unsplit_to_split = value,
            other => bail!("unknown option {other}"),
        }
    }
    let result = validator.validate(&metadata("old")?, &metadata("new")?);
    let Some(javas) = vector.get("error") else {
        return Ok(result?);
    };
    let error = refused(result)?;
    ensure!(error.kind() == ErrorKind::MetaDataEvolution, "{error}");
    same("refused because", error.message(), rule(text(javas, "message")?)?)
}

/// What this layer says where Java says `message`.
fn rule(message: &str) -> Result<&'static str> {
    Ok(match message {
        "new meta-data does not have newer version than old meta-data" => "the version must grow",
        "field removed from message descriptor" => "a field was removed",
        "field renamed" => "a field was renamed",
        "field type changed" => "the type of a field changed",
        "field changed whether default values are stored if set explicitly" => {
            "a field no longer tells a missing value from a default one as it did"
        }
        "required field added to record type" => "a required field was added: stored records do not have it",
        "new record type is missing since version" => "a new record type does not say which version brought it",
        "record type removed from union" => "a record type was removed from the union: its records may be stored",
        "record type primary key changed" => "the primary key of a record type changed: records are stored under it",
        "index missing in new meta-data" => "an index is gone and is no former index",
        "new meta-data no longer splits long records" => "records are split already and must stay so",
        "new meta-data splits long records" => "splitting of long records may not be turned on",
        other => bail!("no rule for {other}"),
    })
}
