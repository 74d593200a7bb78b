//! What a schema would change, and what that costs, as plain data.

use napi_derive::napi;
use record_store::metadata::{Action, ChangeCost, MetaDataChange, RecordEstimate};

/// What a schema would change in a space.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct SchemaDiff {
    /// Whether no change is refused.
    pub allowed: bool,
    /// A line for each change.
    pub text: String,
    /// The changes.
    pub changes: Vec<Change>,
}

/// One thing that a schema has otherwise than the space.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Change {
    /// What kind of thing it is.
    pub subject: &'static str,
    /// Its name; the old one when it was renamed.
    pub name: String,
    /// What happened to it.
    pub action: &'static str,
    /// Which part of it changed.
    pub part: Option<String>,
    /// What the part was.
    pub before: Option<String>,
    /// What the part is now, or the new name.
    pub after: Option<String>,
    /// What that costs.
    pub cost: &'static str,
    /// Over how many records an index is built, or at least how many.
    pub records: Option<f64>,
    /// The rule for which it is refused.
    pub rule: Option<String>,
    /// What to do instead of what is refused.
    pub way_out: Option<String>,
    /// The change in a line.
    pub text: String,
}

impl From<&record_store::metadata::SchemaDiff> for SchemaDiff {
    fn from(diff: &record_store::metadata::SchemaDiff) -> Self {
        SchemaDiff {
            allowed: diff.is_allowed(),
            text: diff.to_string(),
            changes: diff.changes().iter().map(Change::from).collect(),
        }
    }
}

impl From<&MetaDataChange> for Change {
    fn from(change: &MetaDataChange) -> Self {
        let (part, before, after) = match &change.action {
            Action::Changed { part, from, to } => (Some((*part).to_owned()), Some(from.clone()), Some(to.clone())),
            Action::Renamed { to } => (None, None, Some(to.clone())),
            _ => (None, None, None),
        };
        let (rule, way_out) = match &change.cost {
            ChangeCost::Refused { rule, way_out, .. } => (Some(rule.to_string()), Some(way_out.to_string())),
            _ => (None, None),
        };
        let records = match change.cost {
            ChangeCost::IndexBuild {
                records: RecordEstimate::Exactly(count) | RecordEstimate::MoreThan(count),
            } => Some(count as f64),
            _ => None,
        };
        Change {
            subject: change.subject.name(),
            name: change.name.clone(),
            action: change.action.name(),
            part,
            before,
            after,
            cost: change.cost.name(),
            records,
            rule,
            way_out,
            text: change.to_string(),
        }
    }
}
