//! A case file: what it asks to do, and what Java did.

use std::path::Path;

use anyhow::{Context, Result};
use record_store::RecordMetaData;
use serde_json::Value;

use super::bytes::{from_base64, from_hex, text};

/// A line of index.json.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) family: String,
    pub(super) kind: String,
}

/// The cases of a folder.
pub(super) fn index(directory: &Path) -> Result<Vec<Entry>> {
    let index = read_json(&directory.join("index.json"))?;
    let entries = index.as_array().context("index.json is no list")?;
    let entry = |entry: &Value| {
        Ok(Entry {
            name: text(entry, "name")?.to_owned(),
            family: text(entry, "family")?.to_owned(),
            kind: text(entry, "kind")?.to_owned(),
        })
    };
    entries.iter().map(entry).collect()
}

/// One case.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) name: String,
    /// The whole file.
    pub(super) json: Value,
    /// The meta-data, all versions of it.
    pub(super) metadata: Vec<RecordMetaData>,
}

impl Case {
    pub(super) fn read(directory: &Path, name: &str) -> Result<Self> {
        let json = read_json(&directory.join("cases").join(format!("{name}.json")))?;
        let mut case = Case {
            name: name.to_owned(),
            json,
            metadata: Vec::new(),
        };
        for stored in case.stored_metadata()? {
            case.metadata.push(RecordMetaData::from_proto_bytes(stored)?);
        }
        Ok(case)
    }

    /// The meta-data as Java stored it, all versions of it.
    pub(super) fn stored_metadata(&self) -> Result<Vec<Vec<u8>>> {
        let versions = match self.json["metadata_versions"].as_array() {
            Some(versions) => versions.as_slice(),
            None => self.json.get("metadata").map_or(&[][..], std::slice::from_ref),
        };
        versions
            .iter()
            .map(|stored| from_base64(stored.as_str().context("the meta-data is no string")?))
            .collect()
    }

    /// A list of the file; empty if it is not there.
    pub(super) fn list(&self, name: &str) -> &[Value] {
        self.json[name].as_array().map_or(&[], Vec::as_slice)
    }

    /// The transaction whose way of opening the store reads follow: the last that opened one.
    pub(super) fn last_open(&self) -> Value {
        let opens = |transaction: &&Value| {
            transaction.get("concurrent").is_none()
                && transaction["open"]["mode"] != "none"
                && transaction.get("open_error").is_none()
        };
        let last = self.list("transactions").iter().rev().find(opens);
        last.map_or(Value::Null, |transaction| transaction["open"].clone())
    }
}

/// A dump: keys behind the prefix, with their values.
pub(super) fn dump(value: &Value) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let rows = value.as_array().context("a dump is no list")?;
    rows.iter()
        .map(|row| {
            let part = |at: usize| from_hex(row[at].as_str().context("a dump holds strings")?);
            Ok((part(0)?, part(1)?))
        })
        .collect()
}

fn read_json(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}
