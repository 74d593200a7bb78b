//! A scenario as its file says it. Unknown words are errors, so that no expectation is skipped for a slip of the pen.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    #[serde(rename = "why")]
    pub(crate) _why: String,
    pub(crate) schemas: BTreeMap<String, SchemaText>,
    #[serde(rename = "step")]
    pub(crate) steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SchemaText {
    pub(crate) proto: String,
    /// In the order of declaration, in which new types get their numbers.
    pub(crate) primary_key: toml::Table,
    #[serde(default)]
    pub(crate) indexes: Vec<IndexText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IndexText {
    pub(crate) name: String,
    pub(crate) on: Vec<String>,
    #[serde(default)]
    pub(crate) columns: Vec<String>,
    #[serde(rename = "type", default = "value")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) unique: bool,
    #[serde(default)]
    pub(crate) group_by: Vec<String>,
    #[serde(default)]
    pub(crate) covering: Vec<String>,
}

fn value() -> String {
    "value".to_owned()
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    Open,
    Reopen,
    Put,
    PutAll,
    Get,
    Exists,
    Delete,
    Count,
    Scan,
    ScanIndex,
    ScanBy,
    Aggregate,
    IndexStates,
    BuildIndexes,
    Spaces,
    RemoveSpace,
    MoveSpace,
    Transaction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    #[serde(rename = "do")]
    pub(crate) verb: Verb,
    pub(crate) space: Option<String>,
    pub(crate) schema: Option<String>,
    #[serde(rename = "type")]
    pub(crate) record_type: Option<String>,
    pub(crate) record: Option<Value>,
    #[serde(default)]
    pub(crate) records: Vec<Value>,
    #[serde(default)]
    pub(crate) key: Vec<Value>,
    #[serde(default)]
    pub(crate) index: String,
    pub(crate) prefix: Option<Vec<Value>>,
    pub(crate) start: Option<Vec<Value>>,
    pub(crate) end: Option<Vec<Value>>,
    #[serde(default)]
    pub(crate) reverse: bool,
    pub(crate) limit: Option<usize>,
    #[serde(default)]
    pub(crate) group: Vec<Value>,
    #[serde(default)]
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) to: String,
    #[serde(default)]
    pub(crate) steps: Vec<Step>,
    #[serde(default)]
    pub(crate) cancel: bool,
    pub(crate) page_size: Option<usize>,
    pub(crate) gives: Option<Value>,
    pub(crate) pages: Option<Vec<Value>>,
    pub(crate) error: Option<ExpectedError>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedError {
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) says: Vec<String>,
}
