//! A scenario as its file says it. Unknown words are errors, so that no expectation is skipped for a slip of the pen.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Value;

/// A program of steps.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows.
    pub name: String,
    /// Why that matters.
    pub why: String,
    /// The schemas that `open` names.
    pub schemas: BTreeMap<String, SchemaText>,
    /// The steps in their order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

impl Scenario {
    /// How many columns an index has; none if no schema has it.
    pub fn index_columns(&self, index: &str) -> usize {
        let mut indexes = self.schemas.values().flat_map(|schema| &schema.indexes);
        indexes
            .find(|declared| declared.name == index)
            .map_or(0, |declared| declared.columns.len())
    }
}

/// A schema.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaText {
    /// The text of its .proto file.
    pub proto: String,
    /// The columns by record type, in the order of declaration, in which new types get their numbers.
    pub primary_key: toml::Table,
    /// The indexes that it declares.
    #[serde(default)]
    pub indexes: Vec<IndexText>,
    /// The indexes that it takes from the space.
    #[serde(default)]
    pub drop_indexes: Vec<String>,
    /// The record types that it takes from the space.
    #[serde(default)]
    pub drop_types: Vec<String>,
}

impl SchemaText {
    /// The columns of each primary key.
    pub fn primary_keys(&self) -> impl Iterator<Item = (&String, Vec<String>)> {
        let columns = |columns: &Value| columns.clone().try_into().expect("a primary key is a list of names");
        self.primary_key
            .iter()
            .map(move |(record_type, given)| (record_type, columns(given)))
    }
}

/// An index of a schema.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexText {
    /// Its name.
    pub name: String,
    /// The record types; none means all.
    pub on: Vec<String>,
    /// Its columns.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Its type.
    #[serde(rename = "type", default = "value")]
    pub kind: String,
    /// Whether no two records have the same value.
    #[serde(default)]
    pub unique: bool,
    /// The columns of its groups.
    #[serde(default)]
    pub group_by: Vec<String>,
    /// The columns in the values of its entries.
    #[serde(default)]
    pub covering: Vec<String>,
    /// Of which records it has entries, as the text of a filter; of all if it is empty.
    #[serde(rename = "where", default)]
    pub condition: String,
}

fn value() -> String {
    "value".to_owned()
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the README of the scenarios says what each does")]
pub enum Verb {
    Open,
    Reopen,
    Put,
    PutAll,
    Insert,
    Update,
    Get,
    Exists,
    Delete,
    DeleteWhere,
    Versions,
    Count,
    Scan,
    ScanKeys,
    ScanIndex,
    ScanBy,
    Query,
    Aggregate,
    IndexStates,
    BuildIndexes,
    MarkIndex,
    RebuildIndex,
    UniquenessViolations,
    ResolveUniqueness,
    Plan,
    SchemaVersions,
    Spaces,
    Children,
    RemoveSpace,
    MoveSpace,
    Transaction,
    Run,
}

/// A step; the README says which verb takes which words.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the README of the scenarios says what each word means")]
pub struct Step {
    #[serde(rename = "do")]
    pub verb: Verb,
    pub space: Option<String>,
    pub below: Option<String>,
    pub schema: Option<String>,
    #[serde(rename = "type")]
    pub record_type: Option<String>,
    pub record: Option<Value>,
    #[serde(default)]
    pub records: Vec<Value>,
    #[serde(default)]
    pub key: Vec<Value>,
    #[serde(default)]
    pub keys: Vec<Vec<Value>>,
    #[serde(default)]
    pub by: Vec<String>,
    #[serde(default)]
    pub value: Vec<Value>,
    pub keep: Option<Vec<Value>>,
    #[serde(default)]
    pub state: String,
    #[serde(default)]
    pub allow_unique_pending: bool,
    #[serde(default)]
    pub index: String,
    pub prefix: Option<Vec<Value>>,
    pub start: Option<Vec<Value>>,
    pub end: Option<Vec<Value>>,
    #[serde(default)]
    pub reverse: bool,
    pub limit: Option<usize>,
    #[serde(rename = "where", default)]
    pub filter: String,
    #[serde(default)]
    pub parameters: Vec<Value>,
    #[serde(default)]
    pub order_by: Vec<String>,
    #[serde(default)]
    pub fields: Vec<String>,
    #[serde(default)]
    pub explain: Vec<String>,
    #[serde(default)]
    pub group: Vec<Value>,
    #[serde(default)]
    pub path: String,
    #[serde(default)]
    pub to: String,
    #[serde(default)]
    pub steps: Vec<Step>,
    #[serde(default)]
    pub meanwhile: Vec<Step>,
    #[serde(default)]
    pub cancel: bool,
    pub page_size: Option<usize>,
    pub gives: Option<Value>,
    pub pages: Option<Vec<Value>>,
    pub error: Option<ExpectedError>,
}

/// How a step fails.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedError {
    /// The name of the kind.
    pub kind: String,
    /// The words in its text.
    #[serde(default)]
    pub says: Vec<String>,
}
